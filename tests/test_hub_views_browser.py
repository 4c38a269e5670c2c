# ruff: noqa: F811  fixtures are named as what is imported
"""The hub beside its list, in Chromium: first use, groups, activities, export, and the alert."""

from pathlib import Path

import pytest

from .browser import eventually
from .test_staff_browser import clerk, fits, shop, shot  # noqa: F401  fixtures


@pytest.fixture
def desk(shop):
    clerk = shop.clerks["desk"]
    clerk.screen = "desk"
    clerk.complaints.clear()
    yield clerk
    assert clerk.complaints == []


def make_link(shop, customer, amount=70):
    invoice = shop.bill(customer, amount)
    return shop.books.call("account.move", "generate_payment_links", [invoice])[0]


def open_hub(clerk):
    clerk.page.goto(f"{clerk.url}/odoo/payment-links")
    clerk.page.locator(".o_data_row, .o_kanban_record:not(.o_kanban_ghost)").first.wait_for()
    return clerk.page


def choose_from_search(page, menu, name):
    page.locator(".o_searchview_dropdown_toggler").click()
    page.locator(f".{menu} .o_menu_item", has_text=name).first.click()
    page.keyboard.press("Escape")


def test_first_use(shop, clerk):
    """The first of these tests: there is no link yet."""
    clerk.page.goto(f"{clerk.url}/odoo/payment-links")
    page = clerk.page.locator(".o_view_nocontent")
    page.get_by_text("Get paid by a link").wait_for()
    assert "Open a confirmed invoice and press Collect" in page.inner_text()
    shot(clerk, "first-use")
    assert fits(clerk)
    figures = clerk.page.locator("[data-figure]").count
    assert eventually(figures, 0) == 0, "figures of nothing"
    clerk.page.get_by_role("button", name="New Link").first.click()
    clerk.dialog().get_by_role("button", name="Generate").wait_for()
    clerk.dialog().get_by_role("button", name="Cancel").click()
    [provider] = shop.books.search(
        "payment.provider", ("code", "=", "stripe"), ("state", "=", "test")
    )
    shop.books.call("payment.provider", "write", [provider], {"state": "disabled"})
    try:
        clerk.page.goto(f"{clerk.url}/odoo/payment-links")
        clerk.page.locator(".o_payment_hub_alert", has_text="Stripe is not connected").wait_for()
        page.get_by_text("Get paid by a link").wait_for()
        shot(clerk, "first-use-without-stripe")
        assert fits(clerk)
    finally:
        shop.books.call("payment.provider", "write", [provider], {"state": "test"})


@pytest.mark.parametrize("name, group", [("Status", "Active"), ("Customer", "Grouped Ltd")])
def test_groups(shop, desk, name, group):
    make_link(shop, "Grouped Ltd")
    page = open_hub(desk)
    choose_from_search(page, "o_group_by_menu", name)
    page.locator(".o_group_header", has_text=group).first.wait_for()
    shot(desk, f"hub-by-{name.lower()}")


def test_activities(shop, desk):
    link = make_link(shop, "Reminded Ltd")
    model = shop.books.search("ir.model", ("model", "=", "payment.link"))[0]
    to_do = shop.books.search("mail.activity.type", ("name", "=", "To-Do"))[0]
    values = {"res_model_id": model, "res_id": link, "activity_type_id": to_do, "summary": "Ring"}
    shop.books.call("mail.activity", "create", values)
    page = open_hub(desk)
    page.locator(".o_switch_view.o_activity").click()
    row = page.locator(".o_activity_view tr", has_text="Reminded Ltd")
    row.wait_for()
    assert "70.00" in row.inner_text()
    shot(desk, "hub-activities")


def test_export(shop, desk):
    """For those whom Odoo lets export at all."""
    make_link(shop, "Exported Ltd")
    name = ("name", "=", "group_allow_export")
    [data] = shop.books.search("ir.model.data", ("module", "=", "base"), name)
    group = shop.books.read("ir.model.data", data, "res_id")["res_id"]
    [user] = shop.books.search("res.users", ("login", "=", "clerk"))
    shop.books.call("res.users", "write", [user], {"group_ids": [(4, group)]})
    page = open_hub(desk)
    page.locator(".o_control_panel button:has(.fa-cog)").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export All").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")  # A spreadsheet.


def test_nothing_to_say_once_it_is_live(shop, desk):
    make_link(shop, "Lively Ltd")
    provider = shop.books.search("payment.provider", ("code", "=", "stripe"))[0]
    names = ("state", "stripe_secret_key")
    before = shop.books.read("payment.provider", provider, *names)
    page = open_hub(desk)
    page.get_by_text("Test mode.").wait_for()
    live = {"state": "enabled", "stripe_secret_key": "sk_live_x"}
    shop.books.call("payment.provider", "write", [provider], live)
    try:
        page = open_hub(desk)
        page.locator("[data-figure=active]", has_text="$").wait_for()
        assert page.locator(".o_payment_hub_alert").count() == 0
        shot(desk, "hub-live")
    finally:
        values = {name: before[name] for name in names}
        shop.books.call("payment.provider", "write", [provider], values)
