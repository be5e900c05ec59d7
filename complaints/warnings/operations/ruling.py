"""Each night the dated rules look at every assessment: they begin, propose and end measures. What nobody decides in time lapses."""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial

from django.db.models import Q

from complaints.warnings.models import Assessment, Measure, MeasureQuerySet, MeasureRule
from complaints.warnings.operations import messages
from complaints.warnings.operations.changing import end, locked_merchant, next_number, record, seen_of, take_effect
from complaints.warnings.states import DONE_ONCE, LASTING, MeasureKind, MeasureState
from escrow import queries as escrow_queries
from escrow.clock import beijing_date
from escrow.transactions import transaction
from prepaid.merchants.models import Closing

logger = logging.getLogger(__name__)
ACTOR = "system:warnings"
#: Measures that lapse in one sweep, and merchants asked about at a time.
BATCH = 500


def apply_rules(*, at: datetime) -> int:
    """After an assessment: end what is calm, begin and propose what the rules say; how many measures moved. Repeatable: on the same
    assessment nothing moves twice. Killed in the middle, the next run does the rest. One that fails is logged and left to the next."""
    moved = 0
    for rule in MeasureRule.objects.current(beijing_date(at)):
        if rule.kind in LASTING:
            moved += _each(_calm(rule), partial(_look_if_calm, rule=rule, at=at))
        moved += _each(_called_for(rule), partial(_begin, rule=rule, at=at))
    return moved


def lapse(*, at: datetime) -> int:
    """What a rule began and nobody confirmed in time ends, and the officials are told; how many."""
    today = beijing_date(at)
    late = Measure.objects.filter(state=MeasureState.PROVISIONAL, due_on__lt=today).order_by("due_on", "pk")
    return _each(late.values_list("pk", flat=True)[:BATCH], partial(_lapse, at=at))


def _each(keys: Iterable[int], do: Callable[[int], bool]) -> int:
    moved = 0
    for pk in list(keys):
        try:
            moved += do(pk)
        except Exception:  # whatever is wrong with one merchant, the others go on
            logger.exception("a rule of measures failed for %s", pk)
    return moved


def _called_for(rule: MeasureRule) -> Iterable[int]:
    """Merchants whose grade calls for it, that have none of this kind, and had none lately."""
    calls = Q(grade__gte=rule.from_grade)
    if rule.reporters:  # the sign is there only while nobody is served
        calls |= Q(facts__standing__closed_reporters__gte=rule.reporters, parts__contains=[["said_to_be_shut"]])
    graded = Assessment.objects.filter(calls)
    there = Measure.objects.filter(kind=rule.kind).exclude(state=MeasureState.DONE)
    open_ones = there.filter(ended_at=None).values("merchant_id")
    rows = graded.exclude(merchant_id__in=open_ones).order_by("-points", "merchant_id")
    for assessment in rows.only("merchant_id", "grade", "since", "as_of"):
        by_word = assessment.grade < rule.from_grade
        if by_word or (assessment.as_of - assessment.since).days + 1 >= rule.evenings:
            yield assessment.merchant_id


def _begin(merchant_id: int, *, rule: MeasureRule, at: datetime) -> bool:
    today = beijing_date(at)
    with transaction():
        merchant = locked_merchant(merchant_id)
        mine = Measure.objects.filter(merchant=merchant, kind=rule.kind)
        if mine.open().exists() or _spoken_about(mine, since=at - timedelta(days=rule.again_days)):
            return False
        if Closing.objects.standing().filter(merchant=merchant, store=None, ended_at__isnull=False).exists():
            return False
        pk, number = next_number(at)
        measure = Measure(
            pk=pk,
            number=number,
            merchant=merchant,
            kind=rule.kind,
            state=_first_state(rule),
            rule=rule,
            begun_at=at,
            due_on=escrow_queries.add_working_days(today, rule.term_days) if rule.needs_person else None,
            **seen_of(merchant_id),
        )
        if rule.kind in LASTING:
            take_effect(measure, at=at, actor=ACTOR)
        measure.save(force_insert=True)
        record(measure, "begin_measure", at=at, actor=ACTOR)
        if rule.kind in LASTING:
            messages.begun(measure, at=at)
        if rule.needs_person:
            messages.waits(measure, at=at)
    return True


def _spoken_about(mine: MeasureQuerySet, *, since: datetime) -> bool:
    """Whether a person has spoken since, or kept silent for the whole term. What ended because it was calm may begin again at once."""
    by_rule = Q(state=MeasureState.ENDED, ended_by=None)
    done = Q(state=MeasureState.DONE, decided_at__gt=since)
    return mine.filter(Q(ended_at__gt=since) & ~by_rule | done).exists()


def _first_state(rule: MeasureRule) -> MeasureState:
    if rule.kind in DONE_ONCE:
        return MeasureState.PROPOSED
    return MeasureState.PROVISIONAL if rule.needs_person else MeasureState.IN_FORCE


def _calm(rule: MeasureRule) -> Iterable[int]:
    """Those of this kind that a rule began and that go on."""
    mine = Measure.objects.filter(kind=rule.kind, rule__isnull=False, ended_at=None)
    return mine.order_by("pk").values_list("pk", flat=True)


def _look_if_calm(measure_id: int, *, rule: MeasureRule, at: datetime) -> bool:
    """Count its evenings below the rule's points; after enough of them in a row it ends."""
    with transaction():
        measure = _locked(measure_id)
        assessment = Assessment.objects.filter(merchant=measure.merchant_id).first()
        if not measure.is_holding or assessment is None or rule.calm_points is None or rule.calm_days is None:
            return False
        is_calm = assessment.points < rule.calm_points
        since: date | None = (measure.calm_since or assessment.as_of) if is_calm else None
        if since is not None and (assessment.as_of - since).days + 1 >= rule.calm_days:
            end(measure, MeasureState.ENDED, because="", by=None, at=at, actor=ACTOR)
            return True
        if since != measure.calm_since:
            measure.calm_since = since
            measure.save(update_fields=["calm_since"])
        return False


def _lapse(measure_id: int, *, at: datetime) -> bool:
    with transaction():
        measure = _locked(measure_id)
        if measure.state != MeasureState.PROVISIONAL or measure.due_on is None or measure.due_on >= beijing_date(at):
            return False
        end(measure, MeasureState.LAPSED, because="", by=None, at=at, actor=ACTOR)
        messages.lapsed(measure, at=at)
    return True


def _locked(measure_id: int) -> Measure:
    """The row as it is once its merchant's turn has come."""
    merchant_id = Measure.objects.values_list("merchant_id", flat=True).get(pk=measure_id)
    locked_merchant(merchant_id)
    return Measure.objects.select_related("merchant__sector", "merchant__district", "store").get(pk=measure_id)


assert set(LASTING) | DONE_ONCE == set(MeasureKind)
