"""The merchant that never joined: told, placed, decided as a debt, followed until it is paid or left to the courts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from redis.exceptions import RedisError

from complaints.cases import operations
from complaints.cases.errors import (
    AlreadyRepaid,
    CaseExists,
    DistrictUnknown,
    HasALead,
    MerchantMissing,
    NotTheLead,
    PayByMissing,
    ReasonRequired,
    SameComplaint,
    SectorUnknown,
    StillInTime,
    TextMissing,
    WrongSubject,
)
from complaints.cases.models import Callback, Case, OutsidePurchase, RememberedAuthority
from complaints.cases.operations import Foreign, Told
from complaints.cases.queries.of_person import own_data
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import CaseState, EventKind, Limit, PlaceReason, Result, Side, Source
from escrow import clock
from escrow.clock import beijing_date
from escrow.errors import DomainError, NotFound
from escrow.models import Refund
from escrow.states import RefundBasis
from prepaid.cards.errors import AboveBasis, BasisRefused
from prepaid.notices.models import Message
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
GYM = Told(merchant_name="力壮健身俱乐部", address="朝阳区建国路88号", paid_fen=500_000, left_fen=320_000)
TODAY = beijing_date(AT)


@pytest.fixture(autouse=True)
def divisions_and_sectors(db):
    make.city()


def told(by=None, *, what: Told = GYM, text: str = "店关门了，电话没人接。", routed: bool = True, **facts) -> Case:
    case = operations.open_outside_case(complainant=by or make.person(), told=what, text=text, at=AT, **facts)
    return operations.route_case(case_id=case.pk, at=AT, actor=ACTOR) if routed else case


def decided(case: Case, lead, *, at=AT, **changes) -> Case:
    facts = {
        "result": Result.UPHELD,
        "amount_fen": 300_000,
        "basis": RefundBasis.MEDIATION,
        "pay_by": TODAY + timedelta(days=10),
        "reasons": "双方达成调解协议。",
    }
    return operations.decide_outside(number=case.number, officer=lead, at=at, **{**facts, **changes})


def owed_by_gym() -> tuple[Case, object]:
    lead = make.officer("sports")
    return decided(make.led(told(), lead), lead), lead


def test_without_the_counter_a_complaint_is_taken_in_all_the_same(monkeypatch):
    def lost(*_what, **_how):
        raise RedisError("it is gone")

    monkeypatch.setattr("prepaid.people.access.ratelimit.consume", lost)
    form = {"merchant_name": "力壮健身俱乐部", "text": "店关门了。", "wanted": "refund"}
    assert signed_in(make.person()).post(reverse("complaint_elsewhere"), form).status_code == 302
    assert Case.objects.count() == 1


def test_from_the_phone_to_the_money_back():
    lead, consumer = make.officer("sports"), make.person("赵女士")
    client, desk = signed_in(consumer), signed_in(lead)
    page = reverse("complaint_elsewhere")
    assert client.get(page).status_code == 200
    form = {
        "merchant_name": "力壮健身俱乐部",
        "address": "朝阳区建国路88号",
        "paid": "5000",
        "left": "3200",
        "text": "店关门了。",
        "wanted": "refund",
    }
    answer = client.post(page, form)
    case = Case.objects.get()
    assert answer.url == reverse("complaint_detail", args=[case.number])
    assert (case.source, case.merchant, case.card, case.against) == (Source.PUBLIC, None, None, "力壮健身俱乐部")
    case = operations.route_case(case_id=case.pk, at=clock.now(), actor=ACTOR)
    assert (case.district_id, case.lead_department_id, case.sector_id) == (CHAOYANG, "sports", "fitness")
    assert (case.place_reason, case.place_confidence) == (PlaceReason.ADDRESS, 0.99)
    for shown in (client.get(answer.url), client.get(reverse("complaints"))):
        assert "力壮健身俱乐部" in shown.content.decode()

    file = reverse("admin:cases_case_change", args=[case.pk])
    assert "朝阳区建国路88号" in desk.get(file).content.decode()
    desk.post(reverse("admin:cases_case_accept", args=[case.pk]))
    decide = reverse("admin:cases_case_decide", args=[case.pk])
    assert "at most" in desk.get(decide).content.decode()
    day = clock.today() + timedelta(days=5)
    decision = {
        "result": "upheld",
        "amount": "3000",
        "basis": "mediation",
        "pay_by": day.isoformat(),
        "reasons": "调解",
    }
    assert "Please read again" in desk.post(decide, decision).content.decode()
    case.refresh_from_db()
    assert case.state == CaseState.IN_HAND
    desk.post(decide, {**decision, "confirmed": "1"})
    case.refresh_from_db()
    assert (case.state, case.outcome.repayment.amount_fen) == (CaseState.EXECUTING, 300_000)
    assert not Refund.objects.exists()
    repaid = reverse("complaint_repaid", args=[case.number])
    assert repaid in client.get(answer.url).content.decode()
    assert "¥3,000.00" in client.get(repaid).content.decode()
    assert desk.get(file).status_code == 200
    client.post(repaid)
    case.refresh_from_db()
    assert (case.state, case.outcome.repayment.is_open) == (CaseState.CLOSED, False)
    assert client.post(repaid).status_code == 409
    assert "the money is back" in client.get(answer.url).content.decode()
    operations.ask_callback(case_id=case.pk, at=clock.now(), actor=ACTOR)
    assert Callback.objects.filter(case=case).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("merchant_name", ""),
        ("merchant_name", "名" * 101),
        ("text", ""),
        ("text", "长" * 2001),
        ("left", "6000"),
        ("paid", "-1"),
        ("paid", "一百"),
        ("paid_on", "2999-01-01"),
        ("paid_on", "昨天"),
        ("sector", "nonsense"),
        ("wanted", "charge"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_changes_nothing(field, value):
    client = signed_in(make.person())
    form = {"merchant_name": "店", "address": "", "paid": "5000", "left": "100", "text": "事", "wanted": "refund"}
    answer = client.post(reverse("complaint_elsewhere"), {**form, field: value})
    assert (answer.status_code, Case.objects.count(), OutsidePurchase.objects.count()) == (400, 0, 0)
    assert f'id="id_{field}_error"' in answer.content.decode()


@pytest.mark.parametrize("said", ["999", "x", "0", "٣", "9" * 30])
def test_a_store_that_is_not_there_does_not_exist(said):
    assert signed_in(make.person()).get(reverse("complaint_elsewhere"), {"store": said}).status_code == 404


def test_a_registered_store_decides_whatever_the_address_says():
    shop = make.shop(sector="beauty", stores=(FENGTAI,))
    client = signed_in(make.person())
    page = reverse("complaint_elsewhere") + f"?store={shop.stores[0].pk}"
    assert shop.merchant.name in client.get(page).content.decode()
    client.post(page, {"text": "让我转私人账户", "wanted": "refund"})
    case = Case.objects.get()
    case = operations.route_case(case_id=case.pk, at=AT, actor=ACTOR)
    assert (case.merchant, case.store, case.district_id) == (shop.merchant, shop.stores[0], FENGTAI)
    assert (case.place_reason, case.lead_department_id) == (PlaceReason.STORE, "commerce")
    owner = signed_in(shop.owner)  # a registered merchant answers, as in every case
    assert owner.get(reverse("shop_case", args=[case.number])).status_code == 200
    assert Message.objects.filter(recipient=shop.owner, url=reverse("shop_case", args=[case.number])).exists()


def test_a_merchant_of_exactly_this_name_is_the_registered_one():
    shop = make.shop(sector="arts", stores=(FENGTAI,))
    case = told(what=Told(merchant_name=f"  {shop.merchant.name} "))
    assert (case.merchant, case.place_reason, case.lead_department_id) == (
        shop.merchant,
        PlaceReason.ONLY_STORE,
        "culture_tourism",
    )


@pytest.mark.parametrize(
    ("point", "district"),
    [((116.46, 39.92), CHAOYANG), ((121.47, 31.23), None), (None, None)],
)
def test_without_an_address_the_point_decides_or_a_person(point, district):
    case = told(what=Told(merchant_name="力壮健身", point=point))
    assert (case.district_id, case.undetermined) == (district, district is None)


def test_nobody_knows_where_so_the_citys_coordinator_says_and_it_is_remembered():
    sports, hotline = make.officer("sports", CHAOYANG), make.officer("market_regulation", None)
    elsewhere = make.officer("market_regulation", CHAOYANG)
    what = Told(merchant_name="力壮健身", address="幸福里底商三号")
    case = told(what=what)
    assert (case.state, case.district, case.undetermined) == (CaseState.DISPATCHED, None, True)
    assert (case.lead_department_id, case.lead_district, case.place_reason) == (
        "market_regulation",
        None,
        PlaceReason.UNKNOWN,
    )
    desk = signed_in(hotline)
    page = desk.get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()
    assert 'name="district"' in page
    assert reverse("admin:cases_case_accept", args=[case.pk]) not in page
    assert (
        "Beijing Market Regulation authority first determines whose matter it is" in page
    )  # nobody puts an officer in charge before
    with pytest.raises(DistrictUnknown):  # nobody leads to the end what lies nowhere
        operations.accept(number=case.number, officer=hotline, at=AT)
    send = reverse("admin:cases_case_sector", args=[case.pk])
    assert desk.post(send, {"sector": "fitness"}).status_code == 400
    with pytest.raises(DistrictUnknown):
        operations.determine_authority(number=case.number, sector_code="fitness", officer=hotline, at=AT)
    with pytest.raises(DistrictUnknown):
        operations.determine_authority(
            number=case.number, sector_code="fitness", district_code=make.CHAOYANG_STREET, officer=hotline, at=AT
        )
    with pytest.raises(NotFound):
        operations.determine_authority(
            number=case.number, sector_code="fitness", district_code=CHAOYANG, officer=elsewhere, at=AT
        )
    assert not RememberedAuthority.objects.exists()
    desk.post(send, {"sector": "fitness", "district": CHAOYANG})
    case.refresh_from_db()
    assert (case.lead_department_id, case.lead_district_id, case.undetermined) == ("sports", CHAOYANG, False)
    assert case.place_reason == PlaceReason.PERSON
    assert list(cases_for(officer=sports)) == [case]
    again = told(what=Told(merchant_name="力壮 健身", address="幸福里底商 三号"))
    assert (again.place_reason, again.lead_department_id, again.lead_district_id) == (
        PlaceReason.REMEMBERED,
        "sports",
        CHAOYANG,
    )
    assert told(what=Told(merchant_name="力壮健身", address="别的地方")).undetermined


def test_the_same_person_about_the_same_merchant_adds_to_what_there_is():
    person = make.person()
    case = told(person)
    for name in ("力壮健身俱乐部", "力壮 健身俱乐部", "（力壮）健身俱乐部"):
        with pytest.raises(SameComplaint) as refused:
            told(person, what=Told(merchant_name=name))
        assert refused.value.details["number"] == case.number
    form = {"merchant_name": "力壮健身俱乐部", "text": "还有", "wanted": "refund"}
    answer = signed_in(person).post(reverse("complaint_elsewhere"), form)
    assert (answer.url, Case.objects.count()) == (reverse("complaint_detail", args=[case.number]), 1)
    told(make.person())
    operations.withdraw(number=case.number, complainant=person, at=AT)
    told(person)
    assert Case.objects.count() == 3


def test_a_foreign_number_comes_in_once_and_its_terms_run_from_when_it_came_in_there():
    foreign = Foreign(system="12345", number="G2026-1", received_at=AT - timedelta(days=2))
    case = told(foreign=foreign, source=Source.HOTLINE)
    assert (case.received_at, case.foreign_number) == (AT - timedelta(days=2), "G2026-1")
    assert case.due_on < told().due_on
    with pytest.raises(CaseExists):
        told(foreign=foreign, source=Source.HOTLINE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=told().pk).update(foreign_system="12345", foreign_number="G2026-1")
    told(foreign=Foreign(system="12315", number="G2026-1"), source=Source.HOTLINE)


@pytest.mark.parametrize(
    ("what", "text", "refusal"),
    [
        (Told(merchant_name=" "), "事", MerchantMissing),
        (Told(merchant_name="店", address="a" * 201), "事", MerchantMissing),
        (Told(merchant_name="店", sector_code="nonsense"), "事", SectorUnknown),
        (Told(merchant_name="店", paid_fen=0), "事", DomainError),
        (Told(merchant_name="店"), " ", TextMissing),
    ],
)
def test_the_verb_refuses_too(what, text, refusal):
    with pytest.raises(refusal):
        told(what=what, text=text)
    assert not Case.objects.exists()


def test_what_a_decision_may_rest_on():
    lead = make.officer("sports")
    case = make.led(told(), lead)
    for changes, refusal in (
        ({"basis": RefundBasis.CONSENT}, BasisRefused),
        ({"basis": RefundBasis.SILENCE}, BasisRefused),
        ({"basis": RefundBasis.CLOSURE}, BasisRefused),
        ({"basis": RefundBasis.COOLING_OFF}, BasisRefused),
        ({"amount_fen": 500_001}, AboveBasis),
        ({"pay_by": None}, PayByMissing),
        ({"pay_by": TODAY - timedelta(days=1)}, PayByMissing),
        ({"reasons": " "}, ReasonRequired),
    ):
        with pytest.raises(refusal):
            decided(case, lead, **changes)
    with pytest.raises(NotTheLead):
        decided(case, make.officer("sports"))
    with pytest.raises(NotFound):
        decided(case, make.officer("sports", FENGTAI))
    operations.record_statement(
        number=case.number, officer=lead, side=Side.MERCHANT, text="退二千", offer_fen=200_000, at=AT
    )
    with pytest.raises(AboveBasis):
        decided(case, lead, basis=RefundBasis.CONSENT, amount_fen=200_001)
    assert decided(case, lead, basis=RefundBasis.CONSENT, amount_fen=200_000).state == CaseState.EXECUTING


def test_cooling_off_counts_from_the_day_of_payment():
    lead = make.officer("sports")
    for days, applies in ((7, True), (8, False)):
        what = Told(
            merchant_name=f"健身{days}", address=GYM.address, paid_fen=100, paid_on=TODAY - timedelta(days=days)
        )
        case = make.led(told(what=what), lead)
        facts = {"basis": RefundBasis.COOLING_OFF, "amount_fen": 100}
        if applies:
            assert decided(case, lead, **facts).state == CaseState.EXECUTING
        else:
            with pytest.raises(BasisRefused):
                decided(case, lead, **facts)


def test_the_verbs_of_a_card_do_not_decide_it_nor_the_other_way_round():
    lead = make.officer("commerce")
    of_card = make.led(make.complaint(), lead)
    with pytest.raises(WrongSubject):
        decided(of_card, lead)
    lead = make.officer("sports")
    case = make.led(told(), lead)
    with pytest.raises(WrongSubject):
        operations.decide(
            number=case.number,
            officer=lead,
            result=Result.NOT_UPHELD,
            amount_fen=None,
            basis="",
            reasons="不",
            at=AT,
        )
    closed = decided(case, lead, result=Result.NOT_UPHELD, amount_fen=None, basis="", pay_by=None)
    assert closed.state == CaseState.CLOSED


def test_not_paid_by_its_day_is_marked_once_and_may_then_end_unpaid():
    case, lead = owed_by_gym()
    due = case.outcome.repayment.due_on
    with pytest.raises(StillInTime):
        operations.end_unpaid(number=case.number, reasons="去法院", officer=lead, at=AT)
    operations.sweep(at=AT + timedelta(days=10), actor=ACTOR)
    assert not case.events.filter(kind=EventKind.UNREPAID).exists()  # its last day is not over
    late = AT + timedelta(days=11)
    assert beijing_date(late) > due
    for _again in range(2):
        operations.sweep(at=late, actor=ACTOR)
    assert case.events.filter(kind=EventKind.UNREPAID).count() == 1
    desk, client = signed_in(lead), signed_in(case.complainant)
    assert "follows it up" in client.get(reverse("complaint_detail", args=[case.number])).content.decode()
    with pytest.raises(NotTheLead):
        operations.end_unpaid(number=case.number, reasons="去法院", officer=make.officer("sports"), at=late)
    ended = operations.end_unpaid(number=case.number, reasons="请向法院起诉。", officer=lead, at=late)
    assert (ended.state, ended.outcome.repayment.is_open) == (CaseState.CLOSED, False)
    assert "still owed" in client.get(reverse("complaint_detail", args=[case.number])).content.decode()
    assert desk.get(reverse("admin:cases_case_change", args=[case.pk])).status_code == 200
    with pytest.raises(AlreadyRepaid):
        operations.record_repaid(number=case.number, evidence="回单", officer=lead, at=late)


def test_the_officer_records_the_proof():
    case, lead = owed_by_gym()
    desk = signed_in(lead)
    url = reverse("admin:cases_case_repaid", args=[case.pk])
    assert desk.post(url, {"evidence": ""}).status_code == 400
    assert signed_in(make.officer("sports", FENGTAI)).post(url, {"evidence": "回单"}).status_code == 404
    desk.post(url, {"evidence": "6月3日转账回单"})
    case.refresh_from_db()
    assert (case.state, case.outcome.repayment.evidence) == (CaseState.CLOSED, "6月3日转账回单")
    stranger = signed_in(make.person())
    for name in ("complaint_repaid", "complaint_detail", "complaint_withdraw"):
        assert stranger.get(reverse(name, args=[case.number])).status_code == 404


def test_repeat_callers_are_recognised():
    lead, person = make.officer("sports"), make.person()
    first = told(person)
    operations.withdraw(number=first.number, complainant=person, at=AT)
    told(person, what=Told(merchant_name="别家健身", address=GYM.address))
    third = told(person)
    page = signed_in(lead).get(reverse("admin:cases_case_change", args=[third.pk])).content.decode()
    assert "2 complaints before this one" in page
    assert "1 of them about this merchant" in page


def test_pages_cost_few_queries(django_assert_max_num_queries):
    lead = make.officer("sports")
    case = make.led(told(), lead)
    client, desk = signed_in(case.complainant), signed_in(lead)
    for who, url in (
        (client, reverse("complaint_elsewhere")),
        (client, reverse("complaint_detail", args=[case.number])),
        (client, reverse("complaints")),
        (desk, reverse("admin:cases_case_change", args=[case.pk])),
        (desk, reverse("admin:cases_case_decide", args=[case.pk])),
    ):
        who.get(url)
        with django_assert_max_num_queries(12):
            assert who.get(url).status_code == 200


def test_a_case_without_a_card_is_one_about_a_purchase_outside(db):
    case = told()
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(outside=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=make.complaint().pk).update(card=None)
    assert timezone.is_aware(case.received_at)


def test_another_report_makes_it_more_urgent_and_never_less():
    officer, case = make.officer("sports"), told()
    facts = {"case_id": case.pk, "received_at": AT, "at": AT, "actor": ACTOR}
    hastened = operations.hasten(limit=Limit.LIFE_RISK, **facts)
    assert hastened.due_at == AT + timedelta(hours=2)
    assert (
        Message.objects.filter(recipient=officer, url=reverse("admin:cases_case_change", args=[case.pk])).count() == 2
    )  # it has come, and it is due soon
    for limit in (Limit.LIFE_RISK, Limit.PREPAID, Limit.COMPLEX):
        assert operations.hasten(limit=limit, **facts).due_at == hastened.due_at
    assert case.events.filter(kind=EventKind.LIMITED).count() == 1


def test_a_debt_is_followed_up_when_its_lead_has_left():
    case, lead = owed_by_gym()
    colleague, late = make.officer("sports"), AT + timedelta(days=11)
    with pytest.raises(HasALead):
        operations.assign(number=case.number, lead_id=colleague.pk, officer=colleague, at=AT)
    lead.posts.update(valid_until=TODAY)
    operations.assign(number=case.number, lead_id=colleague.pk, officer=colleague, at=late)
    operations.end_unpaid(number=case.number, reasons="去法院", officer=colleague, at=late)


def test_who_called_the_hotline_is_not_told_to_call_it():
    sports = make.officer("sports")
    foreign = Foreign(system="12345", number="G2026-7", received_at=AT)
    for case, page, letter in (
        (told(), "For other matters call 12345", "其他事项请拨打12345"),
        (told(foreign=foreign, source=Source.HOTLINE), "12345 has this answer too", "本答复同时反馈您拨打的12345"),
    ):
        operations.turn_away(number=case.number, reasons="饭菜太咸。", officer=sports, at=AT)
        sent = Message.objects.filter(recipient=case.complainant).latest("pk")
        assert letter in sent.body
        shown = signed_in(case.complainant).get(reverse("complaint_detail", args=[case.number]))
        assert page in shown.content.decode()


def test_paid_before_there_was_a_rule_can_be_decided():
    lead = make.officer("sports")
    what = Told(merchant_name="健身", address=GYM.address, paid_fen=100, paid_on=TODAY.replace(year=2019))
    case = make.led(told(what=what), lead)
    with pytest.raises(BasisRefused):
        decided(case, lead, basis=RefundBasis.COOLING_OFF, amount_fen=100)
    assert decided(case, lead, amount_fen=100).state == CaseState.EXECUTING


def test_the_copy_of_ones_data_has_what_was_told():
    case = told(what=replace(GYM, point=(116.46, 39.92)))
    rows = [list(row) for sheet in own_data(case.complainant).values() for row in sheet]
    assert [case.number, GYM.merchant_name, GYM.address, "116.460000,39.920000", "5,000.00", None, "3,200.00"] in rows
