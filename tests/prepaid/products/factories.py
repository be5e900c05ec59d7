"""Products in every state, made through the apps' own verbs."""

from dataclasses import replace
from datetime import datetime
from itertools import count

from escrow.states import Plan
from prepaid.merchants.models import Merchant, Store
from prepaid.people.models import User
from prepaid.products import operations
from prepaid.products.models import Filing, ProductVersion
from prepaid.products.operations import Draft
from tests.prepaid.merchants.factories import ACTOR, AT, CHAOYANG, make_merchant, make_store
from tests.prepaid.people.factories import make_official

_numbers = count(1)


def sessions_draft(stores: list[Store], **changes: object) -> Draft:
    """Ten visits for 2,000 yuan, valid a year."""
    draft = Draft(
        name=f"私教课10次卡 {next(_numbers)}",
        kind=Plan.SESSIONS,
        price_fen=200_000,
        sessions=10,
        list_price_fen=30_000,
        days=365,
        store_ids=[store.pk for store in stores],
        service="一对一私人教练课10次,每次60分钟,由持证教练授课。",
    )
    return replace(draft, **changes)


def stored_value_draft(stores: list[Store], **changes: object) -> Draft:
    """1,000 yuan with 200 of gift money, no expiry."""
    draft = Draft(
        name=f"储值卡 {next(_numbers)}",
        kind=Plan.STORED_VALUE,
        price_fen=100_000,
        bonus_fen=20_000,
        visit_price_fen=8_000,
        lowest_item_fen=3_000,
        store_ids=[store.pk for store in stores],
        service="按门店价目表使用全部项目。",
    )
    return replace(draft, **changes)


def period_draft(stores: list[Store], **changes: object) -> Draft:
    """A year for 3,650 yuan."""
    draft = Draft(
        name=f"年卡 {next(_numbers)}",
        kind=Plan.PERIOD,
        price_fen=365_000,
        days=365,
        store_ids=[store.pk for store in stores],
        service="一年内不限次使用器械区和团课。",
    )
    return replace(draft, **changes)


def discount_draft(stores: list[Store], **changes: object) -> Draft:
    """500 yuan to spend at 80 % of list prices, a usual visit 68 yuan."""
    draft = Draft(
        name=f"八折卡 {next(_numbers)}",
        kind=Plan.DISCOUNT,
        price_fen=50_000,
        discount_bp=8_000,
        list_price_fen=6_800,
        days=365,
        store_ids=[store.pk for store in stores],
        service="按价目表八折使用全部项目。",
    )
    return replace(draft, **changes)


def course_draft(stores: list[Store], **changes: object) -> Draft:
    """Twenty lessons for 3,000 yuan."""
    draft = Draft(
        name=f"素描课程 {next(_numbers)}",
        kind=Plan.COURSE,
        price_fen=300_000,
        sessions=20,
        list_price_fen=20_000,
        days=80,
        store_ids=[store.pk for store in stores],
        service="儿童素描小班课20课时。",
    )
    return replace(draft, **changes)


def make_draft(merchant: Merchant | None = None, draft: Draft | None = None, **changes: object) -> ProductVersion:
    """A draft; by default of session cards redeemed in a new store."""
    merchant = merchant or make_merchant()
    draft = draft or sessions_draft([make_store(merchant)])
    return operations.draft_product(merchant_id=merchant.pk, draft=replace(draft, **changes), at=AT, actor=ACTOR)


def make_filing(version: ProductVersion | None = None, *, at: datetime = AT) -> Filing:
    """A filing that waits for the regulator."""
    return operations.submit_filing(version_id=(version or make_draft()).pk, at=at, actor=ACTOR)


def officer_for(filing: Filing, *, citywide: bool = False) -> User:
    """An official whose post covers it."""
    return make_official(department=filing.department_id, district=None if citywide else filing.district_id or CHAOYANG)


def make_on_sale(version: ProductVersion | None = None) -> ProductVersion:
    """A version the regulator has approved."""
    filing = make_filing(version)
    officer = officer_for(filing)
    return operations.approve_filing(filing_id=filing.pk, by=officer, at=AT, actor=officer.actor).version
