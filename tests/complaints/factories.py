"""People, shops, cards and refused refunds for tests of complaints; the deeds go through the apps' own verbs."""

import csv
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from complaints.cases import operations
from complaints.cases.models import Case, TimeLimit
from complaints.cases.reference import load_time_limits
from complaints.cases.states import Wanted
from escrow.models import Agreement
from escrow.states import Plan
from prepaid.cards import operations as cards
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.cards.states import RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Merchant, Sector, SectorRule, StaffMember, StaffRole, Store
from prepaid.merchants.reference import load_sectors
from prepaid.people import operations as people
from prepaid.people import reference
from prepaid.people.models import Department, Division, DivisionLevel, User
from prepaid.products.models import Product, ProductVersion
from prepaid.products.states import VersionState
from tests.escrow.factories import ACTOR, AT, held_agreement
from tests.reference_rows import ReferenceRows

SINCE = date(2022, 6, 1)
#: District, and a subdistrict in it.
CHAOYANG, CHAOYANG_STREET = "110105", "110105001"
FENGTAI, FENGTAI_STREET = "110106", "110106001"
_numbers = itertools.count(1)


def city() -> None:
    """Two districts with a street each, all departments and sectors, the time limits."""
    if not Sector.objects.exists():
        CITY.put()


def _load() -> None:
    with (Path(reference.DATA) / "departments.csv").open(encoding="utf-8-sig", newline="") as file:
        Department.objects.bulk_create(Department(valid_from=SINCE, **row) for row in csv.DictReader(file))
    for code, street, name in ((CHAOYANG, CHAOYANG_STREET, "朝阳区"), (FENGTAI, FENGTAI_STREET, "丰台区")):
        district = Division.objects.create(
            code=code, level=DivisionLevel.DISTRICT, name_zh=name, name_en=code, valid_from=SINCE
        )
        Division.objects.create(
            code=street,
            level=DivisionLevel.SUBDISTRICT,
            name_zh=f"{name}街道",
            name_en=street,
            parent=district,
            valid_from=SINCE,
        )
    load_sectors(at=AT, actor=ACTOR)
    load_time_limits()


CITY = ReferenceRows(_load, Department, Division, Sector, SectorRule, TimeLimit)


def person(name: str = "李小明") -> User:
    return User.objects.create_user(phone=f"157{next(_numbers):08d}", name=name)


def officer(department: str = "commerce", district: str | None = CHAOYANG, name: str = "王警") -> User:
    user = person(name)
    people.appoint(
        user_id=user.pk, department_code=department, district_code=district, valid_from=SINCE, at=AT, actor=ACTOR
    )
    return User.objects.get(pk=user.pk)


def operator() -> User:
    user = person("平台")
    people.make_operator(phone=user.phone, name=user.name, at=AT, actor=ACTOR)
    return User.objects.get(pk=user.pk)


def uscc() -> str:
    """A code with a right checksum (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91110105MA{next(_numbers):07d}"
    total = sum(alphabet.index(c) * (3**i % 31) for i, c in enumerate(body))
    return body + alphabet[(31 - total % 31) % 31]


@dataclass
class Shop:
    merchant: Merchant
    owner: User
    stores: list[Store]

    @property
    def boss(self) -> StaffMember:
        return StaffMember.objects.select_related("user", "merchant").get(merchant=self.merchant, role=StaffRole.OWNER)


def shop(*, sector: str = "beauty", head_office: str = CHAOYANG, stores: tuple[str, ...] = (CHAOYANG,)) -> Shop:
    city()
    owner = person("张老板")
    merchant = merchants.register_merchant(
        owner=owner,
        name=f"京城美发 {next(_numbers)}",
        uscc=uscc(),
        legal_representative="张三",
        sector_code=sector,
        district_code=head_office,
        account_no="0200001009012345678",
        account_name="京城美发",
        at=AT,
        actor=ACTOR,
    )
    rows = [
        merchants.add_store(
            merchant_id=merchant.pk,
            name=f"门店{number}",
            address=f"朝阳路{number}号",
            district_code=code,
            subdistrict_code=f"{code}001",
            lease_ends_on=None,
            at=AT,
            actor=ACTOR,
        )
        for number, code in enumerate(stores, 1)
    ]
    return Shop(merchant, owner, rows)


def card(
    at_shop: Shop,
    *,
    holder: User | None = None,
    price_fen: int = 200_000,
    bought: Callable[..., Agreement] = held_agreement,
) -> Card:
    """A paid card of ten visits whose purchase is thirty days old: no cooling-off. ``bought``: how it was paid."""
    product = Product.objects.create(merchant=at_shop.merchant, name=f"十次卡 {next(_numbers)}")
    words = dict.fromkeys(
        ("service", "quality", "deduction", "risk_warning", "gift_terms", "change_terms", "refund_terms"), "约定"
    ) | dict.fromkeys(("loss_terms", "breach_terms", "dispute_terms"), "约定")
    version = ProductVersion.objects.create(
        product=product,
        number=1,
        kind=Plan.SESSIONS,
        price_fen=price_fen,
        sessions=10,
        list_price_fen=30_000,
        visit_price_fen=price_fen // 10,
        created_at=AT,
        **words,
    )
    version.stores.set(at_shop.stores)
    version.frozen_terms, version.frozen_at, version.state = version.terms.to_json(), AT, VersionState.ON_SALE
    version.save()
    agreement = bought(at_shop.merchant.beneficiary, price_fen=price_fen)
    agreement.funded_at = AT - timedelta(days=30)
    agreement.save()
    return Card.objects.create(
        holder=holder or person(),
        version=version,
        agreement=agreement,
        issuer=at_shop.merchant,
        order_token=uuid.uuid4(),
        contract_sha256="0" * 64,
        bought_at=AT - timedelta(days=30),
    )


def visited(of: Card, store: Store, at_shop: Shop) -> Redemption:
    """A check-in: proves the place and charges nothing."""
    number = next(_numbers)
    return Redemption.objects.create(
        card=of,
        store=store,
        cashier=at_shop.boss,
        units=0,
        code_step=number,
        key=f"k{number}",
        body_sha256="0" * 64,
        at=AT,
    )


def refused(of: Card, at_shop: Shop, *, at: datetime = AT) -> RefundRequest:
    """A refund request the merchant has refused."""
    request = cards.request_refund(
        card_id=of.pk, cause=RefundCause.CONSUMER, reason="搬家", at=at, actor=of.holder.actor
    )
    return cards.refuse_refund(
        staff=at_shop.boss, request_id=request.pk, text="概不退款", at=at, actor=at_shop.owner.actor
    )


def complaint(at_shop: Shop | None = None, *, of: Card | None = None, at: datetime = AT, routed: bool = True) -> Case:
    """A complaint about a refused refund; by default of a hairdresser in Chaoyang, already in its queue."""
    at_shop = at_shop or shop()
    of = of or card(at_shop)
    request = refused(of, at_shop, at=at)
    case = operations.open_case(
        refund_request_id=request.pk,
        complainant=of.holder,
        text="店家拒绝退款。",
        wanted=Wanted.REFUND,
        at=at,
    )
    return operations.route_case(case_id=case.pk, at=at, actor=ACTOR) if routed else case


def led(case: Case, lead: User, *, at: datetime = AT) -> Case:
    """The same case with ``lead`` in charge."""
    return operations.accept(number=case.number, officer=lead, at=at)
