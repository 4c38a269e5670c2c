"""The sandbox as a server: API, controls, webhooks, persistence, a clean stop."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stripe

from sandbox import Sandbox
from sandbox.server import SandboxServer
from sandbox.testing import session_params

ROOT = Path(__file__).resolve().parent.parent


class Running:
    """A server in this process, with a client of the SDK."""

    def __init__(self, sandbox, **options):
        self.sandbox = sandbox
        self.server = SandboxServer(sandbox, **options)
        self.address = self.server.address
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        self.api = client(self.address)

    def stop(self):
        self.server.shutdown()
        self.thread.join()

    def control(self, method, path, data=None):
        return control(self.address, method, path, data)


def client(address, timeout=5):
    return stripe.StripeClient(
        "sk_test_1",
        base_addresses={"api": address},
        http_client=stripe.RequestsClient(timeout=timeout),
        max_network_retries=0,
    ).v1


def control(address, method, path, data=None):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(f"{address}/_sandbox/{path}", body, method=method)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def eventually(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@pytest.fixture
def running():
    running = Running(Sandbox(backoff=(0.05, 0.1)))
    yield running
    running.stop()


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((body, self.headers["Stripe-Signature"]))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, *args):
        """Keep quiet."""


@pytest.fixture
def hook():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    server.got, server.statuses = [], []
    threading.Thread(target=server.serve_forever).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_sdk_talks_to_it(running):
    session = running.api.checkout.sessions.create(session_params())
    assert session.url == f"{running.address}/c/pay/{session.id}"
    assert running.address.startswith("http://127.0.0.1:")
    running.control("POST", f"sessions/{session.id}/pay", {"card": "4242424242424242"})
    assert running.api.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert running.control("GET", "violations") == []


def test_webhooks_are_posted_and_retried(running, hook):
    hook.statuses[:] = [500, 503]
    endpoint = running.api.webhook_endpoints.create(
        {
            "url": f"http://127.0.0.1:{hook.server_address[1]}/hook",
            "enabled_events": ["checkout.session.completed"],
        }
    )
    session = running.api.checkout.sessions.create(session_params())
    running.control("POST", f"sessions/{session.id}/pay", {})
    assert eventually(lambda: len(hook.got) == 3)
    for body, signature in hook.got:
        event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
        assert event.data.object.id == session.id
    assert eventually(lambda: not running.control("GET", "webhooks")["queue"])


def test_the_controls(running):
    session = running.api.checkout.sessions.create(session_params())
    declined = running.control("POST", f"sessions/{session.id}/pay", {"card": "4000000000000002"})
    assert (declined["status"], declined["code"]) == ("declined", "card_declined")
    outcome = running.control("POST", f"sessions/{session.id}/pay_by_bank", {})
    assert outcome["status"] == "processing"
    assert (
        running.control("POST", f"intents/{outcome['intent']}/settle", {})["status"] == "succeeded"
    )
    refund = running.control("POST", f"intents/{outcome['intent']}/refund", {"amount": 100})
    assert running.control("POST", f"refunds/{refund['id']}/settle", {})["status"] == "succeeded"
    dispute = running.control("POST", f"intents/{outcome['intent']}/dispute", {})
    assert (
        running.control("POST", f"disputes/{dispute['id']}/close", {"won": False})["status"]
        == "lost"
    )
    assert [s["id"] for s in running.control("GET", "sessions?status=complete")] == [session.id]
    later = running.control("POST", "clock", {"advance": 90_000})["now"]
    assert later > time.time() + 80_000
    with pytest.raises(urllib.error.HTTPError) as closed:
        running.control("POST", f"sessions/{session.id}/pay", {})
    assert closed.value.code == 409
    for wrong in ("sessions/cs_test_none/pay", "nothing/here"):
        with pytest.raises(urllib.error.HTTPError) as missing:
            running.control("POST", wrong, {})
        assert missing.value.code == 404
    running.control("POST", "webhooks/delay", {"seconds": 3, "types": "charge.*"})
    running.control("POST", "webhooks/clear", {})
    crafted = {"event_type": "charge.failed", "obj": {}, "secret": "whsec_x"}
    assert "Stripe-Signature" in running.control("POST", "webhooks/craft", crafted)["headers"]
    running.control("POST", "reset", {})
    assert running.control("GET", "sessions") == []


def test_faults_over_the_wire(running):
    slow = client(running.address, timeout=0.3)
    running.control("POST", "faults", {"kind": "timeout", "path": "/v1/account"})
    with pytest.raises(stripe.APIConnectionError, match="Timeout"):
        slow.accounts.retrieve_current()
    running.control("POST", "faults", {"kind": "reset", "path": "/v1/account"})
    with pytest.raises(stripe.APIConnectionError, match="Connection"):
        slow.accounts.retrieve_current()
    running.control("POST", "faults", {"kind": "slow", "path": "/v1/account", "seconds": 0.6})
    with pytest.raises(stripe.APIConnectionError, match="Timeout"):
        slow.accounts.retrieve_current()
    running.control("POST", "faults", {"kind": "error", "times": None})
    with pytest.raises(stripe.APIError):
        slow.accounts.retrieve_current()
    assert len(running.control("GET", "faults")) == 1
    running.control("DELETE", "faults")
    assert slow.accounts.retrieve_current().charges_enabled


def test_everything_is_kept_over_a_restart(tmp_path):
    state = tmp_path / "stripe.json"
    running = Running(Sandbox(), state=state)
    key = {"idempotency_key": "k1"}
    endpoint = running.api.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/closed", "enabled_events": ["*"]}
    )
    paid = running.api.checkout.sessions.create(session_params(), key)
    still_open = running.api.checkout.sessions.create(session_params())
    running.sandbox.customer.pay(paid.id)
    running.stop()
    restarted = Running(Sandbox(), state=state)
    try:
        again = restarted.api.checkout.sessions.create(session_params(), key)
        assert again.id == paid.id
        assert restarted.api.checkout.sessions.retrieve(paid.id).payment_status == "paid"
        found = restarted.api.checkout.sessions.retrieve(still_open.id)
        assert found.url == f"{restarted.address}/c/pay/{still_open.id}"
        assert restarted.sandbox.customer.pay(still_open.id).status == "succeeded"
        assert restarted.api.webhook_endpoints.retrieve(endpoint.id).status == "enabled"
        assert len(restarted.control("GET", "webhooks")["queue"]) == 8
        restarted.sandbox.clock.advance(90_000)
        restarted.sandbox.assert_clean()
    finally:
        restarted.stop()


def test_the_command_prints_its_address_and_stops_on_a_signal(tmp_path):
    state = tmp_path / "stripe.json"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        address = process.stdout.readline().strip()
        created = client(address).customers.create({"email": "ada@example.com"})
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert created.id in state.read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()


def test_a_kill_loses_nothing_that_was_answered(tmp_path):
    state = tmp_path / "stripe.json"
    command = [sys.executable, "-m", "sandbox", "--state", str(state)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        api = client(process.stdout.readline().strip())
        made = [api.customers.create({"name": f"n{index}"}).id for index in range(5)]
    finally:
        process.kill()
        process.wait()
    text = state.read_text(encoding="utf-8")
    assert all(ref in text for ref in made)
