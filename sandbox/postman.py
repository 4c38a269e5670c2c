"""Posts webhook deliveries from the server, a few at a time, as Stripe does."""

import http.client
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

TIMEOUT = 10.0
AT_ONCE = 4
EVERY = 0.05
_logger = logging.getLogger(__name__)


def post(url: str, body: bytes, headers: dict, timeout: float = TIMEOUT) -> int | None:
    """The receiver's status, or None without an answer. Redirects are not followed."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        _logger.info("webhook to %s: %s", url, error)
        return None
    finally:
        connection.close()


class Postman(threading.Thread):
    """Lets time do its work and delivers what is due, until `stop`."""

    def __init__(self, sandbox, after_each=lambda: None):
        super().__init__(name="postman", daemon=True)
        self._sandbox = sandbox
        self._after_each = after_each
        self._stopping = threading.Event()

    def run(self):
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery") as pool:
            while not self._stopping.wait(EVERY):
                for delivery in self._sandbox.webhooks.take():
                    pool.submit(self._deliver, delivery)
                self._after_each()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stopping.set()
        self.join(TIMEOUT + 1)

    def _deliver(self, delivery):
        status = post(delivery.url, delivery.body, delivery.headers)
        self._sandbox.webhooks.mark(delivery, status)
