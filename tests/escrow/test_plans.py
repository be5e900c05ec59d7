"""Plans by lesson and by discount, and money that becomes payable later."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.errors import CalendarMissing, InvalidUnits, LessonCharged
from escrow.models import Agreement, Transfer, Use, WorkingDay
from escrow.states import Plan, Reason
from escrow.transactions import transaction
from tests.escrow.factories import ACTOR, AT, held_agreement, open_agreement

pytestmark = pytest.mark.django_db


def charge(agreement, *, key: str, units: int = 1, lesson: str | None = None, final: bool = True) -> Use:
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=final,
        key=key,
        reference="r",
        lesson=lesson,
        silence="confirms",
        silence_days=15,
        at=AT,
        actor=ACTOR,
    )


def test_what_is_returned_is_the_row_that_was_written():
    course = held_agreement(plan=Plan.COURSE, units_total=12)
    for key, final in (("a", True), ("b", False)):
        use = charge(course, key=key, lesson=key, final=final)
        stored = Use.objects.get(pk=use.pk)
        for field in Use._meta.concrete_fields:
            assert getattr(use, field.attname) == getattr(stored, field.attname), field.name


def test_a_lesson_is_charged_once_whatever_the_key():
    course = held_agreement(plan=Plan.COURSE, price_fen=12_000, units_total=12)
    use = charge(course, key="a", lesson="mon", final=False)
    assert charge(course, key="a", lesson="mon", final=False).pk == use.pk
    with pytest.raises(LessonCharged):
        charge(course, key="b", lesson="mon")
    escrow.void_use(use_id=use.pk, at=AT, actor=ACTOR)  # the learner was not there after all
    charge(course, key="c", lesson="mon")
    charge(course, key="d", lesson="tue")
    assert queries.holding(course.pk).held_fen == 10_000
    assert all(finding.ok for finding in invariants.prove())


def test_a_lesson_is_one_unit_of_a_course():
    course, sessions = held_agreement(plan=Plan.COURSE, units_total=12), held_agreement()
    for agreement, units in ((course, 2), (sessions, 1)):
        with pytest.raises(InvalidUnits):
            charge(agreement, key="a", lesson="mon", units=units)
    assert not Use.objects.exists()


def test_what_is_used_becomes_payable_after_its_working_days():
    course = held_agreement(plan=Plan.COURSE, units_total=12, payable_after=2)
    charge(course, key="a", lesson="mon")
    assert Transfer.objects.get(reason=Reason.RELEASE, asset="CNY").payable_on == date(2026, 11, 25)


def test_a_discount_card_gives_its_discounted_prices():
    card = held_agreement(plan=Plan.DISCOUNT, price_fen=50_000)
    charge(card, key="a", units=12_345)
    assert queries.holding(card.pk).held_fen == 37_655
    assert all(finding.ok for finding in invariants.prove())
    with pytest.raises(InvalidUnits):
        open_agreement(plan=Plan.DISCOUNT, price_fen=50_000, units_total=49_999)


def test_nothing_is_confirmed_whose_money_would_never_become_payable():
    course = held_agreement(plan=Plan.COURSE, units_total=12, payable_after=2)
    use = charge(course, key="a", lesson="mon", final=False)
    days = WorkingDay.objects.filter(is_working=True, day__gt=date(2026, 11, 23)).order_by("day")
    WorkingDay.objects.filter(day__gt=days[0].day).delete()
    with pytest.raises(CalendarMissing), transaction():
        escrow.confirm_use(use_id=use.pk, at=AT, actor=ACTOR)
    assert not Transfer.objects.filter(reason=Reason.RELEASE).exists()


@pytest.mark.parametrize("term", [{"free_percent": 60}, {"payable_after": 9}])
def test_when_money_leaves_is_agreed_and_stays(term):
    agreement = held_agreement()
    with pytest.raises(IntegrityError):
        Agreement.objects.filter(pk=agreement.pk).update(**term)


def test_days_become_payable_after_their_working_days():
    card = held_agreement(plan=Plan.PERIOD, price_fen=3_650, units_total=365, payable_after=2)
    escrow.accrue(at=AT + timedelta(days=14), actor=ACTOR)  # a Monday
    released = Transfer.objects.filter(agreement=card, reason=Reason.RELEASE)
    assert {row.payable_on for row in released} == {date(2026, 12, 9)}
