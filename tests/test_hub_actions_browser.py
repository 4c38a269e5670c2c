# ruff: noqa: F811  fixtures are named as what is imported
"""What else is done from the hub, in Chromium: a link's form, a custom amount, a phone's cards."""

import datetime

import pytest

from .browser import SECONDS, eventually, picture
from .test_hub_browser import DAY, shop  # noqa: F401  a fixture


@pytest.fixture(scope="module")
def manager(shop):
    groups = ["account.group_account_invoice", "serviceflow_paylinks.group_payments_manage"]
    shop.hire("manager", groups)
    shop.link("Somebody")
    return "manager"


@pytest.fixture
def desk(shop, manager):
    hub = shop.hub(manager)
    hub.complaints.clear()
    yield hub
    assert hub.complaints == []


@pytest.fixture
def phone(shop, manager):
    hub = shop.hub(manager, phone=True)
    hub.complaints.clear()
    yield hub
    assert hub.complaints == []


def confirm(hub, label):
    dialog = hub.page.locator(".modal")
    dialog.locator("footer").get_by_role("button", name=label, exact=True).click()
    dialog.first.wait_for(state="detached")


def test_form_replaces_the_address_and_deletes(shop, desk):
    link = shop.link("Form Payer")
    before = shop.read(link, "url")
    shop.stack.query(
        "UPDATE payment_link SET open_count = 3, robot_open_count = 2, opened_at = now() - interval"
        " '3 days', last_opened_at = now() - interval '1 hour' WHERE id = %s RETURNING id",
        (link,),
    )
    desk.open().row("Form Payer").locator("td[name=partner_id]").click()
    page = desk.page
    page.locator(".o_form_view", has_text="Form Payer").wait_for()
    for label in ("First Opened", "Last Opened", "Opened by Robots"):
        page.locator(".o_form_label", has_text=label).wait_for()
    picture(page, "hub-form-seen")
    page.get_by_role("button", name="Replace Address").click()
    page.get_by_text("The address that was sent so far stops working").wait_for()
    confirm(desk, "Replace")
    assert eventually(lambda: shop.read(link, "url") != before, True)
    page.locator(".o_form_view .o_statusbar_buttons").get_by_role("button", name="Delete").click()
    page.get_by_text("The customer can no longer open this link").wait_for()
    assert shop.read(link, "state") == "active"
    confirm(desk, "Delete")
    page.locator(".o_statusbar_status .o_arrow_button_current", has_text="Deleted").wait_for()
    assert shop.read(link, "state") == "cancelled"


def test_custom_amount_to_the_end_sent_by_sms(shop, desk):
    partner = shop.books.call("res.partner", "create", {"name": "Custom Payer"})
    page = desk.page
    page.get_by_role("button", name="New Link").first.click()
    dialog = page.locator(".modal")
    dialog.locator(".o_selection_badge", has_text="Custom amount").click()
    dialog.locator("[name=partner_id] input").fill("Custom Payer")
    page.locator(".o-autocomplete--dropdown-item", has_text="Custom Payer").first.click()
    dialog.get_by_placeholder("What the customer reads").fill("Tap washer replaced")
    dialog.locator("[name=amount] input").fill("45")
    dialog.get_by_role("checkbox", name="SMS").check()
    dialog.get_by_placeholder("Phone number").fill("+1 202 555 0166")
    dialog.get_by_role("button", name="Generate").click()
    page.locator(".o_paylinks_share").get_by_text("$ 45.00").wait_for()
    page.get_by_text("On its way by SMS to +12025550166.").wait_for()
    [link] = shop.books.search("payment.link", ("partner_id", "=", partner))
    names = ("purpose", "amount", "description", "phone", "email")
    made = shop.books.read("payment.link", link, *names)
    assert {name: made[name] for name in names} == {
        "purpose": "custom",
        "amount": 45,
        "description": "Tap washer replaced",
        "phone": "+12025550166",
        "email": False,
    }
    [message] = shop.books.search("payment.link.message", ("link_id", "=", link))
    assert shop.books.read("payment.link.message", message, "channel")["channel"] == "sms"
    dialog.locator("footer").get_by_role("button", name="Close").click()
    desk.row("Custom Payer").wait_for()


def test_figures_only_where_they_count_what_is_shown(shop, desk):
    invoice, _link = shop.invoice_link("Figured Payer")
    partner = shop.books.read("account.move", invoice, "partner_id")["partner_id"][0]
    page = desk.page
    page.goto(f"{desk.url}/odoo/res.partner/{partner}")
    page.locator("button[name=action_view_payment_links]:visible").click()
    page.locator(".o_data_row", has_text="Figured Payer").wait_for()
    page.locator(".o_payment_hub_alert", has_text="Test mode").wait_for()
    assert page.locator(".o_payment_hub_figure").count() == 0
    assert page.locator(".o_data_row").count() == 1
    picture(page, "hub-of-customer")
    desk.open()
    assert desk.figure("active").is_visible()


def test_cards_on_a_phone(shop, phone):
    """Edit an expiry, delete from a card's menu, and do the same for several cards."""
    links = {
        name: shop.link(name, expires=2 * DAY) for name in ("Card One", "Card Two", "Card Three")
    }
    phone.open()
    page = phone.page
    phone.pick_day("Card One", datetime.date.today() + 12 * DAY)
    ends = lambda: shop.read(links["Card One"], "expires_at")[:10]  # noqa: E731
    wanted = str(datetime.date.today() + 12 * DAY)
    assert eventually(ends, wanted) == wanted
    assert page.locator(".o_form_view").count() == 0, "the card stays where it is"
    phone.row("Card Three").locator(".o_dropdown_kanban button").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_text("The customer can no longer open this link").wait_for()
    picture(page, "hub-phone-delete")
    confirm(phone, "Delete")
    phone.row("Card Three").first.wait_for(state="detached")
    assert shop.read(links["Card Three"], "state") == "cancelled"
    phone.open()  # Cards that are loaded anew would no longer be selected.
    for name in ("Card One", "Card Two"):
        hold(page, phone.row(name).first)
    page.get_by_text("2 selected").wait_for()
    picture(page, "hub-phone-selected")
    page.locator(".o_control_panel button:has(.fa-cog):visible").first.click()
    picture(page, "hub-phone-actions")
    for name in ("Send", "Extend"):
        page.get_by_role("menuitem", name=name, exact=True).wait_for()
    page.get_by_role("menuitem", name="Delete", exact=True).click()
    dialog = page.locator(".modal")
    dialog.get_by_text("2 will be deleted").wait_for()
    confirm(phone, "Delete")
    states = lambda: {shop.read(link, "state") for link in links.values()}  # noqa: E731
    assert eventually(states, {"cancelled"}, seconds=SECONDS) == {"cancelled"}


def hold(page, card):
    """A finger rests on a card, which selects it; further ones are selected by a tap."""
    if page.locator(".o_record_selected").count():
        card.click(position={"x": 10, "y": 10})
        return

    def held():  # Again where the cards were drawn anew meanwhile.
        card.dispatch_event("touchstart")
        page.wait_for_timeout(800)
        return page.locator(".o_record_selected").count()

    assert eventually(held, 1) == 1
