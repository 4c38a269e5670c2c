"""Disputes: a customer's bank takes the money back, and perhaps returns it."""

from . import objects

OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
FEE = 1500


class Disputes:
    """State changes of disputes."""

    def __init__(self, sandbox):
        self.box = sandbox
        self.store = sandbox.store
        self.jobs = {"open_dispute": self._open_job}

    def open(self, charge: dict, reason="fraudulent", amount=None, inquiry=False) -> dict:
        """The customer's bank disputes a charge; with an inquiry no money moves yet."""
        ref = self.store.new_id("du_1", 23)
        amount = charge["amount"] if amount is None else amount
        created = int(self.box.now)
        dispute = objects.dispute(ref, created, charge, amount, reason, inquiry)
        self.store.add(dispute)
        charge["disputed"] = True
        self.store.notes(charge["id"])["dispute"] = ref
        self.box.emit("charge.dispute.created", dispute)
        if not inquiry:
            self.withdraw(dispute)
        return dispute

    def withdraw(self, dispute: dict) -> dict:
        """The amount and a fee leave the account."""
        dispute["is_charge_refundable"] = False
        self._move(dispute, -dispute["amount"], FEE)
        self.box.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def answer(self, dispute: dict, evidence: dict, submit: bool) -> dict:
        """The merchant gives evidence; Stripe's magic words decide at once."""
        before = {"status": dispute["status"]}
        dispute["evidence"] |= evidence
        details = dispute["evidence_details"]
        details["has_evidence"] = details["has_evidence"] or bool(evidence)
        if submit and dispute["status"] in OPEN:
            warning = dispute["status"].startswith("warning")
            dispute["status"] = "warning_under_review" if warning else "under_review"
            details |= {"submission_count": 1, "submission_method": "manual"}
        self.box.emit("charge.dispute.updated", dispute, before)
        verdict = {"winning_evidence": True, "losing_evidence": False}
        text = dispute["evidence"]["uncategorized_text"]
        if submit and text in verdict:
            self.close(dispute, verdict[text])
        return dispute

    def close(self, dispute: dict, won: bool) -> dict:
        """The bank decides; what was withdrawn comes back when the merchant won."""
        if dispute["status"].startswith("warning"):
            dispute["status"] = "warning_closed"
        else:
            dispute["status"] = "won" if won else "lost"
            if won and len(dispute["balance_transactions"]) == 1:
                self._move(dispute, dispute["amount"], -FEE)
                self.box.emit("charge.dispute.funds_reinstated", dispute)
        self.box.emit("charge.dispute.closed", dispute)
        return dispute

    def _move(self, dispute, amount, fee):
        movement = self.box.payments.book("adjustment", dispute, amount, fee)
        dispute["balance_transactions"].append(movement)

    def _open_job(self, ref):
        charge = self.store.get("charge", ref)
        method = self.store.get("payment_method", charge["payment_method"])
        if not charge["disputed"]:
            self.open(charge, self.box.payments.behaviour(method).dispute or "fraudulent")
