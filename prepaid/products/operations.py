"""Verbs of products: draft, revise, file, decide, withdraw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import InvalidAmount, NotFound, ReasonRequired, WrongState
from escrow.money import check_fen, yuan
from escrow.states import Plan, check_transition
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.merchants.errors import MissingText
from prepaid.merchants.models import Merchant, StaffRole, Store
from prepaid.merchants.queries import legal_custody, sector_rule
from prepaid.notices.operations import send
from prepaid.people.models import User
from prepaid.products import caps, compliance, queries, standard_clauses
from prepaid.products.errors import (
    AllStaysInCustody,
    BadFigure,
    NameFixed,
    NameTaken,
    NoStores,
    NotCompliant,
    NotYourFiling,
    ReasonMissing,
    TermsFrozen,
    VersionInPreparation,
)
from prepaid.products.models import CustodyDecision, Filing, FilingWarning, Product, ProductVersion
from prepaid.products.states import FILING_TRANSITIONS, VERSION_TRANSITIONS, FilingState, VersionState
from prepaid.products.terms import CLAUSES, LEAST_DISCOUNT_BP, LEAST_MONTHS, MOST_DISCOUNT_BP, MOST_MONTHS

CONSTRAINT_ERRORS.update(
    {
        "product_name_once_per_merchant": NameTaken,
        "product_version_frozen": TermsFrozen,
        "product_version_one_in_preparation": VersionInPreparation,
    }
)


#: A visit that is paid afterwards is used up with the payment; so long it stays when that could not be written down.
AFTER_USE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a merchant enters; money in fen. Clauses left out are the standard ones; ``service`` is always theirs.

    ``days``: a period card's length, for the other kinds the validity (None: no expiry). ``list_price_fen`` belongs to
    session cards, courses (of one lesson) and discount cards (of a usual visit), ``visit_price_fen`` and ``lowest_item_fen`` to
    stored value. ``sessions`` of a course are its lessons; ``discount_bp``: what a discount card's holder pays (0.01 %).
    ``months``: a period card paid month by month for so many; ``price_fen`` is of one month, ``days`` follows. ``after_use``: one
    visit, paid when it was given; everything but the price follows.
    """

    name: str
    kind: Plan
    price_fen: int
    store_ids: Sequence[int]
    service: str
    bonus_fen: int = 0
    sessions: int | None = None
    days: int | None = None
    list_price_fen: int | None = None
    visit_price_fen: int | None = None
    lowest_item_fen: int | None = None
    discount_bp: int | None = None
    months: int | None = None
    after_use: bool = False
    clauses: Mapping[str, str] = field(default_factory=dict)


def draft_product(*, merchant_id: int, draft: Draft, at: datetime, actor: str) -> ProductVersion:
    """A new product with its first version as a draft.

    Raises:
        MissingText, NameTaken, NoStores, BadFigure, InvalidAmount, NotFound for another merchant's store.
    """
    values, stores = _checked(merchant_id, draft)
    name = _name(draft.name)
    with transaction():
        if Product.objects.filter(merchant_id=merchant_id, name=name).exists():
            raise NameTaken()
        product = Product.objects.create(merchant_id=merchant_id, name=name)
        version = ProductVersion.objects.create(product=product, number=1, created_at=at, **values)
        version.stores.set(stores)
        _record(version, "products.draft", at=at, actor=actor)
    return version


def edit_draft(*, merchant_id: int, version_id: int, draft: Draft, at: datetime, actor: str) -> ProductVersion:
    """Replace a draft's content.

    Raises:
        As ``draft_product``; NotFound, TermsFrozen once filed, NameFixed for a product that was ever on sale.
    """
    values, stores = _checked(merchant_id, draft)
    name = _name(draft.name)
    with transaction():
        version = _locked_version(version_id, merchant_id)
        if version.frozen_at is not None:
            raise TermsFrozen()
        product = version.product
        if name != product.name:
            if product.versions.filter(state__in=[VersionState.ON_SALE, VersionState.WITHDRAWN]).exists():
                raise NameFixed()
            if Product.objects.filter(merchant_id=merchant_id, name=name).exists():
                raise NameTaken()
            product.name = name
            product.save(update_fields=["name"])
        for column, value in values.items():
            setattr(version, column, value)
        version.save()
        version.stores.set(stores)
        _record(version, "products.edit_draft", at=at, actor=actor)
    return version


def revise(*, merchant_id: int, version_id: int, at: datetime, actor: str) -> ProductVersion:
    """The next version as a draft with the same content: for a new price, or to answer a return. Cards already sold
    keep theirs, and the old version stays on sale until the new one is.

    Raises:
        NotFound. VersionInPreparation: there is a draft or an open filing already.
    """
    with transaction():
        old = _locked_version(version_id, merchant_id)
        versions = ProductVersion.objects.filter(product_id=old.product_id)
        if versions.filter(state__in=[VersionState.DRAFT, VersionState.FILED]).exists():
            raise VersionInPreparation()
        latest = versions.order_by("-number").first() or old
        stores = list(old.stores.filter(is_open=True))
        version = ProductVersion.objects.get(pk=old.pk)
        version.pk, version._state.adding = None, True
        version.number = latest.number + 1
        version.state, version.frozen_terms, version.frozen_at, version.created_at = VersionState.DRAFT, None, None, at
        version.save(force_insert=True)
        version.stores.set(stores)
        _record(version, "products.revise", at=at, actor=actor)
    return version


def submit_filing(*, version_id: int, at: datetime, actor: str, merchant_id: int | None = None) -> Filing:
    """Freeze the terms and file them with the lead regulator of the sector in the head office's district. Where the
    operator's balance is below the sector's threshold the product goes on sale at once, which is recorded.

    Raises:
        NotFound, WrongState. NotCompliant: the check has blocking lines.
    """
    on = beijing_date(at)
    with transaction():
        version = _locked_version(version_id, merchant_id)
        check_transition(VERSION_TRANSITIONS, version.state, VersionState.FILED)
        bad = compliance.blocking(queries.findings(version, on=on))
        if bad:
            raise NotCompliant(list(bad))
        merchant = version.product.merchant
        rule = sector_rule(merchant.sector_id, on)
        balance_fen = queries.prepaid_balance_fen(version, on=on)
        required = queries.filing_required(version, on=on)
        version.frozen_terms, version.frozen_at = version.terms.to_json(), at
        version.state = VersionState.FILED if required else VersionState.ON_SALE
        if not required:
            _take_off_sale(version)
        version.save(update_fields=["frozen_terms", "frozen_at", "state"])
        filing = Filing.objects.create(
            version=version,
            state=FilingState.SUBMITTED if required else FilingState.EXEMPT,
            balance_fen=balance_fen,
            department=rule.sector.lead_department,
            district=merchant.district,
            submitted_at=at,
            submitted_by=actor,
        )
        _record_filing(filing, "products.submit_filing", at=at, actor=actor)
    return filing


def approve_filing(*, filing_id: int, by: User, at: datetime, actor: str) -> Filing:
    """The regulator accepts the filing; the version goes on sale, the one before it comes off.

    Raises:
        NotYourFiling: outside the official's post, or no such filing. WrongState: already decided, or withdrawn.
    """
    with transaction():
        filing, version = _decide(filing_id, by, FilingState.APPROVED, VersionState.ON_SALE)
        _take_off_sale(version)
        version.save(update_fields=["state"])
        filing.decided_at, filing.decided_by = at, by
        filing.save(update_fields=["state", "decided_at", "decided_by"])
        _record_filing(filing, "products.approve_filing", at=at, actor=actor)
        _tell_managers(filing, title=_("Your filing was approved"), body=_("%(product)s is on sale now."), at=at)
    return filing


def return_filing(*, filing_id: int, reason: str, by: User, at: datetime, actor: str) -> Filing:
    """The regulator sends the filing back with what has to be changed.

    Raises:
        ReasonMissing. NotYourFiling, WrongState as ``approve_filing``.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= 500:
        raise ReasonMissing()
    with transaction():
        filing, version = _decide(filing_id, by, FilingState.RETURNED, VersionState.RETURNED)
        version.save(update_fields=["state"])
        filing.decided_at, filing.decided_by, filing.reason = at, by, reason
        filing.save(update_fields=["state", "decided_at", "decided_by", "reason"])
        _record_filing(filing, "products.return_filing", at=at, actor=actor)
        _tell_managers(
            filing,
            title=_("Your filing was returned"),
            body=_("%(product)s was returned: %(reason)s. Correct it and submit it again."),
            at=at,
        )
    return filing


def decide_custody(
    *, product_id: int, minimum: bool, because: str, by: User, at: datetime, actor: str
) -> CustodyDecision:
    """The city's regulator of the sector lets the legal minimum be enough for a product, or asks for all of the money again.
    Cards already sold keep what was agreed. Deciding the same again changes nothing.

    Raises:
        NotFound: no such product, or not one that this official decides on. ReasonRequired.
        AllStaysInCustody: the rules leave nothing free here. WrongState: there is no decision to take back.
    """
    because = because.strip()
    if not 1 <= len(because) <= 500:
        raise ReasonRequired()
    with transaction():
        product = Product.objects.select_for_update(no_key=True, of=("self",)).select_related("merchant__sector")
        found = product.filter(pk=product_id).first()
        if found is None or not queries.may_decide_custody(by, found):
            raise NotFound()
        latest = queries.custody_decision(found)
        if minimum == (latest is not None and latest.minimum):
            if latest is None:
                raise WrongState()
            return latest
        if minimum and legal_custody(found.merchant, beijing_date(at)).percent >= 100:
            raise AllStaysInCustody()
        decision = CustodyDecision.objects.create(
            product=found, minimum=minimum, because=because, decided_by=by, decided_at=at
        )
        audit.record(
            actor=actor,
            action="products.decide_custody",
            target=f"product:{found.pk}",
            at=at,
            before={"minimum": not minimum},
            after={"minimum": minimum, "because": because},
        )
        managers = found.merchant.staff.filter(is_active=True, role__in=[StaffRole.OWNER, StaffRole.MANAGER])
        for staff in managers.select_related("user"):
            send(
                to=staff.user,
                kind="products.custody_decided",
                title=_("Custody of your product was decided"),
                body=_("For new cards of %(product)s the legal minimum is enough from now on: %(reason)s")
                if minimum
                else _("For new cards of %(product)s all of the money stays in custody from now on: %(reason)s"),
                details={"product": found.name, "reason": because},
                url=reverse("shop_product", args=[found.pk]),
                at=at,
            )
    return decision


def withdraw_version(*, merchant_id: int, version_id: int, at: datetime, actor: str) -> ProductVersion:
    """Stop selling under this version, or take an open filing back. Cards already sold are not affected.

    Raises:
        NotFound, WrongState.
    """
    with transaction():
        version = _locked_version(version_id, merchant_id)
        check_transition(VERSION_TRANSITIONS, version.state, VersionState.WITHDRAWN)
        version.state = VersionState.WITHDRAWN
        version.save(update_fields=["state"])
        Filing.objects.filter(version=version, state=FilingState.SUBMITTED).update(state=FilingState.WITHDRAWN)
        _record(version, "products.withdraw", at=at, actor=actor)
    return version


def _checked(merchant_id: int, draft: Draft) -> tuple[dict[str, object], list[Store]]:
    """Column values and stores of a draft, its figures whole and those of its kind."""
    service = draft.service.strip()
    if not 1 <= len(service) <= 2000:
        raise MissingText("service", 2000)
    figures = _figures(draft)
    texts = standard_clauses.for_card(draft.kind, has_gift=draft.bonus_fen > 0, after_use=draft.after_use)
    for clause, text in draft.clauses.items():
        if clause not in CLAUSES or len(text) > 2000:
            raise MissingText(clause, 2000)
        texts[clause] = text.strip()
    stores = list(Store.objects.filter(merchant_id=merchant_id, pk__in=draft.store_ids, is_open=True))
    if not draft.store_ids:
        raise NoStores()
    if len(stores) != len(set(draft.store_ids)):
        raise NotFound()
    return {**texts, **figures, "service": service, "kind": draft.kind}, stores


def _figures(draft: Draft) -> dict[str, int | None]:
    price_fen = _money(draft.price_fen, "price_fen")
    empty: dict[str, int | None] = {
        "price_fen": price_fen,
        "bonus_fen": 0,
        "sessions": None,
        "days": None if draft.days is None else _count(draft.days, "days"),
        "list_price_fen": None,
        "visit_price_fen": None,
        "lowest_item_fen": None,
        "discount_bp": None,
        "months": None,
        "after_use": draft.after_use,
    }
    match draft.kind:
        case Plan.SESSIONS if draft.after_use:
            return {
                **empty,
                "sessions": 1,
                "days": AFTER_USE_DAYS,
                "list_price_fen": price_fen,
                "visit_price_fen": price_fen,
            }
        case Plan.SESSIONS | Plan.COURSE:
            sessions = _count(draft.sessions, "sessions")
            if sessions > price_fen:
                raise BadFigure("sessions", _("A visit must cost at least 0.01 yuan."))
            return {
                **empty,
                "sessions": sessions,
                "list_price_fen": _money(draft.list_price_fen, "list_price_fen"),
                "visit_price_fen": price_fen // sessions,
            }
        case Plan.STORED_VALUE:
            return {
                **empty,
                "bonus_fen": _money(draft.bonus_fen, "bonus_fen") if draft.bonus_fen else 0,
                "visit_price_fen": _money(draft.visit_price_fen, "visit_price_fen"),
                "lowest_item_fen": _money(draft.lowest_item_fen, "lowest_item_fen"),
            }
        case Plan.DISCOUNT:
            list_price_fen, discount_bp = _money(draft.list_price_fen, "list_price_fen"), _discount(draft.discount_bp)
            if list_price_fen * discount_bp < 10_000:
                raise BadFigure("list_price_fen", _("A visit must cost at least 0.01 yuan."))
            return {
                **empty,
                "list_price_fen": list_price_fen,
                "visit_price_fen": list_price_fen * discount_bp // 10_000,
                "discount_bp": discount_bp,
            }
        case Plan.PERIOD if draft.months is not None:
            return {**empty, "months": _months(draft.months), "days": caps.longest_days(1)}
        case Plan.PERIOD:
            return {**empty, "days": _count(draft.days, "days")}


def _money(value: object, column: str) -> int:
    try:
        return check_fen(value)
    except InvalidAmount as error:
        raise BadFigure(column, error.message) from error


def _count(value: object, column: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise BadFigure(column, _("Enter a whole number from 1 to 100,000."))
    return value


def _discount(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not LEAST_DISCOUNT_BP <= value <= MOST_DISCOUNT_BP:
        raise BadFigure("discount_bp", _("Enter what the customer pays of the list price, from 1 % to 99.99 %."))
    return value


def _months(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not LEAST_MONTHS <= value <= MOST_MONTHS:
        raise BadFigure(
            "months",
            _("Enter a number of months from %(least)s to %(most)s."),
            least=LEAST_MONTHS,
            most=MOST_MONTHS,
        )
    return value


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= 80:
        raise MissingText("name", 80)
    return text.strip()


def _locked_version(version_id: int, merchant_id: int | None) -> ProductVersion:
    """The version under a row lock; ``merchant_id`` None skips the scope (for callers that checked it)."""
    rows = ProductVersion.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "product__merchant__beneficiary"
    )
    version = rows.filter(pk=version_id).first()
    if version is None or merchant_id not in (None, version.product.merchant_id):
        raise NotFound()
    return version


def _take_off_sale(successor: ProductVersion) -> None:
    """Whatever version of the product is on sale makes room for ``successor``."""
    ProductVersion.objects.filter(product_id=successor.product_id, state=VersionState.ON_SALE).update(
        state=VersionState.WITHDRAWN
    )


def _decide(filing_id: int, by: User, state: FilingState, version_state: VersionState) -> tuple[Filing, ProductVersion]:
    if not by.is_regulator or not queries.filings_for(by).filter(pk=filing_id).exists():
        raise NotYourFiling()
    filing = Filing.objects.get(pk=filing_id)
    version = _locked_version(filing.version_id, None)
    filing.refresh_from_db()  # the version's lock serialises decisions
    check_transition(FILING_TRANSITIONS, filing.state, state)
    check_transition(VERSION_TRANSITIONS, version.state, version_state)
    filing.state, version.state = state, version_state
    return filing, version


#: A warning that ended and comes back sooner than that is the same one: nobody is told again.
SAME_WARNING = timedelta(days=30)


def watch_filing(*, merchant_id: int, at: datetime, actor: str) -> FilingWarning | None:
    """Tell owners and managers, once, on which day they pass the sum from which their cards must be filed; keep that day up to date
    until it has come or is not foreseen any more. None: nothing is foreseen. Raises ``NotFound``."""
    with transaction():
        merchant = Merchant.objects.select_for_update(no_key=True).filter(pk=merchant_id).first()
        if merchant is None:
            raise NotFound()
        unfiled = queries.sells_exempt(merchant_id)
        watch = queries.filing_watch(merchant, on=beijing_date(at)) if unfiled else None
        if watch is None:
            FilingWarning.objects.filter(merchant=merchant, ended_at=None).update(ended_at=at)
            return None
        warning = FilingWarning.objects.filter(merchant=merchant).first()
        is_new = warning is None or (warning.ended_at is not None and warning.ended_at <= at - SAME_WARNING)
        if warning is None or is_new:
            warning = FilingWarning(merchant=merchant, told_at=at)
        warning.balance_fen, warning.threshold_fen = watch.balance_fen, watch.threshold_fen
        warning.passes_on, warning.ended_at = watch.passes_on, None
        warning.save()
        if is_new:
            audit.record(
                actor=actor,
                action="products.filing_foreseen",
                target=f"merchant:{merchant.pk}",
                after={"balance_fen": watch.balance_fen, "passes_on": watch.passes_on.isoformat()},
                at=at,
            )
            _tell_of_warning(warning, at=at)
    return warning


def _tell_of_warning(warning: FilingWarning, *, at: datetime) -> None:
    heads = warning.merchant.staff.filter(is_active=True, role__in=[StaffRole.OWNER, StaffRole.MANAGER])
    for staff in heads.select_related("user"):
        send(
            to=staff.user,
            kind="products.filing_foreseen",
            title=_("File now: at this pace you pass ¥%(sum)s on %(day)s"),
            body=_(
                "Your customers' unused money is ¥%(balance)s now. From ¥%(sum)s on, cards that are not filed are not sold "
                "(Beijing regulations, art. 20). File them now, so that sales go on."
            ),
            details={
                "sum": yuan(warning.threshold_fen),
                "day": lazy(lambda: warning.day, str)(),
                "balance": yuan(warning.balance_fen),
            },
            url=reverse("shop_products"),
            at=at,
        )


def _tell_managers(filing: Filing, *, title: Promise, body: Promise, at: datetime) -> None:
    product = filing.version.product
    managers = product.merchant.staff.filter(is_active=True, role__in=[StaffRole.OWNER, StaffRole.MANAGER])
    for staff in managers.select_related("user"):
        send(
            to=staff.user,
            kind="products.filing_decided",
            title=title,
            body=body,
            details={"product": product.name, "reason": filing.reason},
            url=reverse("shop_product", args=[product.pk]),
            at=at,
        )


def _record(version: ProductVersion, action: str, *, at: datetime, actor: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=f"product_version:{version.pk}",
        at=at,
        after={"state": version.state, "price_fen": version.price_fen, "number": version.number},
    )


def _record_filing(filing: Filing, action: str, *, at: datetime, actor: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=f"filing:{filing.pk}",
        at=at,
        after={
            "version": filing.version_id,
            "state": filing.state,
            "balance_fen": filing.balance_fen,
            "department": filing.department_id,
            "district": filing.district_id,
            "reason": filing.reason,
        },
    )
