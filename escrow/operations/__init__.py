"""The kernel's verbs. ``from escrow import operations as escrow`` and read: ``escrow.charge(...)``."""

from escrow.operations.accruals import accrue
from escrow.operations.advances import release_early
from escrow.operations.agreements import cancel_agreement, freeze_agreement, open_agreement, thaw_agreement
from escrow.operations.approvals import (
    approve,
    expire_approval,
    payload_of,
    refuse,
    request_deposit_end,
    request_manual_refund,
    request_payout_account,
    request_payout_release,
    request_receipt_return,
    request_refund_account,
    same_name,
    withdraw,
)
from escrow.operations.assignments import assign
from escrow.operations.batches import export_batch, make_batch
from escrow.operations.beneficiaries import (
    hold_payouts,
    register_beneficiary,
    release_kept,
    release_payouts,
    set_payout_account,
)
from escrow.operations.bills import compare_bill
from escrow.operations.calendar import load_working_days
from escrow.operations.deposits import await_deposit, give_up_deposit
from escrow.operations.files import discard_file, discard_forgotten, fetch_bill, import_file, match_file, upload_file
from escrow.operations.instructions import ask_now, send_instruction
from escrow.operations.legal_holds import lift_hold, order_hold
from escrow.operations.lots import charge_card, open_top_up, resolve_card
from escrow.operations.pauses import agree_pause, ask_pause, end_pause, refuse_pause
from escrow.operations.payments import ask_payment, expire_agreement, start_payment, take_notification
from escrow.operations.payouts import pay_out, serve_claims
from escrow.operations.receipts import assign_line, open_line
from escrow.operations.refunds import Settlement, refund, refund_many
from escrow.operations.seals import seal
from escrow.operations.sending import send_refunds
from escrow.operations.silence import notice_delivered, pass_silence
from escrow.operations.statements import import_statement, match_open_lines
from escrow.operations.stoppages import begin_stoppage, end_stoppage
from escrow.operations.tie_out import tie_out, tie_out_lately, watch_clearing
from escrow.operations.totals import publish_total
from escrow.operations.uses import (
    Charge,
    charge,
    charge_many,
    confirm_use,
    decide_dispute,
    dispute_use,
    expire_use,
    resolve_many,
    undo_use,
    void_use,
    withdraw_use,
)

__all__ = [
    "Charge",
    "Settlement",
    "accrue",
    "agree_pause",
    "approve",
    "ask_now",
    "ask_pause",
    "ask_payment",
    "assign",
    "assign_line",
    "await_deposit",
    "begin_stoppage",
    "cancel_agreement",
    "charge",
    "charge_card",
    "charge_many",
    "compare_bill",
    "confirm_use",
    "decide_dispute",
    "discard_file",
    "discard_forgotten",
    "dispute_use",
    "end_pause",
    "end_stoppage",
    "expire_agreement",
    "expire_approval",
    "expire_use",
    "export_batch",
    "fetch_bill",
    "freeze_agreement",
    "give_up_deposit",
    "hold_payouts",
    "import_file",
    "import_statement",
    "lift_hold",
    "load_working_days",
    "make_batch",
    "match_file",
    "match_open_lines",
    "notice_delivered",
    "open_agreement",
    "open_line",
    "open_top_up",
    "order_hold",
    "pass_silence",
    "pay_out",
    "payload_of",
    "publish_total",
    "refund",
    "refund_many",
    "refuse",
    "refuse_pause",
    "register_beneficiary",
    "release_early",
    "release_kept",
    "release_payouts",
    "request_deposit_end",
    "request_manual_refund",
    "request_payout_account",
    "request_payout_release",
    "request_receipt_return",
    "request_refund_account",
    "resolve_card",
    "resolve_many",
    "same_name",
    "seal",
    "send_instruction",
    "send_refunds",
    "serve_claims",
    "set_payout_account",
    "start_payment",
    "take_notification",
    "thaw_agreement",
    "tie_out",
    "tie_out_lately",
    "undo_use",
    "upload_file",
    "void_use",
    "watch_clearing",
    "withdraw",
    "withdraw_use",
]
