"""What our own code hands down in the context.

The rest of a context is its caller's, who chooses it freely: over RPC, and in Odoo's public route
for messages, which goes on as superuser. What comes from there was JSON, and so is never a
``HandedDown``.
"""


class HandedDown:
    """A value in the context that our code has put there."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def hand_down(records, **values):
    """Return the records with the values in their context, for ``get_handed_down``.

    :param values: by the name of the key, ``paylinks_…``
    """
    return records.with_context(**{key: HandedDown(value) for key, value in values.items()})


def get_handed_down(records, key, default=None):
    """Return what was handed down; the default where it was not, whatever a caller says.

    :param str key: ``paylinks_…``
    """
    given = records.env.context.get(key)
    return given.value if isinstance(given, HandedDown) else default
