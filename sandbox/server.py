"""The sandbox as an HTTP server on the loopback address."""

import logging
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import control
from .errors import server_error
from .http import Response
from .page import Page
from .postman import Postman
from .state import NoFile, StateFile

HOST = "127.0.0.1"
HANG = 60.0  # how long an answer that never comes is waited for
_logger = logging.getLogger(__name__)


class SandboxServer(ThreadingHTTPServer):
    """Serves one sandbox: `/v1/…` the API, `/c/…` the checkout page, `/_sandbox/…` the controls.

    `port` 0 takes a free one; `state` names the file that keeps everything over restarts.
    """

    daemon_threads = True

    def __init__(self, sandbox, port: int = 0, state=None):
        super().__init__((HOST, port), _Handler)
        self.sandbox = sandbox
        self.page = Page(sandbox)
        self.state = StateFile(sandbox, state) if state else NoFile()
        self.state.load()
        sandbox.checkout_base = self.address
        self.postman = Postman(sandbox, self.state.save)

    @property
    def address(self) -> str:
        """Where it listens, such as `http://127.0.0.1:41234`."""
        return f"http://{HOST}:{self.server_address[1]}"

    def run(self) -> None:
        """Serve until `shutdown` is called from another thread."""
        self.postman.start()
        try:
            self.serve_forever(poll_interval=0.1)
        finally:
            self.postman.stop()
            self.server_close()
            self.state.save()

    def answer(self, method, path, body, headers) -> Response:
        """Whatever the path belongs to."""
        try:
            response = self._routed(method, path, body, headers)
        except Exception as error:
            _logger.exception("%s %s", method, path)
            response = Response.from_json(500, server_error(f"The sandbox failed: {error!r}").body)
        self.state.save()
        return response

    def _routed(self, method, path, body, headers) -> Response:
        if path.startswith("/v1/"):
            return self.sandbox.handle(method, path, body, headers)
        if path.startswith("/c/"):
            return self.page.handle(method, path, body, headers)
        if path.startswith("/_sandbox/"):
            return control.handle(self.sandbox, method, path, body)
        if path == "/favicon.ico":
            return Response(204, {}, b"")
        found = path.partition("?")[0] == "/"
        words = f"Stripe sandbox, API version {self.sandbox.contract.version}. No real money.\n"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return Response(200 if found else 404, headers, words.encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet an answer
    server_version = "sandbox"
    sys_version = ""

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        response = self.server.answer(self.command, self.path, body, dict(self.headers.items()))
        if response.trouble:
            self._make_trouble(response)
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_POST = do_DELETE = _serve

    def _make_trouble(self, response):
        """Let the caller wait for an answer that never comes, or break the connection."""
        self.close_connection = True
        if response.trouble == "timeout":
            self._wait_for_hangup(response.seconds or HANG)
        reset = struct.pack("ii", 1, 0)  # close() then sends RST
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)

    def _wait_for_hangup(self, seconds):
        self.connection.settimeout(seconds)
        try:
            self.connection.recv(1)
        except OSError:
            _logger.debug("waited %s seconds", seconds)

    def log_message(self, *args):
        """Log a line that the base class would print."""
        _logger.info(*args)
