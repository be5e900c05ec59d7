"""Paying merchants what they have earned: one payout a day, the sum of its lines.

What others have a better right to is taken first, each as a line of its own, so that the lines still add up: claims of
consumers, the oldest first; sums that a court or an authority has blocked; the merchant's share for its reserve. What the
reserve no longer need hold comes back with the same run.
"""

from datetime import date, datetime

from django.conf import settings
from django.db.models import F, Sum

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import PayoutAccountMissing
from escrow.ledger import Chart, Movement, post
from escrow.models import Beneficiary, Claim, ClaimPayment, LegalHold, Payment, Payout, ReserveRule
from escrow.operations.beneficiaries import locked_beneficiary
from escrow.operations.instructions import Payee, instruct
from escrow.states import AccountCode, InstructionKind, Reason
from escrow.transactions import call, transaction


def pay_out(*, beneficiary_id: int, at: datetime, actor: str) -> Payout | None:
    """Pay every line due by today; None when payouts are held or nothing is due. Each line is paid by one payout, once.

    What others have a better right to is taken in the same deed, and also when the merchant is paid nothing: claims are
    served and orders filled while payouts are held, and where there is no account to pay to.

    Raises:
        PayoutAccountMissing: something is left for the merchant and there is nowhere to send it.
    """
    today = beijing_date(at)
    with transaction():
        call("escrow_fold", beneficiary_id)  # from here on nobody else writes transfers of this beneficiary
        beneficiary = locked_beneficiary(beneficiary_id)
        serve_claims(beneficiary_id=beneficiary_id, at=at, actor=actor)
        paid = beneficiary.payout_account_no and not beneficiary.payouts_held
        if paid:
            _return_reserve(beneficiary_id, today, at, actor)
        amount = _due(beneficiary_id, today)
        amount -= fill_holds(beneficiary_id, amount, at=at, actor=actor)
        if beneficiary.payouts_held:
            return None
        nowhere = amount > 0 and not beneficiary.payout_account_no
        payout = None if nowhere else _pay(beneficiary, amount, today, at, actor)
    if nowhere:
        raise PayoutAccountMissing()
    return payout


def _pay(beneficiary: Beneficiary, amount: int, today: date, at: datetime, actor: str) -> Payout | None:
    """The merchant's own part of what is due, less its reserve's share, which what came back from the reserve does not bear,
    now or in a run that paid nothing; the run of the day is done."""
    beneficiary_id = beneficiary.pk
    beneficiary.payouts_run_on = today
    beneficiary.save(update_fields=["payouts_run_on"])
    returned = queries.returned_unpaid(beneficiary_id, by=today)
    amount -= _kept_as_reserve(beneficiary_id, amount - returned, today, at)
    if amount <= 0:  # corrections wait for something to be set against
        return None
    instruction = instruct(
        kind=InstructionKind.PAYOUT,
        beneficiary_id=beneficiary_id,
        channel=settings.PAYOUT_CHANNEL,
        amount_fen=amount,
        payee=Payee(account_no=beneficiary.payout_account_no, name=beneficiary.payout_account_name),
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


def serve_claims(*, beneficiary_id: int, at: datetime, actor: str) -> int:
    """Pay open claims out of what is due, the oldest first, held payouts or not; returns the fen on their way."""
    with transaction():
        if not Claim.objects.filter(beneficiary_id=beneficiary_id, closed_at=None).exists():
            return 0
        call("escrow_fold", beneficiary_id)
        today = beijing_date(at)
        due = left = _due(beneficiary_id, today)
        claims = Claim.objects.select_for_update(no_key=True, of=("self",)).select_related("refund")
        for claim in claims.filter(beneficiary_id=beneficiary_id, closed_at=None).order_by("id"):
            part = min(claim.amount_fen - claim.paid_fen, left)
            if part <= 0:
                break
            _pay_claim(claim, part, today, at, actor)
            left -= part
    return due - left


def _pay_claim(claim: Claim, part: int, today: date, at: datetime, actor: str) -> None:
    payment = Payment.objects.get(agreement_id=claim.refund.agreement_id)
    numbers = []
    # The original payment takes back what it brought; the interest above that is an order of its own and goes after it.
    back = min(part, max(payment.amount_fen - queries.sent_back_fen(payment.pk), 0))
    for amount, above in ((back, False), (part - back, True)):
        if amount:
            instruction = instruct(
                kind=InstructionKind.REFUND,
                beneficiary_id=claim.beneficiary_id,
                channel=payment.channel,
                payment=payment,
                amount_fen=amount,
                at=at,
            )
            ClaimPayment.objects.create(claim=claim, instruction=instruction, amount_fen=amount, above=above)
            numbers.append(instruction.number)
    chart = Chart(beneficiary_id=claim.beneficiary_id)
    post(
        [
            Movement(
                debit=chart.id(AccountCode.PAYABLE),
                credit=chart.id(AccountCode.REFUND),
                amount=part,
                reason=Reason.CLAIM,
                agreement=claim.refund.agreement_id,
                reference=claim.number,
                payable_on=today,
            )
        ],
        at=at,
    )
    before = claim.paid_fen
    claim.paid_fen += part
    claim.closed_at = at if claim.paid_fen == claim.amount_fen else None
    claim.save(update_fields=["paid_fen", "closed_at"])
    audit.record(
        actor=actor,
        action="escrow.serve_claim",
        target=f"claim:{claim.pk}",
        before={"paid_fen": before},
        after={"paid_fen": claim.paid_fen, "of_fen": claim.amount_fen, "instructions": numbers},
        at=at,
    )


def _due(beneficiary_id: int, today: date) -> int:
    """What may be paid out today (fen): every line due by then, corrections included."""
    lines = queries.unpaid_lines(beneficiary_id).filter(payable_on__lte=today)
    return lines.aggregate(sum=Sum("line_fen"))["sum"] or 0


def unfilled_holds(beneficiary_id: int, *, on: date) -> list[LegalHold]:
    """Orders of courts and authorities that are not filled yet, the oldest first: a later one waits for its turn."""
    open_holds = LegalHold.objects.filter(beneficiary_id=beneficiary_id, lifted_at=None, expires_on__gte=on)
    return list(open_holds.filter(blocked_fen__lt=F("sum_fen")).order_by("id"))


def fill_holds(beneficiary_id: int, amount: int, *, at: datetime, actor: str) -> int:
    """Block ``amount`` (fen, at most what the merchant has earned) for the orders that are not filled, the oldest first. The
    caller has folded. Returns what was blocked."""
    blocked = 0
    for hold in unfilled_holds(beneficiary_id, on=beijing_date(at)):
        blocked += _block(hold, min(hold.sum_fen - hold.blocked_fen, amount - blocked), at=at, actor=actor)
    return blocked


def _block(hold: LegalHold, amount: int, *, at: datetime, actor: str) -> int:
    if amount <= 0:
        return 0
    chart = Chart(beneficiary_id=hold.beneficiary_id)
    post(
        [
            Movement(
                debit=chart.id(AccountCode.PAYABLE),
                credit=chart.id(AccountCode.BLOCKED),
                amount=amount,
                reason=Reason.BLOCK,
                reference=hold.order_no,
                payable_on=beijing_date(at),
            )
        ],
        at=at,
    )
    hold.blocked_fen += amount
    hold.save(update_fields=["blocked_fen"])
    audit.record(
        actor=actor,
        action="escrow.block",
        target=f"legal_hold:{hold.pk}",
        after={"blocked_fen": hold.blocked_fen, "of_fen": hold.sum_fen},
        at=at,
    )
    return amount


def _return_reserve(beneficiary_id: int, today: date, at: datetime, actor: str) -> None:
    """What the reserve holds above what it need hold is earned again, and due today."""
    over = queries.reserve_over(beneficiary_id, on=today)
    if over:
        chart = Chart(beneficiary_id=beneficiary_id)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.RESERVE),
                    credit=chart.id(AccountCode.PAYABLE),
                    amount=over,
                    reason=Reason.RESERVE_RETURNED,
                    payable_on=today,
                )
            ],
            at=at,
        )
        audit.record(
            actor=actor,
            action="escrow.return_reserve",
            target=f"beneficiary:{beneficiary_id}",
            after={"amount_fen": over},
            at=at,
        )


def _kept_as_reserve(beneficiary_id: int, amount: int, today: date, at: datetime) -> int:
    """The share of this payout that stays as the merchant's reserve (fen)."""
    rule = ReserveRule.objects.filter(valid_from__lte=today).order_by("-valid_from").first()
    if rule is None or amount <= 0:
        return 0
    chart = Chart(beneficiary_id=beneficiary_id)
    room = rule.up_to_fen - chart.account(AccountCode.RESERVE).balance
    kept = max(0, min(amount * rule.basis_points // 10_000, room))
    if kept:
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.PAYABLE),
                    credit=chart.id(AccountCode.RESERVE),
                    amount=kept,
                    reason=Reason.RESERVED_SHARE,
                    payable_on=today,
                )
            ],
            at=at,
        )
    return kept
