"""One line of JSON in, one out: the engine for programs (``manage.py quote``, docs/refunds.md)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from prepaid.products.errors import BadFacts
from prepaid.products.refund_rules.facts import Lot, RefundFacts
from prepaid.products.refund_rules.interest import InterestFacts, Rate, interest_owed
from prepaid.products.refund_rules.quoting import quote
from prepaid.products.refund_rules.steps import Step

_DATES = {"bought_on", "requested_on", "paid_on", "rescinded_on", "repaid_on"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def answer(line: bytes, rates: Sequence[Rate]) -> bytes:
    """The quote as one line of JSON, or ``{"error": …}``; never raises for what the line holds. Sentences are English,
    with the Chinese beside them in ``…_zh``. ``rates``: for a line that asks for interest."""
    try:
        found = _quoted(_read(line), rates)
    except BadFacts as error:
        found = {"error": _in("en", error), "error_zh": _in("zh-hans", error)}
    # A lone surrogate that a line brought in its text goes out as the escape it came as.
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _read(line: bytes) -> dict[str, Any]:
    try:
        read = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadFacts(why=_("the line is not JSON")) from None
    if not isinstance(read, dict):
        raise BadFacts(why=_("the line is not a JSON object"))
    return read


def _quoted(read: dict[str, Any], rates: Sequence[Rate]) -> dict[str, Any]:
    known = _typed(RefundFacts, {"kind": None, "cause": None, "paid_fen": 0, **read})
    lots = _lots(known.get("lots"))
    if lots and not read.keys() & {"paid_fen", "gift_fen"}:
        known |= {"paid_fen": sum(lot.paid_fen for lot in lots), "gift_fen": sum(lot.gift_fen for lot in lots)}
    facts = RefundFacts(**{**known, "lots": lots})
    found = quote(facts)
    answered = {"refund_fen": found.refund_fen, "rule": str(found.rule), "steps": _written(found.steps)}
    if read.get("repaid_on") is not None:
        answered["interest"] = _interest(read, facts, found.refund_fen, rates)
    return answered


def _interest(read: dict[str, Any], facts: RefundFacts, refund_fen: int, rates: Sequence[Rate]) -> dict[str, Any]:
    rescinded_on = _day("rescinded_on", read.get("rescinded_on")) or facts.requested_on
    until = _day("repaid_on", read["repaid_on"])
    if facts.bought_on is None or rescinded_on is None or until is None:
        raise BadFacts(why=_("interest needs the day of purchase and the day the contract ended"))
    known = _typed(InterestFacts, {**read, "refund_fen": refund_fen, "rescinded_on": None})
    dates = {"contracted_on": facts.bought_on, "rescinded_on": rescinded_on, "until": until}
    owed = interest_owed(InterestFacts(**{**known, **dates}), rates)
    if owed is None:
        raise BadFacts(why=_("no interest rate is known for the day of purchase"))
    return {"interest_fen": owed.interest_fen, "days": owed.days, "steps": _written(owed.steps)}


def _lots(read: object) -> tuple[Lot, ...]:
    if read is None:
        return ()
    if not isinstance(read, list) or not all(isinstance(lot, dict) for lot in read):
        raise BadFacts(why=_("lots must be a list of objects"))
    return tuple(Lot(**_typed(Lot, {"paid_fen": 0, **lot})) for lot in read)


def _typed(record: type, read: Mapping[str, Any]) -> dict[str, Any]:
    """What the record knows of the object, dates read; anything else in it is left alone."""
    names = [field.name for field in fields(record) if field.name in read]
    return {name: _day(name, read[name]) if name in _DATES else read[name] for name in names}


def _day(name: str, read: object) -> date | None:
    if read is None:
        return None
    if isinstance(read, str) and _DAY.fullmatch(read):
        try:
            return date.fromisoformat(read)
        except ValueError:
            pass
    raise BadFacts(why=format_lazy(_("{name} must be a date, like 2026-03-02"), name=name))


def _written(steps: Sequence[Step]) -> list[dict[str, Any]]:
    with override("en"):
        written = [step.to_json() for step in steps]
    with override("zh-hans"):
        chinese = [{"text_zh": step.text, "article_zh": step.article} for step in steps]
    return [{**english, **other} for english, other in zip(written, chinese, strict=True)]


def _in(language: str, error: BadFacts) -> str:
    with override(language):
        return str(error)
