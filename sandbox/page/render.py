"""The checkout page's HTML. Every value that comes from outside is escaped here."""

from html import escape
from importlib.resources import files

from .amounts import amount_text

_STYLE = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
_SCRIPT = files(__package__).joinpath("behaviour.js").read_text(encoding="utf-8")
_ICONS = {
    "done": '<path d="M4 12.5l5 5L20 6.5"/>',
    "expired": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.5l3.5 2"/>',
    "challenge": '<rect x="5" y="11" width="14" height="9"/><path d="M8 11V8a4 4 0 018 0v3"/>',
}
_CARDS = (
    ("4242 4242 4242 4242", "OK"),
    ("4000 0000 0000 0002", "declined"),
    ("4000 0000 0000 9995", "insufficient funds"),
    ("4000 0027 6000 3184", "3-D Secure"),
    ("4000 0000 0000 0259", "OK, then disputed"),
)
_ACCOUNTS = {
    "us_bank_account": (("000123456789", "OK"), ("000111111116", "fails later")),
    "sepa_debit": (("AT611904300234573201", "OK"), ("AT861904300235473202", "fails later")),
}


def _document(language, title, body, script=""):
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{body}{f'<script>{script}</script>' if script else ''}</body></html>"
    )


def checkout_page(view: dict) -> str:
    """The page of an open session.

    `view`: session, products, merchant, texts, language, values (typed before), error.
    """
    text, merchant = view["texts"], view["merchant"]
    body = f"<main>{_summary(view)}<section class='form'><div class='inner'>{_form(view)}"
    body += f"{_numbers(view)}</div></section></main>"
    return _document(view["language"], text["pay_to"].format(merchant=merchant), body, _SCRIPT)


def _summary(view):
    session, text, language = view["session"], view["texts"], view["language"]
    merchant, currency = escape(view["merchant"]), session["currency"]
    back = session["cancel_url"]
    link = (
        f'<a class="back" href="{escape(back)}" aria-label="{text["back"]}" title="{text["back"]}">'
        "←</a>"
        if back
        else ""
    )
    rows = []
    for item, product in zip(view["items"], view["products"], strict=True):
        notes = [escape(product["description"])] if product.get("description") else []
        if item["quantity"] != 1:
            notes.append(text["quantity"].format(count=item["quantity"]))
        small = "".join(f"<small>{note}</small>" for note in notes)
        price = amount_text(item["amount_total"], currency, language)
        rows.append(
            f"<li><div>{escape(item['description'])}{small}</div>"
            f'<span class="price">{price}</span></li>'
        )
    total = amount_text(session["amount_total"], currency, language)
    return (
        f'<section class="summary"><div class="inner"><div class="merchant">{link}'
        f'<span>{merchant}</span><span class="badge">{text["sandbox"]}</span></div>'
        f'<p class="lead">{text["pay_to"].format(merchant=merchant)}</p>'
        f'<p class="amount">{total}</p><ul class="items">{"".join(rows)}</ul></div></section>'
    )


def _form(view):
    text, values, session = view["texts"], view["values"], view["session"]
    kinds = session["payment_method_types"]
    bank = next((kind for kind in kinds if kind != "card"), None)
    panes = _tabs(view, kinds, bank) if len(kinds) > 1 else ""
    panes += _card_pane(view) if "card" in kinds else ""
    panes += _bank_pane(view, bank) if bank else ""
    if len(kinds) == 1:
        panes += f'<input type="hidden" name="method" value="{"bank" if bank else "card"}">'
    error = f'<p class="error" role="alert">{escape(view["error"])}</p>' if view["error"] else ""
    fixed = " readonly" if session["customer_email"] else ""
    email = (
        f'<div class="field"><label for="email">{text["email"]}</label>'
        f'<input id="email" type="email" name="email" autocomplete="email" required{fixed} '
        f'value="{escape(values.get("email") or "")}"></div>'
    )
    saved = ""
    if view["saves"]:
        saved = f'<p class="small">{text["saved"].format(merchant=escape(view["merchant"]))}</p>'
    single = ' class="single"' if len(kinds) == 1 else ""
    amount = amount_text(session["amount_total"], session["currency"], view["language"])
    return (
        f'<form method="post" action="/c/pay/{session["id"]}"{single}>{email}{panes}{saved}{error}'
        f'<button type="submit" data-busy="{text["processing"]}">{text["pay"]} {amount}</button>'
        "</form>"
    )


def _tabs(view, kinds, bank):
    text, chosen = view["texts"], view["values"].get("method", "card")
    tabs = ""
    for value, label in (("card", text["card"]), ("bank", text[bank])):
        checked = " checked" if value == chosen else ""
        tabs += (
            f'<input type="radio" name="method" value="{value}" id="method-{value}"{checked}>'
            f'<label for="method-{value}">{label}</label>'
        )
    return f'<div class="tabs">{tabs}</div>'


def _input(view, name, label, placeholder="", extra="", with_label=True):
    value = escape(view["values"].get(name) or "")
    field = (
        f'<input type="text" id="{name}" name="{name}" value="{value}" '
        f'placeholder="{escape(placeholder)}" {extra}'
    )
    if not with_label:
        return f'{field} aria-label="{escape(label)}">'
    return f'<div class="field"><label for="{name}">{label}</label>{field}></div>'


def _card_pane(view):
    text = view["texts"]
    number = _input(
        view, "number", text["card_information"], "1234 1234 1234 1234",
        'inputmode="numeric" autocomplete="cc-number"', with_label=False,
    )  # fmt: skip
    expiry = _input(
        view, "expiry", text["expiry"], text["expiry"],
        'inputmode="numeric" autocomplete="cc-exp" maxlength="9"', with_label=False,
    )  # fmt: skip
    cvc = _input(
        view, "cvc", text["cvc"], text["cvc"],
        'inputmode="numeric" autocomplete="cc-csc" maxlength="4"', with_label=False,
    )  # fmt: skip
    name = _input(view, "name", text["name_on_card"], extra='autocomplete="cc-name"')
    return (
        f'<div class="pane card"><fieldset><legend>{text["card_information"]}</legend>'
        f'<div class="joined">{number}{expiry}{cvc}</div></fieldset>{name}</div>'
    )


def _bank_pane(view, bank):
    text = view["texts"]
    holder = _input(view, "holder", text["account_holder"], extra='autocomplete="name"')
    if bank == "us_bank_account":
        routing = _input(
            view, "routing", text["routing_number"], "110000000", 'inputmode="numeric"'
        )
        account = _input(
            view, "account", text["account_number"], "000123456789", 'inputmode="numeric"'
        )
    else:
        routing = ""
        account = _input(view, "account", text["iban"], "AT61 1904 3002 3457 3201")
    mandate = text["debit_mandate"].format(merchant=escape(view["merchant"]))
    return f'<div class="pane bank">{holder}{routing}{account}<p class="small">{mandate}</p></div>'


def _numbers(view):
    kinds = view["session"]["payment_method_types"]
    pairs = list(_CARDS) if "card" in kinds else []
    for kind in kinds:
        pairs += _ACCOUNTS.get(kind, ())
    rows = "".join(f"<dt>{number}</dt><dd>{what}</dd>" for number, what in pairs)
    return f"<details><summary>{view['texts']['numbers']}</summary><dl>{rows}</dl></details>"


def _alone(view, icon, title, words, more=""):
    mark = (
        '<svg width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{_ICONS[icon]}</svg>'
    )
    body = (
        f'<div class="alone"><div class="inner"><div class="mark" aria-hidden="true">{mark}</div>'
        f"<h1>{title}</h1><p>{words}</p>{more}"
        f'<span class="badge">{view["texts"]["sandbox"]}</span></div></div>'
    )
    return _document(view["language"], title, body, _SCRIPT)


def closed_page(view: dict) -> str:
    """The page of a session that is complete or expired."""
    text, merchant = view["texts"], escape(view["merchant"])
    if view["session"]["status"] == "complete":
        return _alone(view, "done", text["done"], text["done_more"])
    return _alone(view, "expired", text["expired"], text["expired_more"].format(merchant=merchant))


def challenge_page(view: dict) -> str:
    """What stands for the bank's 3-D Secure page."""
    text, session = view["texts"], view["session"]
    amount = amount_text(session["amount_total"], session["currency"], view["language"])
    buttons = (
        f'<form method="post"><button name="outcome" value="complete">{text["complete"]}</button>'
        f'<button class="plain" name="outcome" value="fail">{text["fail"]}</button></form><br>'
    )
    words = f"{escape(view['merchant'])} · {amount}<br>{text['challenge_more']}"
    return _alone(view, "challenge", text["challenge"], words, buttons)


def missing_page() -> str:
    """Something that is not there."""
    body = (
        '<div class="alone"><div class="inner"><h1>Something went wrong</h1><p>The page you were '
        "looking for could not be found. Please check the URL or contact the merchant.</p></div>"
        "</div>"
    )
    return _document("en", "Something went wrong", body)
