import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Fewer digits than these tell nothing.
FEWEST_DIGITS = 3
# What a phone number is written with, in any notation.
PHONE = re.compile(r"^[\d\s().+/\-]+$")


class PaymentLink(models.Model):
    """Finding a link by whatever the customer says on the phone. Each search has its index."""

    _inherit = "payment.link"

    name = fields.Char(index="trigram")
    description = fields.Char(index="trigram")
    email = fields.Char(index="trigram")
    phone = fields.Char(index="trigram")

    # The filter "never opened"; empty on a new link, which so costs nothing.
    _never_opened_idx = models.Index(
        "(id) INCLUDE (company_id, state) WHERE sent_at IS NOT NULL AND opened_at IS NULL"
    )

    search_all = fields.Char("Anything", store=False, search="_search_all", exportable=False)
    search_document = fields.Char(
        "Document Number", store=False, search="_search_document", exportable=False
    )
    search_phone = fields.Char(
        "Phone in Any Notation", store=False, search="_search_phone", exportable=False
    )

    def _search_all(self, operator, value):
        return self._search_each(operator, value, self._find_anything)

    def _search_document(self, operator, value):
        return self._search_each(operator, value, self._find_document)

    def _search_phone(self, operator, value):
        return self._search_each(operator, value, self._find_phone)

    @api.model
    def _search_each(self, operator, value, find):
        """Return the domain of a search for one text, or for several.

        :param find: function of a text, returning the domains that any of it may match
        """
        if operator == "in":
            texts = [text for text in value if text]
        elif operator in ("like", "ilike", "=like", "=ilike"):
            texts = [value]
        else:
            return NotImplemented
        return self._any_of([domain for text in texts for domain in find(str(text).strip())])

    @api.model
    def _any_of(self, domains):
        """Return a domain for links that fit any of these, each looked up by its own index.

        PostgreSQL reads the whole table for conditions on several tables that are joined by OR.
        """
        if not domains:
            return Domain.FALSE
        queries = [self.sudo()._search(Domain(domain)) for domain in domains]
        found = SQL(" UNION ").join(SQL("(%s)", query.select()) for query in queries)
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "%s IN (%s)", SQL.identifier(alias, "id"), found
            )
        )

    @api.model
    def _find_anything(self, text):
        domains = [
            [("name", "ilike", text)],
            [("description", "ilike", text)],
            [("email", "ilike", text)],
            [("partner_id", "any", [("complete_name", "ilike", text)])],
            *self._find_document(text),
        ]
        if PHONE.match(text):
            domains += self._find_phone(text)
        return domains

    @api.model
    def _find_document(self, text):
        return [
            [("invoice_id", "any", [("name", "ilike", text)])],
            [("sale_order_id", "any", [("name", "ilike", text)])],
        ]

    @api.model
    def _find_phone(self, text):
        """Return the domains for a phone number as people write it: "(202) 555-0143", "0044 20 …".

        It is read as a number of each company's country; a part of a number, or one of another
        country, is found by its digits.
        """
        domains = []
        for country in self.env.companies.country_id:
            partner = self.env["res.partner"].new({"country_id": country.id})
            if number := self._format_phone(text, partner):
                domains.append([("phone", "=", number)])
        # Not the zeros that stand for a country's prefix or for a long-distance call.
        digits = re.sub(r"\D", "", text).lstrip("0")
        if len(digits) >= FEWEST_DIGITS:
            domains.append([("phone", "like", digits)])
        return domains
