"""One work order, from the words of a row to values, or to what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.outside import ADDRESS_LENGTH, NAME_LENGTH
from complaints.cases.states import Wanted
from complaints.hotline.columns import COLUMNS, URGENCY, WANTED, chosen, heading
from complaints.hotline.states import Urgency
from escrow.clock import BEIJING
from escrow.errors import DomainError, InvalidAmount
from escrow.money import yuan_to_fen
from prepaid.notices import phones
from prepaid.notices.errors import InvalidPhone

NUMBER_LENGTH, CALLER_LENGTH, MATTER_LENGTH, TEXT_LENGTH = 64, 40, 100, 2000
#: Older orders belong to archives, and no calendar of working days reaches back to them.
OLDEST = timedelta(days=730)

#: What may be wrong, and what to do about it.
PROBLEMS = {
    "missing": _("is empty: fill it in"),
    "too_long": _("is too long: shorten it"),
    "bad_number": _("is no number of a work order: use letters, digits, - and /, at most 64"),
    "twice": _("stands in this file before: keep one of the two"),
    "bad_time": _("is no time: write it as 2026-11-27 10:20"),
    "future": _("lies in the future: correct it"),
    "too_old": _("lies more than two years back, or before the calendar of working days: correct it"),
    "bad_phone": _("is no mobile number: correct it, or ask the caller for one"),
    "bad_amount": _("is no amount: write yuan with at most two decimals, for example 128.50"),
    "above": _("is more than was paid: correct one of the two"),
    "bad_point": _("is no place in China: write both in degrees (GCJ-02), or leave both empty"),
    "not_wanted": _("is not known: write 退款, 继续履行 or 其他"),
    "not_urgent": _("is not known: write 一般, 紧急 or 特急"),
    "odd": _("has cells beyond the headings, or nested values: correct the row"),
    "failed": _("could not be taken: look at the worker's log, then send it again in a new file"),
}
Problem = tuple[str, str]  # the column (empty: the whole row) and a key of PROBLEMS


class Wrong(Exception):
    """Every problem of a row."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def sentence(problem: Problem) -> str:
    """``联系电话 (phone) is no mobile number: …`` in the reader's language."""
    column, code = problem
    what = f"{heading(column)} ({column})" if column in COLUMNS else translated("the row")
    return f"{what} {PROBLEMS[code]}"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A work order that can be taken. Sums in fen; ``phone`` in E.164; ``received_at`` ISO 8601; the point GCJ-02."""

    number: str
    received_at: str
    phone: str
    merchant: str
    text: str
    caller: str = ""
    address: str = ""
    lng: float | None = None
    lat: float | None = None
    paid_fen: int | None = None
    left_fen: int | None = None
    wanted: str = Wanted.REFUND
    urgency: str = Urgency.NORMAL

    @property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)

    @property
    def point(self) -> tuple[float, float] | None:
        return None if self.lng is None or self.lat is None else (self.lng, self.lat)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_order(
    cells: dict[str, str], *, odd: bool = False, calendar: Callable[[datetime], bool], at: datetime
) -> Order:
    """``cells`` by our names of columns; ``calendar`` says whether terms can be counted from a time.

    Raises:
        Wrong: with every problem of the row.
    """
    reader = _Reader({name: clean(text) for name, text in cells.items()}, at)
    values = reader.values(calendar)
    if odd:
        reader.problems.append(("", "odd"))
    if reader.problems:
        raise Wrong(reader.problems)
    return Order(**values)


class _Reader:
    """Reads the cells of one row and collects what is wrong."""

    def __init__(self, cells: dict[str, str], at: datetime) -> None:
        self.cells, self.at = cells, at
        self.problems: list[Problem] = []

    def values(self, calendar: Callable[[datetime], bool]) -> dict[str, Any]:
        matter = self.text("matter", MATTER_LENGTH)
        text = self.text("text", TEXT_LENGTH, needed=True)
        if text and matter:
            text = f"{matter}\n{text}"
        if len(text) > TEXT_LENGTH and ("text", "too_long") not in self.problems:
            self.problems.append(("text", "too_long"))
        lng, lat = self.point()
        paid, left = self.fen("paid"), self.fen("left")
        if paid is not None and left is not None and left > paid:
            self.problems.append(("left", "above"))
        return {
            "number": self.number(),
            "received_at": self.time(calendar),
            "phone": self.phone(),
            "merchant": " ".join(self.text("merchant", NAME_LENGTH, needed=True).split()),
            "text": text,
            "caller": " ".join(self.text("caller", CALLER_LENGTH).split()),
            "address": " ".join(self.text("address", ADDRESS_LENGTH).split()),
            "lng": lng,
            "lat": lat,
            "paid_fen": paid,
            "left_fen": left,
            "wanted": self.choice("wanted", WANTED, Wanted.REFUND, "not_wanted"),
            "urgency": self.choice("urgency", URGENCY, Urgency.NORMAL, "not_urgent"),
        }

    def wrong(self, column: str, code: str) -> None:
        self.problems.append((column, code))

    def text(self, column: str, most: int, *, needed: bool = False) -> str:
        found = self.cells.get(column, "")
        if needed and not found:
            self.wrong(column, "missing")
        elif len(found) > most:
            self.wrong(column, "too_long")
        return found

    def number(self) -> str:
        found = number_of(self.cells)
        if not found:
            self.wrong("number", "missing")
        elif not re.fullmatch(r"[\w/.-]{1,64}", found):
            self.wrong("number", "bad_number")
        return found

    def phone(self) -> str:
        found = self.text("phone", NUMBER_LENGTH, needed=True)
        if ("phone", "missing") in self.problems or ("phone", "too_long") in self.problems:
            return ""
        try:
            return phones.e164(found)
        except InvalidPhone:
            self.wrong("phone", "bad_phone")
            return ""

    def time(self, calendar: Callable[[datetime], bool]) -> str:
        found = self.text("received_at", NUMBER_LENGTH, needed=True)
        if not found:
            return ""
        received = time_of(found)
        if received is None:
            self.wrong("received_at", "bad_time")
        elif received > self.at:
            self.wrong("received_at", "future")
        elif received < self.at - OLDEST or not calendar(received):
            self.wrong("received_at", "too_old")
        else:
            return received.isoformat()
        return ""

    def fen(self, column: str) -> int | None:
        found = unicodedata.normalize("NFKC", self.cells.get(column, "")).removesuffix("元").strip()
        if not found or re.fullmatch(r"0+(\.0+)?", found):
            return None
        try:
            return yuan_to_fen(found)
        except InvalidAmount:
            self.wrong(column, "bad_amount")
            return None

    def point(self) -> tuple[float | None, float | None]:
        """Zeros stand for no point, as map widgets write it."""
        texts = [unicodedata.normalize("NFKC", self.cells.get(column, "")) for column in ("lng", "lat")]
        if not any(texts):
            return None, None
        if not all(re.fullmatch(r"\d{1,3}(\.\d{1,20})?", text, re.ASCII) for text in texts):
            self.wrong("lng", "bad_point")
            return None, None
        lng, lat = (round(float(text), 6) for text in texts)
        if (lng, lat) == (0, 0):
            return None, None
        if not (73 <= lng <= 136 and 3 <= lat <= 54):
            self.wrong("lng", "bad_point")
            return None, None
        return lng, lat

    def choice(self, column: str, among: dict[str, tuple[str, ...]], default: str, code: str) -> str:
        found = self.cells.get(column, "")
        value = chosen(found, among) if found else str(default)
        if value is None:
            self.wrong(column, code)
        return value or str(default)


def number_of(cells: dict[str, str]) -> str:
    """The number of the order as it is kept and compared: half-width, no spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", clean(cells.get("number", ""))))


def time_of(text: str) -> datetime | None:
    """``2026/11/27 10:20``, ``2026年11月27日 10:20:30`` or ISO 8601; without an offset it is Beijing's."""
    plain = unicodedata.normalize("NFKC", text)
    plain = (
        re.sub(r"[年月/.](?=\d{1,2}(\D|$))", "-", plain, count=2).replace("日", " ").strip()
        if "T" not in plain
        else plain
    )
    parts = re.fullmatch(
        r"(\d{4})-(\d{1,2})-(\d{1,2})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?", plain, re.ASCII
    )
    try:
        if parts:
            year, month, day, hour, minute, second = (int(part or 0) for part in parts.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
        found = datetime.fromisoformat(plain)
        return (found if found.tzinfo else found.replace(tzinfo=BEIJING)).astimezone(BEIJING)
    except (ValueError, OverflowError):
        return None


def clean(text: str) -> str:
    """Without what no database or page keeps: control characters but for line ends, halves of characters."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


def calendar_of(count: Callable[[datetime], Any]) -> Callable[[datetime], bool]:
    """Whether ``count`` (a moment to its terms) knows the day; asked once a day."""
    known: dict[Any, bool] = {}

    def reaches(received: datetime) -> bool:
        day = received.astimezone(BEIJING).date()
        if day not in known:
            try:
                count(received)
                known[day] = True
            except DomainError:
                known[day] = False
        return known[day]

    return reaches
