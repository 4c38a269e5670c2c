"""What can go wrong at a payment processor: worth another try, or final.

Each error carries a developer's text (``str(error)``: one line, no secret, for the log) and a
``person`` code that names the sentence for whoever is at the screen; the sentences live where they
can be translated, in ``payment.provider._paylinks_explain``.
"""


class ProcessorError(Exception):
    """The processor did not do what it was asked.

    :param str detail: one line for the log; never a secret, a token or a customer's data
    :param str person: ``unreachable``, ``rejected_key``, ``not_connected``, ``refused``,
        ``too_small``, ``busy``, ``set_aside``; of a saved card also ``unknown``, ``never_charged``,
        ``unknown_card`` or ``refused_charge``
    """

    def __init__(self, detail, person="refused"):
        super().__init__(detail)
        self.person = person


class RetryableError(ProcessorError):
    """It may have happened or not; the same call with the same key is safe and worth a try."""

    def __init__(self, detail, person="unreachable"):
        super().__init__(detail, person)


class FinalError(ProcessorError):
    """It did not happen, and the same call will not make it happen."""


class UnknownCheckoutError(FinalError):
    """The processor does not know the checkout that it was asked about."""


class NotificationError(ProcessorError):
    """A notification that is not what it claims to be: nothing may change because of it."""


class ChoiceError(Exception):
    """What the customer chose on the page cannot be done. Nothing was charged.

    :param str sentence: for the customer, translated: what to do
    :param str field: ``amount`` or ``tip``
    :param offer: the amount (Decimal) to put into the field instead; None: what was typed stays
    """

    def __init__(self, sentence, field="amount", offer=None):
        super().__init__(sentence)
        self.field = field
        self.offer = offer
