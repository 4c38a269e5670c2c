"""Every way to the payment links and their settings, in Chromium, for each kind of user."""

from contextlib import contextmanager

import pytest

from dev.stack import (
    SANDBOX_PUBLISHABLE_KEY,
    SANDBOX_SECRET_KEY,
    Stack,
    clone_for_test,
    drop_database,
)

from .browser import DESKTOP, PHONE, SECONDS, Rpc, chromium, eventually, picture

ADDON = "serviceflow_paylinks"
PEOPLE = {
    "clerk": ("account.group_account_invoice", f"{ADDON}.group_payments_create"),
    "sender": (f"{ADDON}.group_payments_create",),
    "boss": ("account.group_account_invoice", f"{ADDON}.group_payments_manage"),
    "plain": ("base.group_user",),
}
DISABLED = {"state": "disabled", "stripe_secret_key": False, "paylinks_webhook_secret": False}
HUB_LIST = ".o_list_view .o_data_row, .o_list_view .o_view_nocontent, .o_kanban_view"


@pytest.fixture(scope="module")
def office():
    """A business that is connected to Stripe's stand-in, and its staff."""
    database = clone_for_test("getting_there")
    try:
        with Stack(database, name="getting_there") as stack, chromium() as browser:
            stack.configure_stripe()
            yield Office(stack, browser)
    finally:
        drop_database(database)


class Office:
    def __init__(self, stack, browser):
        self.url = stack.odoo_url
        self.browser = browser
        self.books = Rpc(stack.odoo_url, stack.database, "admin", "admin")
        for login, groups in PEOPLE.items():
            ids = [self._ref(name) for name in groups]
            values = {"name": login.title(), "login": login, "password": f"{login}-{login}"}
            self.books.call("res.users", "create", {**values, "group_ids": [(6, 0, ids)]})
        self.provider = self._ref("payment.payment_provider_stripe")
        self.invoice = self._bill()

    def _ref(self, xmlid):
        module, _dot, name = xmlid.partition(".")
        data = self.books.search("ir.model.data", ("module", "=", module), ("name", "=", name))
        return self.books.read("ir.model.data", data[0], "res_id")["res_id"]

    def _bill(self):
        partner = self.books.call("res.partner", "create", {"name": "Nora Whitfield"})
        line = {"name": "Boiler service", "price_unit": 120, "tax_ids": [(5, 0, 0)]}
        values = {"move_type": "out_invoice", "partner_id": partner}
        invoice = self.books.call(
            "account.move", "create", {**values, "invoice_line_ids": [(0, 0, line)]}
        )
        self.books.call("account.move", "action_post", [invoice])
        return invoice

    @contextmanager
    def visitor(self, path, login=None, size=DESKTOP):
        """Somebody comes to an address, and logs in if asked to."""
        context = self.browser.new_context(**size)
        page = context.new_page()
        page.set_default_timeout(3 * SECONDS * 1000)
        page.goto(self.url + path)
        assert "/web/login?redirect=" in page.url
        if login:
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", "admin" if login == "admin" else f"{login}-{login}")
            page.click("button[type=submit]")
        try:
            yield page
        finally:
            context.close()

    def write_provider(self, **values):
        self.books.call("payment.provider", "write", [self.provider], values)

    def setting(self, name):
        """Return what the company's settings say now."""
        return self.books.read("res.company", 1, name)[name]


def assert_no_error(page):
    assert page.locator(".o_error_dialog").count() == 0
    assert "Traceback" not in page.content()


def fits(page):
    """Whether the page need not be moved sideways to be read."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# -- the routes --


@pytest.mark.parametrize("path", ["/payments/links", "/payment-links", "/odoo/payment-links"])
def test_log_in_first_then_the_hub(office, path):
    with office.visitor(path, "clerk") as page:
        page.wait_for_selector(HUB_LIST)
        address = f"{office.url}/odoo/payment-links"
        assert eventually(lambda: page.evaluate("location.href"), address) == address
        assert_no_error(page)
        page.goto(office.url + path)  # Logged in by now.
        page.wait_for_selector(HUB_LIST)
        address = f"{office.url}/odoo/payment-links"
        assert eventually(lambda: page.evaluate("location.href"), address) == address


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_log_in_first_then_collect_on_the_invoice(office, size):
    with office.visitor(f"/invoices/{office.invoice}/payment", "clerk", size) as page:
        page.locator(
            ".modal footer .btn-primary:visible, .modal .modal-footer .btn-primary"
        ).first.wait_for()
        assert_no_error(page)
        picture(page, f"collect-by-address-{'desktop' if size is DESKTOP else 'phone'}")
        address = f"{office.url}/odoo/customer-invoices/{office.invoice}"
        assert eventually(lambda: page.evaluate("location.href"), address) == address
        page.reload()
        page.wait_for_selector(".o_form_view .o_statusbar_status, .o_form_view .o_form_statusbar")
        assert page.locator(".modal").count() == 0, "the invoice alone"


def test_collect_for_who_does_not_bill(office):
    """The invoice's form is Odoo's and not for them: the dialog opens above the hub."""
    with office.visitor(f"/invoices/{office.invoice}/payment", "sender") as page:
        page.wait_for_selector(".modal .btn-primary")
        page.wait_for_selector(HUB_LIST)
        assert_no_error(page)


def test_an_invoice_that_is_not_there(office):
    with office.visitor("/invoices/987654/payment", "clerk") as page:
        page.get_by_text("There is no such invoice").wait_for()
        picture(page, "unknown-invoice")
        page.get_by_role("button", name="To the invoices").click()
        page.wait_for_selector(".o_list_view")


@pytest.mark.parametrize(
    "path",
    [
        "/payments/links",
        "/payment-links",
        "/odoo/payment-links",
        "/settings/payments",
        "/invoices/{invoice}/payment",
        "/odoo/payment-settings",
        "/odoo/payment-link-settings",
    ],
)
def test_without_the_right_a_clear_page(office, path):
    with office.visitor(path.format(invoice=office.invoice), "plain") as page:
        page.get_by_text("You cannot open this page").wait_for()
        assert_no_error(page)
        page.get_by_role("button", name="Back to Odoo").click()
        page.wait_for_selector(".o_main_navbar")


def test_the_clear_page_on_a_phone(office):
    with office.visitor("/payment-links", "plain", PHONE) as page:
        page.get_by_text("Payment Links: View").wait_for()
        assert fits(page)
        picture(page, "refused-phone")


# -- menus --


def test_the_user_menu_leads_to_the_hub(office):
    with office.visitor("/odoo/customer-invoices", "clerk") as page:
        # As a person does: what is still loading may come after what was clicked.
        page.wait_for_selector(".o_list_view .o_data_row, .o_list_view .o_view_nocontent")
        page.click(".o_user_menu button")
        page.click("[data-menu=payment_links]")
        page.wait_for_selector(HUB_LIST)
        address = f"{office.url}/odoo/payment-links"
        assert eventually(lambda: page.evaluate("location.href"), address) == address


def test_the_user_menu_on_a_phone(office):
    with office.visitor("/odoo/customer-invoices", "clerk", PHONE) as page:
        page.wait_for_selector(".o_kanban_view, .o_list_view")
        page.click(".o_mobile_menu_toggle")
        entry = page.locator(".o_user_menu_mobile a", has_text="Payment Links")
        entry.wait_for()
        picture(page, "user-menu-phone")
        entry.click()
        page.wait_for_url("**/odoo/payment-links?view_type=kanban")
        page.wait_for_selector(HUB_LIST)


@pytest.mark.parametrize("section", ["Customers", "Reporting"])
def test_the_menus_of_invoicing_lead_to_the_hub(office, section):
    with office.visitor("/odoo/customer-invoices", "clerk") as page:
        page.locator(".o_menu_sections").get_by_role("button", name=section).click()
        page.locator(".o-dropdown--menu").get_by_text("Payment Links", exact=True).click()
        page.wait_for_selector(HUB_LIST)
        picture(page, f"menu-{section.lower()}")


def test_nothing_of_it_for_others(office):
    with office.visitor("/odoo", "plain") as page:
        page.wait_for_selector(".o_main_navbar")
        page.click(".o_user_menu button")
        page.wait_for_selector("[data-menu=logout]")
        assert page.locator("[data-menu=payment_links]").count() == 0
        assert page.get_by_text("Payment Links").count() == 0


# -- settings --


def test_connecting_stripe(office):
    """Not connected, then connected in one go: the state, the menus and the webhook follow."""
    office.write_provider(**DISABLED)
    with office.visitor("/settings/payments", "admin") as page:
        page.get_by_text("Not connected").wait_for()
        page.locator(".o_menu_brand", has_text="Payments").wait_for()
        picture(page, "settings-not-connected")
        page.click(".o_user_menu button")
        page.wait_for_selector("[data-menu=logout]")
        assert page.locator("[data-menu=payment_links]").count() == 0
        page.keyboard.press("Escape")

        page.get_by_role("button", name="Connect Stripe").click()
        dialog = page.locator(".modal")
        dialog.locator("[name=publishable_key] input").fill(SANDBOX_PUBLISHABLE_KEY)
        dialog.locator("[name=secret_key] input").fill("sk_live_" + "x" * 20)
        dialog.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_text("real money would move").wait_for()
        picture(page, "connect-live-key-refused")
        page.locator(".modal").last.get_by_role("button", name="Close").last.click()
        assert office.books.read("payment.provider", office.provider, "state")["state"] == (
            "disabled"
        )

        dialog.locator("[name=secret_key] input").fill(SANDBOX_SECRET_KEY)
        dialog.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_text("The webhook is set up").wait_for()
        picture(page, "connect-done")
        page.get_by_role("button", name="Done").click()
        page.get_by_text("Test mode", exact=True).wait_for()
        assert page.get_by_text("Not connected").count() == 0
        page.click(".o_user_menu button")
        page.wait_for_selector("[data-menu=payment_links]")
        page.keyboard.press("Escape")
        picture(page, "settings-test-mode")

        page.get_by_role("button", name="Check Connection").click()
        page.locator(".o_notification").get_by_text("Connected to").wait_for()
        page.get_by_role("button", name="Create Again").click()
        page.locator(".o_notification").get_by_text("The webhook is set up").wait_for()
        page.get_by_role("button", name="Go Live").click()
        live = page.locator(".modal").get_by_label("Live: customers pay real money")
        live.wait_for()
        assert live.is_checked()
        picture(page, "connect-live")
    secrets = office.books.read(
        "payment.provider", office.provider, "state", "stripe_secret_key", "paylinks_webhook_secret"
    )
    assert (secrets["state"], secrets["stripe_secret_key"]) == ("test", SANDBOX_SECRET_KEY)
    assert secrets["paylinks_webhook_secret"]


def test_two_webhooks_on_odoos_own_form(office):
    with office.visitor("/settings/payments", "admin") as page:
        page.get_by_role("button", name="More Stripe settings").click()
        page.get_by_text("Webhook of payment links").wait_for()
        assert page.get_by_text("Webhook of Odoo's own payment form").count() == 1
        picture(page, "provider-form")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_manager_sets_the_expiry(office, size):
    """By the menu on the desk, by the address on the phone; nonsense gets a sentence."""
    desk = size is DESKTOP
    with office.visitor("/payments/links" if desk else "/settings/payments", "boss", size) as page:
        if desk:
            page.wait_for_selector(HUB_LIST)
            page.locator(".o_menu_sections").get_by_role("button", name="Configuration").click()
            page.locator(".o-dropdown--menu").get_by_text("Settings", exact=True).click()
        days = page.locator("[name=paylinks_expiry_days] input")
        days.wait_for()
        assert eventually(
            lambda: "/odoo/payment-link-settings" in page.evaluate("location.href"), True
        )
        assert page.get_by_text("Stripe", exact=True).count() == 0
        assert fits(page)
        days.fill("-4")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Enter 1 to 3650 days").wait_for()
        picture(page, f"settings-manager-refused-{'desktop' if desk else 'phone'}")
        page.locator(".modal").get_by_role("button", name="Close").last.click()
        wanted = 45 if desk else 20
        days.fill(str(wanted))
        page.get_by_role("button", name="Save").click()
        assert eventually(lambda: office.setting("paylinks_expiry_days"), wanted) == wanted
        page.wait_for_selector("[name=paylinks_expiry_days] input")
        picture(page, f"settings-manager-{'desktop' if desk else 'phone'}")


def test_an_administrator_sets_the_policy(office):
    with office.visitor("/settings/payments", "admin") as page:
        page.locator("[name=paylinks_expiry_policy]").wait_for()
        page.locator(
            "[name=paylinks_expiry_policy] input, [name=paylinks_expiry_policy] select"
        ).click()
        page.get_by_text("Never", exact=True).click()
        assert page.locator("[name=paylinks_expiry_days]").count() == 0
        page.get_by_role("button", name="Save").click()
        assert eventually(lambda: office.setting("paylinks_expiry_policy"), "never") == "never"
    office.books.call("res.company", "write", [1], {"paylinks_expiry_policy": "creation"})
