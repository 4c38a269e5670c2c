"""The sandbox itself: Stripe's API as one function from a request to a response."""

import json
import threading
from dataclasses import dataclass

from . import money, objects
from .clock import SystemClock
from .contract import Problem, installed_contract
from .disputes import Disputes
from .drivers import Bank, Customer, Dashboard
from .errors import ApiError, invalid, server_error
from .faults import Faults, struck
from .http import Request, Response, decode_form
from .idempotency import IdempotencyKeys
from .payments import Payments
from .resources import HANDLERS
from .sessions import Sessions
from .store import Store, copy, expand
from .webhooks import BACKOFF, Webhooks


@dataclass(frozen=True)
class Violation:
    """A breach of the contract: by a `request`, by an `answer` or in an `event`."""

    side: str
    method: str
    path: str
    problem: Problem

    def __str__(self):
        where = f" at {self.problem.where}" if self.problem.where else ""
        said = f"{self.problem.kind}{where}: {self.problem.message}"
        return f"{self.side} {self.method} {self.path}: {said}"


class Sandbox:
    """A Stripe account in test mode.

    - `clock`: the time (`SystemClock` by default).
    - `keys`: the secret keys it takes; without, any `sk_test_…` or `rk_test_…`.
    - `checkout_base`: the address that sessions' pages are said to be at.
    - `settle_after`: seconds after which bank debits settle by themselves; None: only by `bank`.
    - `backoff`: seconds before each further attempt of a webhook delivery.
    - `seed`: makes ids repeatable.
    - `account`: values that replace those of the account, such as `charges_enabled`.
    """

    def __init__(
        self,
        clock=None,
        *,
        keys=None,
        checkout_base="https://checkout.stripe.com",
        settle_after=None,
        backoff=BACKOFF,
        seed=None,
        account=None,
    ):
        self.lock = threading.RLock()
        self.clock = clock or SystemClock()
        self.keys = set(keys) if keys else None
        self.settle_after = settle_after
        self.settlement = None  # (currency, rate) of the account's balance, if not the charge's own
        self._checkout_base = checkout_base
        self._job_time: float | None = None
        self._request: Request | None = None
        self.version = 0  # grows with every change, for whoever keeps the state
        self.contract = installed_contract()
        self.violations: list[Violation] = []
        self.store = Store(seed)
        self.idempotency = IdempotencyKeys()
        self.faults = Faults()
        self.webhooks = Webhooks(self, backoff)
        self.payments = Payments(self)
        self.disputes = Disputes(self)
        self.sessions = Sessions(self)
        self.customer = Customer(self)
        self.bank = Bank(self)
        self.dashboard = Dashboard(self)
        self.account = objects.account(int(self.now), **(account or {}))
        self._jobs = {**self.payments.jobs, **self.disputes.jobs, **self.sessions.jobs}

    # -- the API -----------------------------------------------------------

    def handle(self, method: str, path: str, body=b"", headers=None) -> Response:
        """Answer one request as Stripe would. `path` may carry a query string."""
        request = Request.parse(method, path, body, headers)
        with self.lock:
            self.tick()
            request.id = self.store.new_id("req_", 14)
            fault = self.faults.take(request.method, request.path)
            if fault and fault.early_trouble:
                return Response(0, {}, b"", fault.kind, fault.seconds)
            try:
                error = fault.early_error() if fault else None
                if error:
                    raise error
                response = self._admit(request)
            except ApiError as error:
                response = self._answer(request, error.status, error.body, error.headers)
        if response is None:
            if fault and fault.kind == "slow":
                self.clock.sleep(fault.seconds)
            with self.lock:
                response = self._execute(request, fault)
        return struck(response, fault)

    def _admit(self, request: Request) -> Response | None:
        """Everything that comes before the execution; an answer only if it is a replay."""
        self._authenticate(request)
        found = self.contract.find(request.method, request.path)
        if found is None:
            message = (
                f"Unrecognized request URL ({request.method}: {request.path}). Please see "
                "https://stripe.com/docs or we can help at https://support.stripe.com/."
            )
            self._record("request", request, [Problem("unknown", "", "no such operation")])
            raise ApiError(404, message)
        request.operation, ids = found
        tree, malformed = decode_form(request.form)
        params, problems = self.contract.read_request(request.operation, tree, self.now)
        problems = [Problem("type", where, words) for where, words in malformed] + problems
        pinned = request.headers.get("stripe-version", self.contract.version)
        if pinned != self.contract.version:
            words = f"the contract is of API version {self.contract.version}, not {pinned}"
            problems.append(Problem("rule", "Stripe-Version", words))
        if problems:
            self._record("request", request, problems)
            first = problems[0]
            raise invalid(first.message, first.where, first.code)
        request.params, request.ids = params, ids
        replay = self.idempotency.begin(request, self.now)
        if replay:
            replay.headers["Request-Id"] = request.id
        return replay

    def _authenticate(self, request):
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not key:
            raise ApiError(401, "You did not provide an API key. You need to provide your API key "
                           "in the Authorization header, using Bearer auth.")  # fmt: skip
        if "_live_" in key:
            raise ApiError(401, "This is a sandbox with no real money: it refuses live keys. Use a "
                           "key that starts with sk_test_.")  # fmt: skip
        known = key in self.keys if self.keys else key.startswith(("sk_test_", "rk_test_"))
        if not known:
            hidden = key[:8] + "*" * 12 + key[-4:]
            raise ApiError(401, f"Invalid API Key provided: {hidden}")
        account = request.headers.get("stripe-account", self.account["id"])
        if account != self.account["id"]:
            message = (
                f"The provided key does not have access to account '{account}' (or that account "
                "does not exist). Application access may have been revoked."
            )
            raise ApiError(403, message, code="account_invalid")

    def _execute(self, request: Request, fault) -> Response:
        self._request = request
        handler = HANDLERS[request.operation.key]
        try:
            value = handler(self, request.params, **request.ids)
            if request.params.get("expand"):
                value = expand(self.store, value, request.params["expand"])
            response = self._answer(request, 200, value)
        except ApiError as error:
            response = self._answer(request, error.status, error.body, error.headers)
        except Exception:
            self.idempotency.release(request)
            raise
        finally:
            self._request = None
        if fault and fault.kind == "error":
            response = self._answer(request, 500, server_error().body)
        if request.method != "GET":
            self.changed()
        self.idempotency.finish(request, response)
        return response

    def _answer(self, request, status, value, headers=None) -> Response:
        problems = self.contract.check_answer(request.operation, status, value)
        if problems:
            self._record("answer", request, problems)
            status, value = 500, server_error(f"The sandbox broke the contract: {problems}").body
        headers = {
            "Request-Id": request.id,
            "Stripe-Version": self.contract.version,
            **(headers or {}),
        }
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        return Response.from_json(status, value, headers)

    # -- contract ----------------------------------------------------------

    def _record(self, side, request, problems):
        method, path = (request.method, request.path) if request else ("", "")
        self.violations += [Violation(side, method, path, problem) for problem in problems]

    def assert_clean(self) -> None:
        """Raise AssertionError, naming them, if anything broke the contract so far."""
        if self.violations:
            lines = "\n".join(f"- {violation}" for violation in self.violations)
            raise AssertionError(f"Stripe's contract was broken:\n{lines}")

    # -- time --------------------------------------------------------------

    @property
    def now(self) -> float:
        """The clock's time; while a job runs, the time that it was due."""
        return self.clock.now() if self._job_time is None else self._job_time

    def tick(self) -> None:
        """Do what is due by the clock: sessions expire, debits settle."""
        with self.lock:
            if self._job_time is not None:
                return
            while job := self.store.next_job(self.clock.now()):
                self._job_time, kind, ref = job
                try:
                    self._jobs[kind](ref)
                finally:
                    self._job_time = None
                self.changed()

    # -- for the parts -----------------------------------------------------

    def emit(self, event_type: str, obj: dict, previous: dict | None = None) -> dict:
        """Make an event with a snapshot of an object, and have it delivered."""
        request = self._request
        event = {
            "id": self.store.new_id("evt_1", 23),
            "object": "event",
            "api_version": self.contract.version,
            "created": int(self.now),
            "data": {"object": copy(obj)},
            "livemode": False,
            "pending_webhooks": 0,
            "request": {
                "id": request.id if request else None,
                "idempotency_key": request.idempotency_key if request else None,
            },
            "type": event_type,
        }
        if previous is not None:
            event["data"]["previous_attributes"] = copy(previous)
        problems = self.contract.check_object(event) + self.contract.check_object(obj)
        if problems:
            path = f"{event_type} {obj.get('id')}"
            self.violations += [Violation("event", "", path, problem) for problem in problems]
        self.store.add(event)
        self.webhooks.enqueue(event)
        event["pending_webhooks"] = self.webhooks.pending(event["id"])
        self.changed()
        return event

    def changed(self) -> None:
        """Something is different now from what was last kept."""
        self.version += 1

    def money(self, amount: int, obj: dict) -> str:
        """An amount in an object's currency, for a message."""
        return money.plain(amount, obj["currency"])

    def new_customer(self, params: dict) -> dict:
        """A customer of the account."""
        ref = self.store.new_id("cus_", 14)
        customer = self.store.add(objects.customer(ref, int(self.now), params))
        self.emit("customer.created", customer)
        return customer

    @property
    def checkout_base(self) -> str:
        """The address of the checkout page; open sessions follow when it changes."""
        return self._checkout_base

    @checkout_base.setter
    def checkout_base(self, base_url: str):
        with self.lock:
            self._checkout_base = base_url.rstrip("/")
            self.sessions.rebase(self._checkout_base)
            self.changed()

    # -- persistence -------------------------------------------------------

    def dump(self) -> str:
        """The whole state as JSON."""
        with self.lock:
            return json.dumps(
                {
                    "api_version": self.contract.version,
                    "clock_offset": getattr(self.clock, "offset", 0.0),
                    "account": self.account,
                    "store": self.store.dump(),
                    "idempotency": self.idempotency.dump(self.now),
                    "webhooks": self.webhooks.dump(),
                }
            )

    def load(self, text: str) -> None:
        """Take up a state that `dump` gave."""
        data = json.loads(text)
        with self.lock:
            if isinstance(self.clock, SystemClock):
                self.clock.offset = data["clock_offset"]
            self.account = data["account"]
            self.store.load(data["store"])
            self.idempotency.load(data["idempotency"])
            self.webhooks.load(data["webhooks"])
            for charge in self.store.all("charge"):
                self.payments.note_refunds(charge)
            self.changed()

    def reset(self) -> None:
        """Forget every object, delivery, fault and violation; the account and the time stay."""
        with self.lock:
            self.store.load(Store().dump())
            self.idempotency.load({})
            self.webhooks.load({"made": 0, "queue": []})
            self.webhooks.failed.clear()
            self.webhooks.log.clear()
            self.webhooks.clear()
            self.faults.clear()
            self.violations.clear()
            self.changed()
