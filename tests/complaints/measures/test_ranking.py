"""Four classes by a written rule, whatever the scores; equal scores share a rank and a class."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.measures import operations
from complaints.measures.errors import ClassesOverlap, MonthHasARule, RuleNotLater, WeightsNotWhole
from complaints.measures.formulas import DAY, HOUR, WHOLE, before, kept, score, share, weighted
from complaints.measures.models import ScoreRule
from complaints.measures.queries.rules import rule_for
from complaints.measures.ranking import CALLED_IN, called_in, ranked
from complaints.measures.states import UnitClass
from complaints.measures.wording import points, rate, took
from tests.complaints.factories import ACTOR, AT

SCORES = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(9_990, 10_000), max_size=30)


@given(SCORES, SCORES, st.integers(0, 100), st.integers(0, 100))
def test_ranks_and_classes(scores, earlier, first, last):
    last = min(last, 100 - first)
    rows = ranked(scores, earlier=earlier, first_percent=first, last_percent=last)
    assert {row.code: row.score for row in rows} == scores
    assert [row.score for row in rows] == sorted(scores.values(), reverse=True)
    by_score = {}
    for row in rows:
        assert row.rank == 1 + sum(other.score > row.score for other in rows)
        risen = row.code in earlier and row.score > earlier[row.code]
        middle = UnitClass.PROGRESS if risen else UnitClass.RECTIFY
        outer = by_score.setdefault(row.score, row.unit_class)
        if row.unit_class in {UnitClass.PROGRESS, UnitClass.RECTIFY}:
            assert row.unit_class == middle
            assert outer in {UnitClass.PROGRESS, UnitClass.RECTIFY}
        else:
            assert row.unit_class == outer, "equal scores in different classes"
    kinds = [row.unit_class for row in rows]
    assert kinds.count(UnitClass.GOVERN) <= len(rows) * last // 100
    assert kinds.count(UnitClass.ADVANCED) >= len(rows) * first // 100
    assert len(called_in(rows)) <= CALLED_IN


def test_a_written_example():
    scores = {"a": 9900, "b": 9800, "c": 9700, "d": 9700, "e": 9600, "f": 9500, "g": 9400, "h": 9400}
    rows = ranked(scores, earlier={"c": 9600, "d": 9700}, first_percent=25, last_percent=25)
    found = [(row.code, row.rank, row.change, row.unit_class) for row in rows]
    assert found == [
        ("a", 1, None, UnitClass.ADVANCED),
        ("b", 2, None, UnitClass.ADVANCED),
        ("c", 3, 100, UnitClass.PROGRESS),
        ("d", 3, 0, UnitClass.RECTIFY),
        ("e", 5, None, UnitClass.RECTIFY),
        ("f", 6, None, UnitClass.RECTIFY),
        ("g", 7, None, UnitClass.GOVERN),
        ("h", 7, None, UnitClass.GOVERN),
    ]
    same = ranked(dict.fromkeys("abcd", 9000), earlier={}, first_percent=25, last_percent=50)
    assert {row.unit_class for row in same} == {UnitClass.ADVANCED}
    # Twelve, of whom two share the place on the limit of the last ten: the two stay out.
    twelve = {f"{nth:02d}": 9000 - nth for nth in range(12)} | {"02": 8999, "01": 8999, "03": 8999}
    assert len(called_in(ranked(twelve, earlier={}, first_percent=0, last_percent=0))) == 8


@given(st.integers(0, 10**9))
def test_durations_are_kept_rounded_down_and_stay(seconds):
    down = kept(seconds)
    assert kept(down) == down <= seconds
    assert seconds - down < (1 if seconds < 600 else 60 if seconds < DAY else HOUR)


def test_the_arithmetic():
    assert [share(1, 3), share(2, 3), share(1, 1), share(0, 5), share(0, 0)] == [3333, 6667, WHOLE, 0, None]
    assert score(parts=[(10, 1, 3), (45, 2, 3), (45, 1, 1)]) == 7833
    assert score(parts=[(10, 0, 0), (45, 1, 1), (45, 1, 1)]) is None
    assert score(parts=[(0, 0, 0), (50, 1, 1), (50, 1, 1)]) == WHOLE
    assert weighted(parts=[(10, 9001), (45, 9730), (45, 9770)]) == 9675
    assert [before(date(2026, 1, 1)), before(date(2026, 11, 1), -2)] == [date(2025, 12, 1), date(2027, 1, 1)]
    assert [rate(9730), rate(9735, 2), rate(None), points(130), points(-5), points(None)] == [
        "97.3 %", "97.35 %", "–", "+1.30", "−0.05", "–",
    ]  # fmt: skip


def test_durations_in_words():
    from django.utils.translation import override

    with override("en"):
        assert [took(5), took(222), took(7200), took(3 * DAY), took(None)] == ["5 s", "3.7 min", "2 h", "3 d", "–"]


@pytest.mark.django_db
def test_a_later_rule_is_added_and_the_first_holds_until_then():
    facts = {
        "response_weight": 20, "resolved_weight": 40, "satisfied_weight": 40, "first_percent": 20, "last_percent": 10,
        "least_valid": 3, "basis": "测试", "mark": "A",
    }  # fmt: skip
    old = rule_for(date(2026, 11, 1))
    assert old == rule_for(date(2000, 1, 1))

    def add(**other):
        return operations.add_score_rule(rule=ScoreRule(**(facts | other)), at=AT, actor=ACTOR)

    for refusal, other in (
        (WeightsNotWhole, {"valid_from": date(2027, 1, 1), "response_weight": 21}),
        (ClassesOverlap, {"valid_from": date(2027, 1, 1), "first_percent": 91}),
        (RuleNotLater, {"valid_from": date(2027, 1, 2)}),
        (RuleNotLater, {"valid_from": date(2026, 11, 1)}),
    ):
        with pytest.raises(refusal) as raised:
            add(**other)
        assert str(raised.value)
    new = add(valid_from=date(2027, 1, 1))
    with pytest.raises(MonthHasARule):
        add(valid_from=date(2027, 1, 1))
    assert [rule_for(date(2026, 12, 1)), rule_for(date(2027, 1, 1)), rule_for(date(2027, 5, 1))] == [old, new, new]
