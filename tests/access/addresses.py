"""Who may open which address of the site: one line each. An address that is not here fails ``test_addresses``.

``of``: what of the world stands in the address. ``may``: whom it opens to, as they stand to that object; everybody else is
refused as if there were no such thing.
"""

from dataclasses import dataclass, field
from typing import Any

#: Anybody, without an account: a public page, or one that whoever has its signed or secret address may read.
PUBLIC = frozenset({"anybody"})
#: Anybody with an account: their own page; no object of somebody stands in the address.
SIGNED_IN = frozenset({"signed in"})
#: Nobody who is signed in: another system, which shows a key or signs its messages.
SYSTEMS: frozenset[str] = frozenset()
HOLDER = frozenset({"holder"})
#: ``ROLE_MAY`` of the cards: what those on a card may do beside its holder.
GUARDIAN = HOLDER | {"guardian"}
FAMILY = GUARDIAN | {"relative"}
TAKER = frozenset({"taker"})
OWNER = frozenset({"owner"})
MANAGERS = OWNER | {"manager"}
STAFF = MANAGERS | {"cashier"}


@dataclass(frozen=True)
class Line:
    may: frozenset[str]
    of: str = ""
    #: Who may only look, beside those who may.
    reads: frozenset[str] = frozenset()
    #: What is sent, where a view reads the form before it looks whose the object is.
    body: dict[str, Any] = field(default_factory=dict)


#: Own pages of allauth and of one's account: tried by somebody without an account only, because nothing of others is in them.
ACCOUNT = {
    "account_login": PUBLIC,
    "account_request_login_code": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "account_signup": PUBLIC,
    "account_verify_phone": PUBLIC,
    "account_change_phone": PUBLIC,  # leads on to one's own page
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "mfa_authenticate": PUBLIC,  # needs a sign-in that has begun
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "second_factor": SIGNED_IN,
    "second_factor_app": SIGNED_IN,
    "second_factor_passkey": SIGNED_IN,
    "second_factor_codes": SIGNED_IN,
    "me": SIGNED_IN,
    "set_shortcuts": SIGNED_IN,
    "email": SIGNED_IN,
    "email_code": SIGNED_IN,
    "email_wish": SIGNED_IN,
    "email_remove": SIGNED_IN,
    "my_data": SIGNED_IN,
    "my_data_copy": SIGNED_IN,
    "close_account": SIGNED_IN,
    "set_language": PUBLIC,
    "set_digest": SIGNED_IN,
    "set_care_mode": PUBLIC,
}

#: Asks for the second factor anew before it looks at anything: another's is tried where that is passed.
ASKS_ANEW = {"second_factor_remove": "tests/prepaid/people/test_second_factor.py"}

SITE: dict[str, Line] = {
    # What everybody reads.
    "home": Line(PUBLIC),
    "merchant_detail": Line(PUBLIC, "merchant"),
    "store_status": Line(PUBLIC, "store"),
    "product_detail": Line(PUBLIC, "product"),
    "invite": Line(PUBLIC),
    "invite_done": Line(PUBLIC),
    "refund_calculator": Line(PUBLIC),
    "forecast": Line(PUBLIC),
    "published_totals": Line(PUBLIC),
    "published_totals_file": Line(PUBLIC),
    "verifier_file": Line(PUBLIC),
    "healthz": Line(PUBLIC),
    "readyz": Line(PUBLIC),
    "schema": Line(PUBLIC),
    "demo_inbox": Line(PUBLIC),  # not there in production
    "off_custody_report": Line(PUBLIC, "merchant"),
    "off_custody_report_at": Line(PUBLIC, "store"),
    # Whoever has the address.
    "off_custody_status": Line(PUBLIC, "report_token"),
    "callback": Line(PUBLIC, "callback_token"),
    "callback_reopen": Line(PUBLIC, "callback_token"),
    "certificate": Line(PUBLIC, "certificate_code"),
    "certificate_file": Line(PUBLIC, "certificate_code"),
    "email_leave": Line(PUBLIC, "email_token"),
    # Other systems.
    "channel_notifications": Line(SYSTEMS, "channel"),
    "api_work_orders": Line(SYSTEMS),
    "api_work_order": Line(SYSTEMS, "order_number"),
    # One's own, without an object in the address.
    "wallet": Line(SIGNED_IN),
    "charge_news": Line(SIGNED_IN),
    "notices": Line(SIGNED_IN),
    "complaints": Line(SIGNED_IN),
    "complaint_elsewhere": Line(SIGNED_IN),
    "shop_register": Line(SIGNED_IN),
    "shop_switch": Line(SIGNED_IN),
    "buy": Line(SIGNED_IN, "version"),  # what is on sale is public
    # Cards.
    "payment_return": Line(HOLDER, "payment"),
    "card_detail": Line(FAMILY, "card"),
    "card_statement": Line(FAMILY, "card"),
    "api_statement": Line(FAMILY, "card"),
    "card_code": Line(GUARDIAN, "card"),
    "card_proof": Line(GUARDIAN, "card"),
    "card_proof_file": Line(GUARDIAN, "card"),
    "card_leave": Line(FAMILY - HOLDER, "card"),
    "card_contract": Line(HOLDER, "card"),
    "card_contract_file": Line(HOLDER, "card"),
    "card_pay": Line(HOLDER, "ordered"),
    "card_cancel": Line(HOLDER, "ordered"),
    "card_top_up": Line(HOLDER, "card"),
    "card_next_month": Line(HOLDER, "monthly"),
    "card_cash": Line(HOLDER, "in_cash"),
    "card_cash_end": Line(HOLDER, "in_cash"),
    "card_end": Line(HOLDER, "monthly"),
    "card_loss": Line(HOLDER, "card"),
    "card_shut": Line(HOLDER, "card"),
    "card_persons": Line(HOLDER, "card"),
    "card_print": Line(HOLDER, "card"),
    "card_transfer": Line(HOLDER, "card"),
    "card_pause": Line(HOLDER, "yearly"),
    "card_rolls": Line(HOLDER, "course"),
    "class_leave": Line(HOLDER, "learner"),
    "refund_start": Line(HOLDER, "card"),
    "refund_account": Line(HOLDER, "card"),
    "refund_detail": Line(HOLDER, "refund"),
    "refund_withdraw": Line(HOLDER, "refund"),
    "refund_accept": Line(HOLDER, "refund"),
    "redemption_confirm": Line(GUARDIAN, "waiting", reads=FAMILY),
    "redemption_dispute": Line(FAMILY, "waiting"),
    "api_charge_confirm": Line(GUARDIAN, "waiting"),
    "api_charge_dispute": Line(FAMILY, "waiting"),
    "existing_card": Line(HOLDER, "existing"),
    "existing_confirm": Line(HOLDER, "existing"),
    "existing_contest": Line(HOLDER, "existing"),
    "card_invitation": Line(TAKER, "invitation"),
    "card_taking": Line(TAKER, "transfer"),
    "taking_contract": Line(TAKER, "transfer_card"),
    "card_given": Line(HOLDER, "given"),
    "given_contract": Line(HOLDER, "given_card"),
    # The consumer's side of a complaint.
    "complaint_start": Line(HOLDER, "refused"),
    "complaint_about_charge": Line(FAMILY, "waiting"),
    "complaint_detail": Line(HOLDER, "number"),
    "complaint_withdraw": Line(HOLDER, "number"),
    "complaint_repaid": Line(HOLDER, "owed_number"),
    "complaint_papers": Line(HOLDER, "number"),
    "complaint_record": Line(HOLDER, "number"),
    "complaint_court": Line(HOLDER, "agreed_number"),
    "complaint_document": Line(HOLDER, "consumers_copy"),
    "complaint_evidence": Line(HOLDER, "number"),
    "complaint_evidence_file": Line(HOLDER, "consumers_photo"),
    "complaint_evidence_preview": Line(HOLDER, "consumers_photo"),
    # The merchant's side of a complaint.
    "shop_cases": Line(MANAGERS),
    "shop_case": Line(MANAGERS, "number"),
    "shop_case_papers": Line(MANAGERS, "number"),
    "shop_case_record": Line(MANAGERS, "number"),
    "shop_case_court": Line(MANAGERS, "agreed_number"),
    "shop_case_document": Line(MANAGERS, "merchants_copy"),
    "shop_case_evidence": Line(MANAGERS, "number"),
    "shop_case_evidence_file": Line(MANAGERS, "merchants_photo"),
    "shop_case_evidence_preview": Line(MANAGERS, "merchants_photo"),
    # The counter.
    "shop_home": Line(STAFF),
    "counter_pin": Line(STAFF),
    "counter_switch": Line(STAFF),
    "shop_counter": Line(STAFF),
    "counter_charges": Line(STAFF),
    "counter_undo": Line(STAFF, "waiting"),
    "counter_receipt": Line(STAFF, "final"),
    "counter_sms": Line(STAFF),
    "counter_sms_code": Line(STAFF, "sms_code"),
    "shop_sell": Line(STAFF),
    "shop_sell_product": Line(STAFF, "version"),
    "shop_cash": Line(STAFF),
    "shop_cash_sale": Line(STAFF, "taken_sale"),
    "shop_cash_take": Line(STAFF, "sale"),
    "shop_cash_back": Line(MANAGERS, "sale"),
    "shop_shifts": Line(STAFF),
    "shop_shifts_file": Line(STAFF),
    "shop_classes": Line(STAFF),
    "shop_roll": Line(STAFF, "class"),
    "shop_roll_add": Line(STAFF, "class"),
    "shop_roll_off": Line(STAFF, "learner"),
    "api_charges": Line(STAFF, body={"code": "123412341234"}),
    "api_charge_undo": Line(STAFF, "waiting"),
    # The merchant's office.
    "shop_charges": Line(MANAGERS),
    "shop_charge_withdraw": Line(MANAGERS, "waiting"),
    "shop_charge_insist": Line(MANAGERS, "waiting"),
    "shop_contracts": Line(MANAGERS),
    "shop_contract": Line(MANAGERS, "card"),
    "shop_contract_file": Line(MANAGERS, "card"),
    "shop_expiring": Line(MANAGERS),
    "shop_expiring_file": Line(MANAGERS),
    "shop_certificates": Line(OWNER),
    "shop_certificate": Line(OWNER, "certificate"),
    "shop_certificate_file": Line(OWNER, "certificate"),
    "shop_certificate_withdraw": Line(OWNER, "certificate"),
    "shop_pauses": Line(MANAGERS),
    "shop_pause": Line(MANAGERS, "pause"),
    "shop_closings": Line(MANAGERS),
    "shop_closing_withdraw": Line(OWNER, "closing"),
    "shop_refunds": Line(MANAGERS),
    "shop_refund": Line(MANAGERS, "refund"),
    "shop_stores": Line(MANAGERS),
    "shop_store_add": Line(MANAGERS),
    "shop_store_edit": Line(MANAGERS, "store"),
    "shop_store_poster": Line(MANAGERS, "store"),
    "shop_existing": Line(MANAGERS),
    "shop_existing_plan": Line(OWNER),
    "shop_existing_import": Line(MANAGERS),
    "shop_existing_card": Line(MANAGERS, "existing"),
    "shop_staff": Line(MANAGERS),
    "shop_staff_end": Line(MANAGERS, "staff"),
    "shop_money": Line(MANAGERS),
    "shop_next_payout": Line(MANAGERS),
    "shop_forecast": Line(MANAGERS),
    "shop_statements": Line(MANAGERS),
    "shop_statement": Line(MANAGERS, "month"),
    "shop_statement_xlsx": Line(MANAGERS, "month"),
    "shop_payout": Line(MANAGERS, "payout"),
    "shop_measures": Line(MANAGERS),
    "shop_measure": Line(MANAGERS, "letter"),
    "shop_measure_paper": Line(MANAGERS, "letter"),
    "shop_handover": Line(MANAGERS),
    "shop_handover_withdraw": Line(OWNER, "handover"),
    "shop_products": Line(MANAGERS),
    "shop_product_new": Line(MANAGERS),
    "shop_product_add": Line(MANAGERS, "kind"),
    "shop_product": Line(MANAGERS, "product"),
    "shop_version": Line(MANAGERS, "version"),
    "shop_product_edit": Line(MANAGERS, "version"),
    "shop_version_submit": Line(MANAGERS, "version"),
    "shop_version_revise": Line(MANAGERS, "version"),
    "shop_version_withdraw": Line(MANAGERS, "version"),
}
#: What stands in an address and belongs to nobody: the same for both sides.
NOBODYS: dict[str, Any] = {"kind": "sessions", "channel": "sandbox"}
