"""The document behind the button "View invoice"."""

from .page import HEADERS, PageCase


class TestDocument(PageCase):
    def test_this_document_and_no_other(self):
        link = self.make_link()
        other = self.make_link(77)
        answer = self.url_open(self.path(link, f"/document?id={other.invoice_id.id}"))
        self.assertEqual(answer.status_code, 200)
        self.assertIn(link.invoice_id.name, answer.text)
        self.assertNotIn(other.invoice_id.name, answer.text)
        name = link.invoice_id.name.replace("/", "_")
        self.assertIn(f"{name}.pdf", answer.headers["Content-Disposition"])
        self.assertTrue(answer.headers["Content-Disposition"].startswith("inline"))
        for header, value in HEADERS.items():
            self.assertEqual(answer.headers.get(header), value)

    def test_what_odoo_has_sent_is_what_the_customer_sees(self):
        link = self.make_link()
        self.env["ir.attachment"].create(
            {
                "name": "whatever.pdf",
                "raw": b"%PDF-1.4 as sent",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": link.invoice_id.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        link.invoice_id.invalidate_recordset()
        answer = self.url_open(self.path(link, "/document"))
        self.assertEqual(answer.content, b"%PDF-1.4 as sent")
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")

    def test_a_look_leaves_nothing_with_the_document(self):
        link = self.make_link()
        before = self.env["ir.attachment"].search_count([("res_model", "=", "account.move")])
        self.url_open(self.path(link, "/document"))
        after = self.env["ir.attachment"].search_count([("res_model", "=", "account.move")])
        self.assertEqual(before, after)

    def test_made_once_for_many_looks(self):
        link = self.make_link()
        made = []
        plain = type(link)._make_pdf

        def count(record):
            made.append(record._get_pdf_key())
            return plain(record)

        self.patch(type(link), "_make_pdf", count)
        for _look in range(4):
            self.assertEqual(self.url_open(self.path(link, "/document")).status_code, 200)
        self.assertEqual(len(made), 1, made)
        self.pay_by_bank_transfer(link.invoice_id, 40)
        self.url_open(self.path(link, "/document"))
        self.assertEqual(len(made), 2, "it looks different now")

    def test_new_address_makes_a_new_document(self):
        """Its code would lead nowhere."""
        link = self.make_link()
        self.assertIn(link.token, self.url_open(self.path(link, "/document")).text)
        old = link.token
        link.rotate_token()
        text = self.url_open(self.path(link, "/document")).text
        self.assertIn(link.token, text)
        self.assertNotIn(old, text)

    def test_draft_cancelled_and_custom_have_none(self):
        draft, cancelled = self.make_link(), self.make_link()
        draft.invoice_id.button_draft()
        cancelled.invoice_id.button_draft()
        cancelled.invoice_id.button_cancel()
        for link in (draft, cancelled, self.make_custom_link()):
            self.assertEqual(self.url_open(self.path(link, "/document")).status_code, 404)
            if link.state != "cancelled":
                self.assertNotIn("/document", self.open_page(link).text)

    def test_without_the_program_that_makes_it(self):
        self.patch(
            self.registry["ir.actions.report"], "get_wkhtmltopdf_state", lambda reports: "install"
        )
        link = self.make_link()
        self.assertNotIn("/document", self.open_page(link).text)
        self.assertEqual(self.url_open(self.path(link, "/document")).status_code, 404)
