"""Our groups lend a look at invoices, orders and transactions to who has no rights of Odoo's there.
What Odoo lets anybody do who may read one must change nothing."""

import inspect
from contextlib import contextmanager

from odoo.exceptions import AccessError
from odoo.service.model import call_kw, get_public_method
from odoo.tools import mute_logger

from .test_rights_table import QUIET, RightsCase

BUTTONS = ("action_", "button_", "payment_action_", "js_", "toggle_", "open_")
# Made by whoever opens the document's page or prints it, and it opens nothing by itself.
UNIMPORTANT = {"access_token", "write_date", "write_uid"}


class TestLentRights(RightsCase):
    def buttons(self, model):
        """The methods of a model that can be pressed without saying more, of whichever addon."""
        for name in sorted(dir(type(model))):
            if not name.startswith(BUTTONS):
                continue
            try:
                method = get_public_method(model, name)
            except AccessError:
                continue
            if getattr(method, "_api_model", False):
                continue
            parameters = list(inspect.signature(method).parameters.values())[1:]
            if all(
                parameter.default is not parameter.empty or parameter.kind in (2, 4)
                for parameter in parameters
            ):
                yield name

    def look(self, records):
        """All that is kept of the records, and how many there are of what might be made."""
        self.env.flush_all()
        self.env.invalidate_all()
        stored = [
            name
            for name, field in records._fields.items()
            if field.store and name not in UNIMPORTANT and field.type != "binary"
        ]
        counts = [
            self.env[name].search_count([])
            for name in ("account.move", "account.payment", "payment.transaction", "sale.order")
        ]
        return records.read(stored), counts

    @contextmanager
    def undone(self):
        self.client.calls.clear()
        with self.env.cr.savepoint() as savepoint:
            yield
            self.env.clear()
            savepoint.rollback()
        self.env.invalidate_all()

    def press_all(self, records, names):
        pressed = 0
        before = self.look(records)
        for name in names:
            user = self.users[name]
            for button in self.buttons(records):
                with self.subTest(user=name, button=button), self.undone():
                    pressed += 1
                    model = self.env[records._name].with_user(user)
                    model = model.with_context(allowed_company_ids=user.sudo().company_ids.ids)
                    try:
                        with mute_logger(*QUIET), self.env.cr.savepoint():
                            call_kw(model, button, [records.ids], {})
                            self.env.flush_all()
                    except Exception:  # Refused, or wants more than that.
                        self.env.clear()
                    self.assertEqual(self.look(records), before)
                    self.assertFalse(self.client.calls, "Stripe was asked")
        self.assertGreater(pressed, 3)

    def test_transactions(self):
        open_attempt = self.pay(self.make_link())
        open_attempt._set_done()
        transactions = self.attempt | self.refund | open_attempt
        for transaction in transactions:
            self.press_all(transaction, ("viewer", "creator", "manager"))

    def test_invoices(self):
        for invoice in (self.invoice, self.attempt.invoice_ids):
            self.press_all(invoice, ("creator", "manager"))

    def test_orders(self):
        self.press_all(self.order, ("creator", "manager"))
