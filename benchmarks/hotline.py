"""Work orders: how fast a file is read and imported, and how long a person's complaint waits meanwhile. With a real worker."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from typing import Any

from benchmarks.figures import Figure, say

#: Lines of the file, complaints that people make during it, and seconds between them.
LINES, COMPLAINTS, PAUSE = 100_000, 200, 0.1
P99_SECONDS, OF_FLOOR = 1.0, 0.5
NOBODY = "system:bench"


def measure(databases: Any, *, quick: bool) -> list[Figure]:
    """In a database of its own, with a worker of two processes, as ``make run`` has it."""
    lines, complaints = (LINES // 10, COMPLAINTS // 4) if quick else (LINES, COMPLAINTS)
    with databases.clone(f"{databases.base}_hotline") as name:
        from complaints.cases.models import Case
        from complaints.hotline import operations
        from complaints.hotline.models import WorkOrder
        from escrow import clock
        from tests.complaints import factories as make

        make.city()
        officer = make.officer("market_regulation", None)
        floor = _floor(200 if quick else 500)
        content = _file(lines)
        started = time.perf_counter()
        file = operations.read_file(
            file=io.BytesIO(content),
            size=len(content),
            name="bench.csv",
            system="12345",
            leave_out_unknown=False,
            by=officer,
            at=clock.now(),
        )
        reading = lines / (time.perf_counter() - started)
        with _worker(name):
            say("hotline: complaints without an import")
            alone = _waits(complaints, first=0)
            say("hotline: complaints during an import")
            operations.confirm_file(file_id=file.pk, by=officer, at=clock.now())
            _until(lambda: WorkOrder.objects.exists())
            during = _waits(complaints, first=complaints)
            before, since = WorkOrder.objects.count(), time.perf_counter()
            time.sleep(10 if quick else 60)
            taken = WorkOrder.objects.count() - before
            rate = taken / (time.perf_counter() - since)
            ran_throughout = before + taken < lines
        undone = Case.objects.filter(source="hotline", state="received").count()
    return [
        Figure(
            name="lines read and kept", value=reading, unit="per s", note=f"{lines:,} lines, {len(content) >> 20} MB"
        ),
        Figure(name="floor: a complaint opened and routed, one process", value=floor, unit="per s"),
        Figure(
            name="work orders imported ÷ floor",
            value=rate / floor,
            unit="× floor",
            limit=("≥", OF_FLOOR),
            note=f"{rate:,.1f}/s; {undone} not yet sent",
        ),
        Figure(name="intake to dispatched alone, p99", value=_p99(alone), unit="s", note=f"median {median(alone):.2f}"),
        Figure(
            name="intake to dispatched during an import, p99",
            value=_p99(during) if ran_throughout else None,
            unit="s",
            limit=("≤", P99_SECONDS),
            note=f"median {median(during):.2f}" if ran_throughout else "the import ended before",
        ),
    ]


def _complaint(number: int, **facts: Any) -> Any:
    from complaints.cases import operations as cases
    from escrow import clock
    from tests.complaints import factories as make

    told = cases.Told(merchant_name=f"好身材健身馆{number}", address=f"北京市朝阳区建国路{number % 300 + 1}号")
    return cases.open_outside_case(complainant=make.person(), told=told, text="闭店不退卡。", at=clock.now(), **facts)


def _floor(count: int) -> float:
    """What an import cannot beat: the same deeds one after the other, no file, no queue."""
    from complaints.cases import operations as cases
    from escrow import clock

    cases.route_case(case_id=_complaint(0, rings=False).pk, at=clock.now(), actor=NOBODY)  # the gazetteer is made
    started = time.perf_counter()
    for number in range(1, count + 1):
        cases.route_case(case_id=_complaint(number, rings=False).pk, at=clock.now(), actor=NOBODY)
    return count / (time.perf_counter() - started)


def _file(lines: int) -> bytes:
    from complaints.hotline.tables import csv_lines
    from escrow import clock

    received = clock.now() - timedelta(hours=3)
    rows = (
        [
            f"BENCH-{n}",
            received,
            "张三",
            f"139{n:08d}",
            f"第{n % 5000}健身馆",
            f"北京市海淀区中关村大街{n % 300 + 1}号",
            "闭店不退卡。" * 10,
        ]
        for n in range(lines)
    )
    return b"".join(csv_lines([["工单编号", "来电时间", "来电人", "联系电话", "被诉单位", "地址", "诉求内容"], *rows]))


@contextmanager
def _worker(database: str) -> Iterator[None]:
    served = os.environ["DATABASE_URL"].rpartition("/")[0]
    command = [sys.executable, "-m", "celery", "-A", "prepaid", "worker", "-c", "2", "--loglevel", "ERROR"]
    worker = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"],
        env={**os.environ, "DATABASE_URL": f"{served}/{database}"},
        stdout=subprocess.DEVNULL,
    )
    try:
        _waits(4, first=1_000_000, patience=120)  # it is there, and both processes know the gazetteer
        yield
    finally:
        worker.terminate()
        worker.wait(60)


def _waits(count: int, *, first: int, patience: float = 60) -> list[float]:
    """Seconds from each complaint's commit until it is dispatched, looked for every few milliseconds."""
    from complaints.cases.models import Case

    waits = []
    for number in range(first, first + count):
        case = _complaint(10_000 + number)
        started = time.perf_counter()
        _until(lambda pk=case.pk: Case.objects.filter(pk=pk, dispatched_at__isnull=False).exists(), patience)
        waits.append(time.perf_counter() - started)
        time.sleep(PAUSE)
    return waits


def _until(there: Any, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker does not do it")
        time.sleep(0.005)


def _p99(waits: list[float]) -> float:
    return sorted(waits)[min(len(waits) - 1, int(len(waits) * 0.99))]
