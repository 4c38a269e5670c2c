"""What fails in the database or on the way to the page is logged without the links' tokens."""

import logging

import psycopg2
from odoo.addons.serviceflow_paylinks import const, logs
from odoo.tools import SQL

from .page import PageCase


class TestLogTokens(PageCase):
    def break_it(self, query, *params):
        """Run a statement that fails; return what the database's layer logged."""
        with (
            self.assertLogs("odoo.sql_db", "ERROR") as watch,
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(SQL(query, *params))
        return "\n".join(watch.output)

    def test_length(self):
        link = self.make_link()
        self.assertEqual(len(link.token), const.TOKEN_LENGTH)

    def test_statements_that_fail(self):
        link = self.make_link()
        body = f'<p>Dear Ada, <a href="{link.url}">Pay</a> or {link.url}</p>'
        for query, value in (
            (
                'SELECT id FROM "payment_link" WHERE "payment_link"."token" IN (%s) AND x',
                link.token,
            ),
            ("SELECT id FROM payment_link WHERE token = ANY(%s) AND x", [link.token, "b" * 24]),
            ('INSERT INTO "payment_link" ("name", "token") VALUES (\'PL/1\', %s)', link.token),
            ('UPDATE "payment_link" SET "token" = %s, x = 1', link.token),
            ("INSERT INTO mail_message (body) VALUES (%s)", body),
            ("INSERT INTO mail_mail (body_html) VALUES (%s)", body),
            ("INSERT INTO sms_sms (body, number) VALUES (%s, 1, 2)", f"Pay here: {link.url}"),
        ):
            with self.subTest(query):
                logged = self.break_it(query, value)
                self.assertIn("bad query", logged)
                self.assertRegex(logged, r"\[(token|values)\]")
                self.assertNotIn(link.token, logged)

    def test_what_the_database_says_of_them(self):
        """It repeats the row."""
        link = self.make_link()
        logged = self.break_it("UPDATE payment_link SET name = NULL WHERE id = %s", link.id)
        self.assertIn("Failing row contains", logged)
        self.assertNotIn(link.token, logged)

    def test_the_rest_is_told(self):
        logged = self.break_it(
            'SELECT "a_name_of_twenty_four_it" FROM "payment_link" WHERE name = %s', "PL/2026/1"
        )
        self.assertIn('"a_name_of_twenty_four_it"', logged)
        self.assertIn("PL/2026/1", logged)

    def test_a_form_below_a_language(self):
        link = self.make_link()
        with self.assertLogs("odoo.addons.http_routing.models.ir_http", "DEBUG") as watch:
            self.url_open(f"/en_US{self.path(link, '/checkout')}", data={"a": "b"})
        logged = "\n".join(watch.output)
        self.assertIn("/en_US/pay/[token]/checkout", logged)
        self.assertNotIn(link.token, logged)

    def test_tracebacks(self):
        token = "Ab3_-9zQ" * 3
        for name in logs.LOGGERS:
            with self.assertLogs(name) as watch:
                try:
                    raise ValueError(f"no such page: https://x.example/pay/{token}")
                except ValueError:
                    logging.getLogger(name).exception("Exception during request handling.")
            record = watch.records[0]
            self.assertNotIn(token, logging.Formatter().format(record))
            self.assertIn("/pay/[token]", logging.Formatter().format(record))
