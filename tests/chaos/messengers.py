"""How Odoo hears of what happened: webhooks, genuine or not, and the schedules."""

import json
import re
import time

from sandbox.signing import signature_header

from .browser import Killed


class Messengers:
    """Stripe's deliveries, whoever else posts to the webhook, and the clock. A part of `World`."""

    def deliver(self):
        """Deliver what is due; the answers count: all but 2xx comes again."""

        def post(url, body, headers):
            path = re.sub(r"^https?://[^/]+", "", url)
            expected = self._get_expected(body, headers)
            answer = self.case.browser.post(path, body, headers)
            self.case.assertIn(answer.status, expected, answer.text[-600:])
            self.events_sent.append((body, headers))
            return answer.status or 503

        self.sandbox.webhooks.deliver(post)

    def _get_expected(self, body, headers):
        """What the webhook may answer: 200 to what is signed with a secret of ours, whatever comes
        of it, and to nothing else. 0 is a worker that died meanwhile."""
        provider = self.case.provider
        secrets = (
            provider.paylinks_webhook_secret,
            provider.paylinks_webhook_secret_previous,
        )
        given = headers["Stripe-Signature"]
        moment = int(re.search(r"t=(\d+)", given)[1])
        marks = set(re.findall(r"v1=(\w+)", given))
        ours = signature_header(body, list(filter(None, secrets)), moment)
        return (0, 200) if marks & set(re.findall(r"v1=(\w+)", ours)) else (400,)

    def replay(self, number):
        """Somebody posts an old delivery once more, as it was: what was dealt with before is not
        even looked up."""
        if not self.events_sent:
            return
        body, headers = self.events_sent[number % len(self.events_sent)]
        expected = self._get_expected(body, headers)
        row = self._get_row(json.loads(body)["id"])
        over = row.state in ("done", "ignored")
        calls, before = len(self.wire.calls), self._fingerprint()
        self.case.assertIn(self._notify(body, headers), expected)
        self.case.assertEqual(len(self._get_row(row.event_ref)), len(row), "twice in the ledger")
        if over or expected == (400,):
            self.case.assertEqual(len(self.wire.calls), calls, "Stripe was asked again")
            self.case.assertEqual(self._fingerprint(), before, "something changed")

    def forge(self, session, how):
        """Somebody claims that a session was paid; it must not even be looked up.

        :param how: `secret` (not ours), `none` (unsigned), `old`, `live` (the other mode),
            `account` (a connected one's), `body` (changed after it was signed)
        """
        paid = {**session, "status": "complete", "payment_status": "paid"}
        fields = {"secret": self.case.provider.paylinks_webhook_secret}
        if how == "secret":
            fields["secret"] = "whsec_of_somebody_else"
        elif how == "old":
            fields["timestamp"] = int(time.time()) - 3600
        elif how == "live":
            fields["livemode"] = True
        elif how == "account":
            fields["account"] = "acct_1connected"
        event = self.sandbox.webhooks.craft("checkout.session.completed", paid, **fields)
        body, headers = event
        if how == "none":
            headers = {name: headers[name] for name in headers if name != "Stripe-Signature"}
        elif how == "body":
            body = body.replace(b"completed", b"expired", 1)
        calls, before = len(self.wire.calls), self._fingerprint()
        status = self._notify(body, headers)
        self.case.assertEqual(status, 200 if how in ("live", "account") else 400, how)
        self.case.assertEqual(len(self.wire.calls), calls, f"{how}: Stripe was asked")
        self.case.assertEqual(self._fingerprint(), before, f"{how}: something changed")
        if status == 200:
            self.case.assertEqual(self._get_row(json.loads(body)["id"]).state, "ignored", how)

    def _fingerprint(self):
        return [(link.id, link.state) for link in self.links] + [
            (tx.id, tx.state, tx.checkout_open) for tx in self.attempts()
        ]

    def _get_row(self, event_ref):
        return self.env["payment.link.event"].search([("event_ref", "=", event_ref)])

    def _notify(self, body, headers):
        path = f"/paylinks/stripe/webhook/{self.case.provider.id}"
        return self.case.browser.post(path, body, headers).status

    def run(self, schedule):
        """Run a schedule; the worker may be killed in it."""
        try:
            self.case.run_schedule(schedule)
        except Killed:
            self.env.invalidate_all()

    def overtake(self, call, after_effect, link, number):
        """Let somebody else do something while the next such call is on its way."""

        def click():
            self.click(link)

        def pay():
            for session in self.sessions("open"):
                self.pay(session, "4242424242424242")

        def transfer():
            if link.invoice_id:
                self.pay_by_bank(link.invoice_id, 0.5)

        def delete():
            self.delete(link)

        actions = (click, pay, self.deliver, transfer, delete)

        def do():
            self.overtaken = self.stirred = True
            self.env.invalidate_all()
            actions[number % len(actions)]()
            self.env.flush_all()
            self.overtaken = True

        self.wire.meanwhile(call, after_effect, do)
