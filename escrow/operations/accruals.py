"""Days served become uses: reserved when the day is over, final after the lag (escrow/sql/accrue.sql)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from escrow import audit
from escrow.clock import beijing_date
from escrow.models import Agreement, Use
from escrow.states import AgreementState, Plan, UseState
from escrow.transactions import call

#: Agreements brought up to date in one call, which is one transaction unless a deed calls it.
CHUNK = 1_000


@dataclass(frozen=True, kw_only=True)
class Accrued:
    """How many days were reserved, given back and made final."""

    accrued: int = 0
    voided: int = 0
    final: int = 0

    def __add__(self, other: "Accrued") -> "Accrued":
        return Accrued(
            accrued=self.accrued + other.accrued, voided=self.voided + other.voided, final=self.final + other.final
        )


def accrue(*, at: datetime, actor: str) -> Accrued:
    """Bring every period agreement up to yesterday, however long the last run is ago.

    Each day of an agreement gets one use, whoever runs this, how often and at once; killed at any point, the next run ends
    the work. Raises ``CalendarMissing``, ``AccrualRuleMissing``: nothing of the chunk is done.
    """
    yesterday = beijing_date(at) - timedelta(days=1)
    due = Use.objects.filter(
        agreement=OuterRef("pk"), state=UseState.RESERVED, day__isnull=False, confirm_until__lte=at
    )
    behind = (
        Agreement.objects.filter(plan=Plan.PERIOD, state=AgreementState.HELD)
        .filter(
            Q(accrual=None)
            | Q(accrual__accrued_to__lt=yesterday, accrual__days_final__lt=F("units_total"))
            | Exists(due)
        )
        .order_by("beneficiary_id", "id")
        .values_list("id", flat=True)
    )
    return _in_chunks(behind, since=None, at=at, actor=actor)


def accrue_again(*, beneficiary_id: int, since: date, at: datetime, actor: str) -> Accrued:
    """A stoppage that touches days from ``since`` on was recorded, ended or corrected: reserved days on which nobody served
    return to their cards, days that were served after all are accrued. What is final stays: it is claimed from the
    beneficiary. Within the deed that changes the stoppage, after it is written."""
    living = Agreement.objects.filter(
        beneficiary_id=beneficiary_id, plan=Plan.PERIOD, state__in=(AgreementState.HELD, AgreementState.FROZEN)
    )
    return _in_chunks(living.order_by("id").values_list("id", flat=True), since=since, at=at, actor=actor)


def _in_chunks(agreements: Iterable[int], *, since: date | None, at: datetime, actor: str) -> Accrued:
    ids, done = list(agreements), Accrued()
    for first in range(0, len(ids), CHUNK):
        done += accrue_some(ids[first : first + CHUNK], since=since, at=at, actor=actor)
    return done


def accrue_some(agreement_ids: list[int], *, since: date | None = None, at: datetime, actor: str) -> Accrued:
    """These agreements in one call; ``since``: look again at the days from there on."""
    [(accrued, voided, final)] = call("escrow_accrue", agreement_ids, since, at, actor, audit.request_id())
    return Accrued(accrued=accrued, voided=voided, final=final)
