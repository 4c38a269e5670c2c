"""Browsers and Stripe's messengers: requests to Odoo's own WSGI application, in this process.

No socket and no other thread: a request costs what Odoo needs for it, and it can die half-way.
"""

import threading

from odoo import http
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from werkzeug.test import EnvironBuilder, run_wsgi_app

KEY = "chaos"


class Killed(BaseException):
    """The worker's process died at this moment: nothing of Odoo's own catches this."""


class Answer:
    """What came back: ``status`` (0: the connection broke), ``text``, ``headers``."""

    def __init__(self, status=0, text="", headers=None):
        self.status, self.text, self.headers = status, text, headers or {}


class Browser:
    """One session with Odoo.

    :param case: the test, whose database the requests work on
    """

    def __init__(self, case):
        self.case = case
        case.http_request_key = KEY
        self._cookies = {TEST_CURSOR_COOKIE_NAME: KEY}
        self._csrf = None

    def get(self, path):
        return self._send(path, "GET")

    def post_form(self, path, **fields):
        """Post a form of ours, as a page that this browser has open would."""
        return self._send(path, "POST", data={"csrf_token": self._get_csrf(), **fields})

    def post(self, path, body, headers):
        """Post bytes, as a webhook does."""
        headers = {**headers, "Cookie": f"{TEST_CURSOR_COOKIE_NAME}={KEY}"}
        return self._send(path, "POST", data=body, headers=headers)

    def _send(self, path, method, data=None, headers=None):
        env, thread = self.case.env, threading.current_thread()
        env.flush_all()
        kept = {name: getattr(thread, name, None) for name in ("dbname", "uid")}
        if headers is None:
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers = {"Cookie": cookies, "User-Agent": "Mozilla/5.0 (X11) Firefox/140.0"}
        builder = EnvironBuilder(
            path, self.case.base_url(), method=method, data=data, headers=list(headers.items())
        )
        try:
            body, status, answered = run_wsgi_app(http.root, builder.get_environ(), buffered=True)
        except Killed:
            return Answer()
        finally:
            for name, value in kept.items():
                setattr(thread, name, value)
            env.invalidate_all()
        self._keep_session(answered)
        text = b"".join(body).decode(errors="replace")
        return Answer(int(status.split()[0]), text, answered)

    def _keep_session(self, headers):
        for cookie in headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            if name == "session_id":
                self._cookies[name] = rest.partition(";")[0]

    def _get_csrf(self):
        """Any page's token serves every form of the session."""
        if not self._csrf:
            page = self.get("/web/login").text
            self._csrf = page.split('csrf_token: "')[1].split('"')[0]
        return self._csrf
