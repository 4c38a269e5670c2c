"""The merchant's account."""

from ..errors import ApiError


def retrieve(box, params):
    return box.account


def check_can_charge(box) -> None:
    """Refuse payments while the account may not take any."""
    if not box.account["charges_enabled"]:
        raise ApiError(
            400,
            "Your account cannot currently make charges. To find out why charges are currently "
            "disabled, look at the `requirements.disabled_reason` property on your account.",
            code="account_invalid",
        )


HANDLERS = {"GET /v1/account": retrieve}
