"""Why a payment did not go through, in few kinds that a customer can act on.

Stripe has some hundred codes (https://docs.stripe.com/declines/codes,
https://docs.stripe.com/error-codes, https://docs.stripe.com/payments/ach-direct-debit). What a bank
suspects (``lost_card``, ``fraudulent`` …) is not the payer's to know: that is plainly declined.
"""

DECLINED = "declined"

# Kind → the codes of Stripe's that mean it. A new case is one word here and one test.
CODES = {
    "funds": "insufficient_funds",
    "expired": "expired_card invalid_expiry_month invalid_expiry_year",
    "details": "incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_zip"
    " incorrect_address invalid_account new_account_information_available",
    "confirm": "authentication_required authentication_not_handled"
    " payment_intent_authentication_failure payment_method_customer_decline"
    " approve_with_id mobile_device_authentication_required offline_pin_required"
    " online_or_offline_pin_required",
    "pin": "incorrect_pin invalid_pin pin_try_exceeded",
    "limit": "card_velocity_exceeded withdrawal_count_limit_exceeded invalid_amount"
    " charge_exceeds_weekly_limit charge_exceeds_transaction_limit",
    "unsupported": "card_not_supported currency_not_supported not_permitted transaction_not_allowed"
    " restricted_card service_not_allowed payment_method_not_available",
    "later": "processing_error issuer_not_available reenter_transaction try_again_later"
    " payment_method_provider_timeout payment_method_provider_decline",
    "account": "account_closed no_account bank_account_unusable bank_account_restricted"
    " bank_account_unverified debit_not_authorized bank_ownership_changed"
    " payment_method_unactivated",
    "test": "test_mode_live_card live_mode_test_card testmode_decline",
}
KINDS = {code: kind for kind, codes in CODES.items() for code in codes.split()}


def decline_kind(error):
    """Return the kind of a payment's last error; an empty string where there is none.

    :param dict error: ``last_payment_error`` of a PaymentIntent
    :rtype: str
    """
    if not error:
        return ""
    for code in (error.get("decline_code"), error.get("code")):
        if kind := KINDS.get(code):
            return kind
    return DECLINED
