"""Period agreements: a day served is reserved, then final; dark and paused days are neither."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction

from escrow import invariants, queries, terms
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.errors import AccrualRuleMissing
from escrow.models import Accrual, AccrualRule, Agreement, Stoppage, Use
from escrow.operations.accruals import Accrued, accrue_again
from escrow.states import Plan, RefundBasis, StoppageKind, UseState
from tests.escrow import factories
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

pytestmark = pytest.mark.django_db
PAID_ON = beijing_date(AT)


def on_day(n: int):
    """A morning, ``n`` days after the payment."""
    return AT + timedelta(days=n)


def year_card(to=None, **facts) -> Agreement:
    return held_agreement(to, plan=Plan.PERIOD, **{"price_fen": 365_000, "units_total": 365, **facts})


def accrue(n: int) -> Accrued:
    return escrow.accrue(at=on_day(n), actor=ACTOR)


def dark(agreement: Agreement, *, since: int, until: int | None = None, found: int, place: str = "") -> None:
    """Found on day ``found``: nobody served from day ``since`` on."""
    facts = {
        "beneficiary_id": agreement.beneficiary_id,
        "place": place,
        "kind": StoppageKind.DARK,
        "because": "nobody there",
        "actor": ACTOR,
    }
    escrow.begin_stoppage(**facts, since=PAID_ON + timedelta(days=since), at=on_day(found))
    if until is not None:
        escrow.end_stoppage(**facts, at=on_day(until))


def days(agreement: Agreement, *states: UseState) -> list[int]:
    found = Use.objects.filter(agreement=agreement, day__isnull=False, state__in=states).order_by("day")
    return [(use.day - PAID_ON).days for use in found]


def proven() -> list[str]:
    return [f.name for f in invariants.prove() if not f.ok]


def test_what_follows_begins_when_it_is_paid_and_no_day_counts_twice():
    """The month before has days left, by a stop that is found after the next was paid: it counts none beside it."""
    month = year_card(price_fen=31_000, units_total=31)
    for day in range(1, 32):
        accrue(day)
    paid_on = PAID_ON + timedelta(days=31)
    following = year_card(month.beneficiary, price_fen=31_000, units_total=31, follows=month, at=on_day(31))
    accrue(33)
    dark(month, since=29, until=33, found=33)
    accrue(50)
    assert days(month, UseState.FINAL) == list(range(1, 29))
    assert days(following, UseState.FINAL, UseState.RESERVED) == list(range(34, 50))
    term = terms.terms([month.pk, following.pk], today=PAID_ON + timedelta(days=50))
    assert (term[month.pk].left, term[following.pk].used, term[following.pk].paid_on) == (3, 16, paid_on)
    assert not proven()


def test_days_are_reserved_when_over_and_final_after_the_lag():
    card = year_card()
    assert accrue(1) == Accrued()  # the first day is not over
    assert accrue(2) == Accrued(accrued=1)
    assert accrue(2) == Accrued()
    assert accrue(8) == Accrued(accrued=6)
    held = queries.holding(card.pk)
    assert (held.held_fen, held.reserved_fen, held.units_reserved, held.units_used) == (365_000, 7_000, 7, 0)
    assert accrue(9) == Accrued(accrued=1, final=1)  # day 1, through day 8 in reserve
    held = queries.holding(card.pk)
    assert (held.held_fen, held.reserved_fen, held.units_reserved, held.units_used) == (364_000, 7_000, 7, 1)
    assert not proven()


def test_the_year_card_of_the_rules_is_paid_back_in_full_though_the_stop_is_found_late():
    """rules.md, 2: 3,650 yuan over 365 days, service stopped after day 100, rescinded after day 130: 2,650."""
    card = year_card()
    for day in range(1, 107):
        accrue(day)
    assert max(days(card, UseState.FINAL)) == 98
    dark(card, since=101, found=107)
    assert days(card, UseState.RESERVED) == [99, 100]
    for day in range(108, 131):
        assert accrue(day) == Accrued()
    refund = escrow.refund(
        agreement_id=card.pk,
        amount_fen=265_000,
        basis=RefundBasis.CLOSURE,
        reference="closed",
        at=on_day(130),
        actor=ACTOR,
    )
    assert (refund.amount_fen, refund.settled_fen) == (265_000, 2_000)
    assert not proven()


def test_the_last_day_releases_the_rest_and_no_day_comes_after_it():
    card = year_card(price_fen=1_000, units_total=7)
    for day in range(1, 30):
        accrue(day)
    assert days(card, UseState.FINAL) == [1, 2, 3, 4, 5, 6, 7]
    amounts = list(Use.objects.order_by("day").values_list("amount_fen", flat=True))
    assert amounts == [142, 143, 143, 143, 143, 143, 143]
    assert queries.holding(card.pk).held_fen == 0
    assert not proven()


def test_a_run_after_an_outage_ends_where_daily_runs_end():
    to = beneficiary()
    for price, total in ((365_000, 365), (997, 30), (20, 45)):
        year_card(to, price_fen=price, units_total=total)
    accrue(40)
    one_go = list(Use.objects.order_by("agreement", "day").values_list("day", "state", "amount_fen"))
    assert [u for u in one_go if u[1] == UseState.FINAL]
    daily = [year_card(to, price_fen=p, units_total=t).pk for p, t in ((365_000, 365), (997, 30), (20, 45))]
    for day in range(1, 41):
        accrue(day)
    again = Use.objects.filter(agreement__in=daily).order_by("agreement", "day")
    assert list(again.values_list("day", "state", "amount_fen")) == one_go
    assert not proven()


def test_dark_somewhere_is_not_dark_everywhere():
    card = held_agreement(plan=Plan.PERIOD, price_fen=365_000, units_total=365, places=("1", "2"))
    dark(card, since=3, until=6, found=3, place="1")
    dark(card, since=5, until=8, found=5, place="2")
    accrue(10)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [1, 2, 3, 4, 7, 8, 9]
    assert not proven()


def test_a_stop_in_the_past_is_put_right_and_looked_at_again():
    card = year_card()
    accrue(5)
    dark(card, since=3, found=5)
    assert days(card, UseState.RESERVED) == [1, 2]
    accrue(9)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [1, 2]
    Stoppage.objects.update(until=PAID_ON + timedelta(days=4))  # by hand: it was open again sooner
    assert "days_accrue_once_and_all" in proven()
    accrue_again(beneficiary_id=card.beneficiary_id, since=PAID_ON, at=on_day(9), actor=ACTOR)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [1, 2, 5, 6, 7, 8]
    assert not proven()


def test_days_that_were_final_before_the_stop_was_found_stay():
    card = year_card()
    accrue(20)
    assert max(days(card, UseState.FINAL)) == 12
    dark(card, since=10, found=20)
    assert days(card, UseState.RESERVED, UseState.FINAL) == list(range(1, 13))
    assert not proven()


def test_a_frozen_agreement_waits_and_catches_up():
    card = year_card()
    accrue(3)
    escrow.freeze_agreement(agreement_id=card.pk, because="refund asked", at=on_day(3), actor=ACTOR)
    assert accrue(12) == Accrued()
    escrow.thaw_agreement(agreement_id=card.pk, because="withdrawn", at=on_day(12), actor=ACTOR)
    assert accrue(12) == Accrued(accrued=9, final=4)
    assert not proven()


def test_a_stop_that_is_found_while_an_agreement_is_frozen_leaves_what_was_final_and_the_rest_is_made_up_later():
    card = year_card()
    accrue(20)
    escrow.freeze_agreement(agreement_id=card.pk, because="refund asked", at=on_day(20), actor=ACTOR)
    dark(card, since=10, until=15, found=20)
    assert days(card, UseState.FINAL) == list(range(1, 13))
    assert not days(card, UseState.RESERVED)
    assert not proven()
    assert accrue(22) == Accrued()
    assert not proven()
    escrow.thaw_agreement(agreement_id=card.pk, because="withdrawn", at=on_day(22), actor=ACTOR)
    accrue(22)
    assert days(card, UseState.RESERVED, UseState.FINAL) == [*range(1, 13), *range(16, 22)]
    assert not proven()


def test_silence_makes_nothing_final_on_watch():
    card = year_card()
    escrow.begin_stoppage(
        beneficiary_id=card.beneficiary_id, kind=StoppageKind.WATCH, because="rent unpaid", at=on_day(2), actor=ACTOR
    )
    accrue(20)
    assert days(card, UseState.FINAL) == []
    assert len(days(card, UseState.RESERVED)) == 19
    assert Accrual.objects.get(agreement=card).days_final == 0


def test_without_a_rule_of_the_day_nothing_is_accrued_and_no_day_is_passed_over(monkeypatch):
    eve = AccrualRule.objects.earliest("valid_from").valid_from - timedelta(days=2)
    monkeypatch.setattr(factories, "AT", datetime.combine(eve, time(2), UTC))
    escrow.load_working_days(first_year=eve.year, last_year=eve.year + 1, confirmed_until=eve.year)
    card = year_card()
    with pytest.raises(AccrualRuleMissing), transaction.atomic():  # of the day before the first rule
        escrow.accrue(at=factories.AT + timedelta(days=4), actor=ACTOR)
    assert not Use.objects.filter(agreement=card).exists()
    assert not Accrual.objects.filter(agreement=card).exists()
    AccrualRule.objects.create(valid_from=eve, lag_days=7, pause_days_a_year=90, basis="test", mark="A")
    assert escrow.accrue(at=factories.AT + timedelta(days=4), actor=ACTOR) == Accrued(accrued=3)
    assert not proven()


def test_a_day_on_which_nobody_served_needs_no_rule(monkeypatch):
    eve = AccrualRule.objects.earliest("valid_from").valid_from - timedelta(days=2)
    monkeypatch.setattr(factories, "AT", datetime.combine(eve, time(2), UTC))
    escrow.load_working_days(first_year=eve.year, last_year=eve.year + 1, confirmed_until=eve.year)
    card = year_card()
    stop = {"beneficiary_id": card.beneficiary_id, "place": "", "kind": StoppageKind.DARK, "because": "away"}
    escrow.begin_stoppage(**stop, since=eve + timedelta(days=1), at=factories.AT + timedelta(days=1), actor=ACTOR)
    escrow.end_stoppage(**stop, at=factories.AT + timedelta(days=1), actor=ACTOR)
    assert escrow.accrue(at=factories.AT + timedelta(days=4), actor=ACTOR) == Accrued(accrued=2)
    assert not Use.objects.filter(agreement=card, day=eve + timedelta(days=1)).exists()
