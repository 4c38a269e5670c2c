from odoo import models
from odoo.modules.db import FunctionStatus


def _trigram(column):
    """Return the definition of an index for the search for a part of a text.

    As ``check_indexes`` of odoo/orm/registry.py makes them for fields; here beside the index that a
    field has already.
    """

    def definition(registry):
        if not registry.has_trigram:
            return ""
        text = column
        if registry.has_unaccent == FunctionStatus.INDEXABLE:
            text = registry.unaccent(column)
        return f"USING gin (({text}) gin_trgm_ops) WHERE {column} IS NOT NULL"

    return definition


class ResPartner(models.Model):
    """Customers are found by a part of what they are known by, among any number of them.

    All columns of ``_rec_names_search``: PostgreSQL reads the whole table if one has no index.
    """

    _inherit = "res.partner"

    _complete_name_trigram_idx = models.Index(_trigram("complete_name"))
    _email_trigram_idx = models.Index(_trigram("email"))
    _ref_trigram_idx = models.Index(_trigram("ref"))
    _vat_trigram_idx = models.Index(_trigram("vat"))
    _company_registry_trigram_idx = models.Index(_trigram("company_registry"))
