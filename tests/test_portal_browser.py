"""The portal in Chromium, on a desktop and on a phone, on running servers."""

import pypdfium2
import pytest
import zxingcpp

from dev.stack import Stack, clone_for_test, drop_database

from .browser import DESKTOP, PHONE, Customer, Rpc, chromium, eventually, picture

SIZES = {"desktop": DESKTOP, "phone": PHONE}
OURS = "Pay with one click"
GOOD_CARD = "4242 4242 4242 4242"


@pytest.fixture(scope="module")
def business():
    """A business with Odoo and Stripe's stand-in, and a customer with an account in its portal."""
    database = clone_for_test("portal")
    try:
        with Stack(database, name="portal") as stack, chromium() as browser:
            stack.configure_stripe()
            yield Business(stack, browser)
    finally:
        drop_database(database)


@pytest.fixture(params=SIZES)
def screen(request, business):
    """The customer, logged in, on the home of the portal."""
    screen = Screen(business, request.param)
    yield screen
    screen.context.close()


class Business:
    def __init__(self, stack, browser):
        self.url = stack.odoo_url
        self.browser = browser
        self.books = Rpc(stack.odoo_url, stack.database, "admin", "admin")
        self.dollar = self.books.search("res.currency", ("name", "=", "USD"))[0]
        self.customer = self._open_account()

    def _open_account(self):
        (data,) = self.books.search(
            "ir.model.data", ("module", "=", "base"), ("name", "=", "group_portal")
        )
        group = self.books.read("ir.model.data", data, "res_id")["res_id"]
        values = {
            "name": "Nora Whitfield",
            "login": "nora",
            "password": "nora-nora",
            "email": "nora@example.com",
            "group_ids": [(6, 0, [group])],
        }
        user = self.books.call("res.users", "create", values, context={"no_reset_password": True})
        return self.books.read("res.users", user, "partner_id")["partner_id"][0]

    def bill(self, amount):
        """Post an invoice and make its link; return the invoice's id and the link's address."""
        line = {"name": "Boiler service", "price_unit": amount, "tax_ids": [(5, 0, 0)]}
        values = {
            "move_type": "out_invoice",
            "partner_id": self.customer,
            "currency_id": self.dollar,
            "invoice_line_ids": [(0, 0, line)],
        }
        invoice = self.books.call("account.move", "create", values)
        self.books.call("account.move", "action_post", [invoice])
        (link,) = self.books.call("account.move", "generate_payment_links", [invoice])
        return invoice, self.books.read("payment.link", link, "url")["url"]

    def offer(self, price):
        """Send a quotation that asks for a third; return its id and the deposit link's address."""
        product = self.books.call("product.product", "create", {"name": "Heat pump"})
        line = {"product_id": product, "price_unit": price, "tax_ids": [(5, 0, 0)]}
        values = {
            "partner_id": self.customer,
            "require_signature": False,
            "require_payment": True,
            "prepayment_percent": 0.3,
            "order_line": [(0, 0, line)],
        }
        order = self.books.call("sale.order", "create", {**values, "state": "sent"})
        (link,) = self.books.call("sale.order", "generate_deposit_links", [order])
        return order, self.books.read("payment.link", link, "url")["url"]

    def name_of(self, invoice):
        return self.books.read("account.move", invoice, "name")["name"]


class Screen:
    """The customer in front of the portal.

    :param str size: a key of `SIZES`
    """

    def __init__(self, business, size):
        self.business = business
        self.size = size
        self.context = business.browser.new_context(**SIZES[size])
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{business.url}/web/login?redirect=/my")
        self.page.fill("input[name=login]", "nora")
        self.page.fill("input[name=password]", "nora-nora")
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/my")

    def open(self, path):
        self.page.goto(f"{self.business.url}{path}")

    def looks_well(self, name):
        """Nothing sticks out to the side, no script failed; a picture is taken if wanted."""
        self.page.wait_for_load_state("networkidle")
        picture(self.page, f"{name}-{self.size}")
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert self.complaints == []

    def row(self, invoice):
        return self.page.locator("tbody tr", has_text=self.business.name_of(invoice))

    def choose(self, menu, entry):
        """Choose from one of the list's menus, which a phone shows on demand."""
        toggler = self.page.locator(".navbar-toggler")
        if toggler.is_visible():
            toggler.click()
        self.page.locator(f"#portal_searchbar_{menu}").click()
        self.page.get_by_role("link", name=entry, exact=True).click()
        self.page.wait_for_url(f"**{menu[:4]}*by=**")


def test_home_shows_how_many_and_leads_to_the_list(business, screen):
    business.bill(425.8)
    business.offer(6800)
    screen.open("/my")
    card = screen.page.locator("a[href='/my/payment-links']")
    card.wait_for()
    domain = ("partner_id", "=", business.customer), ("state", "!=", "cancelled")
    count = len(business.books.search("payment.link", *domain))
    assert card.locator("[data-placeholder_count]").inner_text() == str(count)
    screen.looks_well("portal-home")
    card.click()
    screen.page.wait_for_url("**/my/payment-links")
    assert screen.page.locator("tbody tr").count() == count
    screen.looks_well("portal-list")


def test_filter_and_sort_by_the_menus(business, screen):
    paid, _url = business.bill(77)
    wizard = business.books.call(
        "account.payment.register",
        "create",
        {},
        context={"active_model": "account.move", "active_ids": [paid]},
    )
    business.books.call("account.payment.register", "action_create_payments", [wizard])
    unpaid, _url = business.bill(88)
    screen.open("/my/payment-links")
    assert screen.row(paid).count() == screen.row(unpaid).count() == 1
    screen.choose("filters", "Paid")
    screen.row(paid).wait_for()
    assert screen.row(unpaid).count() == 0
    screen.looks_well("portal-list-paid")
    screen.choose("filters", "To Pay")
    screen.row(unpaid).wait_for()
    assert screen.row(paid).count() == 0
    screen.choose("sortby", "Expiry")
    assert "filterby=to_pay" in screen.page.url
    assert screen.row(unpaid).count() == 1


def test_pay_from_the_list_to_the_paid_invoice(business, screen):
    invoice, url = business.bill(60)
    screen.open("/my/payment-links")
    screen.row(invoice).get_by_role("link", name="Pay").click()
    screen.page.wait_for_url(url)
    assert "60.00" in screen.page.locator(".amount").inner_text()
    payer = Customer(business.browser, url)
    payer.press_pay()
    payer.pay_by_card(GOOD_CARD)
    payer.reads("Paid")
    payer.context.close()

    def state():
        return business.books.read("account.move", invoice, "payment_state")["payment_state"]

    assert eventually(state, "paid") == "paid"
    screen.open("/my/payment-links")
    row = screen.row(invoice)
    assert row.get_by_text("Paid", exact=True).locator("visible=true").count() == 1
    assert row.get_by_role("link", name="Pay", exact=True).count() == 0
    row.get_by_role("link", name=business.name_of(invoice)).click()
    screen.page.locator("[name=invoice_paid_badge]").wait_for()
    assert screen.page.get_by_text(OURS).count() == 0
    screen.looks_well("portal-invoice-paid")


def test_invoice_page_leads_to_the_link(business, screen):
    invoice, url = business.bill(1210)
    screen.open(f"/my/invoices/{invoice}?payment=True")
    button = screen.page.get_by_role("link", name=OURS)
    button.wait_for()
    assert screen.page.get_by_text("Pay Now").count() == 0
    screen.looks_well("portal-invoice")
    assert screen.page.locator(".modal.show").count() == 0
    button.click()
    screen.page.wait_for_url(url)


def test_order_page_leads_to_the_deposits_link(business, screen):
    order, url = business.offer(6800)
    screen.open(f"/my/orders/{order}")
    buttons = screen.page.get_by_role("link", name=OURS)
    buttons.first.wait_for()
    screen.looks_well("portal-order")
    buttons.first.click()
    screen.page.wait_for_url(url)
    assert "2,040.00" in screen.page.locator(".amount").inner_text()


def test_pdf_that_the_portal_hands_out_has_the_code(business, screen):
    invoice, url = business.bill(99)
    answer = screen.context.request.get(f"{business.url}/my/invoices/{invoice}?report_type=pdf")
    assert answer.headers["content-type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.body())
    pages = [page.render(scale=2).to_pil() for page in document]
    assert [code.text for page in pages for code in zxingcpp.read_barcodes(page)] == [url]
