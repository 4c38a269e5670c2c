"""What the documents say is there: the queries run, the tests they name exist."""

import re

from odoo.tests import tagged

from dev import paths

from .common import PaylinksCase

DOCS = paths.ROOT / "docs"


@tagged("post_install", "-at_install")
class TestDocs(PaylinksCase):
    def test_the_queries_of_monitoring(self):
        """They run; and a business where all is well gets no row."""
        link = self.make_link()
        self.pay(link)
        self.deliver_webhooks()
        self.env.flush_all()
        text = (DOCS / "operations.md").read_text()
        queries = [
            query
            for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
            for query in re.split(r";\s*", block)
            if query.strip()
        ]
        self.assertGreaterEqual(len(queries), 5)
        for query in queries:
            with self.subTest(query[:60]):
                self.env.cr.execute(query)
                rows = self.env.cr.fetchall()
                if "ir_cron" not in query:  # of a test's database: no schedule runs there
                    self.assertFalse(rows)

    def test_the_queries_find_what_is_wrong(self):
        self.env["payment.link.event"].create(
            {
                "provider_id": self.provider.id,
                "event_ref": "evt_stuck",
                "event_type": "checkout.session.completed",
                "kind": "checkout",
                "state": "failed",
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_link_event SET create_date = now() - interval '2 days'"
            " WHERE event_ref = 'evt_stuck'"
        )
        text = (DOCS / "operations.md").read_text()
        query = re.search(r"(SELECT [^;]*FROM payment_link_event[^;]*);", text)[1]
        self.env.cr.execute(query)
        self.assertIn("evt_stuck", str(self.env.cr.fetchall()))

    def test_the_tests_that_are_named(self):
        text = (DOCS / "security.md").read_text()
        files = set(re.findall(r"`((?:test_)?\w+\.py)", text))
        self.assertGreater(len(files), 10)
        sources = {}
        for name in files - {"logs.py"}:
            with self.subTest(name):
                place = paths.ROOT / ("dev" if name.startswith("pytest_") else "tests") / name
                sources[name] = place.read_text()
        everything = "\n".join(sources.values())
        for name in re.findall(r"\b(?:test_\w+|Test[A-Z]\w+)\b(?!\.py)", text):
            with self.subTest(name):
                self.assertRegex(everything, rf"(def|class) {name}\b")
