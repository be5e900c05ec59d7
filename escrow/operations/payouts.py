"""Paying merchants what they have earned: one payout a day, the sum of its lines."""

from datetime import datetime

from django.conf import settings

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import PayoutAccountMissing
from escrow.ledger import Chart, Movement, post
from escrow.models import Payout, PayoutLine
from escrow.operations.beneficiaries import locked_beneficiary
from escrow.operations.instructions import instruct
from escrow.states import AccountCode, InstructionKind, Reason
from escrow.transactions import transaction


def pay_out(*, beneficiary_id: int, at: datetime, actor: str) -> Payout | None:
    """Pay every line due by today; None when payouts are held or nothing is due. Each line is paid by one payout, once.

    Raises:
        PayoutAccountMissing: something is due and there is nowhere to send it.
    """
    today = beijing_date(at)
    with transaction():
        beneficiary = locked_beneficiary(beneficiary_id)
        if beneficiary.payouts_held:
            return None
        due = queries.unpaid_lines(beneficiary_id).filter(payable_on__lte=today).order_by("id")
        lines = list(due.values_list("id", "line_fen"))
        amount = sum(line_fen for _transfer_id, line_fen in lines)
        if amount <= 0:  # corrections wait for something to be set against
            return None
        if not beneficiary.payout_account_no:
            raise PayoutAccountMissing()
        instruction = instruct(
            kind=InstructionKind.PAYOUT,
            beneficiary_id=beneficiary_id,
            channel=settings.PAYOUT_CHANNEL,
            amount_fen=amount,
            at=at,
        )
        payout = Payout.objects.create(
            beneficiary=beneficiary,
            business_date=today,
            amount_fen=amount,
            instruction=instruction,
            created_at=at,
        )
        PayoutLine.objects.bulk_create(
            PayoutLine(payout=payout, transfer_id=transfer_id, amount_fen=line_fen) for transfer_id, line_fen in lines
        )
        chart = Chart(beneficiary_id=beneficiary_id)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.PAYABLE),
                    credit=chart.id(AccountCode.PAYOUT),
                    amount=amount,
                    reason=Reason.PAYOUT,
                    reference=instruction.number,
                )
            ],
            at=at,
        )
        audit.record(
            actor=actor,
            action="escrow.pay_out",
            target=f"payout:{payout.pk}",
            after={"amount_fen": amount, "lines": len(lines), "date": today.isoformat()},
            at=at,
        )
    return payout
