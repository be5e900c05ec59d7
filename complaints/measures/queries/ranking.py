"""The monthly ranking of districts and subdistricts: by the official figures where there are some, else by the platform's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import QuerySet

from complaints.measures.formulas import before, weighted
from complaints.measures.models import OfficialFigure, OfficialImport, ScoreRule
from complaints.measures.queries.board import Row, board
from complaints.measures.queries.rules import rule_for
from complaints.measures.ranking import called_in, ranked
from complaints.measures.states import Grouping, UnitClass
from prepaid.people.models import DivisionLevel

LEVELS = {Grouping.DISTRICT: DivisionLevel.DISTRICT, Grouping.SUBDISTRICT: DivisionLevel.SUBDISTRICT}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A place in the ranking. Rates in hundredths of a per cent."""

    code: str
    name: str
    response: int | None
    resolved: int | None
    satisfied: int | None
    score: int | None
    rank: int | None = None
    change: int | None = None
    unit_class: UnitClass | None = None
    called_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Who is ranked, the best first, then who is not for want of callbacks. ``source``: the official figures' last import."""

    rule: ScoreRule
    units: list[Unit]
    source: OfficialImport | None

    def within(self, district: str | None) -> list[Unit]:
        """A district and its subdistricts, their places among all kept; None: all."""
        return [unit for unit in self.units if district is None or unit.code.startswith(district)]


def ranking(*, month: date, level: Grouping) -> Ranking:
    """Of a month. In at most seven questions."""
    rule = rule_for(month)
    official = list(_official(month, level))
    if official:
        earlier = {one.division_id: _score_of(one, rule) for one in _official(before(month), level)}
        return _official_ranking(official, earlier, rule, level)
    table = [row for row in board(month=month, rule=rule, filters={}, by=level, names={}).rows if row.code]
    scores = _scores(table, rule, now=True)
    places = ranked(
        scores,
        earlier=_scores(table, rule, now=False),
        first_percent=rule.first_percent,
        last_percent=rule.last_percent,
    )
    last = called_in(places) if level == Grouping.SUBDISTRICT else set()
    by_code = {row.code: row for row in table}
    units = [
        replace(
            _unit(by_code[place.code]),
            rank=place.rank,
            change=place.change,
            unit_class=place.unit_class,
            called_in=place.code in last,
        )
        for place in places
    ]
    units += [_unit(row) for row in table if row.code not in scores and row.now.counts["received"]]
    return Ranking(rule=rule, units=units, source=None)


def _official(month: date, level: Grouping) -> QuerySet[OfficialFigure]:
    figures = OfficialFigure.objects.filter(month=month, division__level=LEVELS[level])
    return figures.select_related("division", "source__imported_by")


def _official_ranking(
    official: list[OfficialFigure], earlier: Mapping[str, int], rule: ScoreRule, level: Grouping
) -> Ranking:
    by_code = {one.division_id: one for one in official}
    scores = {code: _score_of(one, rule) for code, one in by_code.items()}
    places = ranked(scores, earlier=earlier, first_percent=rule.first_percent, last_percent=rule.last_percent)
    last = called_in(places) if level == Grouping.SUBDISTRICT else set()
    units = [
        Unit(
            code=place.code,
            name=by_code[place.code].division.name,
            response=by_code[place.code].response,
            resolved=by_code[place.code].resolved,
            satisfied=by_code[place.code].satisfied,
            score=place.score,
            rank=place.rank,
            change=place.change,
            unit_class=UnitClass(by_code[place.code].unit_class or place.unit_class),
            called_in=place.code in last,
        )
        for place in places
    ]
    return Ranking(rule=rule, units=units, source=max((one.source for one in official), key=lambda one: one.pk))


def _score_of(one: OfficialFigure, rule: ScoreRule) -> int:
    if one.score is not None:
        return one.score
    rates = (one.response, one.resolved, one.satisfied)
    weights = (rule.response_weight, rule.resolved_weight, rule.satisfied_weight)
    return weighted(parts=list(zip(weights, rates, strict=True)))


def _scores(table: list[Row], rule: ScoreRule, *, now: bool) -> dict[str, int]:
    """Of those with callbacks enough."""
    found = {}
    for row in table:
        month = row.now if now else row.earlier
        if month.overall is not None and month.counts["valid"] >= rule.least_valid:
            found[row.code] = month.overall
    return found


def _unit(row: Row) -> Unit:
    """As yet without a rank."""
    return Unit(
        code=row.code,
        name=row.name,
        response=row.now.response,
        resolved=row.now.resolved,
        satisfied=row.now.satisfied,
        score=row.now.overall,
    )
