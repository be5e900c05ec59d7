"""Questions about what holds: sectors and their rules, custody, places."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, Value
from django.utils.translation import get_language

from escrow.models import EarlyReleaseRule
from escrow.once import once
from prepaid.merchants import addresses
from prepaid.merchants.errors import AddressAmbiguous, AddressOutsideBeijing, UnknownSector
from prepaid.merchants.forecast import EarlyFigures
from prepaid.merchants.models import CustodyRule, Handover, Merchant, Sector, SectorRule
from prepaid.people.models import Division, DivisionLevel

#: Percent that stay in custody whatever a rule says.
LEAST_CUSTODY = 10


DAYS_OF_WEEK = 7


def current(on: date) -> Q:
    """Rows of dated reference data that hold on that day."""
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def sectors(*, on: date) -> QuerySet[Sector]:
    """The sectors a merchant may choose."""
    return Sector.objects.filter(current(on)).select_related("lead_department", "enforcer")


def places_and_sectors(*, on: date) -> dict[str, list[tuple[str, str]]]:
    """The codes and names, in the language of the request, of every ``district`` and ``sector``, by code; one question."""
    name = "name_zh" if (get_language() or "zh").startswith("zh") else "name_en"
    rows = districts(on=on).values_list(Value("district"), "code", name)
    rows = rows.union(Sector.objects.filter(current(on)).values_list(Value("sector"), "code", name))
    found: dict[str, list[tuple[str, str]]] = {"district": [], "sector": []}
    for kind, code, called in sorted(rows):
        found[kind].append((code, called))
    return found


def sector_rule(sector_code: str, on: date) -> SectorRule:
    """The numbers of the sector on that day: its latest row that has begun.

    Raises:
        UnknownSector: no such sector, or no row has begun.
    """
    return once(("sector_rule", sector_code, on), lambda: _sector_rule(sector_code, on))


def _sector_rule(sector_code: str, on: date) -> SectorRule:
    rule = (
        SectorRule.objects.filter(sector_id=sector_code, valid_from__lte=on)
        .select_related("sector__lead_department", "sector__enforcer")
        .order_by("-valid_from")
        .first()
    )
    if rule is None:
        raise UnknownSector()
    return rule


@dataclass(frozen=True, kw_only=True)
class LegalCustody:
    """The least that must stay in custody, and by which source."""

    percent: int
    basis: str
    by_rating: bool = False


def legal_custody(merchant: Merchant, on: date) -> LegalCustody:
    """What the rules ask of that merchant on that day. A change of the operator takes the rating away but frees no money: until
    the merchant is rated anew the stricter holds of *unrated* and the rating it had. Raises ``UnknownSector``."""
    legal = custody_least(merchant.sector_id, merchant.rating, on=on)
    if merchant.rating or not legal.by_rating:
        return legal
    last = Handover.objects.filter(merchant=merchant).exclude(rating_before="").first()
    before = custody_least(merchant.sector_id, last.rating_before, on=on) if last else legal
    return max(legal, before, key=lambda one: one.percent)


def custody_least(sector_code: str, rating: str, *, on: date) -> LegalCustody:
    """What the rules ask for on that day, by sector and rating. A tenth stays in any case: an agreement is never without money
    of its own. Raises ``UnknownSector``."""
    rule = CustodyRule.objects.current(sector_code=sector_code, rating=rating, on=on)
    if rule is not None:
        return LegalCustody(percent=rule.percent, basis=rule.basis, by_rating=True)
    general = sector_rule(sector_code, on)
    return LegalCustody(percent=max(LEAST_CUSTODY, general.custody_percent), basis=general.basis)


def early_figures(*, on: date) -> EarlyFigures | None:
    """How early release is earned, in whole weeks: what is waited for rounded up, what is granted rounded down. None: there is
    no rule, and nothing is released early."""
    rule = EarlyReleaseRule.objects.current(on)
    if rule is None:
        return None
    return EarlyFigures(
        cooling_weeks=-(-rule.cooling_off_days // DAYS_OF_WEEK),
        proven_weeks=-(-rule.proven_days // DAYS_OF_WEEK),
        window_weeks=max(1, rule.window_days // DAYS_OF_WEEK),
        cap_weeks=rule.cap_days // DAYS_OF_WEEK,
    )


def districts(*, on: date) -> QuerySet[Division]:
    """The districts of Beijing."""
    return Division.objects.filter(current(on), level=DivisionLevel.DISTRICT)


def subdistricts(*, on: date) -> QuerySet[Division]:
    """Subdistricts and towns, each with its district."""
    return Division.objects.filter(current(on), level=DivisionLevel.SUBDISTRICT).select_related("parent")


def resolve_address(text: str, *, on: date) -> tuple[Division, Division]:
    """District and subdistrict of an address, a guess to be shown for correction.

    Raises:
        AddressOutsideBeijing: no district of Beijing, or no subdistrict, can be told from it.
        AddressAmbiguous: several subdistricts fit; ``details["candidates"]`` names them.
    """
    named: dict[str, list[addresses.Place]] = {level: [] for level in DivisionLevel.values}
    for code, level, name, parent in Division.objects.filter(current(on)).values_list(
        "code", "level", "name_zh", "parent_id"
    ):
        named[level].append(addresses.Place(code, name, parent))
    found = addresses.resolve(
        text,
        districts=named[DivisionLevel.DISTRICT],
        subdistricts=named[DivisionLevel.SUBDISTRICT],
        communities=named[DivisionLevel.COMMUNITY],
    )
    if not found.subdistricts:
        raise AddressOutsideBeijing()
    divisions = list(Division.objects.filter(code__in=found.subdistricts).select_related("parent"))
    if len(divisions) > 1:
        names = ", ".join(f"{division.parent and division.parent.name} {division.name}" for division in divisions)
        raise AddressAmbiguous(candidates=names)
    assert divisions[0].parent is not None  # a constraint: only districts have no parent
    return divisions[0].parent, divisions[0]
