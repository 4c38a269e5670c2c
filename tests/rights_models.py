"""Every model of the addon: who may do what with its rows, and how a row of it is made."""

OPERATIONS = ("read", "write", "create", "unlink")
VIEW = "viewer creator manager stranger"
CREATE = "creator manager stranger"
MANAGE = "manager stranger"
# Who may do it with rows of the own company, by Odoo's access rights; "-" is nobody.
MODELS = {
    "payment.link": (f"{VIEW} portal", CREATE, CREATE, MANAGE),
    "payment.link.event": (MANAGE, "-", "-", "-"),
    "payment.link.message": (VIEW, "-", "-", "-"),
    "payment.link.dispute": (VIEW, MANAGE, "-", "-"),
    "payment.link.reminder.rule": (VIEW, MANAGE, MANAGE, MANAGE),
    "payment.link.reminder.preview": (MANAGE, "-", "-", "-"),
    "payment.link.generate": (CREATE, CREATE, CREATE, CREATE),
    "payment.link.generate.line": (CREATE, "-", "-", "-"),
    "payment.link.bulk": (CREATE, CREATE, CREATE, CREATE),
    "payment.link.refund": (MANAGE, MANAGE, MANAGE, MANAGE),
    "payment.link.sms.preview": (CREATE, CREATE, CREATE, CREATE),
    "payment.link.settings": (MANAGE, MANAGE, MANAGE, "-"),
    "payment.link.connect": ("administrator", "administrator", "administrator", "-"),
}

LINK = "payment.link"
# A row of the own company that there is no reason to spare; a dialog's is the user's own.
ROWS = {
    LINK: lambda t: t.make_custom_link(5),
    f"{LINK}.event": lambda t: t.event,
    f"{LINK}.message": lambda t: t.message,
    f"{LINK}.dispute": lambda t: t.dispute,
    f"{LINK}.reminder.rule": lambda t: t.env[f"{LINK}.reminder.rule"].create({}),
    f"{LINK}.reminder.preview": lambda t: t.fill(f"{LINK}.reminder.preview", {}),
    f"{LINK}.generate": lambda t: t.fill(f"{LINK}.generate", {"invoice_ids": t.invoice.ids}),
    f"{LINK}.generate.line": lambda t: t.fill(
        f"{LINK}.generate.line",
        {"wizard_id": t.fill(f"{LINK}.generate", {}).id, "result": "existed"},
    ),
    f"{LINK}.bulk": lambda t: t.fill(f"{LINK}.bulk", {"operation": "send"}),
    f"{LINK}.refund": lambda t: t.fill(
        f"{LINK}.refund",
        {"link_id": t.attempt.payment_link_id.id, "transaction_id": t.attempt.id},
    ),
    f"{LINK}.sms.preview": lambda t: t.fill(f"{LINK}.sms.preview", {"link_id": t.link.id}),
    f"{LINK}.settings": lambda t: t.fill(f"{LINK}.settings", {"company_id": t.user.company_id.id}),
    f"{LINK}.connect": lambda t: t.fill(f"{LINK}.connect", {}),
}
