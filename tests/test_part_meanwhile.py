"""Part payment: what is owed, or allowed, changes between the page and the click."""

from .payer import PartsCase


class TestChangedMeanwhile(PartsCase):
    def test_paid_partly_elsewhere(self):
        link = self.make_link(100)
        page = self.read_page(link)
        self.pay_by_bank_transfer(link.invoice_id, 70)
        self.assert_asked(link, 3000, page=page)  # untouched: everything, which has become less
        self.assert_refused(link, r"lowered to \$30\.00", page, amount="40")
        self.assert_refused(link, r"least .* \$7\.50", page, amount="5")
        self.assert_asked(link, 1000, page=page, amount="10")

    def test_paid_wholly_elsewhere(self):
        link = self.make_link(100)
        page = self.read_page(link)
        self.pay_by_bank_transfer(link.invoice_id)
        for typed in ("40", "junk"):
            answer = self.press_pay(link, page, amount=typed)
            self.assertEqual(answer.headers["Location"], self.path(link), "the page says so")
        self.assertFalse(self.client.calls)

    def test_more_is_owed_than_the_page_said(self):
        link = self.make_link(100)
        self.pay_by_bank_transfer(link.invoice_id, 40)
        page = self.read_page(link)
        link.invoice_id.line_ids.remove_move_reconcile()
        self.assertEqual(link.amount, 100)
        back = self.assert_refused(link, r"has changed .* \$100\.00", page)
        self.assertEqual(self.get_whole(back), "100.00")
        self.assert_asked(link, 5000, page=page, amount="50")

    def test_turned_off_meanwhile(self):
        link = self.make_link(100)
        page = self.read_page(link)
        attempt = self.assert_asked(link, 4000, page=page, amount="40")
        self.company.paylinks_part_payments = False
        self.assertTrue(attempt._is_stale())
        back = self.assert_refused(link, r"only be paid in full: \$100\.00", page, amount="40")
        self.assertNotIn("amount", back.forms[0].fields)
        self.assert_asked(link, 10000, page=page)
        self.assertEqual(attempt.state, "cancel")

    def test_open_part_is_not_stale_while_that_much_is_owed(self):
        link = self.make_link(100)
        attempt = self.assert_asked(link, 4000, amount="40")
        self.assertFalse(attempt._is_stale())
        self.pay_by_bank_transfer(link.invoice_id, 60)
        self.assertFalse(attempt.checkout_close, "exactly that much is left")
        self.pay_by_bank_transfer(link.invoice_id, 0.01)
        self.assertTrue(attempt.checkout_close)
        self.run_schedule("cron_sync_checkouts")
        self.assertEqual(attempt.state, "cancel")

    def test_least_part_was_raised_meanwhile(self):
        link = self.make_link(100)
        page = self.read_page(link)
        self.company.paylinks_part_minimum = 50
        self.assert_refused(link, r"least .* \$50\.00", page, amount="40")
