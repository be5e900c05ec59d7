"""Decides: an address, a point or both in; the district, how sure that is and by what evidence out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from complaints.routing.divisions import ZONE, Division, divisions
from complaints.routing.gazetteer import SIGNALS, Gazetteer, Row
from complaints.routing.outlines import Outlines, outlines
from complaints.routing.places import Point, places
from complaints.routing.subdistricts import Subdistricts
from complaints.routing.texts import comparable, elsewhere, has_chinese, named_districts, without_districts
from complaints.routing.weighing import Weights

#: A point so near a border may belong to either side: phones and outlines are off by as much. The text then helps to decide.
NEAR_BORDER = 100.0  # metres
#: A named district holds against a point that is no farther outside it.
NEAR_ENOUGH = 300.0
#: How sure the other evidence must be to contradict a district that is named.
CONTRADICTS = 0.98
_NAMED, _POINT, _POINT_AGAINST_TEXT = 0.99, 0.99, 0.9
#: A name lies clearly in a district when so much of what is known of it does.
_CLEAR = 0.6
_HOSTS = {"大兴区", "通州区"}  # the zone lies in them


@dataclass(frozen=True)
class Answer:
    """Where an address lies. No district: undecided, and ``reason`` says why."""

    district: str | None
    confidence: float
    reason: str
    subdistrict: Division | None = None

    @property
    def code(self) -> str:
        """The district's code, empty when undecided."""
        return divisions().codes[self.district] if self.district else ""


class Router:
    """Answers with a gazetteer, weights and outlines."""

    def __init__(self, gazetteer: Gazetteer, weights: Weights, shapes: Outlines):
        self._gazetteer = gazetteer
        self._weights = weights
        self._shapes = shapes
        self._subdistricts = Subdistricts(gazetteer.places)

    def route(self, address: str, point: Point | None = None, text: str = "") -> Answer:
        """The district of an address (with its point in GCJ-02, if there is one).

        ``text`` is what else was written; it is read only where the address alone tells nothing.
        """
        plain = comparable(address)
        answer = self._decide(plain, point)
        if answer.district is None and text and not elsewhere(plain) and len(named_districts(plain)) < 2:
            plain = comparable(f"{address} {text}")
            answer = self._decide(plain, point)
        if answer.district is None or answer.district == ZONE:
            return answer
        return replace(answer, subdistrict=self._subdistricts.find(plain, answer.district, point))

    def _decide(self, plain: str, point: Point | None) -> Answer:
        if away := elsewhere(plain):
            return Answer(None, 0.0, f"“{away}”不在北京")
        named = named_districts(plain)
        if point is not None:
            return self._by_point(plain, named, point)
        if len(named) > 1:
            return Answer(None, 0.0, f"文字里有两个区：{'、'.join(named)}")
        if not plain:
            return Answer(None, 0.0, "地址为空")
        if not has_chinese(plain):
            return Answer(None, 0.0, "没有汉字，拼音、字母和数字不能确定地点")
        return self._by_text(plain, named)

    def _by_text(self, plain: str, named: list[str]) -> Answer:
        rows, probabilities = self._weigh(plain)
        best, other = _two_best(probabilities)
        likely, certainty = self._gazetteer.districts[best], probabilities[best]
        if named:
            if certainty >= CONTRADICTS and likely != named[0] and not (named[0] == ZONE and likely in _HOSTS):
                return Answer(None, 1 - certainty, f"写明{named[0]}，但{self._evidence(plain, rows, best, other)}")
            return Answer(named[0], _NAMED, f"地址写明{named[0]}")
        if certainty < self._weights.threshold:
            doubt = f"{likely}或{self._gazetteer.districts[other]}，证据不足以确定"
            return Answer(None, certainty, doubt if _says_something(rows) else "没有认得的地名")
        return Answer(likely, certainty, self._evidence(plain, rows, best, other))

    def _by_point(self, plain: str, named: list[str], point: Point) -> Answer:
        inside = self._shapes.district(point)
        for name in named:
            hosts = _HOSTS if name == ZONE else {name}
            if inside in hosts:
                return Answer(name, _NAMED, f"地址写明{name}，坐标也在{inside}界内")
        if len(named) > 1:
            return Answer(None, 0.0, f"文字里有两个区：{'、'.join(named)}，坐标都不在其中")
        if named:
            if self._shapes.near(point).get(named[0], 1e9) <= NEAR_ENOUGH:
                return Answer(named[0], _POINT_AGAINST_TEXT, f"地址写明{named[0]}，坐标紧靠该区边界")
            return Answer(None, 0.0, f"地址写明{named[0]}，坐标却在{inside}界内" if inside else "坐标不在北京各区界内")
        if inside is None:
            return Answer(None, 0.0, "坐标不在北京各区界内")
        return self._inside(plain, inside, point)

    def _inside(self, plain: str, inside: str, point: Point) -> Answer:
        """Inside an outline, without a name: the outline decides, near a border together with the text."""
        _, probabilities = self._weigh(plain)
        said = dict(zip(self._gazetteer.districts, probabilities, strict=True))
        likely = max(said, key=said.__getitem__)
        if likely == inside or said[likely] < self._weights.threshold or not has_chinese(plain):
            return Answer(inside, _POINT, f"坐标在{inside}界内")
        if said[likely] >= CONTRADICTS and self._shapes.near(point).get(likely, 1e9) <= NEAR_BORDER:
            return Answer(likely, said[likely] * _POINT_AGAINST_TEXT, f"坐标紧靠{likely}边界，文字指向{likely}")
        if likely == ZONE and inside in _HOSTS:
            return Answer(ZONE, said[likely], f"坐标在{inside}界内，文字指向{ZONE}")
        return Answer(inside, _POINT_AGAINST_TEXT, f"坐标在{inside}界内，虽然文字像是{likely}")

    def _weigh(self, plain: str) -> tuple[list[Row], list[float]]:
        rows = self._gazetteer.signals(without_districts(plain))
        return rows, self._weights.probabilities(rows)

    def _evidence(self, plain: str, rows: list[Row], best: int, other: int) -> str:
        """One sentence about the signal that speaks most for the district against the next one."""
        text, district = without_districts(plain), self._gazetteer.districts[best]
        pairs = zip(self._weights.signals.items(), rows[best], rows[other], strict=True)
        strongest = max((weight * (for_it - against), name) for (name, weight), for_it, against in pairs)[1]
        if strongest == "number":
            return f"同一条路上门牌号相近的小区在{district}"
        shares = self._gazetteer.shares_of_names(text, best)
        if shares and (strongest != "fragment" or max(shares.values()) >= _CLEAR):
            clearest = max(shares, key=lambda name: (shares[name], len(name)))
            return f"“{clearest}”在{district}"
        if fragment := self._gazetteer.telling_fragment(text, best):
            return f"“{fragment}”见于{district}的小区地址"
        return f"与{district}的小区地址最相近"


@cache
def router() -> Router:
    """The router over all known places, made once in a process."""
    return Router(Gazetteer(places()), Weights.load(), outlines())


def _two_best(probabilities: list[float]) -> tuple[int, int]:
    first, second, *_ = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
    return first, second


def _says_something(rows: Iterable[Row]) -> bool:
    share = SIGNALS.index("share")
    return any(value for row in rows for column, value in enumerate(row) if column != share)
