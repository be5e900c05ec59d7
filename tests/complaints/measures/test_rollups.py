"""The rollups are what an independent query finds in the raw tables, whenever they advanced, and however often."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from complaints.cases import operations as cases
from complaints.cases.models import Case, CaseEvent
from complaints.cases.operations import Foreign, Told
from complaints.cases.states import CallResult, Result, Side
from complaints.measures import operations, tasks
from complaints.measures.models import COUNTS, SPANS, Cell, Change, Contribution, Duration
from complaints.measures.operations import advancing
from escrow.errors import DomainError
from escrow.models import Refund
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, FENGTAI, FENGTAI_STREET
from tests.complaints.measures.recount import recounted
from tests.soak import SOAK

EXAMPLES = 400 if SOAK else 25
_PLACE = ("month", "district_id", "subdistrict_id", "department_id", "sector_id")


def kept() -> tuple[dict, dict]:
    """The rollups in the shape of ``recounted``."""
    cells = {tuple(row[name] for name in _PLACE): {name: row[name] for name in COUNTS} for row in Cell.objects.values()}
    rows = Duration.objects.values_list(*(f"cell__{name}" for name in _PLACE), "span", "seconds", "number")
    return cells, {row[:-1]: row[-1] for row in rows}


def everything() -> list:
    """Every row of the rollups, without their ids."""
    contributions = ("case_id", "cell__key", *COUNTS, *SPANS.values())
    return [
        sorted(Cell.objects.values_list("key", *_PLACE, *COUNTS, "cases")),
        sorted(Contribution.objects.values_list(*contributions), key=str),
        sorted(Duration.objects.values_list("cell__key", "span", "seconds", "number")),
    ]


def check() -> None:
    """Nothing waits, and the rollups are what the raw tables say."""
    assert not Change.objects.exists()
    cells, durations = recounted()
    found, took = kept()
    assert found == {place: {name: counts.get(name, 0) for name in COUNTS} for place, counts in cells.items()}
    assert took == durations


DEEDS = st.one_of(
    st.tuples(st.just("accept"), st.integers(0, 2)),
    st.tuples(st.just("uphold"), st.integers(0, 2)),
    st.tuples(st.just("reject"), st.integers(0, 2)),
    st.tuples(st.just("record"), st.integers(0, 2), st.sampled_from(list(Side))),
    st.tuples(st.just("call"), st.integers(0, 2), st.sampled_from(list(Side)), st.sampled_from(list(CallResult))),
    st.tuples(st.just("withdraw"), st.integers(0, 2)),
    st.tuples(st.just("route"), st.integers(0, 2)),
    st.tuples(st.just("bank")),
    st.tuples(st.just("ask"), st.integers(0, 2)),
    st.tuples(st.just("answer"), st.integers(0, 2), st.booleans(), st.booleans()),
    st.tuples(st.just("reopen"), st.integers(0, 2)),
    st.tuples(
        st.just("move"), st.integers(0, 2), st.sampled_from(["fitness", "sports", "undetermined"]), st.booleans()
    ),
    st.tuples(st.just("extend"), st.integers(0, 2), st.integers(1, 10)),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("advance")),
    st.tuples(st.just("wait"), st.integers(1, 25 * 24 * 3600)),
)


def life(case: int, side: Side, *, answered: bool, reopened: bool, gap: int) -> list[tuple]:
    """A whole life of one case, which chance alone would hardly ever play in this order."""
    heard = [("route", case), ("wait", gap), ("accept", case), ("call", case, side, CallResult.REACHED), ("wait", gap)]
    first = [("reject", case), ("ask", case), ("wait", gap % (6 * 86_400)), ("answer", case, answered, True)]
    again = [("reopen", case), ("wait", gap), ("record", case, side)] if reopened else []
    return [*heard, *first, *again, ("uphold", case), ("wait", gap), ("bank",), ("sweep",)]


LIVES = st.builds(
    life,
    st.integers(0, 2),
    st.sampled_from(list(Side)),
    answered=st.booleans(),
    reopened=st.booleans(),
    gap=st.integers(1, 20 * 86_400),
)
STORIES = st.lists(st.one_of(LIVES, st.lists(DEEDS, max_size=12)), max_size=5).map(
    lambda parts: [deed for part in parts for deed in part]
)
_REOPENED = life(0, Side.CONSUMER, answered=False, reopened=True, gap=3 * 86_400)


class World:
    """Three complaints, the second a repeat of the first, and one officer who may do everything in all of them."""

    def __init__(self) -> None:
        shop = make.shop()
        person = make.person()
        self.lead = make.officer("commerce", None)
        cards = [make.card(shop, holder=person), make.card(shop, holder=person), make.card(make.shop())]
        self.cases = [make.complaint(shop, of=cards[0], routed=False), make.complaint(shop, of=cards[1], routed=False)]
        self.cases.append(make.complaint(make.shop(), routed=False))
        self.at = AT

    def do(self, deed: str, *facts) -> None:
        case = self.cases[facts[0]] if facts and deed != "wait" else self.cases[0]
        lead = Case.objects.get(pk=case.pk).lead_officer or self.lead
        mine = {"number": case.number, "officer": lead, "at": self.at}
        match deed:
            case "accept":
                cases.accept(**mine)
            case "uphold":
                cases.decide(result=Result.UPHELD, amount_fen=100, basis="judgment", reasons="判决书", **mine)
            case "reject":
                cases.decide(result=Result.NOT_UPHELD, amount_fen=None, basis="", reasons="无依据", **mine)
            case "record":
                cases.record_statement(side=facts[1], text="口述", **mine)
            case "call":
                cases.log_call(side=facts[1], result=facts[2], **mine)
            case "withdraw":
                cases.withdraw(number=case.number, complainant=case.complainant, at=self.at)
            case "route":
                cases.route_case(case_id=case.pk, at=self.at, actor=ACTOR)
            case "bank":
                Refund.objects.filter(paid_at=None).update(paid_at=self.at)
            case "ask":
                cases.ask_callback(case_id=case.pk, at=self.at, actor=ACTOR)
            case "answer" | "reopen":
                asked = case.callbacks.order_by("-id").first()
                number = asked.pk if asked else 0
                if deed == "answer":
                    said = cases.Answer(reached=facts[2], resolved=facts[1], satisfied=facts[1] and facts[2])
                    cases.answer_callback(callback_id=number, answer=said, at=self.at)
                else:
                    cases.reopen_case(callback_id=number, text="没有解决", at=self.at)
            case "move":  # what a review of the place, or another queue, leaves
                place = {"district_id": FENGTAI, "subdistrict_id": FENGTAI_STREET} if facts[2] else {}
                Case.objects.filter(pk=case.pk).update(sector_id=facts[1], **place)
            case "extend":
                late = Case.objects.get(pk=case.pk).due_on + timedelta(days=facts[1])
                Case.objects.filter(pk=case.pk).update(due_on=late)
            case "sweep":
                cases.sweep(at=self.at, actor=ACTOR)
            case "advance":
                operations.advance()
            case "wait":
                self.at += timedelta(seconds=facts[0])


@pytest.mark.django_db
def test_whatever_happens_and_whenever_they_advance():
    world = World()
    operations.advance()
    check()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STORIES)
    @example([*_REOPENED[:7], ("advance",), *_REOPENED[7:], ("move", 0, "sports", True)])
    @example([*life(1, Side.MERCHANT, answered=False, reopened=True, gap=5 * 86_400), ("extend", 1, 9), ("advance",)])
    def play(deeds):
        with transaction.atomic():
            world.at = AT
            for deed in deeds:
                try:
                    world.do(*deed)
                except DomainError:
                    continue
            operations.advance()
            check()
            found = everything()
            operations.rebuild()
            check()
            assert everything() == found, "rebuilt to other figures"
            assert operations.advance() == 0
            transaction.set_rollback(True)

    play()


def whole_life() -> Case:
    """Called in vain, then reached; refused, answered “not resolved”, reopened; nobody called again, and upheld too late."""
    case = make.complaint()
    lead = make.officer()
    make.led(case, lead)
    mine = {"number": case.number, "officer": lead}
    for days, result in ((2, CallResult.NOT_REACHED), (4, CallResult.REACHED)):
        cases.log_call(side=Side.CONSUMER, result=result, at=AT + timedelta(days=days), **mine)
    end = AT + timedelta(days=5)
    cases.decide(result=Result.NOT_UPHELD, amount_fen=None, basis="", reasons="无依据", at=end, **mine)
    cases.ask_callback(case_id=case.pk, at=end, actor=ACTOR)
    asked = case.callbacks.get()
    unresolved = cases.Answer(reached=True, resolved=False, satisfied=False)
    cases.answer_callback(callback_id=asked.pk, answer=unresolved, at=end)
    cases.reopen_case(callback_id=asked.pk, text="没有解决", at=end + timedelta(days=1))
    late = end + timedelta(days=40)
    cases.decide(result=Result.UPHELD, amount_fen=100, basis="judgment", reasons="判决书", at=late, **mine)
    return case


@pytest.mark.django_db
def test_a_known_life_counts_what_the_document_says():
    case = whole_life()
    operations.advance()
    check()
    total = {name: sum(getattr(cell, name) for cell in Cell.objects.all()) for name in COUNTS}
    assert total == {
        "received": 1, "repeated": 0, "reopened": 1, "due": 2, "contacted": 1, "asked": 1, "valid": 1, "reached": 1,
        "resolved": 0, "satisfied": 0,
    }  # fmt: skip
    assert (
        Contribution.objects.filter(case=case).values_list("contact_seconds", flat=True).order_by().first()
        == 4 * 86_400
    )


@pytest.mark.django_db
def test_a_corrected_place_takes_everything_with_it():
    case = make.complaint()
    operations.advance()
    assert set(Cell.objects.values_list("district_id", flat=True)) == {make.CHAOYANG}
    Case.objects.filter(pk=case.pk).update(district_id=FENGTAI, subdistrict_id=FENGTAI_STREET)
    operations.advance()
    assert set(Cell.objects.values_list("district_id", flat=True)) == {FENGTAI}
    check()


@pytest.mark.django_db
def test_a_repeat_is_known_even_when_the_first_is_reckoned_after_it():
    shop, person = make.shop(), make.person()
    first = make.complaint(shop, of=make.card(shop, holder=person))
    make.complaint(shop, of=make.card(shop, holder=person))
    late = list(Change.objects.filter(case=first))
    Change.objects.filter(case=first).delete()
    Case.objects.filter(pk=first.pk).update(received_at=AT - timedelta(days=366))
    Change.objects.filter(case=first).delete()
    operations.advance()
    assert sum(Cell.objects.values_list("repeated", flat=True)) == 0
    Case.objects.filter(pk=first.pk).update(received_at=AT)
    Change.objects.all().delete()
    Change.objects.bulk_create(late)  # the first was committed after the second
    operations.advance()
    assert sum(Cell.objects.values_list("repeated", flat=True)) == 1
    check()


@pytest.mark.django_db
def test_a_repeat_goes_by_the_day_of_receipt_and_by_the_name_of_a_merchant_that_never_joined():
    make.city()
    person, gym = make.person(), Told(merchant_name="力壮健身", address="朝阳区建国路88号")

    def told(number: int, days_ago: int, name: str = gym.merchant_name):
        foreign = Foreign(system="12345", number=str(number), received_at=AT - timedelta(days=days_ago))
        case = cases.open_outside_case(
            complainant=person, told=replace(gym, merchant_name=name), text="关门", foreign=foreign, at=AT
        )
        cases.withdraw(number=case.number, complainant=person, at=AT)
        return case

    told(1, 0)
    told(2, 3, "别家健身")
    operations.advance()
    assert sum(Cell.objects.values_list("repeated", flat=True)) == 0
    earlier = told(3, 100, "（力壮）健身")  # comes in late: it is the first, and what was there is the repeat
    operations.advance()
    repeated = Cell.objects.filter(repeated=1).get()
    assert repeated.month == AT.date().replace(day=1) != earlier.received_at.date().replace(day=1)
    check()


@pytest.mark.django_db
def test_the_command_rebuilds_what_was_spoilt():
    whole_life()
    operations.advance()
    found = everything()
    Cell.objects.update(received=7, repeated=0)
    Duration.objects.all().delete()
    out = StringIO()
    call_command("rebuild_measures", stdout=out)
    assert out.getvalue() == "complaints: 1\n"
    assert everything() == found
    call_command("rebuild_measures", stdout=out)
    assert everything() == found


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many statements were sent, and how many rows they read or wrote in all."""
    seen = [0, 0]

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        seen[0] += 1
        seen[1] += max(0, context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(watch):
        yield seen


@pytest.mark.django_db
def test_advancing_costs_the_new_rows_only(monkeypatch):
    shop = make.shop()
    cost = []
    for many in (3, 30):
        for _nth in range(many):
            make.complaint(shop)
        operations.advance()
        case = make.complaint(shop)
        with counted() as seen:
            assert operations.advance() == CaseEvent.objects.filter(case=case).count() + 1  # and its place
        cost.append(tuple(seen))
    assert cost[0] == cost[1]
    with counted() as nothing:
        assert operations.advance() == 0
    assert nothing[0] <= 4
    check()
    # More than one batch: as many statements for each.
    monkeypatch.setattr(advancing, "BATCH", 5)
    Change.objects.bulk_create([Change(case_id=pk) for pk in Case.objects.values_list("pk", flat=True)])
    assert operations.advance() == 35
    check()


@pytest.mark.django_db
def test_a_task_delivered_twice_changes_nothing_twice():
    whole_life()
    waiting = list(Change.objects.all())
    tasks.advance()
    found = everything()
    tasks.advance()
    Change.objects.bulk_create(waiting)
    tasks.advance()
    assert everything() == found
    check()


def test_events_committed_in_any_order_and_parallel_tasks(committed_db):
    """A line written first may be committed last; nothing is lost, and two workers do not count it twice."""
    case = make.complaint()
    other = make.complaint()
    lead = make.officer()
    make.led(other, lead)
    first_written, may_commit = threading.Event(), threading.Event()
    errors: list[Exception] = []

    def slow() -> None:
        try:
            with transaction.atomic():
                cases.accept(number=case.number, officer=lead, at=AT)
                cases.log_call(number=case.number, officer=lead, side=Side.CONSUMER, result=CallResult.REACHED, at=AT)
                first_written.set()
                assert may_commit.wait(30)
        except Exception as error:  # shown below
            errors.append(error)
            first_written.set()
        finally:
            connection.close()

    def work() -> None:
        try:
            for _nth in range(5):
                tasks.advance()
        except Exception as error:  # shown below
            errors.append(error)
        finally:
            connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert first_written.wait(30)
    cases.log_call(number=other.number, officer=lead, side=Side.CONSUMER, result=CallResult.REACHED, at=AT)
    operations.advance()
    assert sum(Cell.objects.values_list("contacted", flat=True)) == 1
    may_commit.set()
    writer.join()
    workers = [threading.Thread(target=work) for _nth in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    operations.advance()
    assert errors == []
    assert sum(Cell.objects.values_list("contacted", flat=True)) == 2
    check()
