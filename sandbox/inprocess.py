"""The sandbox under the Stripe SDK, without a network: an HTTP client class for it.

client = stripe.StripeClient(
    "sk_test_1", http_client=InProcessClient(sandbox), max_network_retries=2
)
"""

import stripe
from requests.structures import CaseInsensitiveDict

from .http import Response

WORDS = {
    "timeout": "ReadTimeout: no answer within {timeout} seconds",
    "reset": "ConnectionError: Connection reset by peer",
    "refused": "ConnectionError: Connection refused",
}


class InProcessClient(stripe.HTTPClient):
    """Hands requests to a sandbox. Retries, and what is retried, are the SDK's own.

    - `timeout`: as given to the real client; an answer slower than this never arrives.
    - `retry_wait`: seconds between retries in place of the SDK's half a second and more.
    """

    name = "sandbox"

    def __init__(self, sandbox, timeout: float = 10.0, retry_wait: float = 0.0):
        super().__init__()
        self.sandbox = sandbox
        self.timeout = timeout
        self.retry_wait = retry_wait
        self.calls: list[tuple[str, str]] = []

    def request(self, method, url, headers, post_data=None, *, _usage=None):
        """One attempt: body, status and headers, or `APIConnectionError` as from `requests`."""
        path = url.split("://", 1)[-1]
        path = path[path.index("/") :]
        self.calls.append((method.upper(), path))
        response = self.sandbox.handle(method, path, post_data or b"", headers)
        self._raise_trouble(response)
        return response.body, response.status, CaseInsensitiveDict(response.headers)

    def close(self):
        """Nothing is open."""

    def _raise_trouble(self, response: Response):
        trouble = response.trouble
        if trouble is None and response.seconds >= self.timeout:
            trouble = "timeout"
        if trouble is None:
            return
        said = WORDS[trouble].format(timeout=self.timeout)
        raise stripe.APIConnectionError(
            "Unexpected error communicating with Stripe.  If this problem persists, let us know "
            f"at support@stripe.com.\n\n(Network error: {said})",
            should_retry=True,
        )

    def _sleep_time_seconds(self, num_retries):
        return self.retry_wait
