"""All open matters as one list, oldest first: filtered, counted, and with the names that stand beside them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.functional import Promise

from escrow.errors import NotFound
from escrow.models import Approval, Beneficiary
from escrow.reasons import in_words
from escrow.states import AccountCode, ApprovalKind, ApprovalState
from prepaid.backoffice.queries.source import Rows, Source
from prepaid.backoffice.queries.sources import SOURCES
from prepaid.merchants.models import Merchant
from prepaid.notices.models import Channel
from prepaid.people.models import User

#: Rows of a search for a merchant's name: who finds more types more.
MERCHANTS_SEARCHED = 100
NOBODY = "nobody"
#: Requests whose bank account the second person compares before the yes.
WITH_ACCOUNT = (ApprovalKind.PAYOUT_ACCOUNT, ApprovalKind.RECEIPT_RETURN, ApprovalKind.REFUND_ACCOUNT)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the reader filters by; everything empty is everything. ``owner``: a user's id, or ``nobody``."""

    lane: str = ""
    owner: str = ""
    late: bool = False
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Matter:
    """One open matter. ``since`` is aware UTC, ``fen`` None where it is not about a sum."""

    source: Source
    ref: int
    since: datetime
    late: bool
    fen: int | None
    payee: int | None
    label: str | Promise
    remark: str
    owner: User | None
    merchant: Merchant | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many there are of a kind, how many of them are too old, since when the oldest."""

    source: Source
    count: int
    late: int
    oldest: datetime


def matters(
    asked: Asked, *, at: datetime, among: Iterable[Tally] | None = None, start: int = 0, stop: int | None = None
) -> list[Matter]:
    """The oldest first, from ``start`` up to ``stop``. Three queries, whatever their number. ``among``: what is known to be open,
    so that no other kind is asked for."""
    lanes = SOURCES if among is None else {tally.source.lane for tally in among}
    found = _union(asked, at, lanes)
    return _named(found.order_by("began", "lane", "ref")[start:stop]) if found is not None else []


def every_matter(asked: Asked, *, at: datetime, batch: int = 500) -> Iterator[Matter]:
    """All of them in batches, for a file."""
    found = _union(asked, at)
    if found is None:
        return
    lines = found.order_by("began", "lane", "ref").iterator()
    while some := list(islice(lines, batch)):
        yield from _named(some)


def tallies(asked: Asked, *, at: datetime) -> list[Tally]:
    """Counts by kind in one query, in the order of ``SOURCES``; kinds with nothing open are left out."""
    found = _union(asked, at)
    if found is None:
        return []
    sql, values = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT lane, count(*), count(*) FILTER (WHERE late), min(began) FROM ({sql}) AS matter GROUP BY lane",  # noqa: S608 – Django's own SQL, its values apart
            values,
        )
        counted = {lane: figures for lane, *figures in cursor.fetchall()}
    return [
        Tally(source=kind, count=counted[lane][0], late=counted[lane][1], oldest=counted[lane][2])
        for lane, kind in SOURCES.items()
        if lane in counted
    ]


def matter(lane: str, ref: int, *, at: datetime) -> Matter:
    """One of them. Raises ``NotFound``: no such kind, or nothing is wrong with it any more."""
    if lane not in SOURCES:
        raise NotFound()
    kind = SOURCES[lane]
    found = _named(kind.find(kind, at).filter(pk=ref))
    if not found:
        raise NotFound()
    return found[0]


def operators() -> list[User]:
    """Who may be responsible, first registered first."""
    return list(User.objects.filter(is_platform_operator=True, is_staff=True, is_active=True).order_by("pk"))


def merchant_of(payee: int | None) -> Merchant | None:
    """Whose custody account it is, if anybody's."""
    return Merchant.objects.filter(beneficiary_id=payee).first() if payee else None


def merchants_named(words: str) -> list[Merchant]:
    """The merchants with exactly that name, credit code or custody account, two at most."""
    named = Q(name=words) | Q(uscc=words.upper()) | Q(beneficiary__custody_no=words)
    return list(Merchant.objects.select_related("beneficiary").filter(named, beneficiary__isnull=False)[:2])


def _union(asked: Asked, at: datetime, lanes: Collection[str] = SOURCES) -> Rows | None:
    kinds = [kind for lane, kind in SOURCES.items() if lane in lanes and asked.lane in {"", lane}]
    if not kinds:
        return None
    wanted = _wanted(asked)
    first, *others = [kind.find(kind, at).filter(wanted) for kind in kinds]
    return first.union(*others, all=True) if others else first


def _wanted(asked: Asked) -> Q:
    wanted = Q()
    if asked.owner == NOBODY:
        wanted &= Q(owner=None)
    elif asked.owner.isdecimal():
        wanted &= Q(owner=int(asked.owner))
    if asked.late:
        wanted &= Q(late=True)
    if asked.words:
        payees = Beneficiary.objects.filter(
            Q(custody_no=asked.words) | Q(merchant__name__icontains=asked.words)
        ).values_list("pk", flat=True)
        wanted &= Q(label__icontains=asked.words) | Q(payee__in=list(payees[:MERCHANTS_SEARCHED]))
    return wanted


def _named(lines: Iterable[dict[str, Any]]) -> list[Matter]:
    found = list(lines)
    merchants = {
        merchant.beneficiary_id: merchant
        for merchant in Merchant.objects.filter(beneficiary_id__in={line["payee"] for line in found})
    }
    owners = User.objects.in_bulk({line["owner"] for line in found if line["owner"]})
    return [
        Matter(
            source=SOURCES[line["lane"]],
            ref=line["ref"],
            since=line["began"],
            late=line["late"],
            fen=line["fen"],
            payee=line["payee"],
            label=_in_words(line),
            remark=in_words(line["remark"]),
            owner=owners.get(line["owner"]),
            merchant=merchants.get(line["payee"]),
        )
        for line in found
    ]


def _in_words(line: dict[str, Any]) -> str | Promise:
    """Codes in the reader's language; numbers as they are."""
    match line["lane"]:
        case "approval":
            return ApprovalKind(line["label"]).label
        case "alarm":
            return AccountCode(line["label"]).label
        case "message":
            return Channel(line["label"]).label
        case _:
            return str(line["label"])


def open_account_request(approval_id: int) -> Approval:
    """A bank account that waits for the second person. Raises ``NotFound``."""
    found = Approval.objects.filter(pk=approval_id, kind__in=WITH_ACCOUNT, state=ApprovalState.OPEN).first()
    if found is None:
        raise NotFound()
    return found
