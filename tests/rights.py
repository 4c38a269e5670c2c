"""Who may do what: the table that `test_rights_table.py` walks by RPC, `test_rights_screen.py` on
the screen.

A row is one call of a public method. Who is not named is denied. To add one:

    Row("payment.link", "send_by_fax", CREATE, lambda t: t.on(t.link)),

`t` is the test: `t.on(records, **arguments)` and `t.call(**arguments)` say what to call it with,
`t.link`, `t.invoice`, `t.order`, `t.provider` are there anew for each call, `t.own(model, values)`
makes a wizard that belongs to the user at hand. More rows are in `rights_of_money.py`.
"""

from collections.abc import Callable
from typing import NamedTuple

MODULE = "serviceflow_paylinks"
GROUPS = {
    "nobody": "base.group_user",
    "viewer": f"{MODULE}.group_payments_view",
    "creator": f"{MODULE}.group_payments_create",
    "manager": f"{MODULE}.group_payments_manage",
    # Manages the links of another company.
    "stranger": f"{MODULE}.group_payments_manage",
    # Of the system, without any right on payment links.
    "administrator": "base.group_system",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
STAFF = ("nobody", "viewer", "creator", "manager", "stranger", "administrator")

VIEW = "viewer creator manager"
CREATE = "creator manager"
MANAGE = "manager"
ADMIN = "administrator"
NO_ONE = ""


class Row(NamedTuple):
    model: str
    method: str
    allowed: str
    call: Callable
    empty: str = ""  # who may ask, and gets nothing
    refused: str = ""  # who gets a sentence, whatever the right
    label: str = ""

    def expect(self, user):
        """Return what is to come of it for a user: yes, empty, refused or denied."""
        for outcome in ("allowed", "empty", "refused"):
            if user in getattr(self, outcome).split():
                return outcome.replace("allowed", "yes")
        return "denied"

    def __str__(self):
        return f"{self.model}.{self.method} {self.label}".strip()


def _write(label, **vals):
    return Row("payment.link", "write", CREATE, lambda t: t.on(t.link, vals=vals), label=label)


def _forbidden(**vals):
    label = f"of {', '.join(vals)}"
    return Row("payment.link", "write", NO_ONE, lambda t: t.on(t.link, vals=vals), label=label)


def _create(t, **vals):
    return t.call(
        vals_list=[{"purpose": "custom", "partner_id": t.customer.id, "amount": 5, **vals}]
    )


OTHERS = "stranger portal"  # They have links of their own, or none.
READING = [
    Row("payment.link", "search", VIEW, lambda t: t.call(domain=[]), OTHERS),
    Row("payment.link", "search_count", VIEW, lambda t: t.call(domain=[]), OTHERS),
    Row("payment.link", "search_read", VIEW, lambda t: t.call(domain=[], fields=["url"]), OTHERS),
    Row(
        "payment.link",
        "web_search_read",
        VIEW,
        lambda t: t.call(domain=[("id", "=", t.link.id)], specification={"url": {}}),
        OTHERS,
    ),
    Row(
        "payment.link",
        "formatted_read_group",
        VIEW,
        lambda t: t.call(domain=[], groupby=["state"], aggregates=["__count"]),
        OTHERS,
    ),
    Row("payment.link", "read", VIEW, lambda t: t.on(t.link, fields=["url", "amount", "token"])),
    Row("payment.link", "web_read", VIEW, lambda t: t.on(t.link, specification={"url": {}})),
    Row(
        "payment.link",
        "export_data",
        VIEW,
        lambda t: t.on(t.link, fields_to_export=["name", "url"]),
        refused="portal public",  # who may export nothing at all
    ),
]
GENERATING = [
    Row("payment.link", "create", f"{CREATE} stranger", _create),
    Row("payment.link", "create", NO_ONE, lambda t: _create(t, state="paid"), label="paid"),
    Row("payment.link", "create", NO_ONE, lambda t: _create(t, token="x" * 24), label="token"),
    Row("payment.link", "create", NO_ONE, lambda t: _create(t, name="PL/1"), label="name"),
    Row("account.move", "generate_payment_links", CREATE, lambda t: t.on(t.invoice)),
    Row("sale.order", "generate_deposit_links", CREATE, lambda t: t.on(t.order)),
    Row(
        "account.move",
        "action_generate_payment_link",
        CREATE,
        lambda t: t.on(t.invoice),
    ),
    Row(
        "payment.link.generate",
        "create",
        f"{CREATE} stranger",
        lambda t: t.call(vals_list=[{"purpose": "custom"}]),
    ),
    Row(
        "payment.link.generate",
        "action_generate",
        CREATE,
        lambda t: t.on(t.own("payment.link.generate", {"invoice_ids": t.invoice.ids})),
        refused="stranger",  # who sees no invoice there
        label="for an invoice",
    ),
    Row(
        "payment.link.generate",
        "action_generate",
        f"{CREATE}",
        lambda t: t.on(
            t.own(
                "payment.link.generate",
                {"purpose": "custom", "partner_id": t.customer.id, "amount": 5},
            )
        ),
        refused="stranger",  # whose company is not connected
        label="for any amount",
    ),
]
SENDING = [
    Row("payment.link", "send_by_email", CREATE, lambda t: t.on(t.link)),
    Row("payment.link", "send_by_sms", CREATE, lambda t: t.on(t.link)),
]
EDITING = [
    _write("the expiry", expires_at=False),
    _write("the email", email="ada@example.org"),
    _write("the phone", phone="+1 202-555-0199"),
    _write("the description", description="Second visit"),
    _write("the responsible", user_id=False),
    _forbidden(state="paid"),
    _forbidden(token="m" * 24),
    _forbidden(amount=1),
    _forbidden(amount_fixed=1),
    _forbidden(paid_at="2026-01-01"),
    _forbidden(invoice_id=False),
    _forbidden(partner_id=1),
    _forbidden(company_id=1),
    _forbidden(sent_at=False),
    Row("payment.link", "copy", NO_ONE, lambda t: t.on(t.link), refused=" ".join(GROUPS)),
    Row("payment.link", "copy_data", NO_ONE, lambda t: t.on(t.link), refused=" ".join(GROUPS)),
    Row("payment.link", "cancel", MANAGE, lambda t: t.on(t.link)),
    Row("payment.link", "rotate_token", MANAGE, lambda t: t.on(t.link)),
    Row("payment.link", "unlink", MANAGE, lambda t: t.on(t.link)),
]
DOCUMENTS = [
    # With none of these rights alone: stock methods that ours override.
    Row("account.move", "button_draft", NO_ONE, lambda t: t.on(t.invoice)),
    Row("account.move", "button_cancel", NO_ONE, lambda t: t.on(t.invoice)),
    Row(
        "account.partial.reconcile",
        "create",
        NO_ONE,
        lambda t: t.call(vals_list=[{"amount": 1}]),
    ),
    Row("account.partial.reconcile", "unlink", NO_ONE, lambda t: t.on(t.partial)),
    Row(
        "account.move",
        "action_view_payment_links",
        f"{VIEW} stranger portal",  # no more than the way to a list, which is empty
        lambda t: t.on(t.invoice),
    ),
    Row(
        "payment.transaction",
        "search",
        f"{VIEW} {ADMIN}",
        lambda t: t.call(domain=[("payment_link_id", "!=", False)]),
        "stranger",
    ),
    Row(
        "payment.transaction",
        "read",
        f"{VIEW} {ADMIN}",
        lambda t: t.on(t.attempt, fields=["state"]),
    ),
    Row(
        "payment.transaction",
        "read",
        ADMIN,
        lambda t: t.on(t.attempt, fields=["checkout_url", "checkout_key"]),
        label="of keys",
    ),
    Row(
        "payment.transaction",
        "write",
        NO_ONE,
        lambda t: t.on(t.attempt, vals={"payment_link_id": False}),
    ),
    Row(
        "payment.transaction",
        "create",
        NO_ONE,
        lambda t: t.call(vals_list=[{"payment_link_id": t.link.id}]),
    ),
    # Who keeps the books may: test_transaction_guard.py.
    Row("payment.transaction", "action_post_process", NO_ONE, lambda t: t.on(t.attempt)),
    Row("payment.link.event", "search", MANAGE, lambda t: t.call(domain=[]), "stranger"),
    Row("payment.link.event", "read", MANAGE, lambda t: t.on(t.event, fields=["event_type"])),
    Row("payment.link.event", "write", NO_ONE, lambda t: t.on(t.event, vals={"state": "done"})),
    Row("payment.link.event", "unlink", NO_ONE, lambda t: t.on(t.event)),
]
SETTINGS = [
    Row(
        "payment.link.settings",
        "create",
        f"{MANAGE} stranger",
        lambda t: t.call(vals_list=[{"paylinks_expiry_days": 5}]),
    ),
    Row(
        "payment.link.settings",
        "create",
        MANAGE,
        lambda t: t.call(vals_list=[{"company_id": t.company.id, "paylinks_expiry_days": 5}]),
        label="of the company",
    ),
    Row(
        "payment.link.settings",
        "write",
        f"{MANAGE} stranger",
        lambda t: t.on(t.own("payment.link.settings", {}), vals={"paylinks_expiry_days": 5}),
    ),
    Row(
        "payment.link.settings",
        "execute",
        f"{MANAGE} stranger",
        lambda t: t.on(t.own("payment.link.settings", {})),
    ),
    Row(
        "payment.link.settings",
        "cancel",
        f"{MANAGE} stranger",
        lambda t: t.on(t.own("payment.link.settings", {})),
    ),
    *(
        Row(
            "res.config.settings",
            method,
            ADMIN,
            lambda t: t.on(t.own("res.config.settings", {})),
        )
        for method in (
            "action_paylinks_connect",
            "action_paylinks_check_connection",
            "action_paylinks_create_webhook",
            "action_paylinks_open_provider",
        )
    ),
    Row(
        "payment.link.connect",
        "action_connect",
        ADMIN,
        lambda t: t.on(
            t.own(
                "payment.link.connect",
                {"publishable_key": "pk_test_newnewnew", "secret_key": "sk_test_newnewnew"},
            )
        ),
    ),
    Row(
        "payment.link.connect",
        "action_done",
        ADMIN,
        lambda t: t.on(t.own("payment.link.connect", {})),
    ),
    Row(
        "payment.provider",
        "create",
        ADMIN,
        lambda t: t.call(vals_list=[{"name": "Second", "code": "stripe"}]),
    ),
    Row("payment.provider", "write", ADMIN, lambda t: t.on(t.provider, vals={"state": "disabled"})),
    Row("payment.provider", "unlink", ADMIN, lambda t: t.on(t.spare_provider)),
    Row(
        "payment.provider",
        "read",
        ADMIN,
        lambda t: t.on(t.provider, fields=["paylinks_webhook_secret", "stripe_secret_key"]),
    ),
    Row("payment.provider", "action_paylinks_create_webhook", ADMIN, lambda t: t.on(t.provider)),
    Row("payment.provider", "action_paylinks_check_connection", ADMIN, lambda t: t.on(t.provider)),
]
HUB = [
    Row(
        "payment.link",
        "get_hub_overview",
        f"{VIEW} stranger",
        lambda t: t.call(),
        label="for the web client",
    ),
    Row("payment.link", "action_open_document", CREATE, lambda t: t.on(t.link)),
    Row("payment.link", "action_view_attempts", VIEW, lambda t: t.on(t.link)),
    Row("payment.link", "action_bulk_send", CREATE, lambda t: t.on(t.link)),
    Row("payment.link", "action_bulk_extend", CREATE, lambda t: t.on(t.link)),
    Row("payment.link", "action_bulk_delete", MANAGE, lambda t: t.on(t.link)),
    Row("payment.link", "get_share_values", CREATE, lambda t: t.on(t.link)),
    Row("payment.link", "note_shared", CREATE, lambda t: t.on(t.link, channel="email")),
    Row("payment.link", "action_compose_email", CREATE, lambda t: t.on(t.link)),
    Row("payment.link", "action_preview_sms", CREATE, lambda t: t.on(t.link)),
    Row(
        "payment.link.sms.preview",
        "action_send",
        CREATE,
        lambda t: t.on(t.own("payment.link.sms.preview", {"link_id": t.link.id})),
    ),
    Row("payment.link", "action_refund", MANAGE, lambda t: t.on(t.attempt.payment_link_id)),
    Row("account.move", "action_collect_payment", CREATE, lambda t: t.on(t.invoice)),
    Row("sale.order", "action_generate_deposit_link", CREATE, lambda t: t.on(t.order)),
]
TABLE = [
    *HUB,
    *READING,
    *GENERATING,
    *SENDING,
    *EDITING,
    *DOCUMENTS,
    *SETTINGS,
]
# Public by Odoo's own ways, and no method to call: tested in test_menus.py.
NOT_CALLABLE = {("ir.http", "session_info")}
# Odoo's own methods on contacts and orders, which the addon does something after: the rights are
# those of Contacts and Sales.
NOT_CALLABLE.add(("res.partner", "write"))
NOT_CALLABLE |= {
    ("sale.order", name)
    for name in ("create", "write", "action_confirm", "action_quotation_send", "message_post")
}
NOT_CALLABLE |= {("sale.order.line", name) for name in ("create", "write", "unlink")}
