"""A complaint finds its owner by its store; nothing is lost when the bell is."""

from datetime import date, timedelta
from unittest.mock import patch

import pytest
from celery import current_app
from django.db import connection
from kombu.exceptions import OperationalError

from complaints.cases import operations, tasks
from complaints.cases.errors import HasALead, SectorUnknown, TimeLimitMissing
from complaints.cases.models import Case, CaseEvent, TimeLimit
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import CaseState, EventKind, PlaceReason, Wanted
from escrow.errors import NotFound
from escrow.transactions import QUIET, ring
from prepaid.cards import operations as cards
from prepaid.notices.models import Message
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI

pytestmark = pytest.mark.django_db


OWNERS = {
    "beauty": ("commerce", "market_regulation"),
    "fitness": ("sports", "sports"),
    "science": ("science", "market_regulation"),
    "arts": ("culture_tourism", "culture_enforcement"),
    "elder_care": ("civil_affairs", "civil_affairs"),
}


def test_place_decides_the_district_and_sector_the_department():
    make.city()
    for lead, _enforcer in OWNERS.values():
        make.officer(lead, CHAOYANG)
        make.officer(lead, FENGTAI)
    for sector, (lead, enforcer) in OWNERS.items():
        for district in (CHAOYANG, FENGTAI):
            case = make.complaint(make.shop(sector=sector, head_office=CHAOYANG, stores=(district,)))
            assert (case.district_id, case.lead_department_id, case.lead_district_id) == (district, lead, district)
            assert (case.enforcer_id, case.coordinator_id) == (enforcer, "market_regulation")
            assert (case.state, case.dispatched_at, case.undetermined) == (CaseState.DISPATCHED, AT, False)
            assert case.place_reason == PlaceReason.ONLY_STORE


def test_the_store_of_the_last_use_wins_over_the_first_store_and_the_head_office():
    shop = make.shop(head_office=CHAOYANG, stores=(CHAOYANG, FENGTAI))
    card = make.card(shop)
    make.visited(card, shop.stores[0], shop)
    make.visited(card, shop.stores[1], shop)
    case = make.complaint(shop, of=card)
    assert (case.district_id, case.store, case.place_reason) == (FENGTAI, shop.stores[1], PlaceReason.LAST_USE)
    assert case.subdistrict_id == make.FENGTAI_STREET


def test_a_check_in_that_was_undone_is_no_last_use():
    shop = make.shop(head_office=CHAOYANG, stores=(CHAOYANG, FENGTAI))
    card = make.card(shop)
    make.visited(card, shop.stores[0], shop)
    mistaken = make.visited(card, shop.stores[1], shop)
    cards.undo_redemption(staff=shop.boss, redemption_id=mistaken.pk, at=mistaken.at, actor="system:test")
    case = make.complaint(shop, of=card)
    assert (case.store, case.place_reason) == (shop.stores[0], PlaceReason.LAST_USE)


def test_a_card_never_used_belongs_to_the_first_store_that_takes_it():
    case = make.complaint(make.shop(head_office=CHAOYANG, stores=(FENGTAI, CHAOYANG)))
    assert (case.district_id, case.place_reason) == (FENGTAI, PlaceReason.FIRST_STORE)


def test_without_a_store_the_head_office_decides():
    case = make.complaint(make.shop(head_office=FENGTAI, stores=()))
    assert (case.district_id, case.store, case.place_reason) == (FENGTAI, None, PlaceReason.HEAD_OFFICE)


def test_a_district_without_a_post_is_served_by_the_citys_department():
    make.city()
    citywide = make.officer("commerce", None)
    case = make.complaint(make.shop(stores=(FENGTAI,)))
    assert (case.district_id, case.lead_district_id) == (FENGTAI, None)
    assert citywide.messages.filter(kind="cases.step").count() == 1


def test_an_undetermined_sector_waits_with_the_coordinator_until_a_person_sends_it_on():
    shop = make.shop(sector="undetermined")
    coordinator = make.officer("market_regulation")
    sports = make.officer("sports")
    case = make.complaint(shop)
    assert (case.lead_department_id, case.undetermined) == ("market_regulation", True)
    for nonsense in ("undetermined", "nonsense", ""):
        with pytest.raises(SectorUnknown):
            operations.determine_authority(number=case.number, sector_code=nonsense, officer=coordinator, at=AT)
    with pytest.raises(NotFound):
        operations.determine_authority(number=case.number, sector_code="fitness", officer=sports, at=AT)
    sent = operations.determine_authority(number=case.number, sector_code="fitness", officer=coordinator, at=AT)
    assert (sent.lead_department_id, sent.undetermined, sent.state) == ("sports", False, CaseState.DISPATCHED)
    assert not cases_for(officer=coordinator).exists()
    make.led(sent, sports)
    with pytest.raises(HasALead):
        operations.determine_authority(number=case.number, sector_code="retail", officer=sports, at=AT)


def test_seven_working_days_by_the_dated_row_not_by_a_constant():
    shop = make.shop()
    # Monday 2026-11-23: the first day does not count, seven working days later is Wednesday 2026-12-02.
    assert make.complaint(shop).due_on == date(2026, 12, 2)
    TimeLimit.objects.create(code="prepaid", valid_from=date(2026, 11, 24), working_days=5, source="test", mark="A")
    assert make.complaint(shop).due_on == date(2026, 12, 2)
    later = AT + timedelta(days=1)
    assert make.complaint(shop, at=later).due_on == date(2026, 12, 1)


def test_no_time_limit_is_a_clear_error_and_opens_nothing():
    shop = make.shop()
    request = make.refused(make.card(shop), shop)
    TimeLimit.objects.all().delete()
    with pytest.raises(TimeLimitMissing, match="load_reference"):
        operations.open_case(
            refund_request_id=request.pk, complainant=request.card.holder, text="…", wanted=Wanted.REFUND, at=AT
        )
    request.refresh_from_db()
    assert request.state == "refused"


def test_a_routed_case_stays_where_it_is_when_the_task_comes_twice():
    case = make.complaint()
    again = operations.route_case(case_id=case.pk, at=AT + timedelta(hours=1), actor=ACTOR)
    assert again.dispatched_at == AT
    assert CaseEvent.objects.filter(case=case, kind=EventKind.DISPATCHED).count() == 1


def test_the_bell_rings_after_commit_for_the_task_that_exists(django_capture_on_commit_callbacks):
    with patch.object(current_app, "send_task") as send, django_capture_on_commit_callbacks(execute=True):
        case = make.complaint(routed=False)
    assert (tasks.route_case.name, (case.pk,)) in [call.args[:2] for call in send.call_args_list]


def test_a_lost_broker_does_not_fail_the_complaint_and_the_sweep_routes_it(django_capture_on_commit_callbacks):
    refusal = OperationalError("broker is gone")
    with patch.object(current_app, "send_task", side_effect=refusal), django_capture_on_commit_callbacks(execute=True):
        case = make.complaint(routed=False)
    assert case.state == CaseState.RECEIVED
    tasks.sweep()
    case.refresh_from_db()
    assert (case.state, case.lead_department_id) == (CaseState.DISPATCHED, "commerce")
    tasks.sweep()
    assert CaseEvent.objects.filter(case=case, kind=EventKind.DISPATCHED).count() == 1


def test_one_case_that_fails_does_not_hold_up_the_others():
    bad, good = make.complaint(routed=False), make.complaint(routed=False)
    with connection.cursor() as cursor:  # a row nobody can decrypt
        cursor.execute("UPDATE people_user SET phone = 'x' WHERE id = %s", [bad.complainant_id])
    operations.sweep(at=AT, actor=ACTOR)
    states = dict(Case.objects.values_list("pk", "state"))
    assert (states[bad.pk], states[good.pk]) == (CaseState.RECEIVED, CaseState.DISPATCHED)


def test_everybody_is_told_when_a_case_is_sent():
    shop = make.shop()
    lead = make.officer()
    case = make.complaint(shop)
    told = set(Message.objects.filter(kind="cases.step").values_list("recipient_id", flat=True))
    assert {case.complainant_id, shop.owner.pk, lead.pk} <= told
    assert all("%(" not in message.title + message.body for message in Message.objects.all())


def test_whoever_lost_a_bell_does_not_wait_for_the_next(django_capture_on_commit_callbacks, monkeypatch):
    """A broker that hangs takes seconds to be given up: once, then the process is quiet for a while."""
    now = [100.0]
    monkeypatch.setattr("escrow.transactions.time.monotonic", lambda: now[0])
    with patch.object(current_app, "send_task", side_effect=OperationalError("it hangs")) as send:
        for after, rung in ((0, 1), (QUIET - 1, 1), (1, 2)):
            now[0] += after
            with django_capture_on_commit_callbacks(execute=True):
                ring("complaints.cases.tasks.sweep")
            assert send.call_count == rung
