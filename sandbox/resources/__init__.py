"""The API's operations: one function each, from typed parameters to an object or a list."""

from . import account, customers, disputes, events, payments, refunds, sessions, webhook_endpoints

HANDLERS = {}
for _module in (
    *(account, customers, disputes, events, payments, refunds, sessions, webhook_endpoints),
):
    HANDLERS |= _module.HANDLERS
