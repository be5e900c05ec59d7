"""The plan by which cards from before the merchant joined come to be backed, or used up."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from escrow import audit
from escrow.clock import beijing_date
from escrow.money import check_fen, yuan
from escrow.transactions import transaction
from prepaid.merchants import queries
from prepaid.merchants.errors import BadInstalments, NothingToFund, NotYourRole
from prepaid.merchants.models import (
    ExistingCard,
    ExistingCardRule,
    FundingPlan,
    Instalment,
    Merchant,
    StaffMember,
    StaffRole,
)
from prepaid.merchants.queries import Unbacked

MOST_INSTALMENTS = 12


def set_funding_plan(
    *, by: StaffMember, instalments: Sequence[tuple[date, int]], at: datetime, actor: str
) -> FundingPlan:
    """By each day so much less stands without backing, in the end nothing. It covers all cards imported until now and takes the
    place of the plan before it, which it may keep or outdo and never put off.

    Raises:
        NotYourRole: the owner alone. NothingToFund. BadInstalments: days, sums, too late, later than the present plan, or before
        what is overdue of it was made good.
    """
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    today = beijing_date(at)
    parts = sorted(instalments)
    days = [day for day, _fen in parts]
    if not 1 <= len(parts) <= MOST_INSTALMENTS or len(set(days)) < len(days) or days[0] <= today:
        raise BadInstalments("days")
    total_fen = sum(check_fen(fen) for _day, fen in parts)
    with transaction():
        merchant = Merchant.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.merchant_id)
        owed = queries.unbacked(merchant, on=today)
        if not owed.sum_fen:
            raise NothingToFund()
        if total_fen != owed.sum_fen:
            raise BadInstalments("sum", total=yuan(owed.sum_fen), sum=yuan(total_fen))
        _check_not_later(owed, parts, today)
        FundingPlan.objects.filter(merchant=merchant, replaced_at=None).update(replaced_at=at)
        last_card = ExistingCard.objects.filter(merchant=merchant).latest("pk")
        plan = FundingPlan.objects.create(
            merchant=merchant, total_fen=total_fen, last_card_id=last_card.pk, made_at=at, made_by=by
        )
        Instalment.objects.bulk_create(Instalment(plan=plan, due_on=day, amount_fen=fen) for day, fen in parts)
        audit.record(
            actor=actor,
            action="merchants.set_funding_plan",
            target=f"merchant:{merchant.pk}",
            before={"plan": owed.plan_id} if owed.plan_id else None,
            after={"plan": plan.pk, "instalments": [[day.isoformat(), fen] for day, fen in parts]},
            at=at,
        )
    return plan


def _check_not_later(owed: Unbacked, parts: Sequence[tuple[date, int]], today: date) -> None:
    """Raises ``BadInstalments``."""
    if owed.missed is not None:
        raise BadInstalments("overdue", day=owed.missed.due_on.isoformat(), sum=yuan(owed.overdue_fen_on(today)))
    latest = [step.due_on for step in owed.steps]
    if owed.unplanned_since is not None:
        most_days = ExistingCardRule.objects.current(today).plan_most_days
        latest.append(owed.unplanned_since + timedelta(days=most_days))
    if parts[-1][0] > max(latest):
        raise BadInstalments("late", day=max(latest).isoformat())
    if owed.plan_id is None:
        return
    unplanned_fen = owed.sum_fen - owed.covered_fen
    for day in (step.due_on for step in owed.steps if step.due_on >= today):
        most_fen = (owed.ceiling_on(day) or 0) + unplanned_fen
        would_fen = owed.sum_fen - sum(fen for due_on, fen in parts if due_on <= day)
        if would_fen > most_fen:
            raise BadInstalments("later", day=day.isoformat(), most=yuan(most_fen), would=yuan(would_fen))
