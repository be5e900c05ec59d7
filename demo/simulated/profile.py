"""How the merchants and consumers of the simulated city behave: data (``profile.json``), any of which a file may override."""

import copy
import json
from functools import cache
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
    if sum(merged["shares"].values()) <= 0 or any(share < 0 for share in merged["shares"].values()):
        raise BadProfile("shares: at least one above 0, none below")
    for name in merged["sectors"]:
        for part in ("weekdays", "months"):
            if name not in merged[part]:
                raise BadProfile(f"{part}.{name}: missing")
    if not 0 <= merged["custody"]["percent"] <= 100:
        raise BadProfile("custody.percent: 0 to 100")
    return merged


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
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise BadProfile(f"{name}: a number is wanted")
    return value


def _numbers(values: list[Any]) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
