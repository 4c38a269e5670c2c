"""What staff do, in Chromium on running servers: every dialog, at a desk and on a phone."""

import json
import urllib.parse
import urllib.request

import pytest

from dev.stack import SANDBOX_SECRET_KEY, Stack, clone_for_test, drop_database

from .browser import DESKTOP, PHONE, Clerk, chromium, eventually, picture
from .test_end_to_end import GOOD_CARD, Shop

SCREENS = {"desk": DESKTOP, "phone": PHONE}


@pytest.fixture(scope="module")
def shop():
    """A business with Odoo, Stripe's stand-in and two clerks: one at a desk, one with a phone."""
    database = clone_for_test("staff")
    try:
        options = ("--settle-after", "-1", "--backoff", "0.2,0.5,1,2,4")
        with Stack(database, name="staff", sandbox_options=options) as stack, chromium() as browser:
            stack.configure_stripe()
            yield StaffedShop(stack, browser)
    finally:
        drop_database(database)


class StaffedShop(Shop):
    def __init__(self, stack, browser):
        super().__init__(stack, browser)
        login = (stack.odoo_url, "clerk", "clerk-clerk")
        self.clerks = {"desk": self.clerk, "phone": Clerk(browser, *login, device=PHONE)}

    def save_card(self, invoice, method="pm_card_visa"):
        """The invoice's customer has saved a card: at Stripe, and in Odoo."""
        owner = self._ask_stripe("/v1/customers", name="Ada Payer")["id"]
        card = self._ask_stripe(f"/v1/payment_methods/{method}/attach", customer=owner)
        partner = self.books.read("account.move", invoice, "partner_id")["partner_id"][0]
        values = {
            "provider_id": self.books.search("payment.provider", ("state", "=", "test"))[0],
            "payment_method_id": self.books.call(
                "payment.method", "search", [("code", "=", "visa"), ("active", "in", [True, False])]
            )[0],
            "partner_id": partner,
            "payment_details": card["card"]["last4"],
            "provider_ref": owner,
            "stripe_payment_method": card["id"],
        }
        return self.books.call("payment.token", "create", values)

    def _ask_stripe(self, path, **data):
        request = urllib.request.Request(
            self.stripe.url + path,
            urllib.parse.urlencode(data).encode(),
            {"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def history_of(self, link):
        messages = self.books.search(
            "mail.message", ("model", "=", "payment.link"), ("res_id", "=", link)
        )
        return " ".join(row["body"] for row in self.books.read("mail.message", messages, "body"))


@pytest.fixture(params=list(SCREENS))
def clerk(shop, request):
    """A clerk, at each screen; afterwards nothing has gone wrong in the browser."""
    clerk = shop.clerks[request.param]
    clerk.screen = request.param
    clerk.complaints.clear()
    yield clerk
    assert clerk.complaints == []
    for page in clerk.context.pages[1:]:
        page.close()


def shot(clerk, name):
    picture(clerk.page, f"{name}-{clerk.screen}")


def open_collect(clerk, invoice):
    clerk.open_invoice(invoice)
    return clerk.collect()


def choose(dialog, label):
    """Press one of the dialog's badges, such as Direct payment."""
    dialog.locator(".o_selection_badge", has_text=label).click()


def open_direct(clerk, invoice):
    dialog = open_collect(clerk, invoice)
    choose(dialog, "Direct payment")
    dialog.get_by_role("button", name="Take Card").wait_for()
    return dialog


def fits(clerk):
    """Whether the screen need not be moved sideways to be read."""
    return clerk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# -- generating --


def test_link_from_an_invoice_sent_to_a_corrected_address(shop, clerk):
    invoice = shop.bill("Nora Whitfield", 425.80)
    dialog = open_collect(clerk, invoice)
    dialog.get_by_text("Nora Whitfield owes $ 425.80").wait_for()
    dialog.get_by_role("checkbox", name="Email").check()
    dialog.get_by_placeholder("Email address").fill("books@example.com")
    shot(clerk, "collect-link")
    assert fits(clerk)
    dialog.get_by_role("button", name="Generate").click()
    share = clerk.page.locator(".o_paylinks_share")
    share.get_by_text("Nora Whitfield").wait_for()
    shot(clerk, "link-made")
    assert fits(clerk)
    assert "425.80" in share.inner_text()
    clerk.dialog().get_by_text("On its way by email to books@example.com").wait_for()
    link = shop.books.read("payment.link", shop.link_of(invoice), "url", "email")
    assert link["email"] == "books@example.com"
    [message] = shop.books.search("payment.link.message", ("link_id", "=", link["id"]))
    assert shop.books.read("payment.link.message", message, "channel")["channel"] == "email"
    share.locator(".o_clipboard_button").click()
    assert clerk.page.evaluate("navigator.clipboard.readText()") == link["url"]
    assert share.locator("img").evaluate("image => image.naturalWidth") > 100
    clerk.close_dialog()
    clerk.page.locator("[name=payment_link_count]:visible, .o-form-buttonbox").first.wait_for()


def test_next_instalment_and_another_amount(shop, clerk):
    term = shop.books.call(
        "account.payment.term",
        "create",
        {
            "name": "30 / 70",
            "line_ids": [
                (0, 0, {"value": "percent", "value_amount": 30, "nb_days": 10}),
                (0, 0, {"value": "percent", "value_amount": 70, "nb_days": 40}),
            ],
        },
    )
    invoice = shop.bill("Harper Dental Group", 4800, invoice_payment_term_id=term)
    dialog = open_collect(clerk, invoice)
    choose(dialog, "Next instalment")
    dialog.get_by_text("due on").wait_for()
    assert "1,440.00" in dialog.inner_text()
    shot(clerk, "instalment")
    choose(dialog, "Another amount")
    dialog.locator("[name=amount] input").fill("5000")
    dialog.get_by_role("button", name="Generate").click()
    error = clerk.page.locator(".modal", has_text="owes $ 4,800.00. Enter that or less.")
    error.wait_for()
    shot(clerk, "above-the-balance")
    error.last.locator("footer").get_by_role("button", name="Close").click()
    clerk.dialog().locator("[name=amount] input").fill("200")
    clerk.dialog().get_by_role("button", name="Generate").click()
    clerk.page.locator(".o_paylinks_share").get_by_text("$ 200.00").wait_for()
    clerk.close_dialog()


def test_amount_in_letters(shop, clerk):
    """Odoo's own field takes them for nothing; over RPC they are named."""
    invoice = shop.bill("Oliver Hughes", 60)
    dialog = open_collect(clerk, invoice)
    choose(dialog, "Another amount")
    dialog.locator("[name=amount] input").fill("ten")
    dialog.get_by_role("button", name="Generate").click()
    clerk.page.get_by_text("Enter an amount greater than zero, up to $ 60.00").wait_for()
    shot(clerk, "letters")
    assert not shop.books.search("payment.link", ("invoice_id", "=", invoice))
    clerk.page.keyboard.press("Escape")


def test_shared_from_the_clerks_own_device(shop, clerk):
    invoice = shop.bill("Sanne de Vries", 75)
    open_collect(clerk, invoice).get_by_role("button", name="Generate").click()
    share = clerk.page.locator(".o_paylinks_share")
    share.wait_for()
    link = shop.books.read("payment.link", shop.link_of(invoice), "url")
    hrefs = {
        channel: urllib.parse.unquote(
            share.locator(f"[data-channel={channel}]").get_attribute("href")
        )
        for channel in ("email", "sms", "whatsapp")
    }
    assert hrefs["email"].startswith("mailto:payer@example.com?subject=")
    assert hrefs["sms"].startswith("sms:?&body=")
    assert hrefs["whatsapp"].startswith("https://wa.me/?text=")
    assert all(href.endswith(f"Pay here: {link['url']}") for href in hrefs.values())
    # The device's programs are not there to be opened; the note is what is ours.
    clerk.page.evaluate(
        "document.addEventListener('click', (event) => event.preventDefault(), {once: true})"
    )
    share.locator("[data-channel=sms]").click()
    words = "shared the link by SMS"
    assert eventually(lambda: words in shop.history_of(link["id"]), True)
    assert not shop.books.read("payment.link", link["id"], "sent_at")["sent_at"]
    clerk.close_dialog()


def test_from_the_hub(shop, clerk):
    shop.bill("Claire Lambert", 310)
    clerk.page.goto(f"{clerk.url}/odoo/payment-links")
    clerk.page.get_by_role("button", name="New Link").first.click()
    dialog = clerk.dialog()
    shot(clerk, "hub-wizard")
    choose(dialog, "Custom amount")
    dialog.get_by_placeholder("What the customer reads").wait_for()
    shot(clerk, "hub-custom")
    choose(dialog, "Invoice")
    dialog.locator("[name=invoice_ids] input").click()
    if clerk.screen == "desk":
        dialog.locator("[name=invoice_ids] input").fill("Claire")
        offer = clerk.page.locator(".o-autocomplete--dropdown-item", has_text="Claire Lambert")
        offer.first.wait_for()
        shot(clerk, "hub-offers")
        assert "310.00" in offer.first.inner_text()
        offer.first.click()
        # It may open once more, for what was typed last, and take the next click.
        clerk.page.keyboard.press("Tab")
        offer.first.wait_for(state="detached")
    else:  # A narrow screen has Odoo's own search in place of the dropdown.
        offer = clerk.dialog().locator(".o_kanban_record", has_text="Claire Lambert").first
        offer.wait_for()
        shot(clerk, "hub-offers")
        offer.click()
    clerk.dialog().get_by_text("310.00").first.wait_for()
    clerk.dialog().get_by_role("button", name="Generate").click()
    clerk.page.locator(".o_paylinks_share").get_by_text("Claire Lambert").wait_for()
    clerk.close_dialog()


def test_copied_and_shared_from_the_hub(shop, clerk):
    invoice = shop.bill(f"Maren Olsen {clerk.screen}", 58)
    [link] = shop.books.call("account.move", "generate_payment_links", [invoice])
    url = shop.books.read("payment.link", link, "url")["url"]
    clerk.page.goto(f"{clerk.url}/odoo/payment-links")
    row = clerk.page.locator(".o_data_row, .o_kanban_record", has_text=f"Olsen {clerk.screen}")
    row.wait_for()
    shot(clerk, "hub")
    assert fits(clerk)
    row.locator(".o_clipboard_button").click()
    assert clerk.page.evaluate("navigator.clipboard.readText()") == url
    row.get_by_role("button", name="Share").click()
    share = clerk.page.locator(".o_paylinks_share")
    share.get_by_text("$ 58.00").wait_for()
    assert share.locator("input").input_value() == url
    clerk.close_dialog()
    assert clerk.page.url.startswith(f"{clerk.url}/odoo/payment-links")


def test_several_invoices(shop):
    clerk = shop.clerks["desk"]
    clerk.screen = "desk"
    bills = [shop.bill(f"Several {number}", 10 + number) for number in range(3)]
    shop.books.call("account.move", "generate_payment_links", bills[:1])
    clerk.page.goto(f"{clerk.url}/odoo/customer-invoices")
    for number in range(3):
        row = clerk.page.locator(".o_data_row", has_text=f"Several {number}")
        row.locator(".o_list_record_selector input").check()
    clerk.page.locator(".o_control_panel").get_by_role("button", name="Actions").click()
    clerk.page.get_by_role("menuitem", name="Generate Payment Links").click()
    dialog = clerk.dialog()
    dialog.get_by_text("New links: 2").wait_for()
    shot(clerk, "several-before")
    dialog.get_by_role("button", name="Generate").click()
    clerk.page.get_by_text("2 made · 1 existed already").wait_for()
    shot(clerk, "several-made")
    assert clerk.dialog().locator(".o_data_row").count() == 3
    clerk.dialog().locator(".o_paylinks_share_button").first.click()
    clerk.page.locator(".o_paylinks_share .o_clipboard_button").wait_for()
    shot(clerk, "several-share")
    clerk.dialog().locator("footer").get_by_role("button", name="Close").click()
    clerk.close_dialog()


def test_from_a_customer(shop, clerk):
    invoice = shop.bill("Jonas Weber", 99)
    partner = shop.books.read("account.move", invoice, "partner_id")["partner_id"][0]
    clerk.page.goto(f"{clerk.url}/odoo/res.partner/{partner}")
    clerk.page.locator(".o_cp_action_menus button").first.click()
    clerk.page.get_by_role("menuitem", name="Payment Link").click()
    dialog = clerk.dialog()
    dialog.get_by_text("$ 99.00").first.wait_for()
    shot(clerk, "customer-wizard")
    dialog.get_by_role("button", name="Generate").click()
    clerk.page.locator(".o_paylinks_share").get_by_text("Jonas Weber").wait_for()
    clerk.close_dialog()
    assert shop.link_of(invoice)


# -- directly --


def test_saved_card_is_charged(shop, clerk):
    invoice = shop.bill("Lucía Ortega", 61)
    shop.save_card(invoice)
    dialog = open_direct(clerk, invoice)
    dialog.get_by_text("•••• 4242").wait_for()
    shot(clerk, "collect-direct")
    assert fits(clerk)
    dialog.get_by_role("button", name="Charge $ 61.00").click()
    shot(clerk, "charge-confirm")
    clerk.dialog().get_by_role("button", name="Charge", exact=True).click()
    clerk.page.locator("[data-payment=paid]").wait_for()
    clerk.page.get_by_text("$ 61.00 received from Lucía Ortega").wait_for()
    shot(clerk, "charged")
    clerk.close_dialog()
    clerk.page.get_by_text("Paid", exact=True).first.wait_for()
    shop.assert_books_are_right(invoice, 61)


def test_bank_wants_the_customer_and_the_link_is_sent_instead(shop, clerk):
    invoice = shop.bill("Lakeside Apartments", 62)
    shop.save_card(invoice, "pm_card_authenticationRequired")
    open_direct(clerk, invoice).get_by_role("button", name="Charge $ 62.00").click()
    clerk.dialog().get_by_role("button", name="Charge", exact=True).click()
    clerk.page.locator("[data-payment=failed]").wait_for()
    shot(clerk, "customer-must-confirm")
    clerk.dialog().get_by_role("button", name="Payment Link Instead").click()
    clerk.page.get_by_role("button", name="Generate").click()
    clerk.page.locator(".o_paylinks_share").wait_for()
    clerk.close_dialog()
    assert shop.state_of(invoice) == "active"


def test_card_taken_now_in_a_new_tab(shop, clerk):
    invoice = shop.bill("Krüger GmbH", 63)
    dialog = open_direct(clerk, invoice)
    with clerk.page.expect_popup() as popup:
        dialog.get_by_role("button", name="Take Card").click()
    clerk.page.locator("[data-payment=waiting]").wait_for()
    shot(clerk, "waiting")
    tab = popup.value
    tab.fill("#number", GOOD_CARD)
    tab.fill("#expiry", "12 / 39")
    tab.fill("#cvc", "123")
    tab.fill("#name", "Ada Payer")
    tab.click("button[type=submit]")
    clerk.page.locator("[data-payment=paid]").wait_for()
    shot(clerk, "through")
    clerk.close_dialog()
    clerk.page.get_by_text("Paid", exact=True).first.wait_for()
    shop.assert_books_are_right(invoice, 63)


def test_cash_in_odoos_own_dialog(shop, clerk):
    invoice = shop.bill("Cash Customer", 64)
    open_direct(clerk, invoice).get_by_role("button", name="Register Payment").click()
    create = clerk.page.get_by_role("button", name="Create Payment")
    create.wait_for()
    shot(clerk, "register")
    create.click()
    clerk.page.locator(".modal").first.wait_for(state="detached")
    clerk.page.get_by_text("Paid", exact=True).first.wait_for()
    state = shop.books.read("account.move", invoice, "payment_state")["payment_state"]
    assert state in ("paid", "in_payment")
