"""`make demo`: Odoo with the addon and demo data, and a Stripe to pay with, until Ctrl-C."""

import time
from contextlib import closing

from dev import (
    database,
    demo_card,
    locks,
    odoo,
    paths,
    preparation,
    stamps,
    stripe_keys,
    wkhtmltopdf,
)
from dev.errors import Interrupted
from dev.mail import FOLDER as MAIL_FOLDER
from dev.mail import MailBox
from dev.progress import say, step
from dev.stack import SANDBOX_SECRET_KEY, Stack

DATABASE = database.name("demo")
ODOO_PORT = 8069
SANDBOX_PORT = 12111
SANDBOX_STATE = paths.WORK / "sandbox" / "demo.json"

WELCOME = """
Odoo answers at      {odoo_url}
{stripe}

  log in as          demo / demo     (sends the bills)
                     admin / admin   (may do everything)
                     nora / nora     (a customer, in the portal: {odoo_url}/my)

  First: Invoicing > Customers > Invoices, open the one to Nora Whitfield over $ 1,210.00, press
  Collect, then Generate. Open the address in a private window, as the customer would.
  {card}
  All links, and what became of them: {odoo_url}/odoo/payment-links

  Emails that Odoo sends are kept in {mail} and go nowhere else.{pdf}{notifications}

Press Ctrl-C to stop. What you enter stays; `make clean` removes it.
"""
SANDBOX = "Stripe's stand-in at {sandbox_url} (no account needed, no network)"
SANDBOX_CARD = "Pay with card 4242 4242 4242 4242; 4000 0000 0000 0002 is declined."
REAL = "Stripe's real test mode, with the key from STRIPE_SECRET_KEY"
NO_PDF = """
  Invoices as PDF need one more program: sudo apt-get install wkhtmltopdf"""
REAL_CARD = "Pay with Stripe's test card 4242 4242 4242 4242, any future date, any code."
NO_WEBHOOK_SECRET = """

  Stripe cannot reach this machine, so payments are seen when the customer returns or at the next
  check. To get Stripe's notifications too, run
      stripe listen --forward-to {odoo_url}/paylinks/stripe/webhook/{provider}
  and start again with STRIPE_WEBHOOK_SECRET set to the whsec_... it prints."""


def main():
    """Set up, start, print where it is, and wait for Ctrl-C."""
    keys = stripe_keys.from_environment()
    paths.prepare()
    refusal = "make demo already runs in this checkout."
    with locks.only_one("demo", refusal), preparation.ready():
        with locks.setup_lock():
            wkhtmltopdf.ensure()
            _ensure_database()
        SANDBOX_STATE.parent.mkdir(exist_ok=True)
        with MailBox() as mail, closing(_stack(keys, mail)) as stack:
            _serve(stack, keys)


def _stack(keys, mail):
    return Stack(
        DATABASE,
        name="demo",
        odoo_port=ODOO_PORT,
        sandbox_port=SANDBOX_PORT,
        sandbox=keys is None,
        sandbox_state=SANDBOX_STATE,
        options=["--smtp=127.0.0.1", f"--smtp-port={mail.port}"],
    )


def _ensure_database():
    """Make the demo database, or bring it up to the addon's present source."""
    source = stamps.digest(database.server(), stamps.addon_digest())
    if not database.exists(DATABASE):
        stamps.forget("demo-stripe")
        with step("Demo database (Odoo with its demo data and the addon)"):
            draft = database.name("demodraft")
            database.drop(draft)
            odoo.run(
                draft,
                "-i",
                paths.ADDON,
                "--with-demo",
                failure="The demo database could not be made",
            )
            database.rename(draft, DATABASE)
    elif stamps.read("demo-addon") != source:
        with step("Demo database: upgrade to the changed addon"):
            odoo.run(DATABASE, "-u", paths.ADDON, failure="The addon could not be upgraded")
    stamps.write("demo-addon", source)


def _serve(stack, keys):
    if not keys:
        with step("Stripe's stand-in"):
            new_state = not SANDBOX_STATE.exists()
            stack.start_sandbox()
        if new_state:
            stamps.forget("demo-stripe")
    stack.set_parameters()
    wiring = stamps.digest(database.server(), stack.odoo_url, stack.sandbox_url, keys)
    if stamps.read("demo-stripe") != wiring:
        with step("Stripe provider and its webhook"):
            _configure(stack, keys)
        stamps.write("demo-stripe", wiring)
    with step("Odoo"):
        stack.start_odoo()
    say(_welcome(stack, keys))
    try:
        while stack.odoo.running:
            time.sleep(0.5)
    except Interrupted:
        say("\n  Stopping ...")
        return
    stack.odoo.fail("Odoo ended by itself")


def _configure(stack, keys):
    if keys:
        stack.configure_stripe(**keys, register_webhook=False)
    else:
        stack.configure_stripe()
        demo_card.save(stack, SANDBOX_SECRET_KEY)


def _welcome(stack, keys):
    without_webhook = keys and not keys["webhook_secret"]
    return WELCOME.format(
        odoo_url=stack.odoo_url,
        stripe=(REAL if keys else SANDBOX).format(sandbox_url=stack.sandbox_url),
        card=REAL_CARD if keys else SANDBOX_CARD,
        mail=MAIL_FOLDER.relative_to(paths.ROOT),
        pdf="" if wkhtmltopdf.available() else NO_PDF,
        notifications=_how_to_get_notifications(stack) if without_webhook else "",
    )


def _how_to_get_notifications(stack):
    query = "SELECT min(id) FROM payment_provider WHERE code = 'stripe' AND company_id = 1"
    provider = stack.query(query)[0][0]
    return NO_WEBHOOK_SECRET.format(odoo_url=stack.odoo_url, provider=provider)
