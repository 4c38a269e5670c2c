"""Stripe's objects as the API shows them, complete with the keys that are null."""

from .cards import brand

NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def nulls(names: str) -> dict:
    """A hash with these keys, all null."""
    return dict.fromkeys(names.split())


def customer(ref: str, created: int, params: dict) -> dict:
    """A customer with what the caller gave."""
    return {
        "id": ref,
        "object": "customer",
        **nulls(
            "address business_name currency default_source description discount email "
            "individual_name name phone shipping test_clock"
        ),
        "balance": 0,
        "created": created,
        "delinquent": False,
        "invoice_prefix": ref[-8:].upper(),
        "invoice_settings": nulls("custom_fields default_payment_method footer rendering_options"),
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        **params,
    }


def payment_method(ref: str, created: int, kind: str, number: str, payer: dict) -> dict:
    """A card or a bank account of a payer (`name`, `email`)."""
    details = {"card": _card, "us_bank_account": _us_account, "sepa_debit": _sepa_account}
    return {
        "id": ref,
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": dict(NO_ADDRESS),
            "phone": None,
            "tax_id": None,
            **payer,
        },
        kind: details[kind](number),
        "created": created,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


def _card(number):
    return {
        "brand": brand(number),
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": brand(number),
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"Xt5EWLLDS7FJ{number[-4:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand(number)], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _us_account(number):
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": f"FFDMA0fJkqnR{number[-4:]}",
        "last4": number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }


def _sepa_account(number):
    return {
        "bank_code": number[4:9],
        "branch_code": "",
        "country": number[:2],
        "fingerprint": f"vifs0Ho7vwRn{number[-4:]}",
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": number[-4:],
    }


def payment_intent(ref: str, created: int, amount: int, currency: str, **values) -> dict:
    """A payment intent that waits for a payment method."""
    return {
        "id": ref,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        **nulls(
            "application application_fee_amount automatic_payment_methods canceled_at "
            "cancellation_reason customer customer_account description "
            "excluded_payment_method_types last_payment_error latest_charge next_action "
            "on_behalf_of payment_method payment_method_configuration_details processing "
            "receipt_email review setup_future_usage shipping source statement_descriptor "
            "statement_descriptor_suffix transfer_data transfer_group"
        ),
        "capture_method": "automatic_async",
        "client_secret": f"{ref}_secret_{ref[-16:]}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **values,
    }


def charge(ref: str, created: int, intent: dict, method: dict, **values) -> dict:
    """An attempt to take the money of an intent with a payment method."""
    return {
        "id": ref,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        **nulls(
            "application application_fee application_fee_amount balance_transaction failure_code "
            "failure_balance_transaction failure_message on_behalf_of outcome receipt_number "
            "receipt_url review shipping source source_transfer statement_descriptor "
            "statement_descriptor_suffix transfer_data transfer_group"
        ),
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SERVICEFLOW",
        "captured": False,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _method_details(method, intent["amount"]),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "pending",
        **values,
    }


def _method_details(method, amount):
    kind = method["type"]
    known = method[kind]
    if kind == "card":
        shared = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
        details = {
            **{name: known[name] for name in shared},
            "amount_authorized": amount,
            "authorization_code": "123456",
            "last4": known["last4"],
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": known["brand"],
            "network_token": {"used": False},
            "network_transaction_id": "104557651805572",
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "wallet": None,
        }
    elif kind == "us_bank_account":
        shared = (
            *("account_holder_type", "account_type", "bank_name"),
            *("fingerprint", "last4", "routing_number"),
        )
        more = nulls("expected_debit_date mandate payment_reference")
        details = {**{name: known[name] for name in shared}, **more}
    else:
        shared = ("bank_code", "branch_code", "country", "fingerprint", "last4")
        details = {**{name: known[name] for name in shared}, **nulls("expected_debit_date mandate")}
    return {kind: details, "type": kind}


def refund(ref: str, created: int, charge: dict, amount: int, **values) -> dict:
    """A refund of a part or the whole of a charge."""
    on_card = charge["payment_method_details"]["type"] == "card"
    destination = {
        "card": {
            "reference": None,
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    }
    return {
        "id": ref,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "destination_details": destination if on_card else None,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
        **values,
    }


def balance_transaction(ref, created, kind, source: dict, amount: int, fee: int) -> dict:
    """What an amount does to the account's balance."""
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": source["currency"],
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": ref,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created + 7 * 86_400,
        "balance_type": "payments",
        "created": created,
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }


def dispute(ref: str, created: int, charge: dict, amount: int, reason: str, inquiry: bool) -> dict:
    """A dispute that waits for the merchant's answer."""
    evidence_names = (
        "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure "
        "cancellation_rebuttal customer_communication customer_email_address customer_name "
        "customer_purchase_ip customer_signature duplicate_charge_documentation "
        "duplicate_charge_explanation duplicate_charge_id product_description receipt "
        "refund_policy refund_policy_disclosure refund_refusal_explanation service_date "
        "service_documentation shipping_address shipping_carrier shipping_date "
        "shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text"
    )
    card = charge["payment_method_details"].get("card")
    details = {
        "brand": card["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network": card["brand"],
        "network_reason_code": "10",
    } if card else None  # fmt: skip
    return {
        "id": ref,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**nulls(evidence_names), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": created + 7 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": details, "type": "card"} if details else None,
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def account(created: int, **values) -> dict:
    """The merchant's account."""
    address = {**NO_ADDRESS, "country": "US"}
    return {
        "id": "acct_1SandboxServiceFlow",
        "object": "account",
        "business_profile": {
            **nulls("mcc product_description support_email support_phone support_url url"),
            "name": "ServiceFlow Demo",
            "support_address": address,
        },
        "business_type": "company",
        "capabilities": {
            "card_payments": "active",
            "sepa_debit_payments": "active",
            "transfers": "active",
            "us_bank_account_ach_payments": "active",
        },
        "charges_enabled": True,
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@serviceflow.example",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": nulls("icon logo primary_color secondary_color"),
            "card_payments": nulls("statement_descriptor_prefix"),
            "dashboard": {"display_name": "ServiceFlow Demo", "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": "SERVICEFLOW",
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
        },
        "type": "standard",
        **values,
    }
