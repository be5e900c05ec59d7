"""What the bank says about its rows: the same in answers and in notifications. Times are ISO 8601 in UTC."""

from typing import Any

from sandbox_bank import settings
from sandbox_bank.models import Line, Payment, Transfer


def payment_facts(payment: Payment) -> dict[str, Any]:
    """Whoever has the cashier address may pay, and nothing worse."""
    return {
        "order_no": payment.order_no,
        "payment_no": payment.payment_no,
        "amount_fen": payment.amount_fen,
        "state": payment.state,
        "paid_at": payment.paid_at.isoformat() if payment.paid_at else None,
        "cashier_url": f"{settings.BANK_URL}/cashier/{payment.token}/",
    }


def transfer_facts(transfer: Transfer) -> dict[str, Any]:
    """``failure`` says why it failed, and is empty otherwise."""
    facts = {
        f"{transfer.kind}_no": transfer.number,
        "amount_fen": transfer.amount_fen,
        "state": transfer.state,
        "failure": transfer.failure,
        "done_at": transfer.done_at.isoformat() if transfer.done_at else None,
    }
    if transfer.payment:
        facts["order_no"] = transfer.payment.order_no
    return facts


def line_facts(line: Line) -> dict[str, Any]:
    """One line of the statement."""
    return {
        "line_no": line.line_no,
        "account": line.account_id,
        "at": line.at.isoformat(),
        "direction": line.direction,
        "amount_fen": line.amount_fen,
        "kind": line.kind,
        "reference": line.reference,
        "balance_after_fen": line.balance_after_fen,
    }
