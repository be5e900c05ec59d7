"""What staff see at the counter."""

from datetime import date

from django.db.models import QuerySet

from escrow.errors import NotFound
from escrow.states import OPEN_USES
from prepaid.cards.models import Card, Redemption
from prepaid.merchants.models import StaffMember, Store
from prepaid.merchants.queries import stores_of, workplace
from prepaid.people.models import User
from prepaid.products.models import ProductVersion
from prepaid.products.states import ProductKind


def staff_at(*, user: User, store_id: int) -> StaffMember:
    """The person's place at the merchant of that store. Raises ``NotFound``."""
    merchant_id = Store.objects.filter(pk=store_id).values_list("merchant_id", flat=True).first()
    if merchant_id is None:
        raise NotFound()
    return workplace(user, merchant_id)


def workplace_of_charge(*, user: User, redemption_id: int) -> StaffMember:
    """The person's place at the merchant that made this charge. Raises ``NotFound``."""
    merchant_id = Redemption.objects.filter(pk=redemption_id).values_list("card__issuer_id", flat=True).first()
    if merchant_id is None:
        raise NotFound()
    return workplace(user, merchant_id)


def last_charges(*, staff: StaffMember, limit: int = 10) -> list[Redemption]:
    """The newest visits at the cashier's store, or at all of the merchant's for owners and managers."""
    return list(_charges(staff).order_by("-id")[:limit])


def charges_on(*, staff: StaffMember, day: date, limit: int = 20) -> list[Redemption]:
    """The newest visits of that day (Beijing), where ``last_charges`` looks too."""
    return list(_charges(staff).filter(at__date=day).order_by("-id")[:limit])


def counter_stores(*, staff: StaffMember) -> list[Store]:
    """Where this person may charge: a cashier in their own store, others in every open one."""
    if staff.store is not None:
        return [staff.store]
    return list(stores_of(staff.merchant_id).filter(is_open=True))


def has_courses(*, staff: StaffMember) -> bool:
    """Whether the merchant has ever sold courses: then the counter asks for the lesson."""
    versions = ProductVersion.objects.filter(product__merchant_id=staff.merchant_id, kind=ProductKind.COURSE)
    return versions.filter(frozen_at__isnull=False).exists()


def open_charges(*, staff: StaffMember) -> QuerySet[Redemption]:
    """Charges that wait for their customers and disputed ones, these first, then the longest waiting."""
    charges = _charges(staff).filter(use__state__in=OPEN_USES)
    return charges.select_related("card__holder", "card__issuer").order_by("use__state", "pk")


def charge_at(*, staff: StaffMember, redemption_id: int) -> Redemption | None:
    """One charge at the cashier's store, or at any of the merchant's for owners and managers; else None."""
    return _charges(staff).filter(pk=redemption_id).first()


def _charges(staff: StaffMember) -> QuerySet[Redemption]:
    charges = Redemption.objects.filter(card__issuer_id=staff.merchant_id)
    if staff.store_id is not None:
        charges = charges.filter(store_id=staff.store_id)
    return charges.select_related("use", "store", "card__version__product")


#: Purchases shown beside those that can be prepared.
MOST_PREPARED = 10


def last_prepared(*, merchant_id: int) -> list[Card]:
    """What was prepared at the merchant's tills and accepted by a customer, newest first."""
    cards = Card.objects.filter(issuer_id=merchant_id, prepared_by__isnull=False)
    return list(cards.select_related("agreement", "version__product", "prepared_by__user")[:MOST_PREPARED])


def sold_here(*, version_id: int, merchant_id: int) -> None:
    """Raises ``NotFound`` for another merchant's product. Asked first: whether it is a draft, or its sales are stopped, is no business
    of others."""
    if not ProductVersion.objects.filter(pk=version_id, product__merchant_id=merchant_id).exists():
        raise NotFound()
