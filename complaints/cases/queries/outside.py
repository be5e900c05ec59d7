"""What is known about a purchase outside custody: whom it is about, where and whose matter it is, and what a decision can rest on."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from complaints.cases.models import Case, CaseQuerySet, OutsidePurchase, RememberedAuthority
from complaints.cases.models.outside import ADDRESS_LENGTH, NAME_LENGTH
from complaints.cases.states import PlaceReason
from complaints.routing.router import router
from complaints.routing.sectors import sector_of
from complaints.routing.texts import comparable
from escrow.clock import beijing_date
from escrow.money import MAX_FEN
from escrow.states import RefundBasis
from prepaid.cards import errors
from prepaid.cards.queries import Ground
from prepaid.merchants.errors import UnknownSector
from prepaid.merchants.models import Merchant, Sector, Store
from prepaid.merchants.queries import sector_rule
from prepaid.people.models import Division, User


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a case happened and how we know. No district: a person determines it."""

    store: Store | None = None
    district: Division | None = None
    subdistrict: Division | None = None
    reason: PlaceReason
    confidence: float | None = None
    evidence: str = ""


def key_of(name: str) -> str:
    """A merchant's name as it is compared: half-width capitals, nothing between the characters."""
    return comparable(name).replace("|", "")[:NAME_LENGTH] or name[:NAME_LENGTH]


def place_key(purchase: OutsidePurchase) -> str:
    """Name and address as they are compared: what is remembered of one place."""
    return f"{purchase.name_key}@{comparable(purchase.address).replace('|', '')[:ADDRESS_LENGTH]}"


def merchant_named(name: str) -> Merchant | None:
    """The one registered merchant of exactly this name."""
    found = list(Merchant.objects.filter(name=name)[:2])
    return found[0] if len(found) == 1 else None


def open_case_like(*, complainant: User, name_key: str) -> Case | None:
    """This person's undecided case about a purchase from the same merchant."""
    return Case.objects.undecided().filter(complainant=complainant, outside__name_key=name_key).first()


def with_earlier(cases: CaseQuerySet) -> CaseQuerySet:
    """Each with ``before``, how many complaints its person made before it, and ``before_same``, how many of them about the same
    merchant."""
    before = Case.objects.filter(complainant=OuterRef("complainant"), pk__lt=OuterRef("pk")).order_by()
    same = before.filter(
        Q(merchant__isnull=False, merchant=OuterRef("merchant"))
        | Q(outside__isnull=False, outside__name_key=OuterRef("outside__name_key"))
    )
    return cases.annotate(before=_how_many(before), before_same=_how_many(same))


def _how_many(cases: QuerySet[Case]) -> Coalesce:
    return Coalesce(Subquery(cases.values("complainant").annotate(found=Count("pk")).values("found")), 0)


def place_of_purchase(case: Case, purchase: OutsidePurchase) -> Place:
    """The registered store that was named; else what an officer determined for the same place; else the address and the point, by
    the router (docs/routing.md); else the only store of a registered merchant."""
    if (store := purchase.store) is not None:
        return Place(store=store, district=store.district, subdistrict=store.subdistrict, reason=PlaceReason.STORE)
    if known := _remembered(purchase):
        return Place(district=known.district, reason=PlaceReason.REMEMBERED)
    if case.merchant_id is not None and not purchase.address:
        stores = list(Store.objects.filter(merchant_id=case.merchant_id).select_related("district", "subdistrict")[:2])
        if len(stores) == 1:
            return Place(
                store=stores[0],
                district=stores[0].district,
                subdistrict=stores[0].subdistrict,
                reason=PlaceReason.ONLY_STORE,
            )
    answer = router().route(purchase.address, purchase.point, purchase.merchant_name)
    rows = {row.code: row for row in Division.objects.filter(code__in=_codes(answer.code, answer.subdistrict))}
    # The zone of 亦庄 is a part of a district in the table of divisions; posts are held by district.
    district, subdistrict = rows.get(answer.code[:6]), rows.get(answer.code) if len(answer.code) > 6 else None
    if answer.subdistrict is not None:
        subdistrict = rows.get(answer.subdistrict.code[:9])
    reason = PlaceReason.ADDRESS if district else PlaceReason.UNKNOWN
    return Place(
        district=district,
        subdistrict=subdistrict,
        reason=reason,
        confidence=round(answer.confidence, 4),
        evidence=answer.reason[:200],
    )


def sector_of_purchase(case: Case, purchase: OutsidePurchase, *, undetermined: str) -> Sector:
    """The merchant's, when it is registered; else as it was told; else what an officer determined for the same place; else by the
    words of the name and of the text."""
    code = undetermined
    if case.merchant is not None:
        code = case.merchant.sector_id
    elif purchase.sector_id is not None:
        code = purchase.sector_id
    elif known := _remembered(purchase):
        code = known.sector_id
    else:
        code = sector_of(purchase.merchant_name, case.text) or undetermined
    rows = {row.code: row for row in Sector.objects.select_related("lead_department", "enforcer")}
    return rows.get(code) or rows[undetermined]


def grounds_outside(case: Case, *, today: date) -> dict[RefundBasis, Ground]:
    """What a decision about a purchase outside custody can rest on, each with its ceiling: never above what was paid, but a court may
    name more."""
    purchase = case.outside
    assert purchase is not None  # the caller has a case of this kind
    paid_fen = purchase.paid_fen or MAX_FEN
    agreed_fen = case.offers[0].offer_fen if case.offers else 0
    found = {
        RefundBasis.COOLING_OFF: (paid_fen if _cools_off(case, purchase) else 0, errors.NoCoolingOff()),
        RefundBasis.CONSENT: (min(agreed_fen or 0, paid_fen), errors.NoConsent()),
        RefundBasis.SILENCE: (0, errors.NoSilence()),
        RefundBasis.MEDIATION: (paid_fen, None),
        RefundBasis.JUDGMENT: (MAX_FEN, None),
        RefundBasis.CLOSURE: (0, errors.NoClosure()),
    }
    return {
        basis: Ground(basis=basis, most_fen=most_fen, refusal=None if most_fen else refusal)
        for basis, (most_fen, refusal) in found.items()
    }


def _cools_off(case: Case, purchase: OutsidePurchase) -> bool:
    """Whether the complaint came within the cooling-off days of the sector, counted from the day of payment (SPC 14)."""
    if purchase.paid_on is None or case.sector_id is None:
        return False
    try:
        days = sector_rule(case.sector_id, purchase.paid_on).cooling_off_days
    except UnknownSector:  # paid before there was a rule
        return False
    return beijing_date(case.received_at) <= purchase.paid_on + timedelta(days=days)


def _remembered(purchase: OutsidePurchase) -> RememberedAuthority | None:
    """Nothing of a place that nobody named: the same name may stand on many doors."""
    if not purchase.address:
        return None
    return RememberedAuthority.objects.select_related("district", "sector").filter(key=place_key(purchase)).first()


def _codes(district: str, subdistrict: object) -> list[str]:
    codes = [district[:6], district]
    if subdistrict is not None:
        codes.append(subdistrict.code[:9])  # type: ignore[attr-defined]  # a division of the router's table
    return codes
