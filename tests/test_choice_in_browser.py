"""A customer with a phone pays a part of an invoice and adds a tip, then the rest, in Chromium."""

import pytest

from dev.stack import Stack, clone_for_test, drop_database

from .browser import PHONE, Rpc, chromium, eventually, picture

GOOD_CARD = "4242 4242 4242 4242"


@pytest.fixture(scope="module")
def shop():
    """Running servers, a browser, and an administrator's way to the books."""
    database = clone_for_test("choice")
    try:
        with Stack(database, name="choice") as stack, chromium() as browser:
            stack.configure_stripe()
            books = Rpc(stack.odoo_url, stack.database, "admin", "admin")
            values = {"name": "Tips", "code": "T1PS", "account_type": "income_other"}
            account = books.call("account.account", "create", values)
            values = {
                "paylinks_part_payments": True,
                "paylinks_tips": True,
                "paylinks_tip_account_id": account,
            }
            books.call("res.company", "write", books.search("res.company")[:1], values)
            yield books, browser, account
    finally:
        drop_database(database)


def bill(books, amount):
    """Post an invoice; return its id, its link's and the link's address."""
    partner = books.call("res.partner", "create", {"name": "Nora", "email": "payer@example.com"})
    line = {"name": "Boiler service", "price_unit": amount, "tax_ids": [(5, 0, 0)]}
    values = {
        "move_type": "out_invoice",
        "partner_id": partner,
        "currency_id": books.search("res.currency", ("name", "=", "USD"))[0],
        "invoice_line_ids": [(0, 0, line)],
    }
    invoice = books.call("account.move", "create", values)
    books.call("account.move", "action_post", [invoice])
    [link] = books.call("account.move", "generate_payment_links", [invoice])
    return invoice, link, books.read("payment.link", link, "url")["url"]


def pay_by_card(page):
    """On Stripe's page."""
    page.wait_for_url("**/c/pay/**")
    if page.locator("label[for=method-card]").count():
        page.click("label[for=method-card]")
    for name, value in (("number", GOOD_CARD), ("expiry", "12 / 39"), ("cvc", "123")):
        page.fill(f"#{name}", value)
    page.fill("#name", "Ada Payer")
    page.click("button[type=submit]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_part_and_tip_on_a_phone(shop, scheme):
    books, browser, account = shop
    invoice, link, url = bill(books, 425.80)
    # The sandbox's page has a script; ours has none, and needs none.
    context = browser.new_context(**PHONE, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    assert page.locator("script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button = page.locator("button")
    assert button.inner_text() == "Pay $425.80", "one click for the whole amount"
    picture(page, f"choice-{scheme}")
    page.get_by_text("Another amount or tip").click()
    field = page.get_by_label("Amount to pay now")
    assert (field.input_value(), field.get_attribute("placeholder")) == ("", "425.80")
    assert field.get_attribute("inputmode") == "decimal"

    field.fill("20")
    page.get_by_role("button", name="Pay").click()
    assert "The least that you can pay now" in page.get_by_role("alert").inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, f"choice-refused-{scheme}")

    field.fill("200")
    page.get_by_role("group", name="Add a tip?").get_by_role("radio", name="10%").check()
    picture(page, f"choice-made-{scheme}")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/c/pay/**")
    assert page.get_by_text("Tip", exact=True).is_visible()
    assert "242.58" in page.locator(".amount").inner_text()
    picture(page, f"choice-stripe-{scheme}")
    pay_by_card(page)

    page.wait_for_url(f"{url}*")
    page.get_by_text("Thank you: we received $242.58.").wait_for()
    assert page.get_by_text("Paid so far").is_visible()
    assert button.inner_text() == "Pay $225.80"
    picture(page, f"choice-rest-{scheme}")
    page.get_by_role("button", name="Pay").click()
    pay_by_card(page)
    page.get_by_text("Paid. Thank you!").wait_for()
    assert page.get_by_text("$468.38").is_visible(), "all parts, with the tip"
    picture(page, f"choice-paid-{scheme}")

    def look():
        return books.read("payment.link", link, "state", "amount_paid", "amount_tip")

    wanted = {"id": link, "state": "paid", "amount_paid": 425.8, "amount_tip": 42.58}
    assert eventually(look, wanted) == wanted
    assert books.read("account.move", invoice, "amount_residual")["amount_residual"] == 0
    posted = books.search(
        "account.move.line", ("account_id", "=", account), ("move_id.ref", "!=", False)
    )
    assert books.read("account.move.line", posted, "balance")[0]["balance"] == -42.58
    context.close()
