"""What is read of cases to reckon what they count for: of the cases named and of no other."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q

from complaints.cases.models import Callback, Case, CaseEvent, CaseQuerySet
from complaints.cases.states import CallbackState, EventKind, Side
from complaints.measures.counting import Answer, Facts, Line, Place

#: How long after a complaint another one about the same merchant counts as repeated [A].
REPEATED_WITHIN = timedelta(days=365)


def facts_of(case_ids: Collection[int]) -> Iterator[Facts]:
    """In three questions, however many they are, each in the order of its lines."""
    lines, answers = _lines(case_ids), _answers(case_ids)
    earlier = _before().filter(received_at__gte=OuterRef("received_at") - REPEATED_WITHIN)
    rows = Case.objects.filter(pk__in=case_ids).annotate(repeated=Exists(earlier)).order_by("pk")
    columns = (
        "pk", "district_id", "subdistrict_id", "lead_department_id", "sector_id", "received_at", "due_on", "repeated",
    )  # fmt: skip
    for pk, district, subdistrict, department, sector, received_at, due_on, repeated in rows.values_list(*columns):
        yield Facts(
            case_id=pk,
            place=Place(district=district, subdistrict=subdistrict, department=department, sector=sector),
            received_at=received_at,
            due_on=due_on,
            repeated=repeated,
            lines=lines[pk],
            answers=answers[pk],
        )


def _before() -> CaseQuerySet:
    """For a subquery: complaints of the same person about the same merchant, registered or by the name that was told, that were
    received before. A work order brings its day with it, so ids say nothing."""
    return Case.objects.filter(
        Q(merchant=OuterRef("merchant")) | Q(merchant__isnull=True, outside__name_key=OuterRef("outside__name_key")),
        Q(received_at__lt=OuterRef("received_at")) | Q(received_at=OuterRef("received_at"), pk__lt=OuterRef("pk")),
        complainant=OuterRef("complainant"),
    )


def later_of_the_same(case_ids: Collection[int]) -> list[int]:
    """Complaints of the same persons about the same merchants that came after these: they may be repeats of them."""
    if not case_ids:
        return []
    same = _before().filter(pk__in=case_ids)
    persons = Case.objects.filter(pk__in=case_ids).values("complainant_id")
    return list(Case.objects.filter(Exists(same), complainant__in=persons).values_list("pk", flat=True))


def _lines(case_ids: Collection[int]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    events = CaseEvent.objects.filter(case_id__in=case_ids).order_by("case_id", "id")
    columns = ("case_id", "kind", "to_state", "at", "data", "statement__side", "statement__recorded_by")
    for case_id, kind, to_state, at, data, side, recorded_by in events.values_list(*columns):
        due_on = data.get("due_before") if kind == EventKind.REOPENED else None
        found[case_id].append(
            Line(
                kind=kind,
                to_state=to_state,
                at=at,
                side=data.get("side", ""),
                result=data.get("result", ""),
                heard=side == Side.CONSUMER and recorded_by is not None,
                due_on=date.fromisoformat(due_on) if due_on else None,
            )
        )
    return found


def _answers(case_ids: Collection[int]) -> dict[int, list[Answer]]:
    found: dict[int, list[Answer]] = defaultdict(list)
    ended = Callback.objects.filter(case_id__in=case_ids).exclude(state=CallbackState.ASKED).order_by("id")
    rows = ended.values_list("case_id", "answered_at", "lapsed_at", "reached", "resolved", "satisfied")
    for case_id, answered_at, lapsed_at, reached, resolved, satisfied in rows:
        at = answered_at or lapsed_at
        assert at is not None  # a constraint: it was answered or given up
        found[case_id].append(Answer(at=at, reached=reached, resolved=resolved, satisfied=satisfied))
    return found
