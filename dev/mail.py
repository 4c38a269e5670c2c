"""The demo's mail server: it keeps every message in `.dev/mail` and sends none."""

import socketserver
import threading
import time

from dev import paths, ports

FOLDER = paths.WORK / "mail"


class MailBox:
    """An SMTP server on the loopback address that writes what it gets to files."""

    def __init__(self):
        FOLDER.mkdir(exist_ok=True)
        self._server = _Server((ports.HOST, 0), _Conversation)
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Conversation(socketserver.StreamRequestHandler):
    """One SMTP session (RFC 5321), as far as a client that only sends mail needs it."""

    def handle(self):
        self._say("220 demo mail box")
        while line := self.rfile.readline():
            verb = line.split(b":")[0].strip().upper()
            if verb == b"DATA":
                self._say("354 go on")
                self._keep(self._message())
                self._say("250 kept")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def _message(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    @staticmethod
    def _keep(message):
        stamp = time.strftime("%Y%m%d-%H%M%S")
        (FOLDER / f"{stamp}-{time.monotonic_ns() % 10**9:09d}.eml").write_bytes(message)
