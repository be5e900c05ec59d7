"""A disputed charge: complained about by its holder, given up by the merchant, or decided by the regulator."""

from datetime import timedelta

import pytest
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import AlreadyDecided, CaseExists, NotTheLead, ReasonRequired, TextMissing, WrongSubject
from complaints.cases.models import Case
from complaints.cases.queries.file import next_step_of
from complaints.cases.states import CaseState, PlaceReason, Result
from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import InvalidUnits, NotFound, ReservationConfirmed
from escrow.models import Use
from escrow.states import Plan, UseState
from prepaid.cards import operations as cards
from prepaid.cards.errors import NoIsEnough
from tests.complaints import factories as make
from tests.complaints.test_pages import signed_in
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return factories.shop(sector="arts")


@pytest.fixture
def charge(school):
    return factories.charge(factories.card(school, days=60), school.boss, units=3)


@pytest.fixture
def officer(school):
    return make.officer(school.merchant.sector.lead_department_id)


def complain(charge, text="只上了一节课。", at=None) -> Case:
    return operations.open_charge_case(
        redemption_id=charge.pk, complainant=charge.card.holder, text=text, at=at or clock.now()
    )


def routed(case) -> Case:
    return operations.route_case(case_id=case.pk, at=clock.now(), actor="system:test")


def use_of(charge) -> Use:
    return Use.objects.get(pk=charge.use_id)


def used(charge) -> tuple[int, int]:
    holding = escrow_queries.holding(charge.card.agreement_id)
    return holding.units_used, holding.units_reserved


def proven():
    return [finding for finding in invariants.prove() if not finding.ok]


def test_of_a_discount_card_discounted_money_is_decided_and_of_a_course_the_lesson():
    shop, school = factories.shop(), factories.shop(sector="arts")
    dear = factories.charge(factories.card(shop, Plan.DISCOUNT), shop.boss, amount_fen=10_000)
    cards.insist_on_redemption(staff=shop.boss, redemption_id=dear.pk, because="x", at=clock.now(), actor="user:x")
    lesson = factories.charge(factories.card(school, Plan.COURSE), school.boss, lesson_class="周三素描班")
    for at_shop, charge, label, too_much, typed, said, left in (
        (shop, dear, "yuan, after the discount", "80.01", "20", "¥20.00 (list price ¥25.00)", 2_000),
        (school, lesson, "lessons", "2", "1", "1 lesson (", 1),
    ):
        case = routed(complain(charge))
        official = signed_in(make.officer(at_shop.merchant.sector.lead_department_id))
        official.post(reverse("admin:cases_case_accept", args=[case.pk]))
        decide = reverse("admin:cases_case_decide", args=[case.pk])
        assert label in official.get(decide).content.decode()
        assert official.post(decide, {"units": too_much, "reasons": "小票"}).status_code == 400
        asked = official.post(decide, {"units": typed, "reasons": "小票"}).content.decode()
        assert said in asked
        assert official.post(decide, {"units": typed, "reasons": "小票", "confirmed": "1"}).status_code == 302
        assert used(charge) == (left, 0)
    assert not proven()


def test_the_whole_way_over_http(school, charge, officer):
    holder = signed_in(charge.card.holder)
    start = reverse("complaint_about_charge", args=[charge.pk])
    assert start in holder.get(reverse("wallet")).content.decode()
    assert "3 sessions" in holder.get(start).content.decode()
    assert holder.post(start, {"text": ""}).status_code == 400
    assert use_of(charge).state == UseState.RESERVED
    done = holder.post(start, {"text": "只上了一节课。"})
    case = Case.objects.get()
    assert done.url == reverse("complaint_detail", args=[case.number])
    assert (use_of(charge).state, case.redemption, case.refund_request) == (UseState.DISPUTED, charge, None)
    assert holder.post(start, {"text": "再说一次"}).url == done.url  # one charge, one complaint
    assert holder.get(start).url == done.url
    assert "3 sessions" in holder.get(done.url).content.decode()
    assert "You said that this is wrong" in holder.get(reverse("wallet")).content.decode()

    case = routed(case)
    assert (case.place_reason, case.store) == (PlaceReason.CHARGE, charge.store)
    merchant = signed_in(school.owner)
    for url in (reverse("shop_cases"), reverse("shop_case", args=[case.number])):
        assert "3 sessions" in merchant.get(url).content.decode()
    assert "offer" not in merchant.get(reverse("shop_case", args=[case.number])).context["form"].fields
    merchant.post(reverse("shop_case", args=[case.number]), {"text": "三节都上了。"})

    official = signed_in(officer)
    page = reverse("admin:cases_case_change", args=[case.pk])
    assert "3 sessions" in official.get(page).content.decode()
    assert case.number in official.get(reverse("admin:cases_case_changelist")).content.decode()
    official.post(reverse("admin:cases_case_accept", args=[case.pk]))
    decide = reverse("admin:cases_case_decide", args=[case.pk])
    assert "三节都上了。" in official.get(decide).content.decode()
    for wrong in ({"units": "4"}, {"units": "-1"}, {"units": ""}, {"units": "1", "reasons": ""}):
        assert official.post(decide, {"reasons": "签到表", **wrong}).status_code == 400
    typed = {"units": "1", "reasons": "签到表只有一次"}
    asked = official.post(decide, typed).content.decode()
    assert "2 sessions" in asked
    assert use_of(charge).state == UseState.DISPUTED
    assert official.post(decide, {**typed, "confirmed": "1"}).status_code == 302
    case.refresh_from_db()
    assert (case.state, case.outcome.result, case.outcome.units) == (CaseState.CLOSED, Result.UPHELD, 1)
    assert (use_of(charge).state, used(charge)) == (UseState.FINAL, (1, 0))
    assert official.post(decide, {**typed, "confirmed": "1"}).status_code == 409
    for client, url in (
        (holder, done.url),
        (merchant, reverse("shop_case", args=[case.number])),
        (official, page),
    ):
        assert "1 session of 3 sessions" in client.get(url).content.decode()
    assert not proven()


def test_the_merchant_gives_in_and_the_case_is_settled_once(school, charge, officer):
    case = routed(complain(charge))
    client = signed_in(school.owner)
    withdraw = reverse("shop_charge_withdraw", args=[charge.pk])
    assert withdraw in client.get(reverse("shop_case", args=[case.number])).content.decode()
    client.post(withdraw)
    for _ in range(2):
        operations.sweep(at=clock.now(), actor="system:sweep")
        operations.close_case_of_use(use_id=charge.use_id, at=clock.now(), actor="system:bell")
    case.refresh_from_db()
    assert (case.state, used(charge)) == (CaseState.SETTLED, (0, 0))
    assert case.events.filter(kind="conceded").count() == 1
    assert (
        "the charge was withdrawn"
        in signed_in(charge.card.holder).get(reverse("complaint_detail", args=[case.number])).content.decode()
    )
    assert (
        case.number in signed_in(officer).get(reverse("admin:cases_case_changelist") + "?stage=over").content.decode()
    )
    with pytest.raises(AlreadyDecided):
        operations.withdraw(number=case.number, complainant=charge.card.holder, at=clock.now())


def test_withdrawing_the_complaint_confirms_the_charge_and_says_so_first(charge):
    case = complain(charge)
    client = signed_in(charge.card.holder)
    url = reverse("complaint_withdraw", args=[case.number])
    assert "counts as confirmed" in client.get(url).content.decode()
    client.post(url)
    case.refresh_from_db()
    assert (case.state, use_of(charge).state, used(charge)) == (CaseState.WITHDRAWN, UseState.FINAL, (3, 0))
    assert "counts as confirmed" in next_step_of(case, at=clock.now())


def test_nobody_else_and_nothing_else(school, charge, officer):
    stranger = make.person("路人")
    with pytest.raises(NotFound):
        operations.open_charge_case(redemption_id=charge.pk, complainant=stranger, text="x", at=clock.now())
    assert signed_in(stranger).get(reverse("complaint_about_charge", args=[charge.pk])).status_code == 404
    with pytest.raises(TextMissing):
        complain(charge, text=" ")
    elsewhere = factories.shop()
    voidable = factories.charge(factories.card(elsewhere), elsewhere.boss, units=2)
    with pytest.raises(NoIsEnough):
        complain(voidable)
    client = signed_in(voidable.card.holder)
    assert client.get(reverse("complaint_about_charge", args=[voidable.pk])).url == reverse(
        "redemption_confirm", args=[voidable.pk]
    )
    cards.confirm_redemption(
        person_id=charge.card.holder_id, redemption_id=charge.pk, at=clock.now(), actor=charge.card.holder.actor
    )
    with pytest.raises(ReservationConfirmed):
        complain(charge)
    assert Case.objects.count() == 0


def test_every_wrong_decision_has_its_own_error_and_changes_nothing(school, charge, officer):
    case = routed(complain(charge))
    with pytest.raises(CaseExists):
        complain(charge)
    decision = {"number": case.number, "officer": officer, "units": 1, "reasons": "签到表", "at": clock.now()}
    with pytest.raises(NotTheLead):
        operations.decide_charge(**decision)
    with pytest.raises(NotFound):
        operations.decide_charge(**{**decision, "officer": make.officer("commerce", district=make.FENGTAI)})
    make.led(case, officer, at=clock.now())
    for wrong, error in (
        ({"units": 4}, InvalidUnits),
        ({"units": -1}, InvalidUnits),
        ({"units": True}, InvalidUnits),
        ({"reasons": " "}, ReasonRequired),
    ):
        with pytest.raises(error):
            operations.decide_charge(**{**decision, **wrong})
    with pytest.raises(WrongSubject):
        operations.decide(
            number=case.number,
            officer=officer,
            result=Result.UPHELD,
            amount_fen=100,
            basis="consent",
            reasons="x",
            at=clock.now(),
        )
    assert (use_of(charge).state, used(charge)) == (UseState.DISPUTED, (0, 3))
    operations.decide_charge(**{**decision, "units": 0})
    with pytest.raises(AlreadyDecided):
        operations.decide_charge(**decision)
    assert (use_of(charge).state, used(charge)) == (UseState.VOIDED, (0, 0))


def test_a_case_about_a_refund_is_not_decided_by_units():
    case = make.complaint()
    lead = make.officer()
    make.led(case, lead)
    with pytest.raises(WrongSubject):
        operations.decide_charge(number=case.number, officer=lead, units=1, reasons="x", at=make.AT)


def test_a_disputed_charge_outlives_its_term_and_its_stoppage(school, charge):
    case = complain(charge)
    assert escrow.pass_silence(at=clock.now() + timedelta(days=100), actor="system:sweep") == 0
    case.refresh_from_db()
    assert (case.state, use_of(charge).state) == (CaseState.RECEIVED, UseState.DISPUTED)
