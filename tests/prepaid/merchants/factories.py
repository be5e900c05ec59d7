"""A small Beijing and merchants in it, made through the apps' own verbs."""

import csv
from datetime import date, datetime
from itertools import count

from stdnum import luhn
from stdnum.cn import uscc

from prepaid.merchants import operations
from prepaid.merchants.models import Merchant, Sector, SectorRule, StaffMember, StaffRole, Store
from prepaid.merchants.queries import workplace
from prepaid.merchants.reference import load_sectors
from prepaid.people import reference
from prepaid.people.models import Department, Division, DivisionLevel, User
from tests.prepaid.people.factories import AT, LONG_AGO, make_user, next_phone
from tests.reference_rows import ReferenceRows

ACTOR = "system:test"
CHAOYANG, HAIDIAN = "110105", "110108"
WANGJING, JIANWAI, ZHONGGUANCUN = "110105026", "110105001", "110108007"
PLACES = {
    CHAOYANG: ("朝阳区", "Chaoyang", {WANGJING: "望京街道", JIANWAI: "建外街道"}),
    HAIDIAN: ("海淀区", "Haidian", {ZHONGGUANCUN: "中关村街道"}),
}
_numbers = count(1)


def make_city() -> None:
    """Two districts with their streets, all departments, all sectors."""
    if not Sector.objects.exists():
        CITY.put()


def _load() -> None:
    with (reference.DATA / "departments.csv").open(encoding="utf-8-sig", newline="") as file:
        Department.objects.bulk_create(Department(valid_from=LONG_AGO, **row) for row in csv.DictReader(file))
    for code, (name, english, streets) in PLACES.items():
        district = Division.objects.create(
            code=code, name_zh=name, name_en=english, level=DivisionLevel.DISTRICT, valid_from=LONG_AGO
        )
        for street, street_name in streets.items():
            Division.objects.create(
                code=street,
                name_zh=street_name,
                name_en=street_name,
                level=DivisionLevel.SUBDISTRICT,
                parent=district,
                valid_from=LONG_AGO,
            )
    load_sectors(at=AT, actor=ACTOR)


CITY = ReferenceRows(_load, Department, Division, Sector, SectorRule)


def next_uscc() -> str:
    """A code no other merchant has, with its check character."""
    body = f"91110105MA{next(_numbers):07d}"
    return body + uscc.calc_check_digit(body)


def card_no(body: str = "62220202001122334") -> str:
    """A bank card number with its Luhn digit."""
    return body + luhn.calc_check_digit(body)


def registration(**changes: object) -> dict:
    """Everything ``register_merchant`` needs but the owner."""
    return {
        "name": "京城健身有限公司",
        "uscc": next_uscc(),
        "legal_representative": "李强",
        "sector_code": "fitness",
        "district_code": CHAOYANG,
        "account_no": card_no(),
        "account_name": "京城健身有限公司",
        "at": AT,
        "actor": ACTOR,
        **changes,
    }


def make_merchant(*, owner: User | None = None, sector: str = "fitness", district: str = CHAOYANG) -> Merchant:
    """A registered merchant without a store."""
    make_city()
    owner = owner or make_user(name="李强")
    return operations.register_merchant(
        owner=owner,
        **registration(sector_code=sector, district_code=district, name=f"京城健身{next(_numbers)}有限公司"),
    )


def make_store(merchant: Merchant, *, name: str = "", lease_ends_on: date | None = None, at: datetime = AT) -> Store:
    """A store in Wangjing, on the merchant's own premises unless a lease is given."""
    return operations.add_store(
        merchant_id=merchant.pk,
        name=name or f"望京店{next(_numbers)}",
        address="北京市朝阳区望京街道阜通东大街6号",
        district_code=CHAOYANG,
        subdistrict_code=WANGJING,
        lease_ends_on=lease_ends_on,
        at=at,
        actor=ACTOR,
    )


def owner_of(merchant: Merchant) -> StaffMember:
    """The first owner's place at the merchant."""
    owners = StaffMember.objects.select_related("user").filter(merchant=merchant, role=StaffRole.OWNER)
    staff = owners.earliest("pk")
    return workplace(staff.user, merchant.pk)


def make_staff(merchant: Merchant, role: str = StaffRole.CASHIER, store: Store | None = None) -> StaffMember:
    """Somebody the owner added."""
    if role == StaffRole.CASHIER:
        store = store or make_store(merchant)
    return operations.add_staff(
        by=owner_of(merchant),
        phone=next_phone(),
        role=role,
        store_id=store.pk if store else None,
        at=AT,
        actor=ACTOR,
    )
