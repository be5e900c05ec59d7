"""What each signal is worth: a conditional logit over the districts, learned from the compounds themselves.

Each compound is read as a stranger's (``Gazetteer.without``), so that the weights and the threshold are honest for texts that are
not in the tables. Only the ten weights and the threshold are kept (data/weights.json).
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt
from operator import mul

from complaints.routing.divisions import DATA
from complaints.routing.gazetteer import SIGNALS, Gazetteer, Row
from complaints.routing.places import Place
from complaints.routing.texts import comparable

#: Of all known compounds so many may be sent to a wrong district; the rest of the doubtful ones stay undecided.
WRONG_AT_MOST = 0.033
_FILE = DATA / "weights.json"
_ROUNDS, _STEP, _SHRINK = 6, 0.05, 1e-4


@dataclass(frozen=True)
class Weights:
    """What each signal is worth, and how sure the router must be to decide."""

    signals: dict[str, float]
    threshold: float

    def probabilities(self, rows: Sequence[Row]) -> list[float]:
        """How likely each district is."""
        return _softmax(rows, list(self.signals.values()))

    def save(self) -> None:
        """Write the file."""
        rounded = {name: round(value, 4) for name, value in self.signals.items()}
        text = json.dumps({"signals": rounded, "threshold": round(self.threshold, 4)}, indent=1)
        _FILE.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls) -> "Weights":
        """Read the file."""
        return cls(**json.loads(_FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class _Example:
    rows: Sequence[Row]
    district: int


def learn(gazetteer: Gazetteer) -> Weights:
    """Weights and threshold from the gazetteer's own compounds."""
    examples = _examples(gazetteer)
    weights = _fit(examples)
    return Weights(dict(zip(SIGNALS, weights, strict=True)), _threshold(examples, weights))


def _examples(gazetteer: Gazetteer) -> list[_Example]:
    """Every compound as a stranger who does not name the district at all would write it."""
    groups: dict[str, list[Place]] = defaultdict(list)
    for place in gazetteer.places:
        groups[place.name].append(place)
    examples = []
    for group in groups.values():
        with gazetteer.without(group):
            for place in group:
                rows = gazetteer.signals(comparable(place.texts()[1]))
                examples.append(_Example(rows, gazetteer.districts.index(place.district)))
    return examples


def _fit(examples: list[_Example]) -> list[float]:
    """AdaGrad over the examples in their order; the step is what the signals' sizes allow."""
    size = len(SIGNALS)
    weights, seen = [0.2] * size, [1e-6] * size
    for _ in range(_ROUNDS):
        for example in examples:
            found = _softmax(example.rows, weights)
            slope = [
                _SHRINK * weight - value for weight, value in zip(weights, example.rows[example.district], strict=True)
            ]
            for probability, row in zip(found, example.rows, strict=True):
                if probability > 0.003:
                    for column, value in enumerate(row):
                        slope[column] += probability * value
            for column, value in enumerate(slope):
                seen[column] += value * value
                weights[column] -= _STEP * value / sqrt(seen[column])
    return weights


def _threshold(examples: list[_Example], weights: list[float]) -> float:
    """The lowest certainty above which at most so many of all examples are decided wrongly."""
    found = []
    for example in examples:
        probabilities = _softmax(example.rows, weights)
        best = max(probabilities)
        found.append((best, probabilities.index(best) == example.district))
    wrong, threshold = 0, 1.0
    for certainty, right in sorted(found, reverse=True):
        wrong += not right
        if wrong > WRONG_AT_MOST * len(found):
            break
        threshold = certainty
    return threshold


def _softmax(rows: Sequence[Row], weights: list[float]) -> list[float]:
    scores = [sum(map(mul, row, weights)) for row in rows]
    top = max(scores)
    powers = [exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
