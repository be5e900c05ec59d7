"""Many persons, one merchant: they find each other, and one reply reaches all."""

import threading

import pytest
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import AlreadyDecided, HasALead, ReasonRequired, WrongSubject
from complaints.cases.models import Case, CaseGroup, Reply
from complaints.cases.operations import Told
from complaints.cases.queries.record import counted
from complaints.cases.states import CaseState, EventKind, Result
from escrow.errors import NotFound
from prepaid.notices.models import Message
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI
from tests.complaints.test_pages import signed_in

GYM = Told(merchant_name="力壮健身", address="朝阳区建国路88号")


def told(by=None, *, what: Told = GYM) -> Case:
    case = operations.open_outside_case(complainant=by or make.person(), told=what, text="关门了", at=AT)
    operations.route_case(case_id=case.pk, at=AT, actor=ACTOR)
    operations.gather_cases(case_id=case.pk, at=AT, actor=ACTOR)
    return Case.objects.get(pk=case.pk)


@pytest.mark.django_db
def test_the_third_person_makes_a_group_and_who_comes_later_joins_it():
    make.city()
    first, second = told(), told(what=Told(merchant_name="（力壮）健身", address="朝阳区建国路八十八号"))
    told(what=Told(merchant_name="力壮健身", address="丰台区方庄路1号"))  # another district's queue
    told(what=Told(merchant_name="别家健身", address=GYM.address))
    assert not CaseGroup.objects.exists()
    third = told()
    group = CaseGroup.objects.get()
    late = told()
    for case in (first, second, third, late):
        case.refresh_from_db()
        assert case.group == group
        assert case.events.filter(kind=EventKind.GROUPED).count() == 1
    assert Case.objects.filter(group=None).count() == 2
    for case in (first, late):
        operations.gather_cases(case_id=case.pk, at=AT, actor=ACTOR)
    assert third.events.filter(kind=EventKind.GROUPED).count() == 1


@pytest.mark.django_db
def test_one_person_three_times_is_no_group():
    make.city()
    person = make.person()
    for _again in range(3):
        case = told(person)
        operations.withdraw(number=case.number, complainant=person, at=AT)
    shop = make.shop()
    for _again in range(2):
        make.complaint(shop)
    assert not CaseGroup.objects.exists()


@pytest.mark.django_db
def test_cases_about_cards_of_a_registered_merchant_and_about_money_paid_past_it_are_one_group():
    shop = make.shop()
    for case in (make.complaint(shop), make.complaint(shop)):
        operations.gather_cases(case_id=case.pk, at=AT, actor=ACTOR)
    case = told(what=Told(merchant_name="", store_id=shop.stores[0].pk))
    assert case.group is not None
    assert case.group.merchant == shop.merchant
    assert case.group.cases.count() == 3


@pytest.mark.django_db
def test_one_reply_reaches_every_consumer_with_an_open_complaint_and_nobody_else(django_assert_max_num_queries):
    make.city()
    officer, other = make.officer("sports"), make.officer("sports", FENGTAI)
    cases = [told() for _each in range(4)]
    operations.withdraw(number=cases[0].number, complainant=cases[0].complainant, at=AT)
    group = CaseGroup.objects.get()
    desk = signed_in(officer)
    page, send = (reverse(f"admin:cases_casegroup_{name}", args=[group.pk]) for name in ("change", "reply"))
    assert "力壮健身" in desk.get(reverse("admin:cases_casegroup_changelist")).content.decode()
    with django_assert_max_num_queries(12):
        shown = desk.get(page).content.decode()
    assert all(case.number in shown for case in cases)
    assert desk.post(send, {"text": ""}).status_code == 400
    for stranger in (signed_in(other), signed_in(make.officer("commerce"))):
        assert stranger.get(page).status_code == stranger.post(send, {"text": "不"}).status_code == 404
    assert signed_in(make.person()).get(page).status_code in {302, 403, 404}
    operator = signed_in(make.operator())
    assert (operator.get(page).status_code, operator.post(send, {"text": "不"}).status_code) == (200, 404)
    assert not Reply.objects.exists()
    for _pressed_twice in range(2):
        desk.post(send, {"text": "已立案，法人已到场。"})
    assert Reply.objects.count() == 1
    assert cases[1].events.filter(kind=EventKind.REPLIED).count() == 1
    for case in cases:
        told_so = case.events.filter(kind=EventKind.REPLIED).exists()
        assert told_so == (case.pk != cases[0].pk)
        titles = [message.title for message in Message.objects.filter(recipient=case.complainant)]
        assert any("已回复" in title for title in titles) == told_so
    seen = signed_in(cases[1].complainant).get(reverse("complaint_detail", args=[cases[1].number]))
    assert "已立案，法人已到场。" in seen.content.decode()
    with pytest.raises(NotFound):
        operations.reply_to_group(group_id=group.pk, officer=other, text="不", at=AT)


def test_many_who_are_sent_at_once_do_not_wait_for_each_other(committed_db):
    from django.db import connection

    make.city()
    cases = [
        operations.open_outside_case(complainant=make.person(), told=GYM, text="关门了", at=AT) for _each in range(8)
    ]
    failed = []

    def send(pk: int) -> None:
        try:
            operations.route_case(case_id=pk, at=AT, actor=ACTOR)
            for _again in range(3):
                operations.gather_cases(case_id=pk, at=AT, actor=ACTOR)
        except Exception as error:  # shown below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[case.pk]) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    group = CaseGroup.objects.get()
    assert group.cases.count() == 8
    for case in cases:
        assert case.events.filter(kind=EventKind.GROUPED).count() == 1


@pytest.mark.django_db
def test_what_is_no_prepaid_matter_is_sorted_out_first():
    make.city()
    officer = make.officer("sports")
    case = told()
    desk = signed_in(officer)
    url = reverse("admin:cases_case_turn_away", args=[case.pk])
    assert desk.post(url, {"reasons": ""}).status_code == 400
    assert signed_in(make.officer("sports", FENGTAI)).post(url, {"reasons": "邻里噪音"}).status_code == 404
    desk.post(url, {"reasons": "邻里噪音，不是预付消费。"})
    case.refresh_from_db()
    assert (case.state, case.outcome.result, case.lead_officer) == (CaseState.CLOSED, Result.OUT_OF_SCOPE, officer)
    page = signed_in(case.complainant).get(reverse("complaint_detail", args=[case.number])).content.decode()
    assert "邻里噪音，不是预付消费。" in page
    assert desk.get(reverse("admin:cases_case_change", args=[case.pk])).status_code == 200
    shop = make.shop(sector="fitness")
    away, stays = (
        told(what=Told(merchant_name="", store_id=shop.stores[0].pk)),
        told(what=Told(merchant_name=shop.merchant.name)),
    )
    operations.turn_away(number=away.number, reasons="噪音", officer=officer, at=AT)
    record = counted(merchant_id=shop.merchant.pk, on=AT.date())
    assert (record.total, record.undecided, stays.merchant) == (1, 1, shop.merchant)
    with pytest.raises(AlreadyDecided):
        operations.turn_away(number=case.number, reasons="又", officer=officer, at=AT)
    with pytest.raises(ReasonRequired):
        operations.turn_away(number=case.number, reasons=" ", officer=officer, at=AT)
    with pytest.raises(HasALead):
        operations.turn_away(number=make.led(told(), officer).number, reasons="不", officer=officer, at=AT)
    with pytest.raises(WrongSubject):
        operations.turn_away(
            number=make.complaint().number, reasons="不", officer=make.officer("commerce", CHAOYANG), at=AT
        )
