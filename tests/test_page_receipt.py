"""What the page tells of what was paid: thanks at once, and a receipt that agrees with Stripe's."""

from datetime import timedelta

from .page import PageCase
from .payer import TipsCase
from .refunds import RefundCase


class TestReceiptOnThePage(PageCase, TipsCase, RefundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.allow_parts()

    def pay_and_return(self, link, **typed):
        """Pay what is typed and come back from Stripe's page before any webhook: the text."""
        self.assertEqual(self.press_pay(link, **typed).status_code, 303)
        attempt = link.transaction_ids.filtered("checkout_open")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.come_back(link, attempt)
        self.env.invalidate_all()
        return attempt, self.read(link)

    def let_time_pass(self, attempt):
        attempt.checkout_paid_at -= timedelta(hours=2)

    def test_part_is_thanked_for_before_the_rest_is_asked_for(self):
        link = self.make_link(100)
        attempt, text = self.pay_and_return(link, amount="40")
        self.assertRegex(
            text,
            r"Brook Plumbing Thank you: we received \$40\.00\. Amount \$40\.00 Date \w+ \d+, \d{4}"
            rf" Paid with VISA Reference {attempt.reference} Invoice .* Left to pay: \$60\.00",
        )
        self.assertIn("Pay $60.00", text)
        self.assertNotIn("Payments received", text, "it stands above")

    def test_later_the_rest_comes_first(self):
        link = self.make_link(100)
        attempt, _text = self.pay_and_return(link, amount="40")
        self.let_time_pass(attempt)
        text = self.read(link)
        self.assertNotIn("Thank you", text)
        self.assertRegex(text, r"Pay \$60\.00 .*Payments received Amount \$40\.00 Date")

    def test_back_instead_of_forward_after_a_part(self):
        """Stripe's way back is no sign that nothing was paid."""
        link = self.make_link(100)
        self.press_pay(link, amount="40")
        self.sandbox.customer.pay(link.transaction_ids.checkout_ref)
        answer = self.url_open(self.path(link, "/return?cancelled=1"))
        self.assertIn("Thank you: we received $40.00.", answer.text)
        self.assertNotIn("othing was charged", answer.text)

    def test_rest_is_abandoned(self):
        link = self.make_link(100)
        attempt, _text = self.pay_and_return(link, amount="40")
        self.let_time_pass(attempt)
        self.press_pay(link)
        answer = self.url_open(self.path(link, "/return?cancelled=1"))
        self.assertIn("Nothing was charged this time.", answer.text)
        self.assertNotIn("You have not paid yet", answer.text)

    def test_tip_and_total_as_on_stripes_receipt(self):
        link = self.make_link(100)
        attempt, text = self.pay_and_return(link, tip="15.00")
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        self.assertEqual(session["amount_total"], 11500)
        self.assertRegex(
            text, r"Paid\. Thank you! .* Amount \$100\.00 Tip \$15\.00 Total charged \$115\.00 Date"
        )

    def test_without_a_tip_there_is_one_amount(self):
        _attempt, text = self.pay_and_return(self.make_link(100))
        self.assertNotIn("Total charged", text)
        self.assertNotIn("Paid in all", text)

    def test_each_part_has_a_receipt(self):
        link = self.make_link(100)
        first, _text = self.pay_and_return(link, amount="40", tip_other="4")
        second, text = self.pay_and_return(link, amount="35")
        self.assertRegex(text, r"Thank you: we received \$35\.00\. Amount \$35\.00 Date")
        self.assertRegex(
            text, r"Payments received Amount \$40\.00 Tip \$4\.00 Total charged \$44\.00 Date"
        )
        third, text = self.pay_and_return(link)
        self.assertRegex(
            text,
            rf"Paid\. Thank you! .* Amount \$25\.00 .*{third.reference} Amount \$35\.00"
            rf" .*{second.reference} Amount \$40\.00 Tip .*{first.reference}"
            r" Paid in all \$104\.00",
        )

    def test_what_was_given_back(self):
        link = self.make_link(100)
        self.pay_and_return(link, tip="15.00")
        self.refund(link, amount=115)
        self.deliver_webhooks()
        self.assertIn("Refunded $115.00", self.read(link), "the tip too")

    def test_many_parts_do_not_weigh_much(self):
        self.company.paylinks_part_minimum = 1
        link = self.make_link(100)
        for _part in range(8):
            self.pay_and_return(link, amount="1.50")
        page = self.open_page(link)
        self.assertEqual(page.text.count(">Reference<"), 6)
        self.assertLess(len(page.content), 20 * 1024)
        self.assertIn("Paid in all", page.text)
