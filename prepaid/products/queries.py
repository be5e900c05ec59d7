"""Questions about products, filings, and what the public may find."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Exists, Func, OuterRef, Prefetch, Q, QuerySet, TextField, Value
from django.db.models.functions import StrIndex

from escrow import queries as escrow
from escrow.errors import NotFound
from escrow.once import once
from escrow.states import Plan
from prepaid.merchants.models import Merchant, Store
from prepaid.merchants.queries import (
    LegalCustody,
    legal_custody,
    sales_stops,
    sector_rule,
    standing_closings,
    unbacked,
    unbacked_of,
    with_handover,
    with_presence,
    with_rated_at,
)
from prepaid.people.models import User
from prepaid.products import compliance, refund_rules
from prepaid.products.errors import FilingNeeded, NoStoreOpen, NotOnSale, SalesStopped, StoreCloses
from prepaid.products.models import (
    CustodyDecision,
    Filing,
    FilingWarning,
    InterestRate,
    Product,
    ProductVersion,
    VisitRule,
)
from prepaid.products.states import FilingState, VersionState
from prepaid.products.terms import Premises

_VERSION = ProductVersion.objects.select_related(
    "product__merchant__sector", "product__merchant__beneficiary", "product__merchant__district"
)


def products_of(merchant_id: int) -> QuerySet[Product]:
    """The merchant's products with all their versions and filings, newest version first."""
    versions = ProductVersion.objects.select_related("filing").order_by("-number")
    return Product.objects.filter(merchant_id=merchant_id).prefetch_related(Prefetch("versions", versions))


def product_of(merchant_id: int, product_id: int) -> Product:
    """One product of that merchant. Raises NotFound, also for another's."""
    product = products_of(merchant_id).select_related("merchant__sector").filter(pk=product_id).first()
    if product is None:
        raise NotFound()
    return product


def version_of(merchant_id: int, version_id: int) -> ProductVersion:
    """One version of that merchant's products. Raises NotFound, also for another's."""
    version: ProductVersion | None = (
        with_presence(_VERSION, merchant="product__merchant_id")
        .select_related("filing__department", "filing__district", "filing__decided_by")
        .prefetch_related("stores")
        .filter(product__merchant_id=merchant_id, pk=version_id)
        .first()
    )
    if version is None:
        raise NotFound()
    return version


def returned_versions(merchant_id: int) -> QuerySet[ProductVersion]:
    """Versions the regulator returned that no newer version has followed, each with its filing."""
    newer = ProductVersion.objects.filter(product=OuterRef("product"), number__gt=OuterRef("number"))
    returned = ProductVersion.objects.filter(product__merchant_id=merchant_id, state=VersionState.RETURNED)
    return returned.exclude(Exists(newer)).select_related("product", "filing").order_by("pk")


def findings(version: ProductVersion, *, on: date) -> list[compliance.Finding]:
    """The compliance report of a version under the sector's numbers of that day."""
    rule, visit_percent = (
        sector_rule(version.product.merchant.sector_id, on),
        VisitRule.objects.current(on).most_percent,
    )
    return compliance.check(version.terms, rule, visit_percent=visit_percent, on=on)


def prepaid_balance_fen(version: ProductVersion, *, on: date) -> int:
    """What decides on filing: what the head company's customers have paid and not used, in custody, released early or on cards
    from before it joined, what was ordered and may still be paid, and one more card (rules.md section 1)."""
    merchant = version.product.merchant
    backing = escrow.backing(merchant.beneficiary_id)
    earlier_fen = unbacked(merchant, on=on).sum_fen if getattr(version, "has_earlier", True) else 0
    held_fen = backing.held_fen + backing.advanced_fen + earlier_fen
    return held_fen + escrow.ordered_fen(merchant.beneficiary_id) + version.price_fen


def filing_required(version: ProductVersion, *, on: date, ordered_fen: int = 0) -> bool:
    """Whether the sector asks for filing at the operator's present balance (BJ 20); never of what is not prepaid. ``ordered_fen``: of
    the card that is asked about, where its order stands already."""
    if version.after_use:
        return False
    rule = sector_rule(version.product.merchant.sector_id, on)
    return rule.filing_needed(prepaid_balance_fen(version, on=on) - ordered_fen)


#: The pace of the last weeks is not carried on for longer than that.
WATCHED_DAYS, PACE_WEEKS = 60, 4


@dataclass(frozen=True, kw_only=True)
class FilingWatch:
    """When the operator's prepaid balance passes the sum from which its cards must be filed, at the pace of the last weeks."""

    balance_fen: int
    threshold_fen: int
    passes_on: date


def filing_watch(merchant: Merchant, *, on: date) -> FilingWatch | None:
    """Of an operator that is below the sum. The pace is what was sold, less what was used and refunded, in the last four whole
    weeks. None: no such sum, it is reached already, or not within ``WATCHED_DAYS``."""
    threshold = sector_rule(merchant.sector_id, on).filing_balance_fen
    if not threshold:
        return None
    backing = escrow.backing(merchant.beneficiary_id)
    held_fen = backing.held_fen + backing.advanced_fen + unbacked(merchant, on=on).sum_fen
    balance = held_fen + escrow.ordered_fen(merchant.beneficiary_id)
    weeks = escrow.trading_weeks(merchant.beneficiary_id, until=on, weeks=PACE_WEEKS + 1)[:-1]
    pace = sum(week.sold_fen - week.used_fen - week.refunded_fen for week in weeks)
    missing = threshold - balance
    if missing <= 0 or pace <= 0 or (days := -(-missing * 7 * PACE_WEEKS // pace)) > WATCHED_DAYS:
        return None
    return FilingWatch(balance_fen=balance, threshold_fen=threshold, passes_on=on + timedelta(days=days))


def merchants_to_watch() -> list[int]:
    """Ids of merchants with a card on sale that is exempt from filing, or whose warning has not ended."""
    exempt = ProductVersion.objects.filter(
        state=VersionState.ON_SALE, filing__state=FilingState.EXEMPT, after_use=False
    )
    warned = FilingWarning.objects.filter(ended_at=None)
    found = Merchant.objects.filter(
        Q(pk__in=exempt.values("product__merchant_id")) | Q(pk__in=warned.values("merchant_id"))
    )
    return list(found.order_by("pk").values_list("pk", flat=True))


def sells_exempt(merchant_id: int) -> bool:
    """Whether any card on sale is exempt from filing."""
    on_sale = ProductVersion.objects.filter(product__merchant_id=merchant_id, state=VersionState.ON_SALE)
    return on_sale.filter(filing__state=FilingState.EXEMPT, after_use=False).exists()


# What the public sees


def search_merchants(*, text: str = "", district_code: str = "", sector_code: str = "") -> QuerySet[Merchant]:
    """Merchants with something on sale in an open store. Each word of ``text`` is in the merchant's name, its sector's, or the name,
    address or district of an open store. One index answers it all, however many merchants there are (``Searchable``)."""
    words = text.split()
    filters = [f"sector:{sector_code}"] if sector_code else []
    filters += [f"district:{district_code}"] if district_code else []
    found = Merchant.objects.filter(searchable__isnull=False).select_related("sector", "district", "beneficiary")
    if filters:
        found = found.filter(searchable__tokens__contains=filters)
    if words:
        found = found.filter(searchable__tokens__contains=_wanted("\n".join(words)))
    for word in words:
        found = found.alias(place=StrIndex("searchable__document", _searched(word))).filter(place__gt=0)
    open_stores = Store.objects.filter(is_open=True).select_related("district", "subdistrict")
    return found.prefetch_related(Prefetch("stores", open_stores)).order_by("pk")


def _searched(text: str) -> Func:
    """As the listing writes it."""
    return Func(Value(text), function="products_search_text", output_field=TextField())


def _wanted(text: str) -> Func:
    """Every pair of neighbours in each line of it; of a line of one character, that."""
    return Func(_searched(text), function="products_search_wanted", output_field=ArrayField(TextField()))


@cache  # composing it takes longer than asking it
def _public_merchants() -> QuerySet[Merchant]:
    open_stores = Store.objects.filter(is_open=True).select_related("district", "subdistrict")
    merchants = Merchant.objects.select_related("sector__lead_department", "district", "beneficiary")
    merchants = with_presence(with_handover(with_rated_at(merchants)))
    return merchants.prefetch_related(Prefetch("stores", open_stores))


def public_merchant(pk: int) -> Merchant:
    """A merchant as everybody may see it, with its open stores. Raises NotFound."""
    merchant = _public_merchants().filter(pk=pk).first()
    if merchant is None:
        raise NotFound()
    return merchant


def public_store(pk: int) -> Store:
    """A store as everybody may see it, also when it is closed. Raises NotFound."""
    store = (
        Store.objects.select_related(
            "district", "subdistrict", "merchant__sector__lead_department", "merchant__district"
        )
        .select_related("merchant__beneficiary")
        .filter(pk=pk)
        .first()
    )
    if store is None:
        raise NotFound()
    return store


def versions_on_sale(merchant_id: int) -> QuerySet[ProductVersion]:
    """What the merchant has on sale, each with its filing and ``has_open_store``: without one it is not sold."""
    open_stores = ProductVersion.stores.through.objects.filter(productversion_id=OuterRef("pk"), store__is_open=True)
    return (
        _VERSION.select_related("filing__department", "filing__district")
        .filter(product__merchant_id=merchant_id, state=VersionState.ON_SALE)
        .annotate(has_open_store=Exists(open_stores))
        .order_by("product_id")
    )


def open_stores_of(version: ProductVersion) -> QuerySet[Store]:
    """The stores of the contract that are open now."""
    return version.stores.filter(is_open=True)


def premises_now(version: ProductVersion) -> list[Premises]:
    """The stores of the contract, each with the earlier end of the lease: as the contract names it or as it is known today."""
    leases = dict(version.stores.values_list("pk", "lease_ends_on"))
    return [
        replace(store, lease_ends_on=min(filter(None, (store.lease_ends_on, leases.get(store.store_id))), default=None))
        for store in version.terms.stores
    ]


def public_version(pk: int) -> ProductVersion:
    """A version that is or was on sale, with its merchant and filing. Raises NotFound for drafts and open filings."""
    version = (
        _VERSION.select_related("product__merchant__sector__lead_department", "filing__department", "filing__district")
        .filter(pk=pk, state__in=[VersionState.ON_SALE, VersionState.WITHDRAWN])
        .filter(filing__state__in=[FilingState.APPROVED, FilingState.EXEMPT])
        .first()
    )
    if version is None:
        raise NotFound()
    return version


def sellable_version(version_id: int, *, on: date, sold: bool = False, ordered_fen: int = 0) -> ProductVersion:
    """The version, if a card may be sold under it today. ``sold``: for a further payment that the contract of a sold card
    promises, also once it is withdrawn from sale. ``ordered_fen``: the price of the order that asks again before it is paid.
    What is paid after the visit is no prepayment: nothing but an open store is asked for.

    Raises:
        NotFound: no such version. NotOnSale: a draft, returned or withdrawn. NoStoreOpen: no store could redeem it now.
        FilingNeeded: it was exempt, and the operator's balance has reached the sum from which filing is required.
        SalesStopped: the operator may not take prepayments now. StoreCloses: a store of the contract is to close or move.
    """
    versions = with_presence(_VERSION.select_related("filing"), merchant="product__merchant_id")
    version: Any = versions.filter(pk=version_id).first()
    if version is None:
        raise NotFound()
    if version.state != VersionState.ON_SALE and not (sold and version.state == VersionState.WITHDRAWN):
        raise NotOnSale()
    if version.after_use:
        if not open_stores_of(version).exists():
            raise NoStoreOpen()
        return version
    of = [version.product.merchant]
    closings = standing_closings(of) if version.has_closings else []
    owed = unbacked_of(of, on=on) if version.has_earlier else {}
    stops = sales_stops(of, on=on, closings=closings, unbacked=owed)[version.product.merchant_id]
    if stops:
        raise SalesStopped(reasons="; ".join(stop.reason for stop in stops))
    stores = set(open_stores_of(version).values_list("pk", flat=True))
    if not stores:
        raise NoStoreOpen()
    if stores & {closing.store_id for closing in closings if closing.ended_at is None}:
        raise StoreCloses()
    if version.filing.state == FilingState.EXEMPT and filing_required(version, on=on, ordered_fen=ordered_fen):
        raise FilingNeeded()
    sellable: ProductVersion = version
    return sellable


@dataclass(frozen=True, kw_only=True)
class Custody:
    """How much of what is not used stays in custody, for cards sold today: all of it, or the legal minimum that the city's
    regulator has found enough for the product."""

    percent: int
    decision: CustodyDecision | None
    merchant: Merchant
    on: date

    @cached_property
    def legal(self) -> LegalCustody:
        """What the rules ask for: asked when it counts or is shown."""
        return legal_custody(self.merchant, self.on)

    @property
    def free_percent(self) -> int:
        """What may be released early, once the merchant has earned that."""
        return 100 - self.percent

    @property
    def is_minimum(self) -> bool:
        return self.decision is not None and self.decision.minimum


def custody_decision(product: Product) -> CustodyDecision | None:
    """The latest decision on a product."""
    return CustodyDecision.objects.filter(product=product).first()


def custody_of(version: ProductVersion, *, on: date) -> Custody:
    """What stays in custody of a card sold under this version that day. A card that counts days leaves nothing free: its days
    may be given back long after."""
    decision = custody_decision(version.product)
    merchant = version.product.merchant
    minimum = decision is not None and decision.minimum and version.plan != Plan.PERIOD
    percent = legal_custody(merchant, on).percent if minimum else 100
    return Custody(percent=percent, decision=decision, merchant=merchant, on=on)


def may_decide_custody(user: User, product: Product) -> bool:
    """The post for the whole city of the department that leads the merchant's sector."""
    post = user.post if user.is_regulator else None
    department = product.merchant.sector.lead_department_id
    return post is not None and post.is_citywide and post.department_id == department


def refund_previews(version: ProductVersion) -> list[refund_rules.Preview]:
    """What would come back after each quarter of use, shown before buying."""
    return refund_rules.previews(version.terms)


def interest_rates() -> list[refund_rules.Rate]:
    """Every dated rate, as the refund engine takes them."""
    return once(("interest_rates",), lambda: [rate.plain for rate in InterestRate.objects.all()])


@dataclass(frozen=True)
class Cover:
    """One merchant's money as the public may see it: what is held for its customers, and what backs it (fen)."""

    held_fen: int
    owed_fen: int
    covered_fen: int
    #: Released early under a rule and not used yet: the merchant has it.
    advanced_fen: int = 0
    #: Taken in cash by the merchant and not brought to custody yet.
    cash_fen: int = 0

    @property
    def unused_fen(self) -> int:
        """What customers have paid and not used."""
        return self.held_fen + self.advanced_fen

    @property
    def is_covered(self) -> bool:
        return self.covered_fen >= self.owed_fen


def custody_cover(merchants: Iterable[Merchant]) -> dict[int, Cover]:
    """Custody cover by merchant id, in one query."""
    by_beneficiary = {merchant.beneficiary_id: merchant.pk for merchant in merchants}
    return {
        by_beneficiary[pk]: Cover(
            backing.held_fen, backing.owed_fen, backing.covered_fen, backing.advanced_fen, backing.cash_fen
        )
        for pk, backing in escrow.backings(by_beneficiary).items()
    }


def filing_missing(
    merchant: Merchant, versions: Iterable[ProductVersion], *, cover: Cover, unbacked_fen: int = 0, on: date
) -> list[ProductVersion]:
    """Of these versions on sale, those that are not sold now: exempt once, and the merchant's balance has reached the sum from which
    filing is required. ``unbacked_fen``: what is not used of its cards from before it joined."""
    exempt = [one for one in versions if one.filing.state == FilingState.EXEMPT and not one.after_use]
    if not exempt:
        return []
    rule = sector_rule(merchant.sector_id, on)
    balance_fen = cover.unused_fen + unbacked_fen + escrow.ordered_fen(merchant.beneficiary_id)
    return [version for version in exempt if rule.filing_needed(balance_fen + version.price_fen)]


# What the regulator sees


def filings_for(user: User) -> QuerySet[Filing]:
    """Filings within the official's present post: their department's, in their district or in the whole city.
    Platform operators read all; everybody else sees none."""
    rows = Filing.objects.select_related("version__product__merchant__sector", "department", "district", "decided_by")
    post = user.post if user.is_regulator else None
    if post is not None:
        rows = rows.filter(department_id=post.department_id)
        return rows if post.district_id is None else rows.filter(district_id=post.district_id)
    return rows if user.is_platform_operator else rows.none()


def filings_waiting(user: User) -> QuerySet[Filing]:
    """What this official has to decide, longest waiting first."""
    return filings_for(user).filter(state=FilingState.SUBMITTED).order_by("submitted_at", "pk")


def filing_file(filing_id: int) -> Filing:
    """A filing with everything its file shows. Scope it first."""
    return Filing.objects.select_related(
        "version__product__merchant__sector",
        "version__product__merchant__district",
        "version__product__merchant__beneficiary",
        "department",
        "district",
        "decided_by",
    ).get(pk=filing_id)


def earlier_filings(filing: Filing) -> QuerySet[Filing]:
    """The filings of the product's earlier versions, newest first."""
    return (
        Filing.objects.filter(version__product_id=filing.version.product_id, version__number__lt=filing.version.number)
        .select_related("version", "decided_by")
        .order_by("-version__number")
    )


def filing_number_in(words: str) -> int | None:
    """The row of the filing that has this number (``Filing.number``), if it is one."""
    found = re.fullmatch(r"BA[0-9]{4}([0-9]{6,12})", words.strip().upper())
    return int(found[1]) if found else None
