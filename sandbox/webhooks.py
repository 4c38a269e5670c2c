"""Webhook deliveries: a queue that a test or the server empties, and controls to disturb it."""

import json
import random
from collections import deque
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from .signing import craft_event, signature_header

BACKOFF = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


@dataclass(eq=False)
class Delivery:
    """One event on its way to one endpoint. Body and headers are made when it is due."""

    id: int
    event: str
    type: str
    endpoint: str
    due_at: float
    attempt: int = 1
    url: str = ""
    body: bytes = b""
    headers: dict | None = None
    in_flight: bool = False


@dataclass
class Control:
    """A disturbance of the deliveries whose event type matches a pattern."""

    action: str
    types: str = "*"
    amount: float = 0
    times: int | None = None


class Webhooks:
    """Deliveries of one sandbox. A test takes `due()`, posts and `mark`s, or calls `deliver`."""

    def __init__(self, sandbox, backoff=BACKOFF):
        self._sandbox = sandbox
        self._random = random.Random(1)
        self._made = 0
        self._order: str | None = None
        self._controls: list[Control] = []
        self.backoff = tuple(backoff)
        self._queue: dict[int, Delivery] = {}
        self._waiting: dict[str, int] = {}  # deliveries in the queue, by event
        self.failed: list[Delivery] = []
        self.log: deque = deque(maxlen=1000)

    # -- emptying the queue ------------------------------------------------

    @property
    def queue(self) -> list[Delivery]:
        """All that is not through yet, due or not."""
        return list(self._queue.values())

    def due(self) -> list[Delivery]:
        """The deliveries to post now, signed now, in order."""
        box = self._sandbox
        with box.lock:
            box.tick()
            ready = [d for d in self._queue.values() if d.due_at <= box.now and not d.in_flight]
            ready.sort(key=lambda delivery: (delivery.due_at, delivery.id))
            if self._order == "reverse":
                ready.reverse()
            elif self._order == "shuffle":
                self._random.shuffle(ready)
            return [self._signed(delivery) for delivery in ready]

    def take(self) -> list[Delivery]:
        """As `due`, but nobody else gets them until they are marked."""
        with self._sandbox.lock:
            taken = self.due()
            for delivery in taken:
                delivery.in_flight = True
            return taken

    def mark(self, delivery: Delivery, status: int | None) -> None:
        """Say what the receiver answered (None: nothing). Anything but 2xx is tried again later."""
        with self._sandbox.lock:
            delivery.in_flight = False
            self.log.append((delivery.type, delivery.event, delivery.attempt, status))
            if delivery.id not in self._queue:
                return
            if status is not None and 200 <= status < 300:
                self._forget(delivery)
            elif delivery.attempt > len(self.backoff):
                self._forget(delivery)
                self.failed.append(delivery)
            else:
                delivery.due_at = self._sandbox.now + self.backoff[delivery.attempt - 1]
                delivery.attempt += 1
            self._sandbox.changed()

    def deliver(self, post, limit: int = 1000) -> int:
        """Post all that is due by `post(url, body, headers) -> status`; how many were posted."""
        posted = 0
        while posted < limit and (ready := self.due()):
            for delivery in ready:
                self.mark(delivery, post(delivery.url, delivery.body, delivery.headers))
                posted += 1
        return posted

    # -- disturbing it -----------------------------------------------------

    def delay(self, seconds: float, types: str = "*", times: int | None = None) -> None:
        """Send events of matching types so much later."""
        self._controls.append(Control("delay", types, seconds, times))

    def repeat(self, count: int, types: str = "*", times: int | None = None) -> None:
        """Send each event `count` times in all."""
        self._controls.append(Control("repeat", types, count, times))

    def lose(self, types: str = "*", times: int | None = None) -> None:
        """Never send them."""
        self._controls.append(Control("lose", types, 0, times))

    def reorder(self, how: str | None = "shuffle") -> None:
        """Give what is due in another order: `shuffle`, `reverse`, or None for the real one."""
        self._order = how

    def clear(self) -> None:
        """End every disturbance; what is queued stays."""
        self._controls.clear()
        self._order = None

    def resend(self, event_id: str) -> None:
        """Send an event again to every endpoint that wants it, as the dashboard can."""
        with self._sandbox.lock:
            self.enqueue(self._sandbox.store.get("event", event_id))

    def craft(self, event_type: str, obj: dict, secret: str, **fields) -> tuple[bytes, dict]:
        """Body and headers of a signed event of one's own; see `signing.craft_event`."""
        timestamp = fields.pop("timestamp", int(self._sandbox.now))
        fields.setdefault("api_version", self._sandbox.contract.version)
        return craft_event(event_type, obj, secret, timestamp, **fields)

    # -- filling it (for the core) -----------------------------------------

    def enqueue(self, event: dict) -> None:
        """Plan the deliveries of a new event."""
        for endpoint in self._sandbox.store.all("webhook_endpoint"):
            wanted = endpoint["enabled_events"]
            if endpoint["status"] != "enabled" or not ({"*", event["type"]} & set(wanted)):
                continue
            copies, delay = self._disturbed(event["type"])
            for _copy in range(copies):
                self._made += 1
                due_at = self._sandbox.now + delay
                self._keep(Delivery(self._made, event["id"], event["type"], endpoint["id"], due_at))

    def pending(self, event_id: str) -> int:
        """How many deliveries of an event are not through yet."""
        return self._waiting.get(event_id, 0)

    def undelivered(self, event_id: str) -> int:
        """How many deliveries of an event are not through yet, or never will be."""
        return self.pending(event_id) + sum(d.event == event_id for d in self.failed)

    def drop(self, endpoint_id: str) -> None:
        """Forget what was on its way to a deleted endpoint."""
        for delivery in self.queue:
            if delivery.endpoint == endpoint_id:
                self._forget(delivery)

    def _keep(self, delivery):
        self._queue[delivery.id] = delivery
        self._waiting[delivery.event] = self.pending(delivery.event) + 1

    def _forget(self, delivery):
        del self._queue[delivery.id]
        self._waiting[delivery.event] -= 1
        if not self._waiting[delivery.event]:
            del self._waiting[delivery.event]

    def _disturbed(self, event_type) -> tuple[int, float]:
        copies, delay = 1, 0.0
        for control in list(self._controls):
            if not fnmatchcase(event_type, control.types):
                continue
            if control.times is not None:
                control.times -= 1
                if control.times <= 0:
                    self._controls.remove(control)
            if control.action == "lose":
                return 0, 0.0
            if control.action == "repeat":
                copies = int(control.amount)
            else:
                delay += control.amount
        return copies, delay

    def _signed(self, delivery: Delivery) -> Delivery:
        store = self._sandbox.store
        endpoint = store.get("webhook_endpoint", delivery.endpoint)
        event = store.get("event", delivery.event)
        event = {**event, "pending_webhooks": self.pending(event["id"])}
        if endpoint["api_version"]:
            event["api_version"] = endpoint["api_version"]
        now = self._sandbox.now
        delivery.url = endpoint["url"]
        delivery.body = json.dumps(event, indent=2).encode()
        delivery.headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature_header(
                delivery.body, signing_keys(store, endpoint["id"], now), int(now)
            ),
        }
        return delivery

    # -- persistence -------------------------------------------------------

    def dump(self) -> dict:
        """The queue as a JSON value. Controls and the log live as long as the process."""
        queue = [{**asdict(d), "body": "", "headers": None, "in_flight": False} for d in self.queue]
        return {"made": self._made, "queue": queue}

    def load(self, data: dict) -> None:
        """Take up what `dump` gave."""
        self._made = data["made"]
        self._queue, self._waiting = {}, {}
        for values in data["queue"]:
            self._keep(Delivery(**{**values, "body": b""}))


def signing_keys(store, endpoint_id: str, now: float) -> list[str]:
    """The endpoint's secret, and the one before it while that is still good."""
    notes = store.notes(endpoint_id)
    keys = [notes["secret"]]
    if notes.get("old_secret") and now < notes["old_secret_until"]:
        keys.append(notes["old_secret"])
    return keys
