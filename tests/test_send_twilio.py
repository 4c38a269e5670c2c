"""Through Twilio, where `sms_twilio` is installed: a stand-in of its API on the loopback address.

Odoo has Twilio's address built in, so the worker's HTTP client is led to the stand-in instead.
"""

import json

import pytest
import requests

from dev import odoo
from dev.stack import Stack, clone_for_test, drop_database

from .postoffice import TextServer
from .processes import Office

ACCOUNT, TOKEN = "AC" + "1" * 32, "a-secret-token"
SETUP = f"""
env.company.write({{
    "paylinks_quiet_from": 0,
    "paylinks_quiet_until": 0,
    "sms_provider": "twilio",
    "sms_twilio_account_sid": "{ACCOUNT}",
    "sms_twilio_auth_token": "{TOKEN}",
    "sms_twilio_number_ids": [
        (0, 0, {{"number": "+12025550100", "country_id": env.ref("base.us").id}})
    ],
}})
env.cr.commit()
"""
WORKER = """
import requests
original = requests.Session.send
def led_to_the_stand_in(session, request, **kwargs):
    assert request.url.startswith("https://api.twilio.com/"), request.url
    request.url = request.url.replace("https://api.twilio.com", "%s")
    return original(session, request, **kwargs)
requests.Session.send = led_to_the_stand_in
env["payment.link"].cron_send_links()
"""
SIGN = """
from odoo.addons.sms_twilio.tools.sms_twilio import generate_twilio_sms_callback_signature
import json
form = json.loads(%r)
print("SIGNED", generate_twilio_sms_callback_signature(env.company, %r, form))
"""


@pytest.fixture(scope="module")
def office():
    """Odoo with Twilio's addon, and the stand-in."""
    database = clone_for_test("twilio")
    try:
        odoo.run(database, "-i", "sms_twilio")
        stack = Stack(database, name="twilio", options=("--max-cron-threads=0",))
        with TextServer() as texts, stack:
            stack.configure_stripe()
            stack.shell(SETUP)
            office = Office(stack)
            office.texts = texts
            yield office
    finally:
        drop_database(database)


def send(office, *numbers, url=None):
    """Ask for text messages, run the schedule; return the links."""
    links = []
    for number in numbers:
        link = office.make_link(office.make_invoice())
        office.stack.query("UPDATE payment_link SET phone = %s WHERE id = %s", [number, link])
        links.append(link)
    office.clerk.call("payment.link", "send_by_sms", links)
    office.stack.shell(WORKER % (url or office.texts.url))
    return links


def outcome(office, link):
    return office.row("SELECT state, reason FROM payment_link_message WHERE link_id = %s", link)


def report(office, text, status, **values):
    """Twilio tells what became of a text message, signed as it signs."""
    form = {"SmsStatus": status, "MessageSid": "SM1", **values}
    printed = office.stack.shell(SIGN % (json.dumps(form), text["uuid"]))
    signature = printed.rpartition("SIGNED ")[2].split()[0]
    answer = requests.post(
        f"{office.stack.odoo_url}/sms_twilio/status/{text['uuid']}",
        data=form,
        headers={"X-Twilio-Signature": signature},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def test_sent_and_delivered(office):
    number = "+12025550143"
    [link] = send(office, number)
    [text] = office.texts.to(number)
    assert (text["account"], text["token"], text["from"]) == (ACCOUNT, TOKEN, "+12025550100")
    assert office.token(link) in text["body"]
    assert outcome(office, link)[0] == "sent"
    report(office, text, "delivered")
    assert outcome(office, link)[0] == "delivered"


def test_refused_by_twilio_and_the_rest_goes_on(office):
    bad, good = "+12025550144", "+12025550145"
    office.texts.answers[bad] = 21211
    refused, sent = send(office, bad, good)
    state, reason = outcome(office, refused)
    assert state == "failed"
    assert "is not valid" in reason
    assert outcome(office, sent)[0] == "sent"
    assert office.column("SELECT 1 FROM mail_activity WHERE res_id = %s", refused)


def test_landline_found_out_by_twilio(office):
    number = "+12025550146"
    [link] = send(office, number)
    [text] = office.texts.to(number)
    report(office, text, "undelivered", ErrorCode="30006", ErrorMessage="Landline")
    state, reason = outcome(office, link)
    assert state == "failed"
    assert "Landline" in reason


def test_twilio_cannot_be_reached(office):
    """No answer is no "no": the first one is uncertain, the others are spared."""
    first, second = send(office, "+12025550147", "+12025550148", url="http://127.0.0.1:1")
    state, reason = outcome(office, first)
    assert state == "unknown"
    assert "did not answer" in reason
    assert office.column("SELECT 1 FROM mail_activity WHERE res_id = %s", first)
    state, reason = outcome(office, second)
    assert (state, reason) == ("queued", "the text message service does not answer")
    office.stack.query("UPDATE payment_link_message SET scheduled_at = NULL")
    office.stack.shell(WORKER % office.texts.url)
    assert outcome(office, second)[0] == "sent"
    assert [len(office.texts.to(f"+1202555014{digit}")) for digit in (7, 8)] == [0, 1]
