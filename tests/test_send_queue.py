"""No message is sent twice: real servers, two workers at once, and a process that is killed."""

import json
import subprocess
from functools import partial

import pytest
import requests

from dev import odoo, paths
from dev.stack import Stack, clone_for_test, drop_database

from .postoffice import MailServer, TextServer
from .processes import Office, at_once, eventually, meanwhile

SEND = "cron_send_links"
SETUP = """
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create(
    {"name": "x", "smtp_host": "127.0.0.1", "smtp_port": %d, "smtp_encryption": "none"}
)
env["ir.config_parameter"].set_param("sms.endpoint", "%s")
env["iap.account"].get("sms")
env.company.email = "office@example.com"
env.company.write({"paylinks_quiet_from": 0, "paylinks_quiet_until": 0})
env.cr.commit()
"""
WORKER = """
import odoo.addons.serviceflow_paylinks.models.payment_link_queue as queue
from datetime import timedelta
queue.LOST_AFTER = timedelta(seconds=%d)
count = 0
original = queue.PaymentLinkMessage._send_claimed
def counting(self):
    global count
    count += 1
    return original(self)
queue.PaymentLinkMessage._send_claimed = counting
env["payment.link"].cron_send_links()
print("TOOK", count)
"""


@pytest.fixture(scope="module")
def running():
    """Odoo, a mail server and a text message service; no schedule runs but those of a test."""
    database = clone_for_test("queue")
    stack = Stack(database, name="queue", options=("--max-cron-threads=0",))
    try:
        with MailServer() as mail, TextServer() as texts, stack:
            stack.configure_stripe()
            stack.shell(SETUP % (mail.port, texts.url))
            office = Office(stack)
            office.mail, office.texts = mail, texts
            yield office
    finally:
        drop_database(database)


@pytest.fixture
def office(running):
    """The servers, undisturbed, the outbox empty."""
    if not running.stack.odoo.running:
        running.stack.start_odoo()
    running.stack.query("UPDATE payment_link_message SET state = 'cancelled'")
    yield running
    running.mail.silent.clear()
    running.texts.silent.clear()


def ask(office, channel="email", count=1):
    """Make links to customers of their own and ask for them to be sent; return (links, to whom)."""
    links, addresses = [], []
    for _i in range(count):
        invoice = office.make_invoice()
        links.append(office.make_link(invoice))
        addresses.append(invoice.email)
    if channel == "sms":
        addresses = [f"+1202555{1000 + link % 9000}" for link in links]
        for link, number in zip(links, addresses, strict=True):
            office.stack.query("UPDATE payment_link SET phone = %s WHERE id = %s", [number, link])
        office.clerk.call("payment.link", "send_by_sms", links)
    else:
        office.clerk.call("payment.link", "send_by_email", links)
    return links, addresses


def states(office, links):
    return office.column(
        "SELECT state FROM payment_link_message WHERE link_id IN %s ORDER BY id", tuple(links)
    )


def start_worker(office, lost_after=120):
    """Another process that empties the outbox; its output tells how many messages it took."""
    command = odoo.command(
        "shell", "-c", odoo.CONFIG, "-d", office.stack.database, "--no-http", "--log-level=error"
    )
    worker = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=odoo.environment(),
        cwd=paths.ROOT,
        text=True,
    )
    worker.stdin.write(WORKER % lost_after)
    worker.stdin.close()
    return worker


def count_taken(worker):
    worker.wait(120)
    return int(worker.stdout.read().rpartition("TOOK")[2])


def let_time_pass(office):
    """The minutes pass after which a worker without its lock counts as dead."""
    office.stack.query("UPDATE payment_link_message SET claimed_at = '2020-01-01'")


def needs_attention(office, link):
    return office.column(
        "SELECT summary FROM mail_activity WHERE res_model = 'payment.link' AND res_id = %s", link
    )


def test_two_workers_share_the_outbox(office):
    links, addresses = ask(office, count=24)
    office.mail.delay = 0.4
    try:
        workers = [start_worker(office), start_worker(office)]
        taken = [count_taken(worker) for worker in workers]
    finally:
        office.mail.delay = 0
    assert sum(taken) == 24
    assert min(taken) > 0, "one of them had nothing to do"
    assert [len(office.mail.to(address)) for address in addresses] == [1] * 24
    assert set(states(office, links)) == {"sent"}


def test_asking_at_once_from_two_connections(office):
    """Two clerks press the button at the same instant: one message, whoever was first."""
    clerks = [office.new_clerk(), office.new_clerk()]
    for _round in range(3):
        invoice = office.make_invoice()
        link = office.make_link(invoice)
        at_once(*(partial(clerk.call, "payment.link", "send_by_email", [link]) for clerk in clerks))
        assert states(office, [link]) == ["queued"]
        office.run_schedule(SEND)
        assert len(office.mail.to(invoice.email)) == 1


def test_killed_before_the_link_was_told(office):
    """What became of the message is committed; the link learns it from the next run."""
    [link], [address] = ask(office)
    with (
        office.held_up("payment_link", "id", link) as waiting,
        meanwhile(office.run_schedule, SEND),
    ):
        eventually(waiting, "nobody tells the link")
        assert states(office, [link]) == ["sent"]
        office.crash()
    assert office.value("SELECT sent_at IS NULL FROM payment_link WHERE id = %s", link)
    office.recover()
    office.run_schedule(SEND)
    assert office.value("SELECT sent_at IS NOT NULL FROM payment_link WHERE id = %s", link)
    assert len(office.mail.to(address)) == 1


def test_odoos_mail_queue_is_not_undone_by_us(office):
    """Somebody changes our row while Odoo's queue sends the email: it is not sent once more."""
    [link], [address] = ask(office)
    addresses = {"email_from": "office@example.com", "email_to": address}
    mail = office.clerk.create("mail.mail", subject="x", body_html="<p>x</p>", **addresses)
    office.stack.query(
        "UPDATE payment_link_message SET state = 'handed', mail_message_id ="
        " (SELECT mail_message_id FROM mail_mail WHERE id = %s) WHERE link_id = %s",
        [mail, link],
    )
    office.mail.silent.set()
    with meanwhile(office.run_schedule, "ir_cron_mail_scheduler_action"):
        eventually(lambda: office.mail.to(address), "the mail server got nothing")
        office.change_elsewhere(
            "payment_link_message",
            office.value("SELECT id FROM payment_link_message WHERE link_id = %s", link),
        )
        office.mail.silent.clear()
    office.run_schedule("ir_cron_mail_scheduler_action")
    assert len(office.mail.to(address)) == 1
    assert office.value("SELECT state FROM mail_mail WHERE id = %s", mail) == "sent"


def test_killed_after_the_mail_server_took_it(office):
    """Nobody knows whether it went out: a person is called, and it is not sent again."""
    [link], [address] = ask(office)
    office.mail.silent.set()
    with meanwhile(office.run_schedule, SEND):
        eventually(lambda: office.mail.to(address), "the mail server got nothing")
        assert states(office, [link]) == ["sending"]
        office.crash()
    office.mail.silent.clear()
    office.recover()
    office.run_schedule(SEND)
    let_time_pass(office)
    office.run_schedule(SEND)
    office.run_schedule("ir_cron_mail_scheduler_action")
    office.run_schedule(SEND)
    assert len(office.mail.to(address)) == 1
    assert states(office, [link]) == ["unknown"]
    assert needs_attention(office, link)
    office.clerk.call("payment.link", "send_by_email", [link])
    office.run_schedule(SEND)
    assert len(office.mail.to(address)) == 2, "a person decided to send it again"
    assert not needs_attention(office, link)


def test_killed_after_the_text_service_took_it(office):
    """As for email; and when the service reports later, its report finds the message."""
    [link], [number] = ask(office, "sms")
    office.texts.silent.set()
    with meanwhile(office.run_schedule, SEND):
        eventually(lambda: office.texts.to(number), "the service got nothing")
        office.crash()
    office.texts.silent.clear()
    office.recover()
    let_time_pass(office)
    office.run_schedule(SEND)
    office.run_schedule("ir_cron_sms_scheduler_action")
    [text] = office.texts.to(number)
    assert states(office, [link]) == ["unknown"]
    assert needs_attention(office, link)
    report = {"message_statuses": [{"sms_status": "delivered", "uuids": [text["uuid"]]}]}
    answer = requests.post(
        f"{office.stack.odoo_url}/sms/status",
        data=json.dumps({"jsonrpc": "2.0", "params": report}),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.json()["result"] == "OK"
    assert states(office, [link]) == ["delivered"]
    assert not needs_attention(office, link)


def test_a_slow_worker_is_not_taken_for_dead(office):
    """While the mail server thinks, another worker comes by: whoever lives, holds the lock."""
    [link], [address] = ask(office)
    office.mail.silent.set()
    with meanwhile(office.run_schedule, SEND):
        eventually(lambda: office.mail.to(address), "the mail server got nothing")
        assert count_taken(start_worker(office, lost_after=0)) == 0
        assert states(office, [link]) == ["sending"]
        office.mail.silent.clear()
    assert states(office, [link]) == ["sent"]
    assert len(office.mail.to(address)) == 1


def test_nobody_waits_for_the_link_while_the_mail_server_thinks(office):
    """A customer opens and pays meanwhile; what was sent is noted afterwards."""
    [link], [address] = ask(office)
    token = office.token(link)
    office.mail.silent.set()
    with meanwhile(office.run_schedule, SEND):
        eventually(lambda: office.mail.to(address), "the mail server got nothing")
        office.change_elsewhere("payment_link", link)
        assert office.new_browser().click(token).status_code == 303
        office.mail.silent.clear()
    assert states(office, [link]) == ["sent"]
    assert office.value("SELECT sent_at IS NOT NULL FROM payment_link WHERE id = %s", link)
