"""Paying merchants what they have earned: one payout a day, the sum of its lines."""

from datetime import datetime

from django.conf import settings
from django.db.models import Sum

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import PayoutAccountMissing
from escrow.ledger import Chart, Movement, post
from escrow.models import Payout
from escrow.operations.beneficiaries import locked_beneficiary
from escrow.operations.instructions import instruct
from escrow.states import AccountCode, InstructionKind, Reason
from escrow.transactions import call, transaction


def pay_out(*, beneficiary_id: int, at: datetime, actor: str) -> Payout | None:
    """Pay every line due by today; None when payouts are held or nothing is due. Each line is paid by one payout, once.

    Raises:
        PayoutAccountMissing: something is due and there is nowhere to send it.
    """
    today = beijing_date(at)
    with transaction():
        call("escrow_fold", beneficiary_id)  # from here on nobody else writes transfers of this beneficiary
        beneficiary = locked_beneficiary(beneficiary_id)
        if beneficiary.payouts_held:
            return None
        due = queries.unpaid_lines(beneficiary_id).filter(payable_on__lte=today)
        amount = due.aggregate(sum=Sum("line_fen"))["sum"] or 0
        if amount > 0 and not beneficiary.payout_account_no:
            raise PayoutAccountMissing()
        beneficiary.payouts_run_on = today
        beneficiary.save(update_fields=["payouts_run_on"])
        if amount <= 0:  # corrections wait for something to be set against
            return None
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
        [[lines]] = call("escrow_pay_lines", payout.pk, beneficiary_id, today)
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
            after={"amount_fen": amount, "lines": lines, "date": today.isoformat()},
            at=at,
        )
    return payout
