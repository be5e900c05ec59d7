"""The standing register: who may not take prepayments now, entered by hand or imported from a public list."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Literal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import DomainError, NotFound, ReasonRequired
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.merchants.errors import BadListFile, BadListing, ListedTwice, ListingEnded
from prepaid.merchants.models import Listing, ListKind, Merchant, StaffMember, StaffRole
from prepaid.merchants.operations.people import checked_uscc
from prepaid.merchants.operations.uploads import check_columns, read_csv
from prepaid.notices import operations as notices

CONSTRAINT_ERRORS["listing_once"] = ListedTwice

REASON_LENGTH = 200
#: A file of the register: at most so many rows.
MOST_ROWS = 5_000
COLUMNS = ("uscc", "kind", "number", "listed_on", "removed_on", "source")
Effect = Literal["new", "removed", "known", "bad"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the register as it is entered or imported."""

    uscc: str
    kind: str
    number: str
    listed_on: date
    source: str
    removed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one line of a file would do: a new entry, the end of one, nothing, or why it cannot be read."""

    line: int
    effect: Effect
    text: str
    entry: Entry | None = None
    problem: str = ""


def list_operator(*, entry: Entry, at: datetime, actor: str) -> Listing:
    """Enter one line: from its day on the operator sells, renews and tops up no card; what is sold already stays valid. The
    merchant's owners are told.

    Raises:
        BadUscc, UsccChecksum; BadListing: a field is missing, or a day is not in order. ListedTwice.
    """
    checked = _checked(entry, beijing_date(at))
    with transaction():
        listing = Listing.objects.create(**asdict(checked), recorded_at=at)
        _record(listing, "merchants.list_operator", at=at, actor=actor, source=listing.source)
        if listing.removed_on is None:
            _tell(listing, _LISTED, at=at)
    return listing


def remove_listing(*, listing_id: int, removed_on: date, because: str, at: datetime, actor: str) -> Listing:
    """The operator is no longer on that list: from ``removed_on`` the entry stops nothing.

    Raises:
        NotFound; ReasonRequired; ListingEnded: it was removed before. BadListing: before it began, or after today.
    """
    because = because.strip()
    if not 1 <= len(because) <= REASON_LENGTH:
        raise ReasonRequired()
    with transaction():
        listing = Listing.objects.select_for_update(no_key=True).filter(pk=listing_id).first()
        if listing is None:
            raise NotFound()
        if listing.removed_on is not None:
            raise ListingEnded()
        if not listing.listed_on <= removed_on <= beijing_date(at):
            raise BadListing("removed_on")
        _remove(listing, removed_on, because=because, at=at, actor=actor)
    return listing


def read_list(content: bytes, *, on: date) -> list[Row]:
    """What each line of a CSV file (UTF-8 or GB 18030, with the columns ``COLUMNS``) would do. Changes nothing.

    Raises:
        BadListFile: not a CSV file with these columns, or too long.
    """
    lines = read_csv(content, most_rows=MOST_ROWS, refusal=BadListFile)
    check_columns(set(lines[0]), COLUMNS, BadListFile)
    return _judged(lines, on)


def import_list(*, content: bytes, at: datetime, actor: str) -> list[Row]:
    """Carry out what ``read_list`` says of the file: new entries and removals; a second time it changes nothing. All or none:
    a file with a bad line is refused as a whole.

    Raises:
        BadListFile.
    """
    rows = read_list(content, on=beijing_date(at))
    bad = [row for row in rows if row.effect == "bad"]
    if bad:
        raise BadListFile(problem=_("line %(line)s: %(problem)s") % {"line": bad[0].line, "problem": bad[0].problem})
    with transaction():
        for row in rows:
            entry = row.entry
            assert entry is not None  # only bad lines have none
            if row.effect == "new":
                list_operator(entry=entry, at=at, actor=actor)
            elif row.effect == "removed" and entry.removed_on is not None:
                known = Listing.objects.select_for_update(no_key=True).get(**_identity(entry))
                _remove(known, entry.removed_on, because=entry.source, at=at, actor=actor)
    return rows


def _judged(lines: Sequence[dict[str, str | None]], on: date) -> list[Row]:
    rows, seen = [], set()
    codes = {(line["uscc"] or "").strip().upper() for line in lines}
    known = {(one.uscc, one.kind, one.number): one for one in Listing.objects.filter(uscc__in=codes)}
    for number, line in enumerate(lines, start=2):
        text = ", ".join(line[column] or "" for column in COLUMNS)[:200]
        try:
            entry = _checked(_entry(line), on)
        except DomainError as error:
            rows.append(Row(line=number, effect="bad", text=text, problem=str(error)))
            continue
        identity = (entry.uscc, entry.kind, entry.number)
        if identity in seen:
            rows.append(Row(line=number, effect="bad", text=text, problem=str(ListedTwice())))
            continue
        seen.add(identity)
        before = known.get(identity)
        effect: Effect = "known"
        if before is None:
            effect = "new"
        elif before.removed_on is None and entry.removed_on is not None:
            effect = "removed"
        rows.append(Row(line=number, effect=effect, text=text, entry=entry))
    return rows


def _entry(line: dict[str, str | None]) -> Entry:
    return Entry(
        uscc=line["uscc"] or "",
        kind=(line["kind"] or "").strip(),
        number=line["number"] or "",
        listed_on=_day(line["listed_on"], "listed_on"),
        removed_on=_day(line["removed_on"], "removed_on") if (line["removed_on"] or "").strip() else None,
        source=line["source"] or "",
    )


def _day(text: str | None, field: str) -> date:
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError as error:
        raise BadListing(field) from error


def _checked(entry: Entry, today: date) -> Entry:
    """As it is kept. Raises as ``list_operator``."""
    uscc = checked_uscc(entry.uscc)
    if entry.kind not in ListKind.values:
        raise BadListing("kind")
    for field, text, most in (("number", entry.number, 64), ("source", entry.source, 100)):
        if not 1 <= len(text.strip()) <= most or not text.strip().isprintable():
            raise BadListing(field)
    if entry.listed_on > today:
        raise BadListing("listed_on")
    if entry.removed_on is not None and not entry.listed_on <= entry.removed_on <= today:
        raise BadListing("removed_on")
    return replace(entry, uscc=uscc, number=entry.number.strip(), source=entry.source.strip())


def _identity(entry: Entry) -> dict[str, str]:
    return {"uscc": entry.uscc, "kind": entry.kind, "number": entry.number}


def _remove(listing: Listing, removed_on: date, *, because: str, at: datetime, actor: str) -> None:
    listing.removed_on = removed_on
    listing.save(update_fields=["removed_on"])
    _record(listing, "merchants.remove_listing", at=at, actor=actor, because=because)
    _tell(listing, _REMOVED, at=at)


def _record(listing: Listing, action: str, *, at: datetime, actor: str, **more: str) -> None:
    days = {"listed_on": listing.listed_on.isoformat(), "removed_on": str(listing.removed_on or "")}
    after = {"uscc": listing.uscc, "kind": listing.kind, "number": listing.number, **days, **more}
    audit.record(actor=actor, action=action, target=f"listing:{listing.pk}", at=at, after=after)


_LISTED = (
    "merchants.listed",
    gettext_lazy("You may not sell cards at the moment"),
    gettext_lazy(
        "%(merchant)s is in the standing register: %(kind)s (%(number)s, since %(since)s). Until the entry is removed no card "
        "can be sold, renewed or topped up. Cards already sold stay valid."
    ),
)
_REMOVED = (
    "merchants.removed",
    gettext_lazy("An entry in the standing register has ended"),
    gettext_lazy(
        "%(merchant)s: %(kind)s (%(number)s) no longer holds. If nothing else stops it, cards can be sold again."
    ),
)


def _tell(listing: Listing, letter: tuple[str, Promise, Promise], *, at: datetime) -> None:
    kind, title, body = letter
    merchant = Merchant.objects.filter(uscc=listing.uscc).first()
    if merchant is None:
        return
    heads = StaffMember.objects.filter(merchant=merchant, is_active=True, role__in=[StaffRole.OWNER, StaffRole.MANAGER])
    for staff in heads.select_related("user"):
        notices.send(
            to=staff.user,
            kind=kind,
            title=title,
            body=body,
            details={
                "merchant": merchant.name,
                "kind": ListKind(listing.kind).label,
                "number": listing.number,
                "since": listing.listed_on.isoformat(),
            },
            url=reverse("shop_home"),
            at=at,
        )
