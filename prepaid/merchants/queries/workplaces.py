"""Questions about stores, who works there, and who stands at the counter."""

from django.db.models import Q, QuerySet

from escrow.errors import NotFound
from prepaid.merchants.errors import CashierNeedsStore
from prepaid.merchants.models import StaffMember, StaffRole, Store
from prepaid.people.models import User


def workplaces_of(user: User) -> list[StaffMember]:
    """Everywhere the user works now, first joined first."""
    return list(
        StaffMember.objects.filter(user=user, is_active=True)
        .select_related("merchant__sector", "merchant__district", "merchant__beneficiary", "store")
        .order_by("pk")
    )


def workplace(user: User, merchant_id: int | None = None) -> StaffMember:
    """Where the user works: at that merchant, or at the first of theirs.

    Raises:
        NotFound: they work nowhere, or not there.
    """
    for staff in workplaces_of(user):
        if merchant_id is None or staff.merchant_id == merchant_id:
            return staff
    raise NotFound()


def stores_of(merchant_id: int) -> QuerySet[Store]:
    """The merchant's stores, closed ones last."""
    return (
        Store.objects.filter(merchant_id=merchant_id)
        .select_related("district", "subdistrict")
        .order_by("-is_open", "pk")
    )


def store_of(merchant_id: int, store_id: int) -> Store:
    """One store of that merchant. Raises NotFound, also for another's."""
    store = stores_of(merchant_id).filter(pk=store_id).first()
    if store is None:
        raise NotFound()
    return store


def staff_of(merchant_id: int) -> QuerySet[StaffMember]:
    """Everybody who works there now."""
    return StaffMember.objects.filter(merchant_id=merchant_id, is_active=True).select_related("user", "store")


def counter_store(staff: StaffMember, store_id: int | None = None) -> Store:
    """The store whose counter this person opens: a cashier's own, else the named or only open one.

    Raises:
        CashierNeedsStore, NotFound.
    """
    if staff.store is not None:
        return staff.store
    if store_id is not None:
        return store_of(staff.merchant_id, store_id)
    stores = list(stores_of(staff.merchant_id).filter(is_open=True)[:2])
    if len(stores) != 1:
        raise CashierNeedsStore()
    return stores[0]


def counter_staff(staff: StaffMember, store: Store | None = None) -> QuerySet[StaffMember]:
    """Who may stand at the counter of that store (without one: at any of the merchant's): its cashiers, owners and managers."""
    people = staff_of(staff.merchant_id).select_related(
        "user", "store", "pin", "merchant__sector", "merchant__district", "merchant__beneficiary"
    )
    return people.filter(Q(store=None) | Q(store=store)) if store is not None else people


def bound_to_counter(staff: StaffMember, store: Store) -> StaffMember:
    """The person with no more than a cashier's rights at that store. Never saved."""
    staff.role, staff.store = StaffRole.CASHIER, store
    return staff


def counter_person(at_work: StaffMember, *, staff_id: int, store_id: int) -> StaffMember | None:
    """Who took over the counter, as long as they work there and have their PIN; else None."""
    try:
        store = counter_store(at_work, store_id)
    except NotFound:
        return None
    if store.pk != store_id:  # who is signed in works elsewhere now
        return None
    person = counter_staff(at_work, store).filter(pk=staff_id, pin__isnull=False).first()
    return bound_to_counter(person, store) if person else None
