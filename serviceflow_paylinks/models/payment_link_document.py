from odoo import models

# How many lines the page shows before it says "and 3 more", and how much of each; of the first one
# beside the amount, so that the button stays on the first screen of a phone.
SHOWN_LINES = 8
LINE_LENGTH = 120
SUMMARY_LENGTH = 60
SECTIONS = ("line_section", "line_subsection")
LINE_FIELDS = "name display_type product_uom_id collapse_prices collapse_composition".split()


class PaymentLink(models.Model):
    """What the page tells of the invoice or order: what stands on it, in short.

    Notes are left out, and so is what the document itself does not show.
    """

    _inherit = "payment.link"

    def _get_document_values(self):
        """Return the lines and sums of the document: empty for a custom amount.

        A draft, and so an invoice that is being corrected, is not shown.

        :return: dict with ``lines`` (dicts of a ``heading`` and its ``items``, which are dicts of
            ``name``, ``quantity``, ``amount``), ``more`` and ``summary`` (sentences), and
            ``totals`` (dicts of ``label``, ``amount``, ``strong``)
        """
        document = self._get_document()
        if not self._may_show_document():
            return {"lines": [], "more": "", "totals": [], "summary": ""}
        lines = self._get_page_lines(document)
        items = [line for line in lines if line["name"]]
        hidden = len(items) - SHOWN_LINES
        return {
            "lines": self._prepare_page_blocks(lines),
            "more": self.env._("and %s more", hidden) if hidden > 0 else "",
            "totals": self._get_totals(document),
            "summary": self._summarize(items),
        }

    def _get_page_lines(self, document):
        """Return what the page shows of the document's lines: list of dicts.

        As the customer's own document: a section whose make-up or prices the business hides is one
        line with its sum. Odoo's `_get_move_lines_to_report` would do, if it did not write to the
        invoice (by `parent_id`, whose computation does).
        """
        result, hiding, sub_hiding = [], None, None
        for line in self._get_document_lines(document):
            if line.display_type in SECTIONS:
                if line.display_type == "line_section":
                    hiding = None
                sub_hiding = None
                shown = self._prepare_page_section(line)
                if not hiding:
                    result.append(shown)
                    if shown["name"] and line.display_type == "line_section":
                        hiding = shown
                    elif shown["name"]:
                        sub_hiding = shown
            elif cover := hiding or sub_hiding:
                cover["sum"] += line[self._amount_field()]
            elif shown := self._prepare_page_item(line):
                result.append(shown)
        return result

    def _prepare_page_blocks(self, lines):
        """Return the lines that are shown, under their headings, as texts."""
        blocks = _by_heading(lines, SHOWN_LINES)
        for block in blocks:
            block["items"] = [
                {
                    "name": item["name"],
                    "quantity": self._describe_quantity(item["line"]) if item["line"] else "",
                    "amount": self._format_money(item["sum"]),
                }
                for item in block["items"]
            ]
        return blocks

    def _get_document_lines(self, document):
        """Return the lines of a document in its order, without notes and down payments."""
        if document._name == "sale.order":
            domain = [("order_id", "=", document.id), ("is_downpayment", "=", False)]
            domain.append(("display_type", "in", [False, *SECTIONS]))
            lines = self.env["sale.order.line"]
        else:
            domain = [("move_id", "=", document.id), ("display_type", "in", ["product", *SECTIONS])]
            lines = self.env["account.move.line"]
        names = [*LINE_FIELDS, _quantity_field(lines), self._amount_field()]
        return lines.search_fetch(domain, names, order="sequence, id")

    def _prepare_page_section(self, line):
        """Return a heading, or the one line that stands for a section with a hidden make-up."""
        hidden = line.collapse_composition or line.collapse_prices
        name = _first_line(line.name)
        return {
            "heading": "" if hidden else name,
            "name": (name or "\N{HORIZONTAL ELLIPSIS}") if hidden else "",
            "line": None,
            "sum": 0.0,
        }

    def _prepare_page_item(self, line):
        """Return what the page shows of a product's line; None for an option not chosen."""
        total = line[self._amount_field()]
        if not line[_quantity_field(line)] and self.currency_id.is_zero(total):
            return None
        return {
            "heading": "",
            "name": _first_line(line.name) or _first_line(line.product_id.display_name),
            "line": line,
            "sum": total,
        }

    def _describe_quantity(self, line):
        """Return ``2.5 Hours``, or nothing for one piece."""
        quantity = line[_quantity_field(line)]
        unit = line.product_uom_id
        pieces = not unit or unit == self.env.ref("uom.product_uom_unit", raise_if_not_found=False)
        number = self._format_quantity(quantity)
        if pieces:
            return "" if quantity == 1 else f"{number} \N{MULTIPLICATION SIGN}"
        return f"{number} {unit.name}"

    def _summarize(self, items):
        """Return in one line what the document is for."""
        if not items:
            return ""
        first, others = shorten(items[0]["name"], SUMMARY_LENGTH), len(items) - 1
        if not others:
            return first
        return self.env._("%(first)s and %(count)s more", first=first, count=others)

    def _amount_field(self):
        """Return the field of a line that the business's documents show, with or without taxes."""
        return "price_total" if self._shows_taxes_included() else "price_subtotal"

    def _shows_taxes_included(self):
        return self.company_id.account_price_include == "tax_included"

    # -- the sums --

    def _get_totals(self, document):
        """Return how the document's total leads to what is paid now: list of dicts."""
        rows = []
        if not self._shows_taxes_included() and not self.currency_id.is_zero(document.amount_tax):
            rows.append((self.env._("Taxes"), document.amount_tax, False))
        rows.append((self.env._("Total"), document.amount_total, True))
        due, left = document._paylinks_amount_due(), self._get_document_residual(document)
        paid = document.amount_total - left
        compare = self.currency_id.compare_amounts
        if compare(paid, 0) > 0:
            rows.append((self.env._("Paid so far"), -paid, False))
        if self._is_payable():
            rows += self._get_totals_to_pay(due, left)
        return [
            {"label": label, "amount": self._format_money(amount), "strong": strong}
            for label, amount, strong in rows
        ]

    def _get_totals_to_pay(self, due, left):
        """Return the rows below what was paid: list of (label, amount, whether it stands out).

        :param float due: what the document owes, less a discount
        :param float left: what is not paid of it, the discount aside
        """
        rows, compare = [], self.currency_id.compare_amounts
        if compare(due, left) < 0:
            rows.append((self.env._("Discount for paying early"), due - left, False))
        if compare(self.amount, due) < 0 and (waiting := self._get_document_in_flight()):
            rows.append((self.env._("On its way"), -waiting, False))
            due -= waiting
        if compare(self.amount, self._get_document().amount_total) < 0:
            rows.append((self.env._("To pay now"), self.amount, True))
        if compare(self.amount, due) < 0:
            rows.append((self.env._("Left after this payment"), due - self.amount, False))
        return rows

    def _get_document_residual(self, document):
        """Return what is not paid of the document, discounts aside."""
        if document._name == "sale.order":
            return document._paylinks_amount_due()
        return document.amount_residual


def _quantity_field(lines):
    return "product_uom_qty" if lines._name == "sale.order.line" else "quantity"


def shorten(text, length):
    """Return the text, or its beginning with an ellipsis where it is longer than that."""
    text = " ".join((text or "").split())
    if len(text) <= length:
        return text
    return text[: length - 1].rstrip(" ,.;:-") + "\N{HORIZONTAL ELLIPSIS}"


def _first_line(text):
    return shorten((text or "").strip().partition("\n")[0], LINE_LENGTH)


def _by_heading(lines, count):
    """Return the lines up to so many items, under their headings; none that nothing follows."""
    blocks, items = [{"heading": "", "items": []}], 0
    for line in lines:
        if line["heading"]:
            blocks.append({"heading": line["heading"], "items": []})
        elif items < count:
            blocks[-1]["items"].append(line)
            items += 1
    return [block for block in blocks if block["items"]]
