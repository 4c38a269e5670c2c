"""What takes messages in the tests: a mail server, Odoo's text message service and Twilio's.

All of them listen on the loopback address and keep what they get; none knows Odoo.
"""

import email
import email.policy
import json
import socketserver
import threading
import time
from base64 import b64decode
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class MailServer:
    """An SMTP server (RFC 5321).

    ``refuse`` holds words: a recipient with one of them is turned down. While ``silent`` is set, a
    message is taken but not acknowledged: the client waits, and knows nothing.
    """

    def __init__(self):
        self.messages = []
        self.connections = 0
        self.refuse = set()
        self.delay = 0  # seconds that it takes for each message
        self.silent = threading.Event()
        server = type("Server", (socketserver.ThreadingTCPServer,), {"daemon_threads": True})
        self._server = server(("127.0.0.1", 0), _Smtp)
        self._server.office = self
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.silent.clear()
        self._server.shutdown()
        self._server.server_close()

    def to(self, address):
        """The messages to an address, the oldest first."""
        return [message for message in self.messages if address in message["To"]]


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        office = self.server.office
        office.connections += 1
        self._say("220 post office")
        while line := self.rfile.readline():
            verb = line.split(b":")[0].strip().upper()
            if verb == b"DATA":
                self._say("354 go on")
                self._keep(office, self._read())
            elif verb == b"RCPT TO" and any(word in line.decode() for word in office.refuse):
                self._say("550 5.1.1 no such mailbox")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _keep(self, office, data):
        office.messages.append(email.message_from_bytes(data, policy=email.policy.default))
        time.sleep(office.delay)
        while office.silent.is_set():
            time.sleep(0.05)
        self._say("250 kept")

    def _say(self, text):
        with suppress(OSError):  # The client may be gone.
            self.wfile.write(f"{text}\r\n".encode())

    def _read(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class TextServer:
    """Odoo's text message service (``/api/sms/3/send``) and Twilio's (``/2010-04-01/…``).

    ``answers`` holds by number what becomes of it: for Odoo's a state, for Twilio's a code of
    error; while ``silent`` is set nothing is answered.
    """

    def __init__(self):
        self.texts = []
        self.answers = {}
        self.silent = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Texts)
        self._server.office = self
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.silent.clear()
        self._server.shutdown()
        self._server.server_close()

    def to(self, number):
        """The texts to a number, the oldest first."""
        return [text for text in self.texts if text["number"] == number]


class _Texts(BaseHTTPRequestHandler):
    def do_POST(self):
        office = self.server.office
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/2010-04-01/"):
            status, answer = self._twilio(office, parse_qs(body.decode()))
        else:
            status, answer = 200, self._odoo(office, json.loads(body))
        while office.silent.is_set():
            time.sleep(0.05)
        data = json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass  # The client is gone.

    def _odoo(self, office, request):
        results = []
        for message in request["params"]["messages"]:
            for target in message["numbers"]:
                state = office.answers.get(target["number"], "success")
                if state == "success":
                    office.texts.append({"body": message["content"], **target})
                results.append({"uuid": target["uuid"], "state": state, "credit": 1})
        return {"jsonrpc": "2.0", "id": request.get("id"), "result": results}

    def _twilio(self, office, form):
        account, _colon, token = (
            b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")
        )
        number = form["To"][0]
        if code := office.answers.get(number):
            message = f"The 'To' number {number} is not valid"
            return 400, {"code": code, "message": message, "status": 400}
        callback = form["StatusCallback"][0]
        office.texts.append(
            {
                "body": form["Body"][0],
                "number": number,
                "from": form["From"][0],
                "uuid": callback.rpartition("/")[2],
                "callback": callback,
                "account": account,
                "token": token,
            }
        )
        return 201, {"sid": f"SM{len(office.texts):032d}", "status": "queued", "error_code": None}

    def log_message(self, *_arguments):
        pass
