"""Limits by kind, the reminder before their end, three levels of reports after it, one extension; whatever the clock does."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import (
    ExtendedBefore,
    HasALead,
    HoursNotExtended,
    LimitOver,
    NotTheLead,
    ReasonRequired,
    TooManyDays,
)
from complaints.cases.models import Case, Extension, TimeLimit
from complaints.cases.queries.deadlines import MARKS, due
from complaints.cases.queries.rules import working_days_after
from complaints.cases.states import CaseState, EventKind, Limit
from escrow import clock
from escrow import queries as escrow
from escrow.clock import beijing_date, end_of_day
from escrow.errors import CalendarMissing, NotFound
from escrow.models import WorkingDay
from prepaid.notices.models import Message
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, FENGTAI
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=1)
MARKED = ("escalated_at", "city_told_at", "supervised_at")


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def case(officer) -> Case:
    return make.complaint()


def swept(case: Case, at: datetime) -> Case:
    operations.sweep(at=at, actor=ACTOR)
    return Case.objects.get(pk=case.pk)


def levels(case: Case) -> list[str]:
    events = case.events.filter(kind=EventKind.OVERDUE).order_by("id")
    return [event.data["level"] for event in events]


# Limits by kind


@pytest.mark.parametrize(
    ("limit", "due_on", "hours"),
    [
        (Limit.LIFE_RISK, date(2026, 11, 23), 2),
        (Limit.UTILITIES, date(2026, 11, 24), 24),
        (Limit.GENERAL, date(2026, 11, 30), None),
        (Limit.COMPLEX, date(2026, 12, 8), None),
        (Limit.PREPAID, date(2026, 12, 2), None),
    ],
)
def test_each_kind_has_its_limit_from_the_receipt(case, officer, limit, due_on, hours):
    chosen = operations.choose_limit(number=case.number, officer=officer, limit=limit, at=AT + HOURS)
    chosen.refresh_from_db()
    assert (chosen.limit, chosen.due_on) == (limit, due_on)
    assert chosen.due_at == (AT + hours * HOURS if hours else None)
    assert chosen.merchant_answer_due_on <= due_on
    end = chosen.due_at or end_of_day(due_on)
    for late in (False, True):
        at = end if late else end - timedelta(seconds=1)
        assert chosen.is_overdue(at=at) == Case.objects.overdue(at=at).filter(pk=case.pk).exists() == late
    assert case.events.filter(kind=EventKind.LIMITED).count() == (limit != Limit.PREPAID)


def test_the_kind_is_chosen_before_anybody_leads_and_before_the_end(case, officer):
    with pytest.raises(NotFound):
        operations.choose_limit(
            number=case.number, officer=make.officer("commerce", FENGTAI), limit=Limit.GENERAL, at=AT
        )
    with pytest.raises(LimitOver):
        operations.choose_limit(number=case.number, officer=officer, limit=Limit.COMPLEX, at=AT + timedelta(days=10))
    make.led(case, officer)
    with pytest.raises(HasALead):
        operations.choose_limit(number=case.number, officer=officer, limit=Limit.GENERAL, at=AT)
    case.refresh_from_db()
    assert (case.limit, case.due_on) == (Limit.PREPAID, date(2026, 12, 2))


@pytest.mark.parametrize(
    "facts",
    [{}, {"days": 1, "hours": 1}, {"working_days": 1, "hours": 1}, {"hours": 0}, {"working_days": 1, "days": 1}],
)
def test_a_limit_is_in_one_unit(officer, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        TimeLimit.objects.create(code="x", valid_from=date(2026, 1, 1), source="test", mark="A", **facts)


def test_without_next_years_holidays_a_complaint_is_taken_in_swept_and_extended(officer):
    """The calendar ends with the year; Monday to Friday count from there."""
    WorkingDay.objects.filter(day__gte=date(2026, 12, 1)).delete()
    with pytest.raises(CalendarMissing):
        escrow.add_working_days(date(2026, 11, 23), 7)
    case = make.complaint()
    assert case.due_on == date(2026, 12, 2)
    make.led(case, officer)
    operations.extend(number=case.number, officer=officer, days=7, reason="鉴定", at=AT)
    case = swept(case, AT + timedelta(days=17))
    assert (case.due_on, case.reminded_at is not None) == (date(2026, 12, 11), True)
    assert all(getattr(swept(case, AT + timedelta(days=40)), field) for field in MARKED)


def test_holidays_that_are_known_count_also_beside_unknown_days():
    make.city()
    WorkingDay.objects.filter(day__gte=date(2026, 11, 30)).delete()
    WorkingDay.objects.filter(day=date(2026, 11, 24)).update(is_working=False)
    # 25, 26, 27 are known to work; 28 and 29 are a weekend that is known; 30 is a Monday nobody knows.
    assert working_days_after(date(2026, 11, 23), 4) == date(2026, 11, 30)


# Reminder


def test_one_reminder_to_the_lead_or_to_the_queue(case, officer):
    colleague, free = make.officer(), make.complaint()
    make.led(case, officer)
    for at in (AT, AT + timedelta(days=4)):
        assert swept(case, at).reminded_at is None
    # Two working days before Wednesday, 2 December.
    at = AT + timedelta(days=7)
    for hour in range(3):
        assert swept(case, at + hour * HOURS).reminded_at == at
    assert case.events.filter(kind=EventKind.REMINDED).count() == 1
    told = {user: [one.title for one in user.messages.all()] for user in (officer, colleague)}
    assert sum(case.number in title and "到期" in title for title in told[officer]) == 1
    assert not any(case.number in title and "到期" in title for title in told[colleague])
    assert sum(free.number in title and "到期" in title for title in told[colleague]) == 1


def test_of_a_limit_in_hours_the_reminder_comes_an_hour_before(case, officer):
    operations.choose_limit(number=case.number, officer=officer, limit=Limit.LIFE_RISK, at=AT)
    assert swept(case, AT + 59 * HOURS / 60).reminded_at is None
    assert swept(case, AT + HOURS).reminded_at == AT + HOURS


def test_what_is_over_is_reported_and_not_reminded_of(case):
    late = swept(case, AT + timedelta(days=11))
    assert (late.reminded_at, late.escalated_at is not None) == (None, True)


# Three levels


def test_three_levels_in_order_each_once_with_its_date_and_its_people(case, officer):
    make.led(case, officer)
    colleague, city, coordinator = (
        make.officer(),
        make.officer("commerce", None),
        make.officer("market_regulation", None),
    )
    platform, sports = make.operator(), make.officer("sports", None)
    people = (officer, colleague, city, coordinator, platform, sports)
    expected = {
        "escalated_at": (1, 1, 0, 0, 0, 0),
        "city_told_at": (1, 0, 1, 0, 0, 0),
        "supervised_at": (1, 0, 1, 1, 1, 0),
    }
    swept(case, AT + timedelta(days=8))  # the reminder
    for mark in MARKS:
        at = due(Case.objects.get(pk=case.pk), mark)
        before = [user.messages.count() for user in people]
        assert getattr(swept(case, at - timedelta(seconds=1)), mark.field) is None
        for hour in range(3):
            assert getattr(swept(case, at + hour * HOURS), mark.field) == at
        told = tuple(user.messages.count() - count for user, count in zip(people, before, strict=True))
        assert told == expected[mark.field], mark.field
    assert levels(case) == ["district", "city", "supervision"]
    assert Case.objects.supervised().get() == case


@pytest.mark.parametrize("limit", list(Limit))
def test_a_clock_that_jumps_runs_every_level_once_in_order(case, officer, limit):
    operations.choose_limit(number=case.number, officer=officer, limit=limit, at=AT)
    case.refresh_from_db()
    at = end_of_day(case.due_on) + timedelta(days=7)
    for turn in range(3):
        jumped = swept(case, at + turn * timedelta(days=3))
    assert [getattr(jumped, field) for field in MARKED] == [at, at, at]
    assert levels(case) == ["district", "city", "supervision"]


def test_a_level_whose_rule_is_missing_keeps_back_nothing_else(case):
    TimeLimit.objects.filter(code__in=["reminder", "tell_city"]).delete()
    late = swept(case, AT + timedelta(days=40))
    assert [bool(getattr(late, field)) for field in MARKED] == [True, False, False]
    operations.sweep(at=AT + timedelta(days=41), actor=ACTOR)
    assert levels(case) == ["district"]


@pytest.mark.parametrize("end", ["withdraw", "decide"])
def test_it_is_on_the_supervision_list_until_it_ends_and_the_list_is_the_citys(case, officer, end):
    make.led(case, officer)
    late = AT + timedelta(days=40)
    operations.sweep(at=late, actor=ACTOR)
    address = reverse("admin:cases_case_changelist")
    city, coordinator = make.officer("commerce", None), make.officer("market_regulation", None)

    def shown(user) -> bool:
        return case.number in signed_in(user).get(address, {"stage": "supervised", "district": ""}).content.decode()

    assert [shown(user) for user in (city, make.operator(), coordinator)] == [True, True, True]
    assert "supervised" not in signed_in(officer).get(address).content.decode()
    index = signed_in(city).get(reverse("admin:index")).content.decode()
    assert f"{address}?stage=supervised" in index
    assert f"{address}?stage=supervised" not in signed_in(officer).get(reverse("admin:index")).content.decode()
    if end == "withdraw":
        operations.withdraw(number=case.number, complainant=case.complainant, at=late)
    else:
        operations.decide(
            number=case.number, officer=officer, result="not_upheld", amount_fen=None, basis="", reasons="证据", at=late
        )
    assert not shown(city)
    assert not Case.objects.supervised().exists()


def test_the_table_keeps_the_order_of_the_levels(case):
    for field in ("city_told_at", "supervised_at"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**{field: AT})


# Extension


def test_the_lead_extends_once_and_both_sides_see_the_new_day(case, officer):
    city = make.officer("commerce", None)
    with pytest.raises(NotTheLead):
        operations.extend(number=case.number, officer=officer, days=1, reason="鉴定", at=AT)
    make.led(case, officer)
    for days, reason, error in ((0, "鉴定", TooManyDays), (8, "鉴定", TooManyDays), (3, " ", ReasonRequired)):
        with pytest.raises(error):
            operations.extend(number=case.number, officer=officer, days=days, reason=reason, at=AT)
    told = [user.messages.count() for user in (case.complainant, case.merchant.staff.get().user, city)]
    operations.extend(number=case.number, officer=officer, days=3, reason="等待鉴定结论", at=AT)
    case.refresh_from_db()
    assert (case.due_on, Extension.objects.get().was_due_on) == (date(2026, 12, 7), date(2026, 12, 2))
    now = [user.messages.count() for user in (case.complainant, case.merchant.staff.get().user, city)]
    assert now == [count + 1 for count in told]
    pages = [
        (case.complainant, reverse("complaint_detail", args=[case.number])),
        (case.merchant.staff.get().user, reverse("shop_case", args=[case.number])),
    ]
    for user, url in pages:
        page = signed_in(user).get(url).content.decode()
        assert "2026-12-07" in page
        assert "等待鉴定结论" not in page
    with pytest.raises(ExtendedBefore):
        operations.extend(number=case.number, officer=officer, days=1, reason="还要", at=AT)
    assert swept(case, AT + timedelta(days=10)).escalated_at is None


def test_no_extension_after_the_end_nor_of_hours(case, officer):
    urgent = make.complaint()
    operations.choose_limit(number=urgent.number, officer=officer, limit=Limit.UTILITIES, at=AT)
    for one in (case, urgent):
        make.led(one, officer)
    with pytest.raises(LimitOver):
        operations.extend(number=case.number, officer=officer, days=1, reason="忘了", at=end_of_day(case.due_on))
    with pytest.raises(HoursNotExtended):
        operations.extend(number=urgent.number, officer=officer, days=1, reason="忙", at=AT)
    assert not Extension.objects.exists()


def test_the_pages_of_limit_and_extension(case, officer):
    client = signed_in(officer)
    file = reverse("admin:cases_case_change", args=[case.pk])
    limit = reverse("admin:cases_case_limit", args=[case.pk])
    Case.objects.filter(pk=case.pk).update(due_on=clock.today() + timedelta(days=3))
    assert limit in client.get(file).content.decode()
    assert client.get(limit).status_code == 200
    assert client.post(limit, {"limit": "nonsense"}).status_code == 400
    assert client.post(limit, {"limit": "complex"}).url == file
    case.refresh_from_db()
    assert case.limit == Limit.COMPLEX
    make.led(case, officer)
    Case.objects.filter(pk=case.pk).update(due_on=clock.today() + timedelta(days=3))
    extend = reverse("admin:cases_case_extend", args=[case.pk])
    assert extend in client.get(file).content.decode()
    assert client.post(extend, {"days": "99", "reason": "久"}).status_code == 400
    assert client.post(extend, {"days": "x", "reason": "久"}).status_code == 400
    assert client.post(extend, {"days": "2", "reason": "久"}).url == file
    assert client.post(extend, {"days": "2", "reason": "久"}).status_code == 409
    for other in (make.officer("sports"), make.officer("commerce", FENGTAI)):
        for url in (limit, extend):
            assert signed_in(other).get(url).status_code == signed_in(other).post(url, {}).status_code == 404
    case.refresh_from_db()
    assert (case.state, beijing_date(case.received_at)) == (CaseState.IN_HAND, date(2026, 11, 23))


def test_a_template_begins_the_statement(case, officer):
    make.led(case, officer)
    file = reverse("admin:cases_case_change", args=[case.pk])
    page = signed_in(officer).get(file, {"template": "merchant_closed"}).content.decode()
    assert "The shop has stopped business; the merchant was called several times" in page
    assert "?template=consumer_accepts#record" in page
    assert signed_in(officer).get(file, {"template": "nonsense"}).status_code == 200


def test_the_citys_coordinator_reads_what_is_on_the_supervision_list_and_acts_in_none_of_it(case):
    coordinator = make.officer("market_regulation", None)
    district, other = make.officer("market_regulation"), make.officer("sports", None)
    page = reverse("admin:cases_case_change", args=[case.pk])
    assert signed_in(coordinator).get(page).status_code == 404
    at = case.ends_at + timedelta(days=30)
    operations.escalate(case_id=case.pk, at=at, actor=ACTOR)
    told = Message.objects.filter(recipient=coordinator, url=page)
    assert told.count() == 1
    assert signed_in(coordinator).get(page).status_code == 200
    assert signed_in(coordinator).post(reverse("admin:cases_case_accept", args=[case.pk])).status_code == 404
    assert signed_in(district).get(page).status_code == signed_in(other).get(page).status_code == 404


# After the decision: the money


def test_money_that_is_not_back_is_reported_level_by_level_and_on_the_list_until_it_is(case, officer):
    make.officer("commerce", None), make.officer("market_regulation", None), make.operator()
    make.led(case, officer)
    facts = {"result": "upheld", "amount_fen": 100_000, "basis": "judgment", "reasons": "判决书"}
    case = operations.decide(number=case.number, officer=officer, at=AT, **facts)
    assert case.money_due_on == working_days_after(beijing_date(AT), 5)
    assert str(case.money_due_on) in signed_in(officer).get(admin_file(case)).content.decode()
    told = Message.objects.count()
    case = swept(case, end_of_day(case.money_due_on) - HOURS)
    assert (Message.objects.count(), case.escalated_at) == (told, None)
    at = end_of_day(case.money_due_on)
    assert case.is_late(at=at)
    assert not case.is_late(at=at - HOURS)
    assert swept(case, at).escalated_at == at
    later = end_of_day(working_days_after(case.money_due_on, 3))
    for _time in range(2):
        case = swept(case, later)
    assert case.is_supervised
    lines = case.events.filter(kind=EventKind.MONEY_LATE).order_by("id")
    assert [line.data["level"] for line in lines] == ["district", "city", "supervision"]
    assert not levels(case)  # the authority was in time
    assert sum("退款未到账" in message.title for message in Message.objects.all()) == 1 + 2 + 4
    page = signed_in(case.complainant).get(reverse("complaint_detail", args=[case.number])).content.decode()
    assert "on the city&#x27;s supervision list until the bank confirms it" in page
    case.outcome.refund.paid_at = later
    case.outcome.refund.save()
    assert not swept(case, later).is_supervised


def test_of_a_decision_that_came_late_only_the_levels_that_were_not_reached_follow(case, officer):
    make.led(case, officer)
    assert swept(case, end_of_day(case.due_on)).escalated_at
    at = end_of_day(case.due_on) + HOURS
    facts = {"result": "upheld", "amount_fen": 100_000, "basis": "judgment", "reasons": "判决书"}
    operations.decide(number=case.number, officer=officer, at=at, **facts)
    case = swept(case, at + timedelta(days=30))
    assert [line.data["level"] for line in case.events.filter(kind=EventKind.MONEY_LATE).order_by("id")] == [
        "city",
        "supervision",
    ]
    assert levels(case) == ["district"]


def admin_file(case: Case) -> str:
    return reverse("admin:cases_case_change", args=[case.pk])
