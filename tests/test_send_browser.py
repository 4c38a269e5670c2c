"""Sending, in Chromium on running servers: preview, composer, outbox, reminders and the dry run."""

import datetime

import pytest

from dev.stack import Stack, clone_for_test, drop_database

from .browser import DESKTOP, Clerk, chromium, eventually, picture
from .postoffice import MailServer
from .test_hub_browser import Shop

NUMBER = "+12025550143"


@pytest.fixture(scope="module")
def shop():
    database = clone_for_test("sending")
    try:
        with MailServer() as mail, Stack(database, name="sending") as stack, chromium() as browser:
            stack.configure_stripe()
            yield Shop(stack, browser, mail)
    finally:
        drop_database(database)


@pytest.fixture(scope="module")
def page(shop):
    return Clerk(shop.browser, shop.stack.odoo_url, "admin", "admin", DESKTOP).page


def open_screen(page, shop, path, wait):
    page.goto(f"{shop.stack.odoo_url}/odoo/{path}")
    page.locator(wait).first.wait_for()


def action(name):
    """Return the path of a screen by the name of its action."""
    return f"action-serviceflow_paylinks.{name}"


def open_link(page, shop, link):
    path = f"{action('payment_link_action')}/{link}"
    open_screen(page, shop, path, ".o_form_view button[name=action_preview_sms]")


def test_text_message_is_shown_with_its_length_before_it_is_sent(shop, page):
    link = shop.link("Texted", phone=NUMBER, description="Boiler service")
    open_link(page, shop, link)
    page.click("button[name=action_preview_sms]")
    dialog = page.locator(".modal")
    dialog.locator("[name=body]", has_text="/pay/").wait_for()
    picture(page, "sms")
    assert "one message" in dialog.locator("[name=count]").inner_text()
    assert NUMBER in dialog.locator("[name=number]").inner_text()
    dialog.locator("button[name=action_send]").click()
    dialog.wait_for(state="detached")
    rows = shop.books.search("payment.link.message", ("link_id", "=", link))
    assert len(rows) == 1
    open_screen(page, shop, action("payment_link_message_action"), ".o_data_row")
    picture(page, "messages")
    reference = shop.read(link, "name")
    assert "SMS" in page.locator(".o_data_row", has_text=reference).inner_text()


def test_why_it_is_not_sent_stands_in_the_preview(shop, page):
    link = shop.link("Landline", phone="+493012345678")
    open_link(page, shop, link)
    page.click("button[name=action_preview_sms]")
    dialog = page.locator(".modal")
    dialog.get_by_text("is no mobile phone").wait_for()
    assert not dialog.locator("button[name=action_send]").is_visible()
    dialog.get_by_role("button", name="Cancel").click()


def test_email_is_edited_in_the_composer(shop, page):
    link = shop.link("Written", email="written@example.com")
    open_link(page, shop, link)
    page.click("button[name=action_compose_email]")
    dialog = page.locator(".modal")
    dialog.locator("[name=subject] input").fill("As we said on the phone")
    picture(page, "composer")
    dialog.locator("button[name=action_send_mail]").click()
    dialog.wait_for(state="detached")

    def asked():
        rows = shop.books.search("payment.link.message", ("link_id", "=", link))
        return rows and shop.books.read("payment.link.message", rows[0], "address")["address"]

    assert eventually(asked, "written@example.com") == "written@example.com"


def test_reminders_are_edited_in_the_list_and_tried_out(shop, page):
    due = datetime.date.today() + datetime.timedelta(days=4)
    _invoice, link = shop.invoice_link("Reminded")
    shop.stack.query(
        "UPDATE account_move m SET invoice_date_due = %s FROM payment_link l"
        " WHERE l.invoice_id = m.id AND l.id = %s RETURNING m.id",
        (due, link),
    )
    shop.stack.query(
        "UPDATE payment_link SET sent_at = now() - interval '3 days', expires_at = NULL,"
        " email = 'ada@example.com' WHERE id = %s RETURNING id",
        (link,),
    )
    screen = action("payment_link_reminder_rule_action")
    open_screen(page, shop, screen, ".o_list_view, .o_view_nocontent")
    page.click(".o_list_button_add")
    page.locator(".o_selected_row [name=days] input").fill("3")
    page.click(".o_list_button_save")
    page.locator(".o_data_row:not(.o_selected_row)", has_text="days before").wait_for()
    picture(page, "reminders")
    page.get_by_role("button", name="What Goes Out Tomorrow?").click()
    row = page.locator(".o_data_row", has_text="Reminded")
    row.wait_for()
    picture(page, "tomorrow")
    assert "Goes out" in row.inner_text()
    assert not shop.books.search("payment.link.message", ("link_id", "=", link)), "tried only"
