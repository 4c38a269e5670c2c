"""Refunds and disputes as Stripe describes them, read into the boundary's values. No SDK in here.

Facts: https://docs.stripe.com/api/refunds/object and https://docs.stripe.com/api/disputes/object.
"""

from .base import FAILED, PROCESSING, REFUNDED, Dispute, Refund
from .stripe_charges import utc

REFUND_OUTCOMES = {"succeeded": REFUNDED, "failed": FAILED, "canceled": FAILED}


def read_refund(refund):
    """Return the Refund that a refund's dictionary describes.

    ``pending`` and ``requires_action`` are on their way; the status may be missing on old ones,
    whose money has left long ago.
    """
    status = refund.get("status") or "succeeded"
    return Refund(
        ref=refund["id"],
        outcome=REFUND_OUTCOMES.get(status, PROCESSING),
        amount=refund["amount"],
        currency=refund["currency"].upper(),
        key=(refund.get("metadata") or {}).get("paylinks_key") or "",
        reason=refund.get("reason") or "",
        problem=refund.get("failure_reason") or "",
    )


def read_dispute(dispute):
    """Return the Dispute that a dispute's dictionary describes.

    Its balance transactions are in the account's own currency, which may be another one than the
    charge's: what was withdrawn of the charge is then all of the disputed amount, or nothing. What
    came back counts by its direction, since it came at another day's rate than it was taken.
    """
    movements = dispute.get("balance_transactions") or []
    moved = -sum(movement["amount"] for movement in movements)
    if any(movement["currency"] != dispute["currency"] for movement in movements):
        taken = sum(movement["amount"] < 0 for movement in movements)
        moved = dispute["amount"] if 2 * taken > len(movements) else 0
    return Dispute(
        ref=dispute["id"],
        status=dispute["status"],
        amount=dispute["amount"],
        currency=dispute["currency"].upper(),
        live=bool(dispute["livemode"]),
        reason=dispute.get("reason") or "",
        due_by=utc((dispute.get("evidence_details") or {}).get("due_by")),
        movements=len(movements),
        withdrawn=moved,
        fee=sum(movement["fee"] for movement in movements),
        fee_currency=(movements[0]["currency"] if movements else dispute["currency"]).upper(),
    )
