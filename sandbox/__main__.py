"""`python -m sandbox`: start the server, print its address, stop on SIGTERM or SIGINT."""

import argparse
import logging
import signal
import threading

from .core import Sandbox
from .server import SandboxServer
from .webhooks import BACKOFF


def _arguments(argv=None):
    parser = argparse.ArgumentParser(prog="sandbox", description="A local stand-in for Stripe.")
    parser.add_argument("--port", type=int, default=0, help="0: a free one (default)")
    parser.add_argument("--state", metavar="FILE", help="keep everything in this JSON file")
    parser.add_argument("--key", action="append", help="accept only this secret key (repeatable)")
    parser.add_argument("--merchant", default="ServiceFlow Demo", help="name on the checkout page")
    parser.add_argument("--country", default="US", help="the account's country")
    parser.add_argument("--currency", default="usd", help="the account's default currency")
    parser.add_argument(
        "--settle-after", type=float, default=5.0, metavar="SECONDS",
        help="bank debits settle after this time; negative: only by control (default 5)",
    )  # fmt: skip
    parser.add_argument(
        "--backoff", default=",".join(map(str, BACKOFF)), metavar="SECONDS,…",
        help="waits before each further attempt to deliver a webhook",
    )  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser.parse_args(argv)


def main(argv=None) -> None:
    """Run until a signal comes."""
    options = _arguments(argv)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    sandbox = Sandbox(
        keys=options.key,
        settle_after=None if options.settle_after < 0 else options.settle_after,
        backoff=[float(seconds) for seconds in options.backoff.split(",")],
        account={"country": options.country, "default_currency": options.currency},
    )
    sandbox.account["settings"]["dashboard"]["display_name"] = options.merchant
    sandbox.account["business_profile"]["name"] = options.merchant
    server = SandboxServer(sandbox, options.port, options.state)

    def stop(_signal, _frame):
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(server.address, flush=True)
    server.run()


if __name__ == "__main__":
    main()
