"""An objection to a dispatch: who may, once and in time; who reviews it; the clock runs and the case always has a queue."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import (
    AuthorityUndetermined,
    HasALead,
    ObjectedBefore,
    ObjectionEnded,
    ObjectionOver,
    ReasonRequired,
    SameAuthority,
    SectorUnknown,
)
from complaints.cases.models import Case, CaseEvent, Objection
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import CaseState, EventKind, ObjectionState, PlaceReason
from escrow import clock
from escrow.errors import NotFound
from escrow.models import AuditEntry
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
WHY = "该店经营健身，不属于商务部门。"


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def reviewer(officer):
    return make.officer("market_regulation", None)


@pytest.fixture
def case(officer, reviewer) -> Case:
    make.officer("sports")
    return make.complaint()


def objected(case: Case, by, *, sector: str = "fitness", district: str = "", reason: str = WHY, at=AT) -> Objection:
    return operations.object_to_dispatch(
        number=case.number, officer=by, reason=reason, sector_code=sector, district_code=district, at=at
    )


def reviewed(objection: Objection, by, *, upheld: bool = True, finding: str = "属实", at=AT) -> Objection:
    return operations.review_objection(objection_id=objection.pk, reviewer=by, upheld=upheld, finding=finding, at=at)


def test_upheld_it_goes_to_the_named_queue_and_the_clock_has_run_on(case, officer, reviewer):
    due_on = case.due_on
    objection = objected(case, officer)
    case.refresh_from_db()
    assert (case.state, case.lead_department_id, case.lead_district_id) == (CaseState.DISPATCHED, "commerce", CHAOYANG)
    assert reviewer.messages.filter(url=reverse("admin:cases_objection_review", args=[objection.pk])).exists()
    reviewed(objection, reviewer)
    case.refresh_from_db()
    assert (case.lead_department_id, case.lead_district_id, case.due_on) == ("sports", CHAOYANG, due_on)
    kinds = [EventKind.OBJECTED, EventKind.DISPATCH_CHANGED, EventKind.DISPATCHED]
    assert list(case.events.order_by("id").values_list("kind", flat=True))[-3:] == kinds
    for kind in kinds:
        assert AuditEntry.objects.filter(action=f"cases.{kind.value}", target=f"case:{case.pk}").exists()
    assert not cases_for(officer=officer).exists()
    assert sum(case.number in one.title for one in officer.messages.all()) == 2


def test_another_district_of_the_same_department(case, officer, reviewer):
    there = make.officer("commerce", FENGTAI)
    reviewed(objected(case, officer, sector="", district=FENGTAI), reviewer)
    case.refresh_from_db()
    assert (case.lead_district_id, case.district_id, case.subdistrict_id) == (FENGTAI, FENGTAI, None)
    assert case.place_reason == PlaceReason.REVIEW
    assert cases_for(officer=there).get() == case


def test_refused_it_stays_and_is_not_objected_to_again(case, officer, reviewer):
    reviewed(objected(case, officer), reviewer, upheld=False)
    case.refresh_from_db()
    assert (case.lead_department_id, case.objection.state) == ("commerce", ObjectionState.REFUSED)
    with pytest.raises(ObjectedBefore):
        objected(case, officer)
    assert make.led(case, officer).lead_officer == officer


def test_after_an_upheld_one_the_new_authority_keeps_it(case, officer, reviewer):
    reviewed(objected(case, officer), reviewer)
    with pytest.raises(ObjectedBefore):
        objected(case, make.officer("sports"), sector="beauty")


def test_nobody_reviews_it_and_the_sweep_refuses_it_once(case, officer, reviewer):
    objection = objected(case, officer)
    operations.sweep(at=AT + timedelta(days=1), actor=ACTOR)
    objection.refresh_from_db()
    assert objection.state == ObjectionState.OPEN
    for hour in range(3):
        operations.sweep(at=AT + timedelta(days=2, hours=hour), actor=ACTOR)
    objection.refresh_from_db()
    assert (objection.state, objection.ended_at) == (ObjectionState.LAPSED, AT + timedelta(days=2))
    assert case.events.filter(kind=EventKind.DISPATCH_STANDS).count() == 1
    with pytest.raises(ObjectionEnded):
        reviewed(objection, reviewer)


def test_whoever_takes_it_in_charge_or_withdraws_ends_the_objection(officer, reviewer):
    for end in ("accept", "withdraw"):
        case = make.complaint()
        objection = objected(case, officer)
        if end == "accept":
            make.led(case, officer)
        else:
            operations.withdraw(number=case.number, complainant=case.complainant, at=AT)
        objection.refresh_from_db()
        assert objection.state == ObjectionState.DROPPED
        with pytest.raises(ObjectionEnded):
            reviewed(objection, reviewer)


def test_the_coordinators_own_objection_is_the_operators_to_review(officer, reviewer):
    make.officer("market_regulation")
    case = make.complaint(make.shop(sector="retail"))
    if case.lead_department_id != "market_regulation":
        Case.objects.filter(pk=case.pk).update(lead_department="market_regulation")
    platform = make.operator()
    theirs = make.officer("market_regulation")
    objection = objected(case, theirs)
    for nobody in (reviewer, theirs, officer):
        with pytest.raises(NotFound):
            reviewed(objection, nobody)
    assert platform.messages.filter(url=reverse("admin:cases_objection_review", args=[objection.pk])).exists()
    reviewed(objection, platform)
    case.refresh_from_db()
    assert case.lead_department_id == "sports"


def test_of_others_objections_the_operator_only_reads(case, officer):
    objection = objected(case, officer)
    platform = make.operator()
    with pytest.raises(NotFound):
        reviewed(objection, platform)
    page = reverse("admin:cases_objection_review", args=[objection.pk])
    assert signed_in(platform).get(page).status_code == 404
    assert signed_in(platform).post(page, {"upheld": "yes", "finding": "是"}).status_code == 404
    shown = signed_in(platform).get(reverse("admin:cases_objection_change", args=[objection.pk]))
    assert (shown.status_code, page in shown.content.decode()) == (200, False)


def test_every_wrong_objection_has_its_own_error_and_changes_nothing(case, officer):
    before = (Case.objects.values().get(), CaseEvent.objects.count(), AuditEntry.objects.count())
    wrong = [
        ({"reason": " "}, ReasonRequired),
        ({"reason": "长" * 501}, ReasonRequired),
        ({"sector": "nonsense"}, SectorUnknown),
        ({"sector": "undetermined"}, SectorUnknown),
        ({"sector": "", "district": "999999"}, SameAuthority),
        ({"sector": "", "district": ""}, SameAuthority),
        ({"sector": "beauty"}, SameAuthority),
        ({"at": AT + timedelta(days=2)}, ObjectionOver),
        ({"by": make.officer("sports")}, NotFound),
        ({"by": make.operator()}, NotFound),
    ]
    for facts, error in wrong:
        with pytest.raises(error):
            objected(case, facts.pop("by", officer), **facts)
        assert (Case.objects.values().get(), CaseEvent.objects.count()) == before[:2]
    assert not Objection.objects.exists()
    make.led(case, officer)
    with pytest.raises(HasALead):
        objected(case, officer)


def test_what_is_undetermined_is_determined_and_not_objected_to(officer):
    coordinator = make.officer("market_regulation")
    case = make.complaint(make.shop(sector="undetermined"))
    with pytest.raises(AuthorityUndetermined):
        objected(case, coordinator)


def test_the_pages_of_the_objector_and_the_reviewer(case, officer, reviewer, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False
    page = reverse("admin:cases_case_object", args=[case.pk])
    Case.objects.update(dispatched_at=clock.now())
    client = signed_in(officer)
    assert page in client.get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()
    assert client.post(page, {"reason": "", "sector": "fitness"}).status_code == 400
    assert client.post(page, {"reason": WHY, "sector": ""}).status_code == 400
    assert client.post(page, {"reason": WHY, "sector": "fitness"}).status_code == 302
    assert client.post(page, {"reason": WHY, "sector": "fitness"}).status_code == 409
    objection = Objection.objects.get()
    review = reverse("admin:cases_objection_review", args=[objection.pk])
    reads = signed_in(reviewer)
    assert review in reads.get(reverse("admin:index")).content.decode()
    text = reads.get(review).content.decode()
    assert WHY in text
    assert case.complainant.phone not in text
    change = reverse("admin:cases_objection_change", args=[objection.pk])
    urls = (review, change, reverse("admin:cases_objection_changelist"))
    for url in urls:
        with django_assert_max_num_queries(12, info=url):
            assert reads.get(url).status_code == 200
    with django_assert_max_num_queries(12):
        client.get(reverse("admin:cases_case_change", args=[case.pk]))
    for other in (officer, make.officer("market_regulation"), make.officer("sports", None)):
        for url in (review, change):
            assert signed_in(other).get(url).status_code == 404
        assert signed_in(other).post(review, {"upheld": "yes", "finding": "是"}).status_code == 404
    assert reads.post(review, {"upheld": "yes", "finding": ""}).status_code == 400
    assert reads.post(review, {"upheld": "yes", "finding": "属实"}).url == change
    assert reads.post(review, {"upheld": "yes", "finding": "属实"}).status_code == 409
    case.refresh_from_db()
    assert case.lead_department_id == "sports"


@pytest.mark.parametrize(
    "wrong", [{"sector": None, "to_district": None}, {"state": "upheld"}, {"state": "lapsed"}, {"ended_at": AT}]
)
def test_the_table_takes_no_half_objection(case, officer, wrong):
    objection = objected(case, officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Objection.objects.filter(pk=objection.pk).update(**wrong)
