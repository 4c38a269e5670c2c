"""The API's operations, read from the SDK's service classes."""

import ast
import re
from dataclasses import dataclass

from .annotations import annotation_shape
from .sdk import module
from .shapes import Hash, Nullable, Reference, Shape

SERVICES = {
    ("stripe.checkout._session_service", "SessionService"): (
        "list",
        "create",
        "retrieve",
        "expire",
    ),
    ("stripe.checkout._session_line_item_service", "SessionLineItemService"): ("list",),
    ("stripe._payment_intent_service", "PaymentIntentService"): (
        *("list", "create", "retrieve", "confirm", "cancel"),
    ),
    ("stripe._refund_service", "RefundService"): ("list", "create", "retrieve", "update", "cancel"),
    ("stripe._charge_service", "ChargeService"): ("list", "retrieve"),
    ("stripe._dispute_service", "DisputeService"): ("list", "retrieve", "update", "close"),
    ("stripe._webhook_endpoint_service", "WebhookEndpointService"): (
        *("list", "create", "retrieve", "update", "delete"),
    ),
    ("stripe._event_service", "EventService"): ("list", "retrieve"),
    ("stripe._customer_service", "CustomerService"): (
        *("list", "create", "retrieve", "update", "delete"),
    ),
    ("stripe._customer_payment_method_service", "CustomerPaymentMethodService"): (
        *("list", "retrieve"),
    ),
    ("stripe._payment_method_service", "PaymentMethodService"): (
        *("list", "retrieve", "attach", "detach"),
    ),
    ("stripe._account_service", "AccountService"): ("retrieve_current",),
}


@dataclass
class Operation:
    """One method of one path, such as `POST /v1/refunds/{refund}/cancel`."""

    method: str
    template: str
    pattern: re.Pattern
    params: Shape
    result: Shape

    @property
    def key(self) -> str:
        """What the sandbox's handlers are registered under."""
        return f"{self.method} {self.template}"


def read_operations() -> list[Operation]:
    """Every operation that the sandbox plays, the more specific paths first."""
    operations = []
    for (module_name, class_name), methods in SERVICES.items():
        owner = module(module_name)
        for node in owner.classes[class_name].body:
            if isinstance(node, ast.FunctionDef) and node.name in methods:
                operations.append(_operation(node, owner))
    return sorted(operations, key=lambda operation: operation.template.count("{"))


def _operation(node: ast.FunctionDef, owner) -> Operation:
    call = next(
        part
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and getattr(part.func, "attr", "") == "_request"
    )
    url = call.args[1]
    template = url.value if isinstance(url, ast.Constant) else url.func.value.value
    annotation = next((a.annotation for a in node.args.args if a.arg == "params"), None)
    return Operation(
        method=call.args[0].value.upper(),
        template=template,
        pattern=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)),
        params=Reference(lambda: _params(annotation, owner)),
        result=Reference(lambda: annotation_shape(node.returns, owner)),
    )


def _params(annotation, owner) -> Shape:
    if annotation is None:
        return Hash()
    shape = annotation_shape(annotation, owner)
    return shape.inner if isinstance(shape, Nullable) else shape
