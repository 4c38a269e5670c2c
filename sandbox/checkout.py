"""Checkout Sessions as objects, with their line items."""

from decimal import ROUND_HALF_UP, Decimal

from .cards import BANK_OF_CURRENCY
from .errors import invalid, missing, not_played
from .objects import nulls

NOT_PLAYED = (
    *("discounts", "shipping_options", "shipping_address_collection", "subscription_data"),
    *("setup_intent_data", "optional_items", "custom_fields", "tax_id_collection"),
    *("consent_collection", "invoice_creation", "customer_account", "managed_payments"),
)
INTENT_DATA = (
    *("description", "metadata", "receipt_email", "setup_future_usage", "shipping"),
    *("statement_descriptor", "statement_descriptor_suffix", "transfer_group"),
)


def refuse_unplayed(params: dict) -> None:
    """Refuse what would change the total or the flow and is not played here."""
    for name in NOT_PLAYED:
        if params.get(name) and params[name] != {"enabled": False}:
            raise not_played(name, name)
    if params.get("automatic_tax", {}).get("enabled"):
        raise not_played("automatic_tax", "automatic_tax")
    for name in params.get("payment_intent_data", {}):
        if name not in INTENT_DATA:
            raise not_played(name, f"payment_intent_data[{name}]")
    if params.get("mode", "payment") != "payment":
        raise not_played(f"mode={params['mode']}", "mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_played(f"ui_mode={params['ui_mode']}", "ui_mode")


def line_items(store, params: dict, created: int) -> list[dict]:
    """The session's items, all in one currency."""
    items = [
        _item(store, given, created, index) for index, given in enumerate(params["line_items"])
    ]
    if len({item["currency"] for item in items}) > 1:
        message = "All line items must have the same currency."
        raise invalid(message, "line_items[0][price_data][currency]")
    return items


def _item(store, given, created, index):
    if "price" in given:
        raise missing("price", given["price"], f"line_items[{index}][price]")
    data = given["price_data"]
    if "product" in data:
        raise missing("product", data["product"], f"line_items[{index}][price_data][product]")
    product = data["product_data"]
    amount, exact = _unit_amount(data)
    total = int((exact * given["quantity"]).to_integral_value(ROUND_HALF_UP))
    price = {
        "id": store.new_id("price_1"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": data["currency"],
        **nulls("custom_unit_amount lookup_key nickname recurring tiers_mode transform_quantity"),
        "livemode": False,
        "metadata": {},
        "product": store.new_id("prod_", 14),
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "type": "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": format(exact, "f"),
    }
    return {
        "id": store.new_id("li_1"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": data["currency"],
        "description": product["name"],  # as Stripe does; the product has its own
        "price": price,
        "quantity": given["quantity"],
    }


def _unit_amount(data):
    if "unit_amount" in data:
        return data["unit_amount"], Decimal(data["unit_amount"])
    exact = Decimal(data["unit_amount_decimal"])
    return (int(exact) if exact == int(exact) else None), exact


def session(ref: str, created: int, params: dict, items: list[dict], base_url: str) -> dict:
    """An open session."""
    total = sum(item["amount_total"] for item in items)
    currency = items[0]["currency"]
    keep = (
        *("allow_promotion_codes", "billing_address_collection", "cancel_url"),
        *("client_reference_id", "customer", "customer_creation", "customer_email", "locale"),
        *("origin_context", "phone_number_collection", "submit_type", "success_url"),
    )
    given = {name: params[name] for name in keep if name in params}
    email = params.get("customer_email")
    return {
        "id": ref,
        "object": "checkout.session",
        **nulls(
            "after_expiration allow_promotion_codes billing_address_collection cancel_url "
            "client_reference_id client_secret collected_information consent consent_collection "
            "currency_conversion customer customer_account customer_details customer_email invoice "
            "locale origin_context payment_intent payment_link "
            "payment_method_configuration_details permissions recovered_from "
            "saved_payment_method_options setup_intent shipping_address_collection shipping_cost "
            "submit_type subscription wallet_options"
        ),
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", True)},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": nulls("liability provider status") | {"enabled": False},
        "created": created,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {
            **nulls("after_submit shipping_address submit terms_of_service_acceptance"),
            **params.get("custom_text", {}),
        },
        "customer_creation": None if "customer" in params else "if_required",
        "customer_details": details(email=email) if email else None,
        "discounts": [],
        "expires_at": params.get("expires_at", created + 86_400),
        "invoice_creation": _no_invoice(),
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": _method_types(params, currency),
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{base_url}/c/pay/{ref}",
        **given,
    }


def details(email=None, name=None) -> dict:
    """`customer_details` of a session."""
    return {
        **nulls("address business_name individual_name phone tax_ids"),
        "email": email,
        "name": name,
        "tax_exempt": "none",
    }


def _no_invoice():
    data = nulls("account_tax_ids custom_fields description footer issuer rendering_options")
    return {"enabled": False, "invoice_data": {**data, "metadata": {}}}


def _method_types(params, currency):
    kinds = ["card", BANK_OF_CURRENCY.get(currency)]
    allowed = params.get("allowed_payment_method_types")
    excluded = params.get("excluded_payment_method_types", [])
    found = [k for k in kinds if k and k not in excluded and (not allowed or k in allowed)]
    if not found:
        raise invalid("No valid payment method types for this Checkout Session.")
    return found
