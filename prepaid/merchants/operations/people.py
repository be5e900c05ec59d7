"""Verbs of merchants: register, and staff."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from stdnum.cn import uscc as uscc_rule
from stdnum.exceptions import InvalidChecksum, ValidationError

from escrow import audit
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.merchants import bank_accounts, queries
from prepaid.merchants.errors import (
    AlreadyStaff,
    BadUscc,
    CashierNeedsStore,
    MissingText,
    NotYourRole,
    UnknownDistrict,
    UnknownSector,
    UsccChecksum,
    UsccTaken,
)
from prepaid.merchants.models import CounterPin, Merchant, StaffMember, StaffRole
from prepaid.notices import operations as notices
from prepaid.notices import phones
from prepaid.people.models import Division, User

CONSTRAINT_ERRORS.update(
    {
        "merchants_merchant_uscc_key": UsccTaken,
        "staff_member_once_per_merchant": AlreadyStaff,
    }
)


def register_merchant(
    *,
    owner: User,
    name: str,
    uscc: str,
    legal_representative: str,
    sector_code: str,
    district_code: str,
    account_no: str,
    account_name: str,
    at: datetime,
    actor: str,
    contact_phone: str = "",
) -> Merchant:
    """A merchant with its custody and payout accounts; ``owner`` becomes its owner. Without ``contact_phone`` the
    owner's number is the one the contract names (BJ 13 item 1).

    Raises:
        BadUscc, UsccChecksum, UsccTaken, UnknownSector, UnknownDistrict, BadAccountNo, AccountChecksum, MissingText,
        InvalidContactPhone.
    """
    on = beijing_date(at)
    name = checked_text(name, "name", 100)
    legal_representative = checked_text(legal_representative, "legal_representative", 50)
    account_name = checked_text(account_name, "account_name", 100)
    code = checked_uscc(uscc)
    sector = queries.sectors(on=on).filter(code=sector_code).first()
    if sector is None:
        raise UnknownSector()
    district = checked_district(district_code, on)
    account_no = bank_accounts.checked(account_no)
    contact_phone = phones.contact(contact_phone) if contact_phone.strip() else owner.phone
    if Merchant.objects.filter(uscc=code).exists():
        raise UsccTaken()
    with transaction():
        beneficiary = escrow.register_beneficiary(at=at, actor=actor)
        beneficiary = escrow.set_payout_account(
            beneficiary_id=beneficiary.pk, account_no=account_no, account_name=account_name, at=at, actor=actor
        )
        merchant = Merchant.objects.create(
            name=name,
            uscc=code,
            legal_representative=legal_representative,
            contact_phone=contact_phone,
            sector=sector,
            district=district,
            beneficiary=beneficiary,
            registered_at=at,
        )
        StaffMember.objects.create(user=owner, merchant=merchant, role=StaffRole.OWNER, added_at=at)
        audit.record(
            actor=actor,
            action="merchants.register",
            target=f"merchant:{merchant.pk}",
            at=at,
            after={"uscc": code, "sector": sector.pk, "district": district.pk},
        )
    return merchant


def checked_uscc(text: str) -> str:
    """The code in capitals without spaces. Raises BadUscc, or UsccChecksum when only the check character is wrong."""
    try:
        return uscc_rule.validate(text.strip())
    except InvalidChecksum as error:
        raise UsccChecksum() from error
    except ValidationError as error:
        raise BadUscc() from error


def tell_owners(
    merchant: Merchant,
    *,
    kind: str,
    title: str | Promise,
    body: str | Promise,
    details: dict[str, object],
    url: str = "",
    at: datetime,
) -> None:
    """A message about the merchant, with the page ``url`` (else its money's), to everybody who owns it."""
    owners = StaffMember.objects.filter(merchant=merchant, role=StaffRole.OWNER, is_active=True).select_related("user")
    for owner in owners:
        notices.send(
            to=owner.user, kind=kind, title=title, body=body, details=details, url=url or reverse("shop_money"), at=at
        )


def add_staff(
    *, by: StaffMember, phone: str, role: str, store_id: int | None = None, at: datetime, actor: str
) -> StaffMember:
    """Let the person with that number work for the merchant; who has no account gets one and signs in by SMS code.

    Owners add anyone, managers add cashiers.

    Raises:
        NotYourRole, InvalidPhone, CashierNeedsStore, AlreadyStaff, NotFound for another merchant's store.
    """
    if role not in _may_manage(by):
        raise NotYourRole()
    store = None
    if role == StaffRole.CASHIER:
        if store_id is None:
            raise CashierNeedsStore()
        store = queries.store_of(by.merchant_id, store_id)
    with transaction():
        user = User.objects.by_phone(phone) or User.objects.create_user(phone=phone, created_at=at)
        staff = StaffMember.objects.select_for_update(no_key=True).filter(user=user, merchant=by.merchant).first()
        if staff is not None and staff.is_active:
            raise AlreadyStaff()
        staff = staff or StaffMember(user=user, merchant=by.merchant, added_at=at)
        staff.role, staff.store, staff.is_active = role, store, True
        staff.save()
        audit.record(
            actor=actor,
            action="merchants.add_staff",
            target=f"merchant:{by.merchant_id}",
            at=at,
            after={"staff": staff.pk, "user": str(user.public_id), "role": role, "store": store_id},
        )
    return staff


def end_staff(*, by: StaffMember, staff_id: int, at: datetime, actor: str) -> None:
    """The person no longer works there. Nobody ends their own role, so a merchant keeps an owner.

    Raises:
        NotFound: another merchant's staff. NotYourRole: a manager ending an owner or manager, one's own role, or whose
        own role has ended meanwhile.
    """
    with transaction():
        # One at a time per merchant, and whoever waited looks again: two owners must not end each other.
        Merchant.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.merchant_id)
        by = _still_working(by)
        staff = (
            StaffMember.objects.select_for_update(no_key=True)
            .filter(merchant_id=by.merchant_id, pk=staff_id, is_active=True)
            .first()
        )
        if staff is None:
            raise NotFound()
        if staff.pk == by.pk or staff.role not in _may_manage(by):
            raise NotYourRole()
        staff.is_active = False
        staff.save(update_fields=["is_active"])
        CounterPin.objects.filter(staff=staff).delete()
        audit.record(
            actor=actor,
            action="merchants.end_staff",
            target=f"merchant:{by.merchant_id}",
            at=at,
            before={"staff": staff.pk, "role": staff.role},
        )


def _still_working(staff: StaffMember) -> StaffMember:
    """The row as it is now. Raises ``NotYourRole`` when the role has ended."""
    now = StaffMember.objects.select_related("merchant").filter(pk=staff.pk, is_active=True).first()
    if now is None:
        raise NotYourRole()
    return now


def _may_manage(staff: StaffMember) -> set[str]:
    """Roles this person may give and end."""
    match staff.role:
        case StaffRole.OWNER:
            return set(StaffRole.values)
        case StaffRole.MANAGER:
            return {StaffRole.CASHIER}
        case _:
            return set()


def checked_text(value: str, field: str, most: int) -> str:
    """Without spaces around it. Raises ``MissingText`` when nothing or too much is said."""
    value = value.strip()
    if not 1 <= len(value) <= most:
        raise MissingText(field, most)
    return value


def checked_district(code: str, on: date) -> Division:
    """Raises ``UnknownDistrict``."""
    district = queries.districts(on=on).filter(code=code).first()
    if district is None:
        raise UnknownDistrict()
    return district
