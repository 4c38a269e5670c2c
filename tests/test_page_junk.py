"""Whatever is sent to the page: an answer with manners, never a 500, never a traceback."""

import logging
import re
import string
from urllib.parse import quote

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import tagged

from .page import PageCase

# Each example is a request to a running server.
JUNK = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
ACTIONS = ("", "/checkout", "/return", "/renew", "/document")
NAMES = (
    "csrf_token session_id cancelled back look self token db debug lang _ __class__ kwargs model id"
    " args jsonrpc params utm_source"
).split()

CHOICES = "amount shown tip tip_other again".split()

text = st.text(max_size=60)
# Numbers of every notation and script, and what looks like one.
typed = st.one_of(
    text,
    st.text(alphabet=".,' -+eE$%0123456789\u0660\u0665\uff15\u066b\xa0\x00", max_size=14),
    st.decimals(-10, 250, places=2).map(str),
    st.sampled_from(["", "NaN", "Infinity", "1e400", "9" * 400, "0x10", "\u00b2", "40", "100.00"]),
)
name = st.one_of(st.sampled_from(NAMES), text)
value = st.one_of(
    text, st.sampled_from(["", "0", "-1", "9" * 400, "1o9", "é" * 40 + "o" + "9" * 9])
)
pairs = st.lists(st.tuples(name, value), max_size=6)
# What HTTP lets through in a header, by any client.
header = st.text(string.printable.replace("\n", "").replace("\r", "")[:-4], max_size=80)


@tagged("post_install", "-at_install")
class TestJunk(PageCase):
    def setUp(self):
        super().setUp()
        self.link = self.make_link()
        self.opener.max_redirects = 5
        root = logging.getLogger("odoo.http")
        self.records = []
        handler = logging.Handler(logging.ERROR)
        handler.emit = self.records.append
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.ERROR)
        self.addCleanup(root.setLevel, level)
        self.addCleanup(root.removeHandler, handler)

    def send(self, path, **kwargs):
        answer = kwargs.pop("http", self.opener).request(
            kwargs.pop("method", "GET"),
            self.base_url() + path,
            timeout=30,
            allow_redirects=False,
            **kwargs,
        )
        self.assertLess(answer.status_code, 500, (path, kwargs, answer.text[:300]))
        self.assertFalse(self.records, [record.getMessage() for record in self.records])
        self.assertNotIn("Traceback", answer.text)
        self.assertEqual(answer.headers.get("Referrer-Policy"), "no-referrer", (path, kwargs))
        self.assertEqual(answer.headers.get("Cache-Control"), "no-store")
        return answer

    def test_token(self):
        @JUNK
        @given(token=st.text(min_size=1, max_size=80), action=st.sampled_from(ACTIONS))
        def run(token, action):
            token = quote(token, safe="")
            if token not in (".", ".."):  # Not sent: the client resolves them.
                self.assertEqual(self.send(f"/pay/{token}{action}").status_code, 404)

        run()

    def test_path_below_a_link(self):
        @JUNK
        @given(rest=st.text(string.ascii_letters + string.punctuation + "é \x00", max_size=40))
        def run(rest):
            self.send(f"{self.path(self.link)}/{quote(rest, safe='/;=@')}")

        run()

    def test_query(self):
        @JUNK
        @given(query=pairs, action=st.sampled_from(ACTIONS))
        def run(query, action):
            self.send(self.path(self.link, action), params=query)

        run()

    def test_query_that_is_no_query(self):
        @JUNK
        @given(query=st.text(string.printable.strip() + "%&=;+[]", max_size=60))
        def run(query):
            self.send(self.path(self.link) + "?" + query.replace("#", ""))

        run()

    def test_form(self):
        @JUNK
        @given(form=pairs, action=st.sampled_from(["/checkout", "/renew"]))
        def run(form, action):
            answer = self.send(self.path(self.link, action), method="POST", data=form)
            self.assertEqual(answer.status_code, 400)

        run()
        self.assertFalse(self.client.calls)

    def test_choice_of_whoever_has_the_page(self):
        """What a customer may type, or send in place of what the page offers."""
        self.company.write(
            {
                "paylinks_part_payments": True,
                "paylinks_tips": True,
                "paylinks_tip_account_id": self.env["account.account"].create(
                    {"name": "Tips", "code": "T1PS", "account_type": "income_other"}
                ),
            }
        )
        self.link = self.make_link(100)
        page = self.open_page(self.link).text
        guard = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1]}

        @JUNK
        @given(form=st.dictionaries(st.sampled_from(CHOICES), typed, max_size=4))
        def run(form):
            answer = self.send(
                self.path(self.link, "/checkout"), method="POST", data={**form, **guard}
            )
            self.assertIn(answer.status_code, (303, 422))
            charged = [session["amount_total"] for session in self.open_sessions()]
            self.assertLessEqual(max(charged, default=0), 20000, "no more than all, and as a tip")
            self.assertLessEqual(len(charged), 1)

        run()

    def test_form_of_files(self):
        @JUNK
        @given(form=pairs)
        def run(form):
            files = [(key, (key or "x", val)) for key, val in form if key]
            self.send(self.path(self.link, "/checkout"), method="POST", files=files or {"a": "b"})

        run()

    def test_body_of_any_kind(self):
        kinds = st.sampled_from(
            [
                "application/json",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "application/x-www-form-urlencoded; charset=utf-16",
                "text/plain",
                "",
                "\x7f/\x01",
            ]
        )

        @JUNK
        @given(body=st.binary(max_size=300), kind=kinds)
        def run(body, kind):
            self.send(
                self.path(self.link, "/checkout"),
                method="POST",
                data=body,
                headers={"Content-Type": kind.encode("latin-1")},
            )

        run()
        self.assertFalse(self.client.calls)

    def test_headers(self):
        names = (
            "User-Agent Accept-Language Cookie Purpose Sec-Purpose X-Moz Referer Origin Range"
            " If-None-Match If-Modified-Since Accept X-Requested-With X-Forwarded-For Authorization"
        ).split()

        @JUNK
        @given(headers=st.dictionaries(st.sampled_from(names), header, max_size=5))
        def run(headers):
            headers = {key: val.strip().encode("latin-1") for key, val in headers.items()}
            self.send(self.path(self.link), headers=headers, http=requests.Session())

        # Junk takes the place of the cookie that lets a test's requests in.
        with self.allow_requests(all_requests=True):
            run()

    def test_methods(self):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "POST"):
            for action in ACTIONS:
                self.send(self.path(self.link, action), method=method)
