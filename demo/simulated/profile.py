"""How the merchants and consumers of the simulated city behave: data (``profile.json``), any of which a file may override."""

import copy
import json
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

#: Maps whose keys are names of the profile's own: others may be added.
OPEN = {("sectors",), ("weekdays",), ("months",)}


class BadProfile(ValueError):
    """A profile that cannot be used; says what and where."""


@cache
def _published() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "profile.json").read_text(encoding="utf-8"))
    return loaded


def profile(override: Any = None) -> dict[str, Any]:
    """The published profile with the parts of ``override`` in their places.

    Raises ``BadProfile``: a parameter that there is not, a value of another kind, shares that are not shares.
    """
    merged = copy.deepcopy(_published())
    if override is not None:
        _merge(merged, override, ())
    _sensible(merged)
    return merged


def _sensible(merged: dict[str, Any]) -> None:
    """What no single value shows. Raises ``BadProfile``."""
    shares = {"shares": merged["shares"], "sectors": {name: of.get("share") for name, of in merged["sectors"].items()}}
    for name, of in shares.items():
        if any(not isinstance(share, (int, float)) or share < 0 for share in of.values()) or sum(of.values()) <= 0:
            raise BadProfile(f"{name}: shares of 0 and more, at least one above 0")
    like = next(iter(_published()["sectors"].values()))
    for name, sector in merged["sectors"].items():
        if not isinstance(sector, dict) or sector.keys() != like.keys():
            raise BadProfile(f"sectors.{name}: wants {', '.join(like)}")
        for key, value in sector.items():
            _checked(f"sectors.{name}.{key}", like[key], value)
        if sector["visits_a_week"] <= 0:
            raise BadProfile(f"sectors.{name}.visits_a_week: above 0")
        for part, entries in (("weekdays", 7), ("months", 12)):
            factors = merged[part].get(name)
            if not isinstance(factors, list) or len(factors) != entries or not _numbers(factors):
                raise BadProfile(f"{part}.{name}: {entries} numbers are wanted")
    if merged["consumers"]["loses_interest_a_day"] <= 0:
        raise BadProfile("consumers.loses_interest_a_day: above 0")
    closer = merged["closer"]
    if not 0 <= closer["quiet_signs"][0] <= closer["quiet_signs"][1] <= sum(w > 0 for w in closer["weights"].values()):
        raise BadProfile("closer.quiet_signs: 0 to as many as have a weight")
    if not 0 <= merged["custody"]["percent"] <= 100:
        raise BadProfile("custody.percent: 0 to 100")
    if not 0 <= merged["inspection"]["days"] < merged["inspection"]["again_after_days"]:
        raise BadProfile("inspection.days: less than again_after_days")


def _merge(into: dict[str, Any], override: Any, path: tuple[str, ...]) -> None:
    if not isinstance(override, dict):
        raise BadProfile(f"{'.'.join(path) or 'profile'}: a JSON object is wanted")
    for key, value in override.items():
        name = ".".join((*path, key))
        if key not in into:
            if path not in OPEN:
                raise BadProfile(f"{name}: no such parameter")
            into[key] = value
        elif isinstance(into[key], dict):
            _merge(into[key], value, (*path, key))
        else:
            into[key] = _checked(name, into[key], value)


def _checked(name: str, known: Any, value: Any) -> Any:
    if isinstance(known, list):
        if not isinstance(value, list) or (_numbers(known) and not _numbers(value)):
            raise BadProfile(f"{name}: a list like {known} is wanted")
        if _numbers(known) and len(value) != len(known):
            raise BadProfile(f"{name}: {len(known)} numbers are wanted")
        if len(known) == 2 and _numbers(known) and value[0] > value[1]:
            raise BadProfile(f"{name}: from the smaller to the greater")
        return value
    if not _numbers([value]):
        raise BadProfile(f"{name}: a number is wanted")
    if name.split(".")[-1].endswith("days") and value != int(value):
        raise BadProfile(f"{name}: whole days are wanted")
    return value


def _numbers(values: list[Any]) -> bool:
    return all(
        isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) and value >= -1_000
        for value in values
    )
