"""The customer at a page where there is something to choose: fills the form in and presses Pay."""

from lxml import html

from .common import PaylinksCase


class PayerCase(PaylinksCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tips_account = cls.env["account.account"].create(
            {"name": "Tips", "code": "T1PS", "account_type": "income_other"}
        )

    @classmethod
    def allow_parts(cls, percent=25):
        cls.company.write({"paylinks_part_payments": True, "paylinks_part_minimum": percent})

    @classmethod
    def take_tips(cls, presets="10, 15, 20"):
        cls.company.write(
            {
                "paylinks_tips": True,
                "paylinks_tip_account_id": cls.tips_account.id,
                "paylinks_tip_presets": presets,
            }
        )

    # -- the page --

    def read_page(self, link):
        """The page as a browser would have it."""
        return html.fromstring(self.open_page(link).text)

    def get_fields(self, page):
        """What the page's form sends when nothing is touched: {name: value}."""
        [form] = page.forms
        return {name: value for name, value in form.fields.items() if value is not None}

    def get_whole(self, page):
        """What the empty field of the amount stands for; also what the button names."""
        [field] = page.xpath("//input[@name='amount']")
        self.assertEqual(field.get("value"), "")
        return field.get("placeholder")

    def press_pay(self, link, page=None, **typed):
        """Fill in what is given, leave the rest, press the button; the answer, not followed."""
        page = self.read_page(link) if page is None else page
        data = {**self.get_fields(page), **typed}
        answer = self.url_open(self.path(link, "/checkout"), data=data, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def assert_asked(self, link, *minor, **typed):
        """Press Pay; Stripe is asked for these lines, in minor units. Returns the attempt."""
        answer = self.press_pay(link, **typed)
        self.assertEqual(answer.status_code, 303, answer.text[-1500:])
        attempt = link.transaction_ids.filtered("checkout_open")
        session = self.sandbox.store.get("checkout.session", attempt.checkout_ref)
        items = self.sandbox.store.notes(session["id"])["includable"]["line_items"]["data"]
        self.assertEqual([item["amount_total"] for item in items], list(minor))
        self.assertEqual(session["amount_total"], sum(minor))
        [opened] = self.open_sessions()
        self.assertEqual(opened["id"], attempt.checkout_ref, "one open session")
        return attempt

    def assert_refused(self, link, sentence, page=None, **typed):
        """Press Pay; the page comes back with this sentence, and nobody was asked for anything."""
        before = len(self.client.calls)
        answer = self.press_pay(link, page, **typed)
        self.assertEqual(answer.status_code, 422, answer.text[-1500:])
        back = html.fromstring(answer.text)
        [problem] = back.xpath("//*[@role='alert']")
        self.assertRegex(problem.text_content(), sentence)
        self.assertEqual(len(self.client.calls), before, "nothing was asked of Stripe")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        return back

    def pay_with(self, link, **typed):
        """Press Pay, pay on Stripe's page, let Stripe tell: the attempt."""
        self.assertEqual(self.press_pay(link, **typed).status_code, 303)
        attempt = link.transaction_ids.filtered("checkout_open")
        self.sandbox.customer.pay(attempt.checkout_ref)
        self.deliver_webhooks()
        return attempt

    # -- the books --

    def lines(self, payment):
        """A payment's entry: {which: (amount in its currency, balance)}."""
        names = {
            payment.outstanding_account_id: "money",
            payment.destination_account_id: "customer",
            self.tips_account: "tip",
        }
        rows = {
            names.get(line.account_id, line.account_id.account_type): (
                round(line.amount_currency, 3),
                round(line.balance, 2),
            )
            for line in payment.move_id.line_ids
        }
        self.assertEqual(len(rows), len(payment.move_id.line_ids))
        self.assertEqual(payment.move_id.state, "posted")
        return rows

    def left_open(self, payment):
        """What of a payment is matched with nothing, in its currency."""
        lines = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id
        )
        return round(sum(lines.mapped("amount_residual_currency")), 3)


class PartsCase(PayerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.allow_parts()

    def fields_of(self, link):
        return self.get_fields(self.read_page(link))


class TipsCase(PayerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.take_tips()

    def assert_books(self, payment, **rows):
        """A payment's entry: money, customer and tip, in its currency and the company's."""
        self.assertEqual(self.lines(payment), rows)
        self.assertAlmostEqual(sum(payment.move_id.line_ids.mapped("balance")), 0)
