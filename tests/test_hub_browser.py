"""A clerk's day in the hub, in Chromium, on running servers."""

import datetime
import re

import pytest

from dev.stack import Stack, clone_for_test, drop_database

from .browser import DESKTOP, PHONE, SECONDS, Clerk, Rpc, chromium, eventually, picture
from .postoffice import MailServer

DAY = datetime.timedelta(days=1)
RIGHTS = {
    "clerk": ["account.group_account_invoice", "serviceflow_paylinks.group_payments_create"],
    "creator": ["serviceflow_paylinks.group_payments_create"],
    "viewer": ["serviceflow_paylinks.group_payments_view"],
}


@pytest.fixture(scope="module")
def shop():
    database = clone_for_test("hub")
    try:
        with MailServer() as mail, Stack(database, name="hub") as stack, chromium() as browser:
            stack.configure_stripe()
            yield Shop(stack, browser, mail)
    finally:
        drop_database(database)


class Shop:
    """A business with customers, their links and its staff."""

    def __init__(self, stack, browser, mail):
        self.stack, self.browser, self.mail = stack, browser, mail
        self.books = Rpc(stack.odoo_url, stack.database, "admin", "admin")
        server = {"name": "Post", "smtp_host": "127.0.0.1", "smtp_encryption": "none"}
        self.books.call("ir.mail_server", "create", {**server, "smtp_port": mail.port})
        self.hubs = {}
        for name, groups in RIGHTS.items():
            self.hire(name, groups)

    def hire(self, name, groups):
        ids = [
            self.books.read(
                "ir.model.data",
                self.books.search(
                    "ir.model.data",
                    ("module", "=", group.split(".")[0]),
                    ("name", "=", group.split(".")[1]),
                )[0],
                "res_id",
            )["res_id"]
            for group in groups
        ]
        values = {"name": name.title(), "login": name, "password": f"{name}-{name}"}
        # Odoo's own bot would open its chat over a phone's screen.
        values["odoobot_state"] = "disabled"
        self.books.call("res.users", "create", {**values, "group_ids": [(6, 0, ids)]})

    def hub(self, login="clerk", phone=False):
        """Return the hub as a member of the staff sees it."""
        key = (login, phone)
        if key not in self.hubs:
            password = "admin" if login == "admin" else f"{login}-{login}"
            self.hubs[key] = Hub(self, login, password, PHONE if phone else DESKTOP)
        return self.hubs[key].open()

    def link(self, customer, amount=50, expires=None, **values):
        """Make a link for a new customer, and return its id.

        :param timedelta expires: from now; in the past as well
        """
        partner = self.books.call("res.partner", "create", {"name": customer})
        link = self.books.call(
            "payment.link",
            "create",
            {"purpose": "custom", "partner_id": partner, "amount": amount, **values},
        )
        if expires is not None:
            self.expire(link, expires)
        return link

    def invoice_link(self, customer, amount=80):
        """Make an invoice with its link: (invoice, link)."""
        partner = self.books.call("res.partner", "create", {"name": customer})
        line = {"name": "Boiler service", "price_unit": amount, "tax_ids": [(5, 0, 0)]}
        values = {"move_type": "out_invoice", "partner_id": partner}
        invoice = self.books.call(
            "account.move", "create", {**values, "invoice_line_ids": [(0, 0, line)]}
        )
        self.books.call("account.move", "action_post", [invoice])
        return invoice, self.books.call("account.move", "generate_payment_links", [invoice])[0]

    def expire(self, link, expires):
        state = "expired" if expires < 0 * DAY else "active"
        self.stack.query(
            "UPDATE payment_link SET expires_at = now() AT TIME ZONE 'UTC' + %s, state = %s"
            " WHERE id = %s RETURNING id",
            (expires, state, link),
        )

    def connect(self, connected):
        """Connect Stripe, or disconnect it."""
        self.stack.query(
            "UPDATE payment_provider SET state = %s WHERE code = 'stripe' AND company_id = 1"
            " RETURNING id",
            ("test" if connected else "disabled",),
        )

    def read(self, link, field):
        return self.books.read("payment.link", link, field)[field]


class Hub:
    """The hub in a browser, as one user."""

    def __init__(self, shop, login, password, device):
        self.url = shop.stack.odoo_url
        self.page = Clerk(shop.browser, self.url, login, password, device).page
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self):
        self.page.goto(f"{self.url}/odoo/payment-links")
        self.page.locator(".o_data_row, .o_kanban_record").first.wait_for()
        self.page.locator(".o_payment_hub_figure", has_text=re.compile("link")).first.wait_for()
        return self

    def row(self, customer):
        return self.page.locator(".o_data_row, .o_kanban_record:visible", has_text=customer)

    def names(self):
        return self.page.locator(".o_data_row td[name=partner_id]").all_inner_texts()

    def figure(self, name):
        return self.page.locator(f"[data-figure={name}]")

    def tick(self, *customers):
        for customer in customers:
            self.row(customer).locator(".o_list_record_selector input").click()

    def press(self, name):
        """Press one of the buttons for the rows that are ticked; return the dialog."""
        self.page.click(f".o_control_panel button[name=action_bulk_{name.lower()}]")
        dialog = self.page.locator(".modal")
        dialog.locator(".o_form_view").wait_for()
        return dialog

    def pick_day(self, customer, day):
        """Click on the expiry in the customer's row and choose a day in the picker."""
        self.row(customer).locator(".o_payment_link_expiry").click()
        picker = self.page.locator(".o_datetime_picker")
        picker.wait_for()
        today = datetime.date.today()
        for _month in range((day.year - today.year) * 12 + day.month - today.month):
            picker.locator(".o_next").click()
        cell = picker.locator(".o_date_item_cell:not(.o_out_of_range)")
        cell.get_by_text(str(day.day), exact=True).first.click()
        picker.get_by_role("button", name="Apply").click()
        picker.wait_for(state="detached")


def test_figures_are_filters(shop):
    shop.link("Figure Soon", expires=2 * DAY)
    shop.link("Figure Later", expires=20 * DAY)
    hub = shop.hub()
    picture(hub.page, "hub-list")
    hub.figure("expiring").focus()
    hub.page.keyboard.press("Enter")
    assert eventually(hub.names, ["Figure Soon"]) == ["Figure Soon"]
    assert hub.figure("expiring").get_attribute("aria-pressed") == "true"
    assert "1" in hub.figure("expiring").inner_text()
    picture(hub.page, "hub-figure")
    hub.figure("active").click()
    hub.row("Figure Later").wait_for()
    assert hub.figure("expiring").get_attribute("aria-pressed") == "false"
    hub.figure("active").click()
    hub.page.locator(".o_searchview_facet", has_text="Not Deleted").wait_for()
    assert hub.complaints == []


def test_alert_comes_and_goes(shop):
    shop.link("Alert Payer")
    clerk, admin = shop.hub(), shop.hub("admin")
    assert "Test mode" in clerk.page.locator(".o_payment_hub_alert").inner_text()
    shop.connect(False)
    clerk.open(), admin.open()
    alert = clerk.page.locator(".o_payment_hub_alert")
    assert "Stripe is not connected" in alert.inner_text()
    assert "Ask " in alert.inner_text()
    assert alert.get_by_role("link").count() == 0
    way = admin.page.locator(".o_payment_hub_alert").get_by_role("link")
    assert way.get_attribute("href") == "/settings/payments"
    picture(admin.page, "hub-alert")
    # Existing links can be managed all the same.
    assert clerk.row("Alert Payer").locator(".o_payment_link_expiry").count() == 1
    # Somebody connects it in another tab: back here, the page need not be loaded anew.
    shop.connect(True)
    clerk.page.evaluate("window.dispatchEvent(new Event('focus'))")
    clerk.page.locator(".o_payment_hub_alert", has_text="Test mode").wait_for()


def test_expiry_is_edited_in_the_row(shop):
    link = shop.link("Expiry Payer", expires=datetime.timedelta(hours=5))
    hub = shop.hub()
    expiry = hub.row("Expiry Payer").locator(".o_payment_link_expiry")
    assert "in 5 hours" in expiry.inner_text()
    assert "text-danger" in expiry.get_attribute("class")
    hub.pick_day("Expiry Payer", datetime.date.today() + 12 * DAY)
    hub.page.locator(".o_payment_link_expiry", has_text=re.compile("in 1[12] days")).wait_for()
    assert hub.page.locator(".o_form_view").count() == 0, "the row stays where it is"
    expires = datetime.datetime.fromisoformat(shop.read(link, "expires_at"))
    assert expires.date() == datetime.date.today() + 12 * DAY
    assert hub.complaints == []


def test_expired_link_opens_again(shop):
    link = shop.link("Reopened Payer", expires=-2 * DAY)
    hub = shop.hub()
    row = hub.row("Reopened Payer")
    assert "expired 2 days ago" in row.inner_text()
    hub.pick_day("Reopened Payer", datetime.date.today() + 3 * DAY)
    row.get_by_text("Active").wait_for()
    assert shop.read(link, "state") == "active"


def test_date_in_the_past_is_refused_in_words(shop):
    link = shop.link("Past Payer", expires=40 * DAY)
    before = shop.read(link, "expires_at")
    hub = shop.hub()
    hub.row("Past Payer").locator(".o_payment_link_expiry").click()
    picker = hub.page.locator(".o_datetime_picker")
    for _month in range(3):
        picker.locator(".o_previous").click()
    picker.locator(".o_date_item_cell:not(.o_out_of_range)").first.click()
    picker.get_by_role("button", name="Apply").click()
    hub.page.locator(".o_notification", has_text="The expiry lies in the past").wait_for()
    picture(hub.page, "hub-past")
    assert shop.read(link, "expires_at") == before
    # The picker begins with the expiry that holds.
    hub.row("Past Payer").get_by_text(re.compile(r"in \d+ days|in 1 month")).wait_for()


def test_delete_asks_first(shop):
    link = shop.link("Deleted Payer")
    assert shop.hub().row("Deleted Payer").locator(".fa-trash-o").count() == 0
    hub = shop.hub("admin")
    hub.row("Deleted Payer").locator(".fa-trash-o").click()
    dialog = hub.page.locator(".modal")
    dialog.get_by_text("The customer can no longer open this link").wait_for()
    picture(hub.page, "hub-delete")
    dialog.get_by_role("button", name="Cancel").click()
    assert shop.read(link, "state") == "active"
    hub.row("Deleted Payer").locator(".fa-trash-o").click()
    dialog.get_by_role("button", name="Delete").click()
    hub.row("Deleted Payer").wait_for(state="detached")
    assert shop.read(link, "state") == "cancelled"


def test_several_are_sent(shop):
    sent = shop.link("Sent Payer", email="sent@example.com")
    shop.link("Nowhere Payer")
    hub = shop.hub()
    hub.tick("Sent Payer", "Nowhere Payer")
    dialog = hub.press("Send")
    assert "1 will be sent by email." in dialog.inner_text()
    assert "1 will not: no email address." in dialog.inner_text()
    assert "Nowhere Payer" in dialog.inner_text()
    picture(hub.page, "hub-bulk-send")
    dialog.get_by_label("SMS", exact=True).click()
    dialog.get_by_text("2 will not: no phone number.").wait_for()
    assert dialog.get_by_role("button", name="Send", exact=True).is_hidden()
    dialog.get_by_label("Email", exact=True).click()
    dialog.get_by_role("button", name="Send", exact=True).click()
    hub.page.locator(".o_notification", has_text="1 will be sent by email.").wait_for()
    hub.row("Sent Payer").get_by_text(re.compile("being sent|minute")).wait_for()
    assert eventually(lambda: bool(shop.read(sent, "sent_at")), True, seconds=3 * SECONDS)
    assert shop.read(sent, "sent_channel") == "email"
    assert len(shop.mail.to("sent@example.com")) == 1


def test_several_are_extended_and_deleted(shop):
    links = [
        shop.link("Bulk One", expires=2 * DAY),
        shop.link("Bulk Two", expires=-3 * DAY),
    ]
    hub = shop.hub("admin")
    hub.tick("Bulk One", "Bulk Two")
    dialog = hub.press("Extend")
    assert "1 that had expired will open again until" in dialog.inner_text()
    picture(hub.page, "hub-bulk-extend")
    dialog.get_by_role("button", name="Extend", exact=True).click()
    dialog.wait_for(state="detached")
    assert [shop.read(link, "state") for link in links] == ["active", "active"]
    hub.open().tick("Bulk One", "Bulk Two")
    dialog = hub.press("Delete")
    assert "2 will be deleted" in dialog.inner_text()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    dialog.wait_for(state="detached")
    hub.row("Bulk One").wait_for(state="detached")
    assert [shop.read(link, "state") for link in links] == ["cancelled", "cancelled"]


def test_search_and_open(shop):
    invoice, link = shop.invoice_link("Search Payer")
    shop.books.call("payment.link", "write", [link], {"phone": "+1 202 555 0188"})
    hub = shop.hub()
    hub.page.fill(".o_searchview_input", "(202) 555-0188")
    hub.page.locator(".o_searchview_autocomplete").wait_for()
    hub.page.keyboard.press("Enter")
    assert eventually(hub.names, ["Search Payer"]) == ["Search Payer"]
    hub.row("Search Payer").locator(".o_payment_link_document").click()
    hub.page.wait_for_url(re.compile(rf"/account\.move/{invoice}|/{invoice}$"))
    hub.page.locator(".o_form_view", has_text="Search Payer").wait_for()
    hub.open().row("Search Payer").locator("td[name=partner_id]").click()
    hub.page.locator(".o_form_view .o_field_image img").wait_for()
    picture(hub.page, "hub-form")
    assert hub.complaints == []


def test_who_may_only_make_links_opens_the_document(shop):
    invoice, _link = shop.invoice_link("Creator Payer")
    name = shop.books.read("account.move", invoice, "name")["name"]
    hub = shop.hub("creator")
    with hub.page.expect_popup() as opened:
        hub.row("Creator Payer").locator(".o_payment_link_document").click()
    opened.value.get_by_text(name).first.wait_for()
    assert hub.page.locator(".o_error_dialog").count() == 0


def test_who_may_only_view(shop):
    shop.invoice_link("Viewed Payer")
    hub = shop.hub("viewer")
    row = hub.row("Viewed Payer")
    assert row.locator("button").count() == 0, "nothing to change, copy or open but the link"
    assert hub.page.get_by_role("button", name="New Link").count() == 0
    row.locator("td[name=partner_id]").click()
    hub.page.locator(".o_form_view", has_text="Viewed Payer").wait_for()
    assert hub.page.locator(".o_form_view .o_clipboard_button").count() == 0
    assert hub.complaints == []


def test_pivot_and_graph(shop):
    shop.link("Pivot Payer")
    hub = shop.hub()
    hub.page.click(".o_switch_view.o_pivot")
    table = hub.page.locator(".o_pivot table")
    for measure in ("Sent Links", "Opened Links", "Payments Started", "Paid Links", "Collected"):
        table.get_by_text(measure, exact=True).wait_for()
    picture(hub.page, "hub-pivot")
    hub.page.click(".o_switch_view.o_graph")
    hub.page.locator(".o_graph_canvas_container").wait_for()
    hub.page.get_by_role("button", name="Measures").click()
    hub.page.locator(".o-dropdown-item", has_text="Days to Payment").wait_for()
    hub.page.keyboard.press("Escape")
    hub.page.click(".o_searchview_dropdown_toggler")
    hub.page.get_by_text("Time to payment by month").click()
    hub.page.locator(".o_searchview_facet", has_text="Time to payment by month").wait_for()
    assert hub.complaints == []


def test_phone(shop):
    shop.link("Phone Payer", expires=2 * DAY)
    hub = shop.hub(phone=True)
    width = "document.documentElement.scrollWidth <= innerWidth"
    assert hub.page.evaluate(width)
    assert hub.figure("active").bounding_box()["width"] > 100
    picture(hub.page, "hub-phone")
    card = hub.row("Phone Payer").first
    assert "in 2 days" in card.inner_text()
    card.get_by_text("Phone Payer").click()
    hub.page.locator(".o_form_view", has_text="Phone Payer").wait_for()
    assert hub.page.evaluate(width)
    picture(hub.page, "hub-phone-form")
    assert hub.complaints == []
