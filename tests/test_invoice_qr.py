"""The QR code on the invoice's PDF: read back from the printed page, it is exactly the link."""

import base64
import io

import pypdfium2
import zxingcpp
from lxml import html
from odoo.tests import new_test_user
from PIL import Image

from .common import PaylinksCase

WITH_PAYMENTS = "account.account_invoices"
WITHOUT_PAYMENTS = "account.account_invoices_without_payment"
PRINTER_DPI = 150


def read_codes(picture):
    """Return what the QR codes of a picture say."""
    return [code.text for code in zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode)]


class TestInvoiceQr(PaylinksCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link(120)
        self.invoice = self.link.invoice_id
        # wkhtmltopdf fetches the report's styles from here.
        self.env["ir.config_parameter"].set_param("report.url", self.base_url())

    def print_html(self, invoices=None, report=WITH_PAYMENTS, user=None):
        reports = self.env["ir.actions.report"].with_user(user or self.env.user)
        ids = (invoices or self.invoice).ids
        content, _type = reports._render_qweb_html(report, ids, data={"report_type": "pdf"})
        return html.fromstring(content)

    def printed_codes(self, **kwargs):
        """Return the addresses of the codes in the report, and the codes read back."""
        page = self.print_html(**kwargs)
        addresses = page.xpath("//table[@id='paylinks_qr']//td[2]//a/text()")
        pictures = page.xpath("//table[@id='paylinks_qr']//img/@src")
        read = []
        for source in pictures:
            head, _comma, data = source.partition(",")
            self.assertEqual(head, "data:image/png;base64")
            read += read_codes(Image.open(io.BytesIO(base64.b64decode(data))))
        self.assertEqual(addresses, read, "code and address are of one link")
        return read

    def print_pdf(self, report):
        """Return the report as a PDF document, made by wkhtmltopdf."""
        reports = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, kind = reports._render_qweb_pdf(report, self.invoice.ids)
        self.assertEqual(kind, "pdf")
        return pypdfium2.PdfDocument(content)

    def codes_on_paper(self, report=WITH_PAYMENTS):
        """Return what a telephone reads on each page, printed by a printer of little means."""
        pages = self.print_pdf(report)
        return [read_codes(page.render(scale=PRINTER_DPI / 72).to_pil()) for page in pages]

    # -- on paper --

    def test_code_on_the_printed_page_is_exactly_the_link(self):
        for report in (WITH_PAYMENTS, WITHOUT_PAYMENTS):
            with self.subTest(report):
                self.assertEqual(self.codes_on_paper(report), [[self.link.url]])

    def test_nothing_on_the_paper_of_a_paid_invoice(self):
        self.pay_by_bank_transfer(self.invoice)
        self.assertEqual(self.codes_on_paper(), [[]])

    def test_odoos_own_send_prints_the_link_that_it_makes(self):
        invoice = self.make_invoice(80)
        self.assertFalse(invoice.payment_link_ids)
        send = self.env["account.move.send"].with_context(force_report_rendering=True)
        send._generate_and_send_invoices(invoice, sending_methods=["email"])
        self.assertTrue(invoice.payment_link_ids)
        pages = pypdfium2.PdfDocument(invoice.invoice_pdf_report_id.raw)
        codes = [read_codes(page.render(scale=PRINTER_DPI / 72).to_pil()) for page in pages]
        self.assertEqual(codes, [[invoice.payment_link_ids.url]])

    def test_download_by_odoos_own_send_makes_no_link(self):
        invoice = self.make_invoice(80)
        self.env["account.move.send"]._generate_and_send_invoices(
            invoice, sending_methods=["manual"]
        )
        self.assertFalse(invoice.payment_link_ids)

    # -- when --

    def test_open_link_with_a_caption_and_no_amount(self):
        self.assertEqual(self.printed_codes(), [self.link.url])
        (block,) = self.print_html().xpath("//table[@id='paylinks_qr']")
        self.assertEqual(
            " ".join(block.text_content().split()),
            f"Scan to pay or open this address: {self.link.url}",
        )

    def test_paid_through_the_link(self):
        self.pay(self.link)
        self.deliver_webhooks()
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self.printed_codes(), [])

    def test_paid_otherwise_in_part_and_in_full(self):
        self.pay_by_bank_transfer(self.invoice, 20)
        self.assertEqual(self.printed_codes(), [self.link.url])
        self.pay_by_bank_transfer(self.invoice)
        self.assertEqual(self.printed_codes(), [])

    def test_bank_debit_under_way(self):
        attempt = self.open_checkout(self.link)
        self.sandbox.customer.pay_by_bank(attempt.checkout_ref)
        self.deliver_webhooks()
        self.assertEqual(self.link.state, "processing")
        self.assertEqual(self.printed_codes(), [])

    def test_expired_or_deleted(self):
        self.expire_by_time(self.link)
        self.assertEqual(self.printed_codes(), [])
        self.link.expires_at = False
        self.assertEqual(self.printed_codes(), [self.link.url])
        self.link.cancel()
        self.assertEqual(self.printed_codes(), [])

    def test_draft(self):
        self.invoice.button_draft()
        self.assertEqual(self.printed_codes(), [])
        self.assertEqual(self.printed_codes(invoices=self.make_invoice(post=False)), [])

    def test_printing_makes_no_link(self):
        before = self.env["payment.link"].search_count([])
        self.assertEqual(self.printed_codes(invoices=self.make_invoice()), [])
        self.assertEqual(self.env["payment.link"].search_count([]), before)

    def test_new_address(self):
        self.link.rotate_token()
        self.assertEqual(self.printed_codes(), [self.link.url])

    def test_balance_before_an_agreed_amount(self):
        part = self.env["payment.link"].create({"invoice_id": self.invoice.id, "amount": 20})
        self.assertEqual(self.printed_codes(), [self.link.url])
        self.link.cancel()
        self.assertEqual(self.printed_codes(), [part.url])

    # -- the company's choice --

    def test_setting(self):
        self.assertTrue(self.company.paylinks_invoice_qr, "on by default")
        self.env["res.config.settings"].create({"paylinks_invoice_qr": False}).execute()
        self.assertEqual(self.printed_codes(), [])

    def test_setting_of_another_company_decides_nothing(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        other.paylinks_invoice_qr = False
        self.assertEqual(self.printed_codes(), [self.link.url])
        other.paylinks_invoice_qr = True
        self.company.paylinks_invoice_qr = False
        self.assertEqual(self.printed_codes(), [])

    def test_stocks_code_makes_room_for_ours(self):
        self.company.link_qr_code = True
        page = self.print_html()
        self.assertFalse(page.xpath("//*[@id='payment_link_qrcode']"))
        self.assertTrue(page.xpath("//*[@id='paylinks_qr']"))

    # -- for whom --

    def test_clerk_without_rights_on_links_prints_it(self):
        clerk = new_test_user(self.env, "paylinks_biller", "account.group_account_invoice")
        self.assertFalse(self.env["payment.link"].with_user(clerk).has_access("read"))
        self.assertEqual(self.printed_codes(user=clerk), [self.link.url])

    def test_words_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        view = self.env.ref("serviceflow_paylinks.report_invoice_document")
        view.update_field_translations("arch_db", {"fr_FR": {"Scan to pay": "Scannez pour payer"}})
        words = self.print_html().xpath("//table[@id='paylinks_qr']")[0].text_content()
        self.assertIn("Scannez pour payer", words)

    # -- how fast --

    def test_queries_do_not_grow_with_the_invoices(self):
        def measure(invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            found = [invoice._paylinks_get_printed_link() for invoice in invoices]
            self.assertTrue(all(found))
            return self.cr.sql_log_count - before

        invoices = self.env["account.move"].union(
            *(self.make_link(amount).invoice_id for amount in range(10, 30))
        )
        measure(invoices[:2])
        self.assertLessEqual(measure(invoices), measure(invoices[:2]))
