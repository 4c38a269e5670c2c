"""From the clerk's click to the reconciled invoice, in Chromium, on running servers."""

import pytest

from dev.stack import Stack, clone_for_test, drop_database

from .browser import Clerk, Customer, Rpc, Stripe, chromium, eventually, picture

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
GOOD_ACCOUNT = "000123456789"


@pytest.fixture(scope="module")
def shop():
    """A business with Odoo, Stripe's stand-in, a clerk at the desk and a browser for customers."""
    database = clone_for_test("e2e")
    try:
        # Bank debits settle when the test says so.
        options = ("--settle-after", "-1", "--backoff", "0.2,0.5,1,2,4")
        with Stack(database, name="e2e", sandbox_options=options) as stack, chromium() as browser:
            stack.configure_stripe()
            yield Shop(stack, browser)
    finally:
        drop_database(database)


class Shop:
    def __init__(self, stack, browser):
        self.browser = browser
        self.books = Rpc(stack.odoo_url, stack.database, "admin", "admin")
        self.stripe = Stripe(stack.sandbox_url)
        self._hire_clerk()
        self.clerk = Clerk(browser, stack.odoo_url, "clerk", "clerk-clerk")

    def _hire_clerk(self):
        """A user who may bill and make links, and nothing more."""
        names = ["account.group_account_invoice", "serviceflow_paylinks.group_payments_create"]
        groups = []
        for name in names:
            module, _dot, record = name.partition(".")
            data = self.books.search(
                "ir.model.data", ("module", "=", module), ("name", "=", record)
            )
            groups.append(self.books.read("ir.model.data", data[0], "res_id")["res_id"])
        values = {"name": "Cleo Clerk", "login": "clerk", "password": "clerk-clerk"}
        # A narrow screen would show the bot's greeting above everything else.
        values["odoobot_state"] = "disabled"
        self.books.call("res.users", "create", {**values, "group_ids": [(6, 0, groups)]})

    def bill(self, customer, amount, **values):
        """Post an invoice in dollars and return its id."""
        partner = self.books.call(
            "res.partner", "create", {"name": customer, "email": "payer@example.com"}
        )
        dollar = self.books.search("res.currency", ("name", "=", "USD"))[0]
        line = {"name": "Boiler service", "price_unit": amount, "tax_ids": [(5, 0, 0)]}
        values = {
            "move_type": "out_invoice",
            "partner_id": partner,
            "currency_id": dollar,
            "invoice_line_ids": [(0, 0, line)],
            **values,
        }
        invoice = self.books.call("account.move", "create", values)
        self.books.call("account.move", "action_post", [invoice])
        return invoice

    def send_link(self, invoice):
        """The clerk makes and copies the invoice's link; return the customer who opened it."""
        self.clerk.open_invoice(invoice)
        return Customer(self.browser, self.clerk.generate_link())

    def link_of(self, invoice):
        links = self.books.search("payment.link", ("invoice_id", "=", invoice))
        assert len(links) == 1
        return links[0]

    def state_of(self, invoice):
        return self.books.read("payment.link", self.link_of(invoice), "state")["state"]

    def ledger_of(self, invoice):
        """Return the types of the events on the invoice's payments, with their states."""
        condition = ("transaction_id.payment_link_id", "=", self.link_of(invoice))
        events = self.books.search("payment.link.event", condition)
        rows = self.books.read("payment.link.event", events, "event_type", "state")
        return {row["event_type"]: row["state"] for row in rows}

    def assert_books_are_right(self, invoice, amount):
        """The invoice is paid by one payment of this amount that is reconciled with it."""
        assert eventually(lambda: self.state_of(invoice), "paid") == "paid"
        move = self.books.read(
            "account.move", invoice, "payment_state", "amount_residual", "matched_payment_ids"
        )
        assert move["payment_state"] in ("paid", "in_payment")
        assert move["amount_residual"] == 0
        (payment,) = move["matched_payment_ids"]
        payment = self.books.read("account.payment", payment, "amount", "payment_transaction_id")
        assert payment["amount"] == amount
        receivable = self.books.search(
            "account.move.line",
            ("move_id", "=", invoice),
            ("account_id.account_type", "=", "asset_receivable"),
            ("reconciled", "=", True),
        )
        assert len(receivable) == 1
        link = self.books.read("payment.link", self.link_of(invoice), "amount", "amount_paid")
        assert (link["amount"], link["amount_paid"]) == (0, amount)

    def assert_ledger_holds(self, invoice, *types):
        """These events came with a valid signature and were dealt with; none was left over."""
        wanted = dict.fromkeys(types, "done")
        assert eventually(lambda: self.ledger_of(invoice), wanted) == wanted
        assert self.stripe.get("violations") == []


def test_customer_pays_by_card_on_a_phone(shop):
    invoice = shop.bill("Nora Whitfield", 425.80)
    customer = shop.send_link(invoice)
    assert customer.fits_the_phone()
    assert "425.80" in customer.page.locator(".amount").inner_text()
    picture(customer.page, "page-phone")
    customer.press_pay()
    picture(customer.page, "stripe-phone")
    customer.pay_by_card(GOOD_CARD)
    customer.reads("Paid")
    picture(customer.page, "paid-phone")
    assert customer.complaints == []
    shop.assert_books_are_right(invoice, 425.80)
    shop.assert_ledger_holds(invoice, "checkout.session.completed", "payment_intent.succeeded")
    shop.clerk.page.goto(f"{shop.clerk.url}/odoo/payment-links")
    shop.clerk.page.locator(".o_data_row", has_text="Nora Whitfield").get_by_text("Paid").wait_for()
    picture(shop.clerk.page, "hub")


def test_declined_card_then_a_good_one(shop):
    invoice = shop.bill("Oliver Hughes", 60)
    customer = shop.send_link(invoice)
    customer.press_pay()
    customer.pay_by_card(DECLINED_CARD)
    customer.page.get_by_role("alert").wait_for()
    picture(customer.page, "declined-phone")
    shop.assert_ledger_holds(invoice, "payment_intent.payment_failed")
    assert shop.state_of(invoice) == "active"
    customer.open()
    customer.page.get_by_role("alert").wait_for()
    picture(customer.page, "declined-page-phone")
    customer.press_pay()
    customer.pay_by_card(GOOD_CARD)
    customer.reads("Paid")
    shop.assert_books_are_right(invoice, 60)
    shop.assert_ledger_holds(
        invoice,
        "payment_intent.payment_failed",
        "checkout.session.completed",
        "payment_intent.succeeded",
    )


def test_bank_debit_that_settles_later(shop):
    invoice = shop.bill("Lakeside Apartments", 1782)
    customer = shop.send_link(invoice)
    customer.press_pay()
    customer.pay_by_bank(GOOD_ACCOUNT)
    customer.reads("Payment on its way")
    picture(customer.page, "processing-phone")
    assert customer.page.get_by_role("button", name="Pay").count() == 0
    assert eventually(lambda: shop.state_of(invoice), "processing") == "processing"
    assert shop.books.read("account.move", invoice, "amount_residual")["amount_residual"] == 1782

    (session,) = [
        session for session in shop.stripe.get("sessions") if session["amount_total"] == 178200
    ]
    shop.stripe.post(f"intents/{session['payment_intent']}/settle")
    shop.assert_books_are_right(invoice, 1782)
    shop.assert_ledger_holds(
        invoice,
        "checkout.session.completed",
        "payment_intent.processing",
        "checkout.session.async_payment_succeeded",
        "payment_intent.succeeded",
    )
    customer.open()
    customer.reads("Paid")
