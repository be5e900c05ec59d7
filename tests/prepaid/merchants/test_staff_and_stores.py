"""Who may add whom, and where a store may be."""

from datetime import date

import pytest

from escrow.errors import NotFound
from prepaid.merchants import errors, operations
from prepaid.merchants.models import StaffMember, StaffRole, Store
from prepaid.merchants.queries import store_of, workplace
from tests.prepaid.merchants.factories import (
    ACTOR,
    AT,
    CHAOYANG,
    HAIDIAN,
    WANGJING,
    ZHONGGUANCUN,
    make_merchant,
    make_staff,
    make_store,
    owner_of,
)
from tests.prepaid.people.factories import make_user, next_phone

pytestmark = pytest.mark.django_db


def store(**changes: object) -> dict:
    return {
        "name": "望京店",
        "address": "望京街道阜通东大街6号",
        "district_code": CHAOYANG,
        "subdistrict_code": WANGJING,
        "lease_ends_on": date(2029, 12, 31),
        "at": AT,
        "actor": ACTOR,
        **changes,
    }


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"district_code": "310101"}, errors.UnknownDistrict),
        ({"district_code": WANGJING}, errors.UnknownDistrict),
        ({"subdistrict_code": ""}, errors.UnknownSubdistrict),
        ({"subdistrict_code": CHAOYANG}, errors.UnknownSubdistrict),
        ({"subdistrict_code": ZHONGGUANCUN}, errors.SubdistrictElsewhere),
        ({"lease_ends_on": date(2026, 3, 2)}, errors.LeaseEnded),
        ({"name": ""}, errors.MissingText),
        ({"address": " "}, errors.MissingText),
        ({"address": "路" * 201}, errors.MissingText),
    ],
)
def test_a_wrong_store_is_not_added(wrong: dict, error: type) -> None:
    merchant = make_merchant()
    with pytest.raises(error):
        operations.add_store(merchant_id=merchant.pk, **store(**wrong))
    assert not Store.objects.exists()


def test_two_stores_of_one_merchant_need_two_names() -> None:
    merchant = make_merchant()
    operations.add_store(merchant_id=merchant.pk, **store())
    with pytest.raises(errors.StoreNameTaken):
        operations.add_store(merchant_id=merchant.pk, **store())
    operations.add_store(merchant_id=make_merchant().pk, **store())
    assert Store.objects.count() == 2


def test_a_store_can_move_and_close_even_after_its_lease() -> None:
    merchant = make_merchant()
    made = make_store(merchant)
    moved = store(district_code=HAIDIAN, subdistrict_code=ZHONGGUANCUN, lease_ends_on=date(2026, 3, 1))
    with pytest.raises(errors.LeaseEnded):
        operations.edit_store(merchant_id=merchant.pk, store_id=made.pk, is_open=True, **moved)
    operations.edit_store(merchant_id=merchant.pk, store_id=made.pk, is_open=False, **moved)
    made.refresh_from_db()
    assert (made.district_id, made.is_open) == (HAIDIAN, False)


def test_another_merchants_store_does_not_exist() -> None:
    mine, theirs = make_merchant(), make_store(make_merchant())
    with pytest.raises(NotFound):
        operations.edit_store(merchant_id=mine.pk, store_id=theirs.pk, is_open=True, **store())
    with pytest.raises(NotFound):
        store_of(mine.pk, theirs.pk)
    theirs.refresh_from_db()
    assert theirs.name != "望京店"


def test_somebody_without_an_account_gets_one_and_can_work() -> None:
    merchant, phone = make_merchant(), next_phone()
    shop = make_store(merchant)
    added = operations.add_staff(
        by=owner_of(merchant), phone=phone, role=StaffRole.CASHIER, store_id=shop.pk, at=AT, actor=ACTOR
    )
    assert added.user.phone == phone
    assert not added.user.has_usable_password()
    assert workplace(added.user).store == shop
    assert not workplace(added.user).manages


def test_a_cashier_stands_at_one_of_the_merchants_own_stores() -> None:
    merchant, theirs = make_merchant(), make_store(make_merchant())
    cashier = {"by": owner_of(merchant), "phone": next_phone(), "role": StaffRole.CASHIER, "at": AT, "actor": ACTOR}
    with pytest.raises(errors.CashierNeedsStore):
        operations.add_staff(**cashier)
    with pytest.raises(NotFound):
        operations.add_staff(**cashier, store_id=theirs.pk)
    assert StaffMember.objects.filter(merchant=merchant).count() == 1


@pytest.mark.parametrize("role", [StaffRole.OWNER, StaffRole.MANAGER])
def test_a_manager_adds_and_ends_cashiers_only(role: str) -> None:
    merchant = make_merchant()
    manager, shop = make_staff(merchant, StaffRole.MANAGER), make_store(merchant)
    with pytest.raises(errors.NotYourRole):
        operations.add_staff(by=manager, phone=next_phone(), role=role, at=AT, actor=ACTOR)
    with pytest.raises(errors.NotYourRole):
        operations.end_staff(by=manager, staff_id=owner_of(merchant).pk, at=AT, actor=ACTOR)
    cashier = operations.add_staff(
        by=manager, phone=next_phone(), role=StaffRole.CASHIER, store_id=shop.pk, at=AT, actor=ACTOR
    )
    operations.end_staff(by=manager, staff_id=cashier.pk, at=AT, actor=ACTOR)
    assert set(StaffMember.objects.filter(merchant=merchant, is_active=True).values_list("role", flat=True)) == {
        StaffRole.OWNER,
        StaffRole.MANAGER,
    }


def test_a_cashier_adds_nobody() -> None:
    merchant = make_merchant()
    cashier = make_staff(merchant)
    with pytest.raises(errors.NotYourRole):
        operations.add_staff(
            by=cashier, phone=next_phone(), role=StaffRole.CASHIER, store_id=cashier.store_id, at=AT, actor=ACTOR
        )
    assert merchant.staff.count() == 2


def test_nobody_ends_their_own_role_and_a_merchant_keeps_an_owner() -> None:
    merchant = make_merchant()
    with pytest.raises(errors.NotYourRole):
        operations.end_staff(by=owner_of(merchant), staff_id=owner_of(merchant).pk, at=AT, actor=ACTOR)
    assert owner_of(merchant).is_active


def test_who_left_cannot_work_until_added_again() -> None:
    merchant = make_merchant()
    cashier = make_staff(merchant)
    again = {
        "by": owner_of(merchant),
        "phone": cashier.user.phone,
        "role": StaffRole.CASHIER,
        "store_id": cashier.store_id,
        "at": AT,
        "actor": ACTOR,
    }
    with pytest.raises(errors.AlreadyStaff):
        operations.add_staff(**again)
    operations.end_staff(by=owner_of(merchant), staff_id=cashier.pk, at=AT, actor=ACTOR)
    with pytest.raises(NotFound):
        workplace(cashier.user)
    assert operations.add_staff(**again).pk == cashier.pk
    assert workplace(cashier.user).role == StaffRole.CASHIER


def test_a_consumer_works_nowhere() -> None:
    make_merchant()
    with pytest.raises(NotFound):
        workplace(make_user())
