"""What the tests of injected markup share: a business that an attacker has named everything of."""

from lxml import html
from odoo import Command
from odoo.tests import new_test_user

from .common import PaylinksCase

# Were any of it taken for markup, there would be an element or an attribute of this name.
EVIL = (
    "\"'><script>pwned(1)</script><img src=x onerror=pwned(2)><b id=pwned>x</b>"
    "</title></style></textarea><svg/onload=pwned(3)>"
)
# Were it taken for a template, there would be the product.
TEMPLATE = "{{ 1234 * 1001 }}${1234*1001}<t t-out='1234*1001'/>%(x)s {0}"
PRODUCT = "1235234"
BOTH = EVIL + TEMPLATE
EVIL_EMAIL = '"<script>pwned(7)</script>"@example.com'  # a valid address
# Terms are HTML, which staff write: what could run is taken out of it.
TERMS = (
    "<b onclick='pwned(8)'>Terms</b><script>pwned(9)</script><a href='javascript:pwned(10)'>.</a>"
)


class InjectionCase(PaylinksCase):
    """Every field that a person can fill in and that a customer or staff may read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = {"street": f"Street {EVIL}", "street2": f"Yard {EVIL}", "city": f"City {EVIL}"}
        place |= {"zip": f"Zip {EVIL}", "phone": f"555 {EVIL}"}
        cls.company.write({**place, "name": f"Company {BOTH}", "email": "office@brook.example.com"})
        cls.company.partner_id.write({"website": "javascript:pwned(4)", "ref": BOTH})
        cls.customer.write(
            {
                **place,
                "name": f"Payer {BOTH}",
                "phone": "+1 202-555-0143",
                "ref": BOTH,
                "function": BOTH,
                "website": "javascript:pwned(5)",
            }
        )
        cls.provider.name = f"Provider {BOTH}"
        cls.product = cls.env["product.product"].create(
            {"name": f"Product {BOTH}", "default_code": BOTH, "description_sale": BOTH}
        )
        manager = "serviceflow_paylinks.group_payments_manage"
        cls.clerk = new_test_user(cls.env, "evil_clerk", manager, name=f"Clerk {BOTH}")

    def evil_line(self):
        values = {"product_id": self.product.id, "name": f"Line {BOTH}", "price_unit": 100}
        return Command.create({**values, "tax_ids": [Command.clear()]})

    def evil_link(self, **values):
        """A link for an invoice."""
        invoice = self.make_invoice(
            invoice_line_ids=[self.evil_line()],
            ref=f"Ref {BOTH}",
            payment_reference=f"Communication {BOTH}",
            invoice_origin=f"Origin {BOTH}",
            narration=TERMS,
            invoice_user_id=self.clerk.id,
            **values,
        )
        link = invoice.generate_payment_links()
        link.write({"description": f"For {BOTH}", "user_id": self.clerk.id})
        return link

    def evil_order(self):
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "user_id": self.clerk.id,
                "name": f"Order {BOTH}",
                "client_order_ref": f"Ref {BOTH}",
                "origin": f"Origin {BOTH}",
                "reference": f"Communication {BOTH}",
                "note": TERMS,
                "require_signature": False,
                "require_payment": True,
                "prepayment_percent": 0.3,
                "order_line": [self.evil_line()],
            }
        )

    def evil_links(self):
        """A link of each purpose: {purpose: link}."""
        deposit = self.evil_order().generate_deposit_links()
        custom = self.make_custom_link()
        (deposit | custom).write({"description": f"For {BOTH}", "user_id": self.clerk.id})
        return {"invoice": self.evil_link(), "deposit": deposit, "custom": custom}

    def assert_clean(self, text, where=""):
        """No element and no attribute came of it, and nothing was calculated."""
        self.assertNotIn(PRODUCT, text, where)
        for element in html.fromstring(text).iter():
            if not isinstance(element.tag, str):
                continue
            self.assertNotEqual(element.get("id"), "pwned", where)
            for name, value in element.attrib.items():
                if "pwned" in value:
                    self.assertFalse(name.lower().startswith("on"), (where, name))
                    self.assertNotRegex(value.strip().lower(), r"^(javascript|data):", where)
            self.assertFalse(element.tag == "img" and element.get("src") == "x", where)
            if element.tag == "script":
                self.assertNotRegex(element.text or "", r"^\s*pwned", where)
