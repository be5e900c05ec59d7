"""What a request body may look like; anything else is refused before anything happens."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

MOST_REFUNDS = 250  # of one call
MOST_FEN = 10**11  # one thousand million yuan
Check = Callable[[object], str | None]  # what is wrong with the value, or None
Shape = dict[str, Check]


class BadShape(ValueError):
    """Says which field is wrong, and what it should be."""


def fen(value: object) -> str | None:
    """A positive sum. ``True`` and ``1.0`` are not."""
    if type(value) is int and 0 < value <= MOST_FEN:
        return None
    return f"must be a whole number of fen from 1 to {MOST_FEN}"


def number(value: object) -> str | None:
    """Also an account: opaque to the bank."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", value):
        return None
    return "must be 1 to 64 letters, digits or _ . : -"


def text(most: int) -> Check:
    """Words for people."""

    def check(value: object) -> str | None:
        # No control characters, and no lone surrogates, which JSON can spell but no database can keep.
        if isinstance(value, str) and 0 < len(value) <= most and not {"Cc", "Cs"} & {*map(unicodedata.category, value)}:
            return None
        return f"must be text of 1 to {most} characters on one line"

    return check


def url(value: object) -> str | None:
    """Plain ASCII, so that both sides sign the same spelling."""
    try:
        if isinstance(value, str) and re.fullmatch(r"[!-~]{1,500}", value):
            parts = urlsplit(value)
            if parts.scheme in {"http", "https"} and re.fullmatch(r"[A-Za-z0-9.-]+|[0-9a-f:]+", parts.hostname or ""):
                parts.port  # noqa: B018  # raises when it is none
                return None
    except ValueError:
        pass
    return "must be an absolute http or https address"


def some(most: int) -> Check:
    """A list of objects."""

    def check(value: object) -> str | None:
        if isinstance(value, list) and 0 < len(value) <= most:
            return None
        return f"must be a list of 1 to {most} objects"

    return check


PAYMENT: Shape = {
    "order_no": number,
    "amount_fen": fen,
    "subject": text(128),
    "account": number,
    "notify_url": url,
    "return_url": url,
}
REFUND: Shape = {"refund_no": number, "order_no": number, "amount_fen": fen, "reason": text(256), "notify_url": url}
REFUNDS: Shape = {"notify_url": url, "refunds": some(MOST_REFUNDS)}
ONE_OF_REFUNDS: Shape = {name: check for name, check in REFUND.items() if name != "notify_url"}
PAYOUT: Shape = {
    "payout_no": number,
    "account": number,
    "to_account_no": number,
    "to_name": text(128),
    "amount_fen": fen,
    "remark": text(256),
    "notify_url": url,
}


def parse(body: bytes) -> Any:
    """The JSON of a body, or ``BadShape``."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadShape("the body must be JSON") from None


def read(body: bytes, shape: Shape) -> dict[str, Any]:
    """The fields of a JSON body that has exactly this shape, or ``BadShape``."""
    return fitting(parse(body), shape)


def fitting(fields: Any, shape: Shape) -> dict[str, Any]:
    """The same fields when they have exactly this shape, or ``BadShape``."""
    if not isinstance(fields, dict):
        raise BadShape("the body must be a JSON object")
    if wrong := sorted(fields.keys() ^ shape.keys()):
        raise BadShape(f"exactly these fields are needed: {', '.join(shape)}; see {', '.join(wrong)[:200]}")
    for name, check in shape.items():
        if complaint := check(fields[name]):
            raise BadShape(f"{name} {complaint}")
    return fields
