"""Orders of courts and authorities on a merchant's money: blocked, filled by later payouts, lifted or expired."""

from datetime import date, datetime

from django.db.models import F, Sum

from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import NotFound, ReasonRequired, WrongState
from escrow.ledger import Chart, Movement, post
from escrow.models import Claim, LegalHold
from escrow.money import check_fen
from escrow.operations.beneficiaries import locked_beneficiary
from escrow.operations.instructions import recall_payouts
from escrow.operations.payouts import fill_holds, unfilled_holds
from escrow.queries import add_working_days
from escrow.states import AccountCode, Reason
from escrow.transactions import call, transaction


def order_hold(
    *, beneficiary_id: int, order_no: str, issued_by: str, sum_fen: int, expires_on: date, at: datetime, actor: str
) -> LegalHold:
    """Record an order and block at once what the merchant has earned, up to its sum; later payouts fill the rest. Open claims
    of consumers and earlier orders come before it, as in every payout. Where what is earned is too little for all of them,
    payouts that have not left are taken back first. The same order again changes nothing. Consumers' money is not the
    merchant's and is never blocked (民法典, trust of custody).

    Raises:
        NotFound. InvalidAmount: not a sum. ReasonRequired: no number or no authority. WrongState: the order is recorded
        with another sum or end, or ends before it begins.
    """
    check_fen(sum_fen)
    if not order_no.strip() or not issued_by.strip():
        raise ReasonRequired()
    with transaction():
        call("escrow_fold", beneficiary_id)
        locked_beneficiary(beneficiary_id)
        known = LegalHold.objects.filter(beneficiary_id=beneficiary_id, order_no=order_no).first()
        if known is not None:
            if (known.sum_fen, known.expires_on) != (sum_fen, expires_on):
                raise WrongState()
            return known
        if expires_on < beijing_date(at):
            raise WrongState()
        hold = LegalHold.objects.create(
            beneficiary_id=beneficiary_id,
            order_no=order_no,
            issued_by=issued_by,
            sum_fen=sum_fen,
            expires_on=expires_on,
            ordered_at=at,
        )
        audit.record(
            actor=actor,
            action="escrow.order_hold",
            target=f"legal_hold:{hold.pk}",
            after={"order_no": order_no, "sum_fen": sum_fen, "expires_on": expires_on.isoformat()},
            at=at,
        )
        earned = Chart(beneficiary_id=beneficiary_id).account(AccountCode.PAYABLE).available
        claimed = _claimed(beneficiary_id)
        wanted = claimed + sum(
            one.sum_fen - one.blocked_fen for one in unfilled_holds(beneficiary_id, on=beijing_date(at))
        )
        if earned < wanted:
            because = f"blocked by order {order_no}"
            earned += recall_payouts(
                beneficiary_id=beneficiary_id, at_least_fen=wanted - earned, because=because, at=at, actor=actor
            )
        fill_holds(beneficiary_id, earned - claimed, at=at, actor=actor)
        hold.refresh_from_db()
    return hold


def _claimed(beneficiary_id: int) -> int:
    """What consumers' open claims still ask for (fen)."""
    claims = Claim.objects.filter(beneficiary_id=beneficiary_id, closed_at=None)
    return claims.aggregate(sum=Sum(F("amount_fen") - F("paid_fen")))["sum"] or 0


def lift_hold(*, hold_id: int, because: str, at: datetime, actor: str) -> LegalHold:
    """The order is withdrawn or over: what was blocked is earned again and paid out from the next working day on. Lifting
    again changes nothing. Raises ``NotFound``."""
    beneficiary_id = LegalHold.objects.filter(pk=hold_id).values_list("beneficiary_id", flat=True).first()
    if beneficiary_id is None:
        raise NotFound()
    with transaction():
        locked_beneficiary(beneficiary_id)
        hold = LegalHold.objects.get(pk=hold_id)
        if hold.lifted_at is not None:
            return hold
        released, hold.blocked_fen, hold.lifted_at = hold.blocked_fen, 0, at
        chart = Chart(beneficiary_id=beneficiary_id)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.BLOCKED),
                    credit=chart.id(AccountCode.PAYABLE),
                    amount=released,
                    reason=Reason.UNBLOCK,
                    reference=hold.order_no,
                    payable_on=add_working_days(beijing_date(at), 1),
                )
            ],
            at=at,
        )
        hold.save(update_fields=["blocked_fen", "lifted_at"])
        audit.record(
            actor=actor,
            action="escrow.lift_hold",
            target=f"legal_hold:{hold.pk}",
            before={"blocked_fen": released},
            after={"because": because},
            at=at,
        )
    return hold
