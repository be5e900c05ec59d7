"""Celery is the doorbell, PostgreSQL the queue: with a real worker, broker, bank and web server, whatever dies, stops or comes twice,
every complaint is sent, every deadline acted on, and nothing done twice.

``make test`` sends tens of complaints, ``make soak`` hundreds.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connections, transaction
from redis import Redis

from complaints.cases import operations
from complaints.cases.models import Assist, Callback, Case, CaseEvent, Objection
from complaints.cases.operations import Told
from complaints.cases.queries.deadlines import MARKS, due, to_remind
from complaints.cases.states import ENDED, AssistState, CallbackState, CaseState, ObjectionState, Result
from complaints.hotline.models import WorkOrder
from complaints.hotline.operations import issue_key
from escrow import clock
from escrow.models import WorkingDay
from prepaid.cards import operations as cards
from prepaid.cards.models import RefundRequest
from prepaid.cards.states import RefundCause, RefundState
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, FENGTAI
from tests.journeys.faulty import SWEEP, quiet
from tests.journeys.ways_in import Order, from_the_hotline, numbers, orders, written
from tests.journeys.what_happened import REPORTED, wrong
from tests.sandbox_bank.bank import until
from tests.soak import SOAK

ORDERS, KILLS = (500, 50) if SOAK else (30, 5)
#: Seconds that the broker is away, and complaints that come in meanwhile.
AWAY, MEANWHILE = (60, 60) if SOAK else (8, 8)
#: Seconds that a page may take while the broker is away, and while it hangs: one wait for it and one for the cache.
PROMPT, PATIENT = 3, 10
#: Pages that are sent at once.
SENDERS = 3
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("wired")]


@pytest.fixture(scope="module")
def people(faulty) -> SimpleNamespace:
    """Two shops, the officers of two districts and of the city, an operator, and a hotline's key."""
    make.city()
    operator = make.operator()
    _key, token = issue_key(
        name="市热线",
        system="12345",
        per_minute=6_000,
        valid_until=clock.today() + 30 * DAY,
        by=operator,
        at=clock.now(),
    )
    return SimpleNamespace(
        shops=[make.shop(), make.shop(head_office=FENGTAI, stores=(FENGTAI,))],
        officers={district: make.officer("commerce", district) for district in (make.CHAOYANG, FENGTAI)},
        city=make.officer("commerce", None),
        coordinator=make.officer("market_regulation", None),
        helper=make.officer("sports"),
        coordinators=[make.officer("market_regulation", district) for district in (make.CHAOYANG, FENGTAI)],
        operator=operator,
        token=token,
    )


def sent(send: Order) -> float:
    """How many seconds the page took that took it."""
    started = time.monotonic()
    status = send()
    assert status in {201, 302}, status
    return time.monotonic() - started


def waiting() -> int:
    return Case.objects.filter(state=CaseState.RECEIVED).count()


def decide_cards(people) -> None:
    """Whatever card's complaint has found its queue gets its refund."""
    for case in Case.objects.filter(state=CaseState.DISPATCHED, refund_request__isnull=False):
        officer, facts = people.officers[case.lead_district_id], {"number": case.number, "at": clock.now()}
        operations.accept(officer=officer, **facts)
        operations.decide(
            officer=officer, result=Result.UPHELD, amount_fen=120_000, basis="judgment", reasons="判决书", **facts
        )


def settled(faulty, *, seconds: float = 2 * SWEEP) -> None:
    """Everything is sent and paid, and nothing happens any more for so long."""

    def open_ends() -> int:
        faulty.supervise()
        return waiting() + Case.objects.filter(state=CaseState.EXECUTING).count()

    try:
        until(lambda: not open_ends(), seconds=120)
    except AssertionError as error:
        raise AssertionError(f"{open_ends()} are left:\n{faulty.said('worker')[-5000:]}") from error
    quiet(lambda: (CaseEvent.objects.count(), open_ends()), seconds=seconds, within=120)


def test_kill_9_the_worker_at_random_moments(faulty, people):
    """The whole process group, while complaints come in, are sent, gathered, and refunds go to the bank."""
    draw = random.Random(os.urandom(8))
    before, torn, started = Case.objects.count(), 0, time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        for _turn in range(KILLS):
            some = orders(faulty, people, ORDERS // KILLS)
            decide_cards(people)
            faulty.wait_for_worker()
            on_their_way = [pool.submit(sent, order) for order in some]
            time.sleep(draw.uniform(0, 0.5))
            faulty.kill("worker")
            torn += torn_tasks(faulty)
            faulty.start_worker(wait=False)
            for one in on_their_way:
                one.result()
    until(lambda: faulty.supervise() or not waiting(), seconds=120)
    decide_cards(people)
    settled(faulty, seconds=7)  # longer than a torn task waits until it comes again
    print(f"{ORDERS} orders, {KILLS} kills, {torn} torn tasks, {time.monotonic() - started:.0f} s")
    assert Case.objects.count() == before + ORDERS
    assert torn, "no kill came upon a task at work"
    cards = Case.objects.filter(refund_request__isnull=False)
    assert set(cards.values_list("state", flat=True)) == {CaseState.CLOSED}
    assert not wrong()


def torn_tasks(faulty) -> int:
    """How many tasks a worker took from the broker and has not ended."""
    return int(Redis.from_url(faulty.broker).hlen("unacked"))


def test_valkey_away_for_a_minute(faulty, people):
    """Complaints are taken in without a wait, and the sweeper sends them without a broker."""
    before, first, second = Case.objects.count(), orders(faulty, people, MEANWHILE), orders(faulty, people, MEANWHILE)
    hanging = orders(faulty, people, 2)
    faulty.kill("valkey")
    gone = time.monotonic()
    times = [sent(order) for order in first]
    until(lambda: not waiting(), seconds=30)
    decide_cards(people)
    for turn, order in enumerate(second, 1):
        times.append(sent(order))
        time.sleep(max(0, gone + AWAY * turn / MEANWHILE - time.monotonic()))
    assert max(times) < PROMPT, times
    until(lambda: not waiting(), seconds=30)
    print(f"away {time.monotonic() - gone:.0f} s, slowest page {max(times):.2f} s, all sent meanwhile")
    faulty.start_valkey()
    decide_cards(people)
    os.killpg(faulty.running["valkey"].pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(2) as pool:
            hung = list(pool.map(sent, hanging))
    finally:
        os.killpg(faulty.running["valkey"].pid, signal.SIGCONT)
    print(f"frozen: slowest page {max(hung):.2f} s")
    assert max(hung) < PATIENT, hung
    settled(faulty)
    assert all(faulty.running[name].poll() is None for name in ("web", "worker", "beat", "sweeper"))
    assert Case.objects.count() == before + 2 * MEANWHILE + 2
    assert not wrong()


def ordinary_monday() -> datetime:
    """The next day at ten in Beijing on which it and the three days after it are worked."""
    worked = set(WorkingDay.objects.filter(is_working=True).values_list("day", flat=True))
    day = clock.today() + DAY
    while not all(day + turn * DAY in worked for turn in range(4)) or day.weekday():
        day += DAY
    return datetime.combine(day, datetime.min.time(), clock.BEIJING) + 10 * HOUR


def in_the_past(people, at: datetime, number: int) -> Case:
    """A complaint from elsewhere that came in then, in Chaoyang's queue."""
    told = Told(merchant_name=f"旧店{number}", address="北京市朝阳区建国路88号", sector_code="beauty", paid_fen=100_000)
    case = operations.open_outside_case(complainant=make.person(), told=told, text="闭店不退卡。", at=at)
    return operations.route_case(case_id=case.pk, at=at, actor=ACTOR)


def terms_that_end(people, now: datetime) -> None:
    """Of everything that has a term, some rows whose term ends within the next three days; each made whole at once, so that no sweep
    comes between."""
    officer = people.officers[make.CHAOYANG]
    for turn in range(4):
        with transaction.atomic():
            case = in_the_past(people, now - 6 * DAY, turn)
            operations.turn_away(number=case.number, reasons="不属于预付卡", officer=officer, at=now - 6 * DAY)
            operations.ask_callback(case_id=case.pk, at=now - 6 * DAY, actor=ACTOR)
        with transaction.atomic():
            case = in_the_past(people, now, 10 + turn)
            operations.object_to_dispatch(
                number=case.number, officer=officer, reason="不属于本单位", sector_code="fitness", at=now
            )
        with transaction.atomic():
            case = in_the_past(people, now - DAY, 20 + turn)
            operations.accept(number=case.number, officer=officer, at=now - DAY)
            operations.call_in(
                number=case.number, officer=officer, department_code="sports", asked="请协助", at=now - DAY
            )
        with transaction.atomic():
            case = in_the_past(people, now, 30 + turn)
            operations.accept(number=case.number, officer=officer, at=now)
            operations.decide_outside(
                number=case.number, officer=officer, result=Result.UPHELD, amount_fen=50_000, basis="judgment",
                pay_by=clock.beijing_date(now + DAY), reasons="判决书", at=now,
            )  # fmt: skip
        card = make.card(people.shops[0])
        cards.request_refund(
            card_id=card.pk, cause=RefundCause.CONSUMER, reason="搬家", at=now, actor=card.holder.actor
        )


def expected(after: datetime) -> dict[str, Counter]:
    """What the dates say now has to be marked by ``after``: how many of each, all in all."""
    today = clock.beijing_date(after)
    levels = Counter(
        mark.level.value for case in Case.objects.exclude(state__in=ENDED) for mark in MARKS if due(case, mark) <= after
    )
    reminded = Case.objects.filter(reminded_at__isnull=False) | to_remind(at=after)
    return {
        "levels": levels,
        "others": Counter(
            reminded=reminded.distinct().count(),
            unanswered=Callback.objects.filter(answers_until__lt=today).count(),
            dispatch_stands=Objection.objects.filter(review_by__lt=today).count(),
            assist_late=Assist.objects.filter(answer_by__lt=today).count(),
            unrepaid=Case.objects.filter(outcome__repayment__due_on__lt=today).count(),
        ),
    }


def marked() -> dict[str, Counter]:
    """The same, of the timelines."""
    lines = CaseEvent.objects.all()
    kinds = ("reminded", "unanswered", "dispatch_stands", "assist_late", "unrepaid")
    return {
        "levels": Counter(line.data["level"] for line in lines.filter(kind__in=REPORTED)),
        "others": Counter({kind: lines.filter(kind=kind).count() for kind in kinds}),
    }


def test_the_clock_jumps_three_days(faulty, people):
    """Sweeps at the same time in several processes, and each task twice: what has fallen due is acted on once."""
    monday = ordinary_monday()
    clock.advance(monday - clock.now())
    now = clock.now()
    for turn in range(24):  # received on so many days that every mark falls due for some
        sent(from_the_hotline(faulty, people, next(numbers), received_at=written(now - turn * 16 * HOUR - HOUR)))
    for _turn in range(4):
        sent(from_the_hotline(faulty, people, next(numbers), received_at=written(now - HOUR / 2), urgency="特急"))
    terms_that_end(people, now)
    until(lambda: not waiting(), seconds=60)
    quiet(lambda: CaseEvent.objects.count(), seconds=2 * SWEEP, within=60)
    silent = RefundRequest.objects.filter(state=RefundState.REQUESTED)
    requests = list(silent.values_list("pk", flat=True))
    after = now + 3 * DAY
    awaited, found = expected(after), marked()
    for of in ("levels", "others"):
        assert all(awaited[of][key] > found[of][key] for key in awaited[of]), (awaited, found)
    faulty.kill("beat")
    clock.advance(3 * DAY)
    together = threading.Barrier(3)

    def sweep() -> None:
        together.wait()
        operations.sweep(at=clock.now(), actor=ACTOR)
        connections.close_all()

    ended = list(Case.objects.exclude(closed_at=None).values_list("pk", flat=True))
    for _turn in range(2):
        for task in ("complaints.cases.tasks.sweep", "prepaid.cards.tasks.sweep", "escrow.tasks.sweep"):
            faulty.ring(task, times=2)
    for pk in ended[:10]:
        faulty.ring("complaints.cases.tasks.ask_callback", pk, times=2)
    for pk in Case.objects.order_by("-id").values_list("pk", flat=True)[:10]:
        faulty.ring("complaints.cases.tasks.route_case", pk, times=2)
    for pk in requests:
        faulty.ring("prepaid.cards.tasks.pass_silence", pk, times=2)
    with ThreadPoolExecutor(3) as pool:
        for one in [pool.submit(sweep) for _thread in range(3)]:
            one.result()
    faulty.start_beat()
    quiet(lambda: CaseEvent.objects.count(), seconds=3 * SWEEP, within=90)
    assert marked() == awaited
    assert not Callback.objects.filter(state=CallbackState.ASKED, answers_until__lt=clock.today()).exists()
    assert not Objection.objects.filter(state=ObjectionState.OPEN, review_by__lt=clock.today()).exists()
    assert not Assist.objects.filter(state__in=[AssistState.CALLED], answer_by__lt=clock.today(), late_at=None).exists()
    assert not silent.filter(answer_due_on__lt=clock.today()).exists()
    assert WorkOrder.objects.count() == WorkOrder.objects.values("number").distinct().count()
    assert not wrong()
