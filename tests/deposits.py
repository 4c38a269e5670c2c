"""What the tests of deposits share: quotations, and what the books say of an order."""

from odoo import Command

from .refunds import RefundCase

# A picture of one dot.
DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class DepositCase(RefundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env["product.product"].create(
            {"name": "Bathroom", "type": "service", "invoice_policy": "order", "taxes_id": False}
        )

    def make_order(self, total=1000.0, percent=0.3, fixed=None, taxes=None, lines=None, **values):
        """A quotation that asks for a deposit."""
        deposit = {"prepayment_type": "percent", "prepayment_percent": percent}
        if fixed is not None:
            deposit = {"prepayment_type": "fixed", "prepayment_amount": fixed}
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "require_signature": False,
                "require_payment": True,
                **deposit,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": price,
                            "tax_ids": [Command.set(tax.ids if tax else [])],
                        }
                    )
                    for price, tax in (lines or [(total, taxes)])
                ],
                **values,
            }
        )

    def make_tax(self, percent, included=False):
        return self.env["account.tax"].create(
            {
                "name": f"{percent}% {'incl.' if included else 'excl.'}",
                "amount": percent,
                "price_include_override": "tax_included" if included else "tax_excluded",
                "type_tax_use": "sale",
            }
        )

    def sign(self, order):
        order.write({"signed_by": "Ada", "signed_on": "2026-01-01", "signature": DOT})

    def pay_deposit(self, order):
        """Make the link, pay it on Stripe's page, and have Stripe tell; return the link."""
        link = order.generate_deposit_links()
        self.pay(link)
        self.deliver_webhooks()
        return link

    def invoice_rest(self, order):
        """The final invoice, made with Odoo's own dialog."""
        wizard = self.env["sale.advance.payment.inv"].create(
            {"sale_order_ids": [Command.set(order.ids)], "advance_payment_method": "delivered"}
        )
        invoice = wizard._create_invoices(order)
        invoice.action_post()
        return invoice

    def invoiced(self, order):
        """What the order's confirmed invoices and credit notes come to."""
        moves = order.invoice_ids.filtered(lambda move: move.state == "posted")
        total = sum(m.amount_total * (-1 if m.move_type == "out_refund" else 1) for m in moves)
        return order.currency_id.round(total)
