"""The people who look at a business's documents in the portal, and what they find there."""

from lxml import html
from odoo.tests import new_test_user

from .common import PaylinksCase


class PortalCase(PaylinksCase):
    """A company that is a customer, two of its people with an account, and a stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.firm = partners.create({"name": "Harper Dental", "is_company": True})
        cls.customer.parent_id = cls.firm
        cls.other_firm = partners.create({"name": "Elsewhere Ltd", "is_company": True})
        cls.users = {
            name: cls._new_user(name, parent)
            for name, parent in (
                ("boss", cls.firm),
                ("colleague", cls.firm),
                ("stranger", cls.other_firm),
            )
        }

    @classmethod
    def _new_user(cls, name, parent, groups="base.group_portal"):
        user = new_test_user(cls.env, f"paylinks_{name}", groups)
        user.partner_id.parent_id = parent
        return user

    def visit(self, path, user=None):
        """Open a page of the portal; return it as a tree.

        :param str user: one of `users`; None for a visitor without an account
        """
        self.authenticate(user and f"paylinks_{user}", user and f"paylinks_{user}")
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200, answer.text[-800:])
        return html.fromstring(answer.content)

    def list_rows(self, user="boss", query=""):
        """Return the rows of the portal's list: {title of what is paid: row}."""
        page = self.visit(f"/my/payment-links{query}", user)
        rows = page.xpath("//table[contains(@class, 'o_portal_my_doc_table')]/tbody/tr")
        return {self.text(row.xpath("td[2]/text()|td[2]/a")): row for row in rows}

    def text(self, nodes):
        """Return the visible words of nodes, with single spaces."""
        nodes = nodes if isinstance(nodes, list) else [nodes]
        words = (node if isinstance(node, str) else node.text_content() for node in nodes)
        return " ".join(" ".join(words).replace("\N{NO-BREAK SPACE}", " ").split())

    def make_order(self, **values):
        """A quotation that was sent and asks for a prepayment of a third."""
        order = self.make_boiler_order(**{"require_signature": False, **values})
        order.action_quotation_sent()
        return order
