"""Registering a merchant: what is refused, what is kept, and what stays secret."""

import pytest
from django.db import connection

from escrow.models import AuditEntry, Beneficiary
from prepaid.merchants import errors, operations
from prepaid.merchants.models import Merchant, StaffMember, StaffRole
from prepaid.merchants.queries import workplace, workplaces_of
from prepaid.notices.errors import InvalidContactPhone
from tests.prepaid.merchants.factories import (
    card_no,
    make_city,
    make_merchant,
    owner_of,
    registration,
)
from tests.prepaid.people.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_registering_person_owns_the_merchant_and_its_payout_account() -> None:
    merchant = make_merchant()
    staff = owner_of(merchant)
    assert staff.role == StaffRole.OWNER
    assert workplace(staff.user).merchant == merchant
    assert merchant.beneficiary.payout_account_no == card_no()
    assert merchant.contact_phone == staff.user.phone
    assert AuditEntry.objects.filter(action="merchants.register", target=f"merchant:{merchant.pk}").count() == 1


def test_names_and_accounts_are_encrypted_in_the_database() -> None:
    merchant = make_merchant()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.legal_representative, b.payout_account_no FROM merchants_merchant m"
            " JOIN escrow_beneficiary b ON b.id = m.beneficiary_id WHERE m.id = %s",
            [merchant.pk],
        )
        representative, account = cursor.fetchone()
    assert "李强" not in representative
    assert card_no() not in account
    assert card_no() not in str(list(AuditEntry.objects.values_list("before", "after")))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"uscc": "91110105MA0000001A"}, errors.UsccChecksum),
        ({"uscc": "9111010"}, errors.BadUscc),
        ({"uscc": "I1110105MA00000011"}, errors.BadUscc),
        ({"sector_code": "gambling"}, errors.UnknownSector),
        ({"district_code": "120101"}, errors.UnknownDistrict),
        ({"district_code": "110105026"}, errors.UnknownDistrict),
        ({"account_no": "12ab34567890"}, errors.BadAccountNo),
        ({"account_no": "12345678"}, errors.BadAccountNo),
        ({"account_no": "0000000000000000"}, errors.BadAccountNo),
        ({"account_no": "6222020200112233441"}, errors.AccountChecksum),
        ({"name": "  "}, errors.MissingText),
        ({"legal_representative": ""}, errors.MissingText),
        ({"account_name": "户" * 101}, errors.MissingText),
        ({"contact_phone": "12345"}, InvalidContactPhone),
        ({"contact_phone": "to be announced"}, InvalidContactPhone),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(wrong: dict, error: type) -> None:
    make_city()
    owner = make_user()
    with pytest.raises(error) as refused:
        operations.register_merchant(owner=owner, **registration(**wrong))
    assert refused.value.field
    assert (Merchant.objects.count(), Beneficiary.objects.count(), StaffMember.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("010-65512345", "010 6551 2345"),
        ("０１０６５５１２３４５转8001", "010 6551 2345 ext. 8001"),
        ("138 0013 8000", "138 0013 8000"),
        ("400-810-0000", "400 810 0000"),
        ("+85223456789", "+852 2345 6789"),
    ],
)
def test_customers_call_a_landline_or_a_mobile(typed: str, kept: str) -> None:
    make_city()
    merchant = operations.register_merchant(owner=make_user(), **registration(contact_phone=typed))
    assert merchant.contact_phone == kept


def test_a_code_registers_once() -> None:
    merchant = make_merchant()
    with pytest.raises(errors.UsccTaken):
        operations.register_merchant(owner=make_user(), **registration(uscc=merchant.uscc.lower()))
    assert Merchant.objects.count() == 1


def test_company_accounts_have_no_luhn_digit() -> None:
    make_city()
    merchant = operations.register_merchant(owner=make_user(), **registration(account_no="0200 0019 0923 4567 891"))
    assert merchant.beneficiary.payout_account_no == "0200001909234567891"


def test_one_person_may_work_at_two_merchants() -> None:
    owner = make_user()
    first, second = make_merchant(owner=owner), make_merchant(owner=owner)
    assert [staff.merchant for staff in workplaces_of(owner)] == [first, second]
    assert workplace(owner, second.pk).merchant == second
