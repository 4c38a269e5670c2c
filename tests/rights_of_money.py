"""The rights table, continued: collecting at once, giving back, disputes, what was sent.

See `rights.py` for how to add a row. Most users here have none of Odoo's own rights to invoices and
payments: what only those open is denied even to managers of links, and tested with the feature.
"""

from .rights import ADMIN, CREATE, MANAGE, NO_ONE, VIEW, Row


def _dialog(t, **values):
    """The dialog of a collecting user, on the invoice, before anything was done."""
    values = {"invoice_ids": t.invoice.ids, "is_collect": True, "method": "direct", **values}
    return t.own("payment.link.generate", values)


def _refund_dialog(t, **values):
    link = t.attempt.payment_link_id
    given = {"link_id": link.id, "transaction_id": t.attempt.id, "choice": "outstanding"}
    return t.own("payment.link.refund", {**given, "amount": 5, **values})


def _with_one_aside(t):
    """A link with a payment that was set aside."""
    t.attempt.sudo().write({"checkout_aside": "amount", "state": "pending"})
    return t.attempt.payment_link_id


def _in_collect(method, allowed=CREATE, refused="", label="", **values):
    return Row(
        "payment.link.generate",
        method,
        allowed,
        lambda t: t.on(_dialog(t, **values)),
        refused=refused,
        label=label,
    )


COLLECTING = [
    # Of one's own dialog, and no further: what it points at, see test_rights_dialogs.py.
    _in_collect("action_back", f"{CREATE} stranger"),
    _in_collect("action_link_instead", f"{CREATE} stranger"),
    _in_collect("action_refresh", f"{CREATE} stranger"),
    _in_collect("action_open_link", f"{CREATE} stranger"),
    _in_collect("action_take_card", refused="stranger"),  # who sees no invoice there
    # Odoo's own dialog is for who keeps the books.
    _in_collect("action_register", NO_ONE),
    Row(
        "payment.link.generate",
        "action_charge",
        CREATE,
        lambda t: t.on(_dialog(t, card_id=t.card.id)),
        refused="stranger",
    ),
    Row(
        "payment.link.generate",
        "write",
        f"{CREATE} stranger",
        lambda t: t.on(_dialog(t), vals={"expiry": "7"}),
    ),
    Row(
        "payment.link",
        "charge_saved_card",
        CREATE,
        lambda t: t.on(t.link, token_id=t.card.id),
    ),
    Row(
        "payment.link",
        "charge_saved_card",
        NO_ONE,
        lambda t: t.on(t.link, token_id=t.card_of_another.id),
        label="of another customer",
    ),
    Row(
        "payment.link.bulk",
        "action_apply",
        CREATE,
        lambda t: t.on(t.own("payment.link.bulk", {"operation": "extend", "link_ids": t.link.ids})),
        refused="stranger",  # None of these links is theirs: nothing to do.
        label="extend",
    ),
    Row(
        "payment.link.bulk",
        "action_apply",
        CREATE,
        lambda t: t.on(t.own("payment.link.bulk", {"operation": "send", "link_ids": t.link.ids})),
        refused="stranger",
        label="send",
    ),
    Row(
        "payment.link.bulk",
        "action_apply",
        MANAGE,
        lambda t: t.on(t.own("payment.link.bulk", {"operation": "delete", "link_ids": t.link.ids})),
        refused="stranger",
        label="delete",
    ),
]
GIVING_BACK = [
    Row(
        "account.payment",
        "action_refund_wizard",
        NO_ONE,  # who keeps the books and manages links: see test_refunds.py
        lambda t: t.on(t.attempt.payment_id),
    ),
    Row("payment.link", "action_view_payments", NO_ONE, lambda t: t.on(t.attempt.payment_link_id)),
    Row(
        "payment.link",
        "action_book_refund",
        MANAGE,
        lambda t: t.on(t.refund.refund_link_id),
    ),
    Row("payment.link", "action_settle_by_hand", MANAGE, lambda t: t.on(_with_one_aside(t))),
    Row("payment.link.refund", "action_refund", MANAGE, lambda t: t.on(_refund_dialog(t))),
    Row(
        "payment.link.refund",
        "action_book",
        MANAGE,
        lambda t: t.on(
            _refund_dialog(
                t,
                link_id=t.refund.refund_link_id.id,
                transaction_id=t.refund.source_transaction_id.id,
                refund_id=t.refund.id,
            )
        ),
    ),
    Row("payment.link.dispute", "action_open", VIEW, lambda t: t.on(t.dispute)),
    Row("payment.link.dispute", "action_book", MANAGE, lambda t: t.on(t.dispute)),
    Row(
        "payment.link.dispute",
        "write",
        MANAGE,
        lambda t: t.on(t.dispute, vals={"choice": "debit"}),
        label="of what becomes of it",
    ),
    Row(
        "payment.link.dispute",
        "write",
        NO_ONE,
        lambda t: t.on(t.dispute, vals={"state": "won"}),
        label="of how it stands",
    ),
    Row("payment.link.event", "action_retry", MANAGE, lambda t: t.on(t.event)),
]
THE_REST = [
    Row("payment.link.reminder.rule", "action_preview", MANAGE, lambda t: t.on(t.rule)),
    Row("res.company", "write", ADMIN, lambda t: t.on(t.company, vals={"paylinks_expiry_days": 5})),
    Row(
        "res.partner",
        "action_generate_payment_link",
        f"{CREATE} stranger",
        lambda t: t.on(t.customer),
    ),
    Row("res.partner", "action_view_payment_links", f"{VIEW} stranger", lambda t: t.on(t.customer)),
    # Of the orders, viewers see none.
    Row("sale.order", "action_view_payment_links", CREATE, lambda t: t.on(t.order)),
    # Odoo writes these by itself.
    Row(
        "mail.notification",
        "write",
        NO_ONE,
        lambda t: t.on(t.notification, vals={"notification_status": "bounce"}),
    ),
]
TABLE = [*COLLECTING, *GIVING_BACK, *THE_REST]
