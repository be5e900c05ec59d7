"""吹哨报到: the lead calls departments in, they report and answer to it, both sides measured; and what they may read."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import (
    AlreadyCalledIn,
    AlreadyDecided,
    CallOver,
    NotReportedYet,
    NotTheLead,
    OwnDepartment,
    ReasonRequired,
    TextMissing,
)
from complaints.cases.models import Assist, Case
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import AssistState, CaseState, EventKind
from escrow.errors import NotFound
from escrow.models import AuditEntry
from prepaid.people.errors import UnknownDepartment
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
ASKED = "请核实该店消防和场地情况。"


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def helper(officer):
    return make.officer("sports")


@pytest.fixture
def case(officer, helper) -> Case:
    return make.led(make.complaint(), officer)


def called(case: Case, by, *, department: str = "sports", district: str = "", asked: str = ASKED, at=AT) -> Assist:
    return operations.call_in(
        number=case.number, officer=by, department_code=department, district_code=district, asked=asked, at=at
    )


def test_called_reported_answered_and_both_sides_measured(case, officer, helper):
    assist = called(case, officer)
    assert (assist.department_id, assist.district_id, assist.answer_by) == ("sports", CHAOYANG, date(2026, 11, 26))
    assert helper.messages.filter(url=reverse("admin:cases_assist_change", args=[assist.pk])).count() == 1
    with pytest.raises(NotReportedYet):
        operations.answer_call(assist_id=assist.pk, officer=helper, text="已核实", at=AT)
    hours = [AT + timedelta(hours=n) for n in (1, 5)]
    operations.report_in(assist_id=assist.pk, officer=helper, at=hours[0])
    operations.report_in(assist_id=assist.pk, officer=helper, at=hours[1])  # says nothing new
    operations.answer_call(assist_id=assist.pk, officer=helper, text="已核实，场地已退租。", at=hours[1])
    assist.refresh_from_db()
    assert (assist.called_at, assist.reported_at, assist.answered_at) == (AT, *hours)
    assert (assist.state, assist.answered_by, assist.late_at) == (AssistState.ANSWERED, helper, None)
    case.refresh_from_db()
    assert (case.lead_officer, case.state, case.lead_department_id) == (officer, CaseState.IN_HAND, "commerce")
    for kind in (EventKind.CALLED_IN, EventKind.REPORTED, EventKind.HELPED):
        assert case.events.filter(kind=kind).count() == 1
        assert AuditEntry.objects.filter(action=f"cases.{kind.value}").count() == 1
    assert "场地已退租" in signed_in(officer).get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()
    for verb in (
        lambda: operations.answer_call(assist_id=assist.pk, officer=helper, text="再答", at=AT),
        lambda: operations.withdraw_call(number=case.number, assist_id=assist.pk, officer=officer, at=AT),
    ):
        with pytest.raises(CallOver):
            verb()


def test_not_answered_in_time_is_marked_once_told_and_may_still_be_answered(case, officer, helper):
    assist, city = called(case, officer), make.officer("sports", None)
    operations.sweep(at=AT + timedelta(days=3), actor=ACTOR)
    assist.refresh_from_db()
    assert assist.late_at is None
    late = AT + timedelta(days=4)
    told = [user.messages.count() for user in (officer, helper, city)]
    for hour in range(3):
        operations.sweep(at=late + timedelta(hours=hour), actor=ACTOR)
    assist.refresh_from_db()
    assert (assist.late_at, assist.state) == (late, AssistState.CALLED)
    assert case.events.filter(kind=EventKind.ASSIST_LATE).count() == 1
    assert [user.messages.count() for user in (officer, helper, city)] == [count + 1 for count in told]
    operations.report_in(assist_id=assist.pk, officer=helper, at=late)
    operations.answer_call(assist_id=assist.pk, officer=helper, text="迟了", at=late)
    assist.refresh_from_db()
    assert (assist.state, assist.late_at) == (AssistState.ANSWERED, late)


def test_the_lead_withdraws_the_call_and_may_call_again(case, officer, helper):
    assist = called(case, officer)
    with pytest.raises(AlreadyCalledIn):
        called(case, officer)
    operations.withdraw_call(number=case.number, assist_id=assist.pk, officer=officer, at=AT)
    with pytest.raises(CallOver):
        operations.report_in(assist_id=assist.pk, officer=helper, at=AT)
    assert called(case, officer).pk != assist.pk


@pytest.mark.parametrize("end", ["withdraw", "decide"])
def test_what_is_open_ends_with_the_case(case, officer, helper, end):
    assist = called(case, officer)
    if end == "withdraw":
        operations.withdraw(number=case.number, complainant=case.complainant, at=AT)
    else:
        operations.decide(
            number=case.number, officer=officer, result="not_upheld", amount_fen=None, basis="", reasons="证据", at=AT
        )
    assist.refresh_from_db()
    assert (assist.state, assist.withdrawn_at) == (AssistState.WITHDRAWN, AT)
    operations.sweep(at=AT + timedelta(days=30), actor=ACTOR)
    assist.refresh_from_db()
    assert assist.late_at is None
    with pytest.raises(AlreadyDecided):
        called(case, officer)


def test_only_the_lead_calls_and_only_the_called_answers(case, officer, helper):
    colleague = make.officer()
    wrong = [
        ({"by": colleague}, NotTheLead),
        ({"by": helper}, NotFound),
        ({"by": make.operator()}, NotFound),
        ({"asked": ""}, ReasonRequired),
        ({"department": "nonsense"}, UnknownDepartment),
        ({"district": "999999"}, NotFound),
        ({"department": "commerce"}, OwnDepartment),
    ]
    for facts, error in wrong:
        with pytest.raises(error):
            called(case, facts.pop("by", officer), **facts)
    assert not Assist.objects.exists()
    assist = called(case, officer)
    for stranger in (
        officer,
        make.officer("sports", FENGTAI),
        make.officer("education"),
        make.operator(),
        make.person(),
    ):
        for verb in (
            lambda who=stranger: operations.report_in(assist_id=assist.pk, officer=who, at=AT),
            lambda who=stranger: operations.answer_call(assist_id=assist.pk, officer=who, text="好", at=AT),
        ):
            with pytest.raises(NotFound):
                verb()
    operations.report_in(assist_id=assist.pk, officer=make.officer("sports", None), at=AT)
    with pytest.raises(TextMissing):
        operations.answer_call(assist_id=assist.pk, officer=helper, text=" ", at=AT)


def test_a_department_without_a_post_there_is_called_at_the_citys(case, officer):
    make.officer("education", None)
    assert called(case, officer, department="education").district_id is None
    make.officer("commerce", FENGTAI)
    assert called(case, officer, department="commerce", district=FENGTAI).district_id == FENGTAI


def test_it_reads_the_case_masked_and_only_while_it_is_called(case, officer, helper):
    assist, page = called(case, officer), "admin:cases_assist_change"
    url, client = reverse(page, args=[assist.pk]), signed_in(helper)
    assert not cases_for(officer=helper).exists()
    assert client.get(reverse("admin:cases_case_change", args=[case.pk])).status_code == 404
    text = client.get(url).content.decode()
    assert case.text in text
    assert case.merchant.name in text
    for hidden in (case.complainant.phone, case.complainant.name, case.card.number):
        assert hidden not in text
    assert reverse("admin:cases_assist_report", args=[assist.pk]) in text
    assert assist.case.number in client.get(reverse("admin:index")).content.decode()
    operations.withdraw_call(number=case.number, assist_id=assist.pk, officer=officer, at=AT)
    text = client.get(url).content.decode()
    assert case.number in text
    assert case.text not in text
    assert case.merchant.name not in text


def test_the_parties_read_that_a_department_was_called_and_not_what_it_said(case, officer, helper):
    assist = called(case, officer)
    operations.report_in(assist_id=assist.pk, officer=helper, at=AT)
    operations.answer_call(assist_id=assist.pk, officer=helper, text="仅供牵头单位参考", at=AT)
    for user, url in (
        (case.complainant, reverse("complaint_detail", args=[case.number])),
        (case.merchant.staff.get().user, reverse("shop_case", args=[case.number])),
    ):
        text = signed_in(user).get(url).content.decode()
        assert "Another department called in" in text
        assert ASKED not in text
        assert "仅供牵头单位参考" not in text


def test_the_pages_of_both(case, officer, helper, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False
    lead, helps = signed_in(officer), signed_in(helper)
    call = reverse("admin:cases_case_call_in", args=[case.pk])
    file = reverse("admin:cases_case_change", args=[case.pk])
    assert call in lead.get(file).content.decode()
    assert lead.post(call, {"department": "sports", "asked": ""}).status_code == 400
    assert lead.post(call, {"department": "commerce", "asked": ASKED}).status_code == 400
    assert lead.post(call, {"department": "sports", "asked": ASKED}).url == file
    assert lead.post(call, {"department": "sports", "asked": ASKED}).status_code == 409
    assist = Assist.objects.get()
    urls = {name: reverse(f"admin:cases_assist_{name}", args=[assist.pk]) for name in ("change", "report", "answer")}
    withdraw = reverse("admin:cases_case_withdraw_call", args=[case.pk, assist.pk])
    for client, url in (
        (lead, file),
        (lead, call),
        (lead, withdraw),
        (helps, reverse("admin:cases_assist_changelist")),
        (helps, reverse("admin:index")),
        *((helps, url) for url in urls.values()),
    ):
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200
    for stranger in (officer, make.officer("sports", FENGTAI), make.officer("education")):
        for url in urls.values():
            assert signed_in(stranger).get(url).status_code == 404
        for name in ("report", "answer"):
            assert signed_in(stranger).post(urls[name], {"text": "好"}).status_code == 404
    for url in (call, withdraw):
        assert helps.get(url).status_code == helps.post(url, {}).status_code == 404
    assert helps.post(urls["answer"], {"text": "好"}).status_code == 409
    assert helps.post(urls["report"]).url == urls["change"]
    assert helps.post(urls["answer"], {"text": ""}).status_code == 400
    assert helps.post(urls["answer"], {"text": "好"}).url == urls["change"]
    assert lead.post(withdraw).status_code == 409


@pytest.mark.parametrize(
    "wrong", [{"state": "answered"}, {"state": "withdrawn"}, {"reported_at": AT}, {"answer": "x"}, {"answered_at": AT}]
)
def test_the_table_takes_no_half_call(case, officer, wrong):
    assist = called(case, officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assist.objects.filter(pk=assist.pk).update(**wrong)
