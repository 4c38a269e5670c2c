"""Named points at which a process of Odoo kills itself (SIGKILL), when it is ordered to.

Loaded by Odoo's `--load`, never installed. An order is a file named after a point, in the folder
that `PAYLINKS_KILL_ORDERS` names; whoever takes it dies there and then. Nothing else changes but
the addon's waiting times, which pass `PAYLINKS_TIMES_FASTER` times as fast.
"""

import os
import signal
import sys
from functools import wraps
from pathlib import Path

ADDON = "odoo.addons.serviceflow_paylinks"
WAITS = ("FIRST_CHECKS", "LATER_CHECKS", "RETRY_AFTER", "LOST_AFTER", "RETRIES")


def arm():
    """Put the points into the addon's classes, before Odoo makes its registry of them."""
    from odoo.addons.serviceflow_paylinks.models.payment_link_event import PaymentLinkEvent
    from odoo.addons.serviceflow_paylinks.models.payment_link_queue import (
        PaymentLinkMessage as Outbox,
    )
    from odoo.addons.serviceflow_paylinks.models.payment_link_queue_email import (
        PaymentLinkMessage as Email,
    )
    from odoo.addons.serviceflow_paylinks.models.payment_transaction_tip import PaymentTransaction
    from odoo.addons.serviceflow_paylinks.providers.stripe import StripeProcessor

    _put(StripeProcessor, "open_checkout", "checkout-before-call", "checkout-after-call")
    _put(StripeProcessor, "look_at_checkout", None, "asked-before-books")
    _put(PaymentLinkEvent, "_process", "webhook-written", "webhook-before-commit")
    _put(PaymentTransaction, "_create_payment", None, "post-processing", _gives_nothing_back)
    _put(PaymentTransaction, "_create_payment", None, "refund-post-processing", _gives_back)
    _put(StripeProcessor, "open_refund", "refund-before-call", "refund-after-call")
    _put(Outbox, "_send_claimed", "send-taken", None)
    _put(Email, "_note_emails", "send-handed-over", None)
    _quicken(int(os.environ.get("PAYLINKS_TIMES_FASTER", "1")))


def _gives_back(transaction):
    return bool(transaction.refund_link_id)


def _gives_nothing_back(transaction):
    return not transaction.refund_link_id


def _put(owner, method, before, after, applies=lambda _record: True):
    """Wrap a method: die before it begins, or after it has done its work, when ordered to."""
    original = getattr(owner, method)

    @wraps(original)
    def wrapped(self, *args, **kwargs):
        if before and applies(self):
            _obey(before)
        result = original(self, *args, **kwargs)
        if after and applies(self):
            _obey(after)
        return result

    setattr(owner, method, wrapped)


def _obey(point):
    """Take the order for this point, if there is one, and die. One order kills one process."""
    order = Path(os.environ["PAYLINKS_KILL_ORDERS"]) / point
    try:
        order.rename(order.with_name(f"{point}.{os.getpid()}"))
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _quicken(factor):
    """Let the schedules' waiting times pass faster, wherever a module has taken them over."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(f"{ADDON}.models"):
            continue
        for wait in WAITS:
            value = getattr(module, wait, None)
            if isinstance(value, tuple):
                setattr(module, wait, tuple(one / factor for one in value))
            elif value is not None:
                setattr(module, wait, value / factor)
