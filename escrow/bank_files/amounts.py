"""Sums and days as banks write them."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
MOST_FEN = 10**15
_NUMBER = re.compile(r"([+-]?)(\d{1,15})(?:\.(\d{1,13}))?")


def fen(text: str, *, decimal: str = ".", thousands: str = "") -> int:
    """``-1,234.50`` → −123450. Digits after the second decimal must be zeros (banks write 5442.09000).

    Raises:
        ValueError: it is no such number, or is not whole hundredths.
    """
    plain = text.strip().removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    if thousands:
        whole, _mark, fraction = plain.partition(decimal)
        groups = whole.split(thousands)
        if len(groups) > 1 and (any(len(group) != 3 for group in groups[1:]) or not groups[0].lstrip("+-")):
            raise ValueError(text)
        plain = "".join(groups) + (f"{decimal}{fraction}" if _mark else "")
    if decimal != ".":
        if "." in plain:
            raise ValueError(text)
        plain = plain.replace(decimal, ".")
    match = _NUMBER.fullmatch(plain)
    if match is None:
        raise ValueError(text)
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "").ljust(2, "0")
    if fraction[2:].strip("0"):
        raise ValueError(text)
    value = int(whole) * 100 + int(fraction[:2])
    if value >= MOST_FEN:
        raise ValueError(text)
    return -value if sign == "-" else value


def moment(text: str) -> tuple[date, datetime | None]:
    """An ISO date, or date and time, as ``(the day as the bank wrote it, the instant if there is a time)``; without an
    offset it is Beijing's.

    Raises:
        ValueError.
    """
    text = text.strip()
    day = date.fromisoformat(text[:10])
    if "T" not in text:
        return day, None
    at = datetime.fromisoformat(text)
    return day, at if at.tzinfo else at.replace(tzinfo=BEIJING)
