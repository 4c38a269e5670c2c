"""A local stand-in for Stripe's API: see `README.md` for what it plays and how to start it.

The public names, for tests in Python:

    from sandbox import Sandbox, ManualClock
    from sandbox.inprocess import InProcessClient      # needs the stripe SDK; the core does not

    clock = ManualClock()
    sandbox = Sandbox(clock, settle_after=None)        # None: bank debits settle only on order
    client = stripe.StripeClient(
        "sk_test_1", http_client=InProcessClient(sandbox, timeout=10), max_network_retries=2
    )

    sandbox.handle(method, path, body, headers) -> Response(status, headers, body)

    sandbox.customer.pay(session, card="4242424242424242", name=…, email=…) -> Outcome
    sandbox.customer.pay_by_bank(session, account=None) -> Outcome
    sandbox.customer.authenticate(session, passed=True) -> Outcome         # 3-D Secure
        Outcome: status (succeeded, processing, requires_action, declined), intent, message, code,
        decline_code, redirect. A session that is complete or expired raises `Closed`.

    sandbox.bank.settle(intent)             sandbox.bank.fail(intent)      # bank debits
    sandbox.bank.settle_refund(refund)      sandbox.bank.fail_refund(refund)
    sandbox.bank.open_dispute(charge or intent, reason="fraudulent", amount=None, inquiry=False)
    sandbox.bank.withdraw_funds(dispute)    sandbox.bank.close_dispute(dispute, won=True)
    sandbox.dashboard.refund(intent, amount=None)      sandbox.dashboard.expire(session)
    sandbox.dashboard.roll_secret(endpoint, overlap=86400) -> the new secret
    sandbox.dashboard.change_account(charges_enabled=False)

    sandbox.webhooks.due() -> [Delivery(url, body, headers, type, event, attempt)]
    sandbox.webhooks.mark(delivery, status)            # None: no answer
    sandbox.webhooks.deliver(post) -> how many         # post(url, body, headers) -> status
    sandbox.webhooks.delay(seconds, types="*", times=None), .repeat(count, …), .lose(…),
        .reorder("shuffle" | "reverse" | None), .clear(), .resend(event_id)
    sandbox.webhooks.craft(event_type, obj, secret, timestamp=…, livemode=…, account=…)
        -> (body, headers) of a signed event

    sandbox.faults.add(kind, method="*", path="*", times=1, after_effect=False, seconds=0.0)
        kind: timeout, reset, refused, error, rate_limit, lock, forbidden, slow, garbage
    sandbox.faults.outage()                 sandbox.faults.clear()

    sandbox.clock.advance(seconds)          sandbox.tick()                 # what is due, happens
    sandbox.violations                      sandbox.assert_clean()
    sandbox.dump() -> JSON text             sandbox.load(text)

A session, intent, charge, refund or dispute is given by its id or as the object itself.
`sandbox.testing.Bench` puts a sandbox, a manual clock and a client together for tests.
"""

from .clock import ManualClock, SystemClock
from .core import Sandbox, Violation
from .errors import ApiError
from .http import Response
from .payments import Outcome
from .sessions import Closed
from .webhooks import Delivery

__all__ = [
    "ApiError",
    "Closed",
    "Delivery",
    "ManualClock",
    "Outcome",
    "Response",
    "Sandbox",
    "SystemClock",
    "Violation",
]
