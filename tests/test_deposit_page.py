"""The customer's page of a deposit: what it is for, what remains, and the signature first."""

from urllib.parse import urlsplit

from .deposits import DOT, DepositCase


class TestPage(DepositCase):
    def read(self, link):
        answer = self.open_page(link)
        self.assertEqual(answer.status_code, 200)
        return " ".join(answer.text.replace("\N{NO-BREAK SPACE}", " ").split())

    def test_says_what_it_is_for_and_what_remains(self):
        order = self.make_order()
        text = self.read(order.generate_deposit_links())
        for words in (
            f"Deposit on {order.name}",
            "The order comes to $1,000.00; $700.00 remains afterwards.",
            "Pay $300.00",
        ):
            self.assertIn(words, text)
        self.assertNotIn("signed", text)

    def test_all_of_it(self):
        text = self.read(self.make_order(percent=1.0).generate_deposit_links())
        self.assertIn("The order comes to $1,000.00; nothing remains afterwards.", text)

    def test_receipt_says_what_is_left(self):
        order = self.make_order()
        text = self.read(self.pay_deposit(order))
        self.assertIn("Paid. Thank you!", text)
        self.assertRegex(text, rf"Left to pay on {order.name}.{{0,40}}\$700\.00")


class TestSignature(DepositCase):
    def accept(self, order, token):
        """Sign as the portal's script does."""
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {"access_token": token, "name": "Ada Payer", "signature": DOT},
        )

    def test_signed_first_then_paid_in_one_flow(self):
        order = self.make_order(require_signature=True)
        order.action_quotation_sent()
        link = order.generate_deposit_links()
        page = self.open_page(link)
        self.assertIn("Sign and pay $300.00", page.text.replace("\N{NO-BREAK SPACE}", " "))
        self.assertIn("has to be signed first", page.text)
        # The order's own key is not in the page, only in the answer to the click.
        self.assertNotIn("access_token", page.text)
        self.assertNotIn("/my/orders", page.text)
        answer = self.click_pay(link)
        self.assertEqual(answer.status_code, 303)
        address = urlsplit(answer.headers["Location"])
        self.assertEqual(address.path, f"/my/orders/{order.id}")
        self.assertFalse(self.open_sessions(), "nothing was opened at the processor")
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        portal = self.url_open(answer.headers["Location"])
        self.assertIn("Sign & Pay", portal.text)
        token = order.access_token
        self.assertIn(token, address.query)
        result = self.accept(order, token)
        self.assertEqual(result["redirect_url"], self.path(link))
        self.env.invalidate_all()
        self.assertEqual(order.state, "sent", "signed, not paid: not confirmed")
        self.assertNotIn("signed first", self.open_page(link).text)
        self.pay(link)
        self.deliver_webhooks()
        self.assertEqual((order.state, link.state), ("sale", "paid"))

    def test_without_a_link_the_portal_goes_on_as_ever(self):
        order = self.make_order(require_signature=True)
        order.action_quotation_sent()
        result = self.accept(order, order._portal_ensure_token())
        self.assertIn(f"/my/orders/{order.id}", result["redirect_url"])

    def test_wrong_key_learns_of_no_link(self):
        order = self.make_order(require_signature=True)
        link = order.generate_deposit_links()
        result = self.accept(order, "guessed")
        self.assertNotIn(link.token, str(result))

    def test_nothing_is_opened_unsigned(self):
        """Whatever way the click came: the checkout itself refuses."""
        order = self.make_order(require_signature=True)
        link = order.generate_deposit_links()
        with self.other_transaction() as env:
            self.assertEqual(env["payment.link"].browse(link.id).sudo().start_checkout(), "")
        self.assertFalse(link.transaction_ids)

    def test_money_is_no_signature(self):
        """A signature was asked for while the page was open: paid, but not accepted."""
        order = self.make_order()
        order.action_quotation_sent()
        link = order.generate_deposit_links()
        attempt = self.open_checkout(link)
        order.require_signature = True
        self.assertTrue(attempt.checkout_close)
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual((order.state, order.amount_paid, link.state), ("sent", 300, "paid"))
        self.assertFalse(order.invoice_ids)
        self.assertEqual(self.open_lines(), [-300])
        self.assertIn("Paid, but not signed", self.activities(link).summary)
        self.accept(order, order._portal_ensure_token())
        self.env.invalidate_all()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [300])
        self.assertEqual(self.open_lines(), [])
        self.assertFalse(self.activities(link))

    def test_paid_twice_before_it_was_signed(self):
        """Of two payments that waited, the first is the deposit."""
        order = self.make_order()
        order.action_quotation_sent()
        link = order.generate_deposit_links()
        first = self.open_checkout(link)
        first.checkout_open = False  # As after a crash: Stripe's page is open still.
        second = self.open_checkout(link)
        order.require_signature = True
        for attempt in (first, second):
            self.sandbox.customer.pay(attempt.checkout_ref)
            self.deliver_webhooks()
        self.sign(order)
        order.action_confirm()
        self.assertEqual(first.invoice_ids.amount_total, 300)
        self.assertEqual(order.invoice_ids, first.invoice_ids)
        self.assertEqual(self.open_lines(), [-300])
