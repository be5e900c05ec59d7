"""Several cases in one press: asked first, done one by one, each reported, scoped, and once however often it is sent."""

import re
import threading
import uuid

import pytest
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.errors import TooManyChosen
from complaints.cases.models import BulkDeed, BulkLine, Case
from complaints.cases.states import BulkKind, CaseState, EventKind
from escrow import clock
from escrow.errors import KeyReused, NotFound
from escrow.models import AuditEntry
from prepaid.notices.models import Message
from tests.complaints import factories as make
from tests.complaints.factories import FENGTAI
from tests.complaints.test_pages import signed_in

QUEUE = "admin:cases_case_changelist"


def chosen(client, kind: str, ids) -> str:
    """The page that asks."""
    index = BulkKind.values.index(kind)
    answer = client.post(
        reverse(QUEUE) + "?stage=all", {"action": BulkKind.values, "index": index, "_selected_action": list(ids)}
    )
    assert answer.status_code == 200, answer
    return answer.content.decode()


def press(client, kind: str, ids, *, key=None, **more):
    data = {"kind": kind, "key": key or uuid.uuid4(), "case": list(ids), **more}
    return client.post(reverse("admin:cases_case_bulk"), data)


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def cases(officer) -> list[Case]:
    shop = make.shop()
    return [make.complaint(shop) for _case in range(4)]


def test_several_are_taken_in_charge_and_each_is_reported(cases, officer):
    client, colleague = signed_in(officer), make.officer()
    make.led(cases[0], colleague)
    operations.withdraw(number=cases[1].number, complainant=cases[1].complainant, at=clock.now())
    ids = [case.pk for case in cases]
    page = chosen(client, "accept", ids)
    assert page.count("will be refused as it stands") == 2
    assert Case.objects.filter(state=CaseState.IN_HAND).count() == 1, "nothing happens before it is confirmed"
    answer = press(client, "accept", re.findall(r'name="case" value="(\d+)"', page))
    report = client.get(answer.url).content.decode()
    assert "2 done" in report
    assert "2 refused" in report
    assert "already has an officer in charge" in report
    assert "already been decided" in report
    assert set(Case.objects.filter(lead_officer=officer).values_list("pk", flat=True)) == {
        case.pk for case in cases[2:]
    }
    for case in cases[2:]:
        assert case.events.filter(kind=EventKind.ACCEPTED, by=officer).count() == 1
        assert AuditEntry.objects.filter(target=f"case:{case.pk}", action="cases.accepted").count() == 1


def test_pressed_twice_it_is_done_once(cases, officer):
    client, key, ids = signed_in(officer), uuid.uuid4(), [case.pk for case in cases]
    boss = make.officer()
    first = press(client, "assign", ids, key=key, lead=boss.pk)
    second = press(client, "assign", reversed(ids), key=key, lead=boss.pk)
    assert first.url == second.url
    assert BulkDeed.objects.count() == 1
    assert set(BulkLine.objects.values_list("refusal", flat=True)) == {""}
    assert Message.objects.filter(recipient=boss).count() == len(ids)
    other = press(client, "accept", ids, key=key)
    assert other.status_code == KeyReused.http_status
    assert press(client, "assign", ids[:2], key=key, lead=boss.pk).status_code == KeyReused.http_status


def test_what_broke_off_goes_on_where_it_was(cases, officer, monkeypatch):
    deed = operations.begin_bulk(
        key=uuid.uuid4(), kind=BulkKind.ACCEPT, case_ids=[case.pk for case in cases], officer=officer, at=clock.now()
    )
    from complaints.cases.operations import bulk

    done, real = [], bulk.accept

    def dies(**said):
        if len(done) == 2:
            raise MemoryError
        done.append(real(**said))

    with monkeypatch.context() as broken:
        broken.setattr(bulk, "accept", dies)
        with pytest.raises(MemoryError):
            operations.carry_out(deed=deed, officer=officer, at=clock.now())
    client, url = signed_in(officer), reverse("admin:cases_case_bulk_report", args=[deed.pk])
    assert "2 not yet tried" in client.get(url).content.decode()
    assert client.post(url).status_code == 302
    assert "4 done" in client.get(url).content.decode()
    for case in cases:
        assert case.events.filter(kind=EventKind.ACCEPTED).count() == 1


def test_what_is_not_of_the_post_is_left_out_and_another_report_does_not_exist(cases, officer):
    stranger, foreign = make.officer("commerce", FENGTAI), make.officer("sports")
    for other in (stranger, foreign):
        client = signed_in(other)
        asked = client.post(reverse(QUEUE), {"action": ["accept"], "index": 0, "_selected_action": [cases[0].pk]})
        assert asked.status_code == 302, "nothing is chosen"
        assert press(client, "accept", [cases[0].pk]).status_code == 404
    own = make.complaint(make.shop(stores=(FENGTAI,), head_office=FENGTAI))
    answer = press(signed_in(stranger), "accept", [own.pk, cases[0].pk])
    assert list(BulkLine.objects.values_list("case_id", flat=True)) == [own.pk]
    assert signed_in(officer).get(answer.url).status_code == 404
    assert signed_in(officer).post(answer.url).status_code == 404
    assert not Case.objects.filter(pk__in=[case.pk for case in cases]).exclude(state=CaseState.DISPATCHED).exists()


def test_the_operator_and_people_without_a_post_do_nothing(cases, officer):
    operator = signed_in(make.operator())
    page = operator.get(reverse(QUEUE)).content.decode()
    assert "_selected_action" not in page
    assert press(operator, "accept", [cases[0].pk]).status_code == 404
    with pytest.raises(NotFound):
        operations.begin_bulk(
            key=uuid.uuid4(), kind=BulkKind.URGE, case_ids=[cases[0].pk], officer=make.person(), at=clock.now()
        )
    assert not BulkDeed.objects.exists()


def test_bad_input_is_refused_and_nothing_changed(cases, officer):
    client, ids = signed_in(officer), [case.pk for case in cases]
    bad = ["x", "-1", "9" * 40, "①", "1.5", "", "\0"]
    for wrong in ({}, {"_selected_action": bad}, {"_selected_action": ids, "index": "7"}):
        answer = client.post(reverse(QUEUE), {"action": BulkKind.values, "index": "0", **wrong})
        assert answer.status_code == 302
        shown = client.get(answer.url).content.decode()
        assert "Choose at least one complaint" in shown or "Items must be selected" in shown
    too_many = client.post(
        reverse(QUEUE), {"action": BulkKind.values, "index": 0, "_selected_action": list(range(1, 52))}
    )
    assert "Choose at most 50" in client.get(too_many.url).content.decode()
    assert press(client, "accept", range(1, 52)).status_code == TooManyChosen.http_status
    for kind, more in (("assign", {}), ("assign", {"lead": make.person().pk}), ("accept", {"key": "no key"})):
        assert press(client, kind, ids, **more).status_code == 400
    assert press(client, "close", ids).status_code == 404
    assert client.get(reverse("admin:cases_case_bulk")).status_code == 405
    assert not BulkDeed.objects.exists()
    assert not Case.objects.exclude(state=CaseState.DISPATCHED).exists()


def test_a_colleague_elsewhere_is_offered_to_a_city_post_and_refused_by_the_case(cases, officer):
    elsewhere = make.officer("commerce", FENGTAI)
    client = signed_in(make.officer("commerce", None))
    assert f'value="{elsewhere.pk}"' in chosen(client, "assign", [cases[0].pk])
    assert f'value="{elsewhere.pk}"' not in chosen(signed_in(officer), "assign", [cases[0].pk])
    answer = press(client, "assign", [cases[0].pk], lead=elsewhere.pk)
    assert "no post in the department and district" in client.get(answer.url).content.decode()


def test_a_reminder_reaches_who_is_in_charge_once_a_day(cases, officer):
    lead, client = make.officer(), signed_in(officer)
    make.led(cases[0], lead)
    make.led(cases[1], officer)
    Message.objects.all().delete()
    ids = [case.pk for case in cases[:3]]
    report = client.get(press(client, "urge", ids).url).content.decode()
    assert "2 done" in report
    assert "in charge of this case yourself" in report
    assert "Choose" not in report.split("1 refused")[0]
    assert Message.objects.filter(recipient=lead, url=reverse("admin:cases_case_change", args=[ids[0]])).exists()
    assert not Message.objects.filter(recipient=officer).exists()
    again = client.get(press(signed_in(make.officer()), "urge", ids[:1]).url)
    assert again.status_code == 404
    assert BulkLine.objects.last().refusal.startswith("A reminder has been sent today")
    assert cases[0].events.filter(kind=EventKind.URGED).count() == 1
    # Neither side reads it.
    page = signed_in(cases[0].complainant).get(reverse("complaint_detail", args=[cases[0].number])).content.decode()
    assert str(EventKind.URGED.label) not in page
    assert str(EventKind.URGED.label) in client.get(reverse("admin:cases_case_change", args=[ids[0]])).content.decode()


def test_two_presses_at_once_do_each_case_once(committed_db):
    make.city()
    officer, shop = make.officer(), make.shop()
    ids = [make.complaint(shop).pk for _case in range(5)]
    key, found, errors = uuid.uuid4(), [], []

    def pressing() -> None:
        from django.db import connection

        try:
            deed = operations.begin_bulk(key=key, kind=BulkKind.ACCEPT, case_ids=ids, officer=officer, at=clock.now())
            operations.carry_out(deed=deed, officer=officer, at=clock.now())
            found.append(deed.pk)
        except Exception as error:  # whatever a thread raises, the test tells it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=pressing) for _thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(set(found)) == 1
    assert not BulkLine.objects.exclude(refusal="").exists(), "nobody was refused by their own second press"
    for pk in ids:
        assert Case.objects.get(pk=pk).events.filter(kind=EventKind.ACCEPTED).count() == 1


def test_the_pages_cost_few_queries(cases, officer, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False
    client, ids = signed_in(officer), [case.pk for case in cases]
    with django_assert_max_num_queries(12):
        chosen(client, "assign", ids)
    answer = press(client, "accept", ids)
    with django_assert_max_num_queries(12):
        client.get(answer.url)
