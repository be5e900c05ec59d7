"""A small city to look at: four merchants, their staff, the regulators in charge and a few consumers.

Everything is made through the same verbs that people use, so the data is as lawful as theirs. Names, numbers and
addresses are invented; phone numbers are of the form +86 138 0000 xxxx.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.mfa.totp.internal.auth import generate_totp_secret
from stdnum import luhn
from stdnum.cn import uscc

from complaints.cases.reference import load_reference
from escrow import clock
from escrow.models import BankFormat
from escrow.states import Plan
from escrow.transactions import transaction
from prepaid.cards import operations as cards
from prepaid.merchants import operations as merchants
from prepaid.merchants import queries as merchant_queries
from prepaid.merchants.models import Merchant, StaffMember, StaffRole
from prepaid.people import operations as people
from prepaid.people import queries as people_queries
from prepaid.people.models import User
from prepaid.products import operations as products

ACTOR = "system:load_demo"


#: The sandbox bank's CSV statement (docs/sandbox-bank.md, "Files of a day").
SANDBOX_STATEMENT = {
    "name": "模拟银行",
    "header_row": 2,
    "account": "账号",
    "day": "交易日期",
    "day_format": "%Y%m%d",
    "time": "交易时间",
    "credit": "收入金额",
    "debit": "支出金额",
    "balance": "余额",
    "line_no": "交易流水号",
    "reference": "业务参考号",
    "counterparty_name": "对方户名",
    "counterparty_account": "对方账号",
    "purpose": "摘要",
}


@dataclass(frozen=True)
class Login:
    """One line of the screen ``make run`` shows."""

    role: str
    phone: str
    name: str
    page: str


CONSUMER = Login("消费者 consumer", "+8613800000001", "王芳", "/")
NEIGHBOUR = Login("消费者 consumer", "+8613800000002", "刘洋", "/")
OWNER = Login("商户 merchant (健身 fitness)", "+8613800000011", "李强", "/shop/")
CASHIER = Login("收银员 cashier (健身 fitness)", "+8613800000012", "赵敏", "/shop/counter/")
SCHOOL = Login("商户 merchant (美术培训 arts)", "+8613800000013", "陈静", "/shop/")
SALON = Login("商户 merchant (美发 hair)", "+8613800000014", "周杰", "/shop/")
CODING = Login("商户 merchant (编程 science)", "+8613800000015", "吴磊", "/shop/")
SPORTS = Login("监管 regulator 朝阳·体育", "+8613800000021", "孙涛", "/admin/")
CULTURE = Login("监管 regulator 海淀·文旅", "+8613800000022", "郑丽", "/admin/")
COMMERCE = Login("监管 regulator 东城·商务", "+8613800000023", "何伟", "/admin/")
SCIENCE = Login("监管 regulator 朝阳·科委", "+8613800000024", "高敏", "/admin/")
CITY = Login("监管 regulator 市·市场监管", "+8613800000025", "马超", "/admin/")
OPERATOR = Login("平台运营 operator", "+8613800000031", "林悦", "/admin/")
SECOND = Login("平台复核 second operator", "+8613800000032", "许诺", "/admin/")
LOGINS = (CONSUMER, OWNER, CASHIER, SCHOOL, SPORTS, CULTURE, COMMERCE, SCIENCE, CITY, OPERATOR, SECOND)

#: department and district of each regulator; None is the whole city
POSTS = {
    SPORTS: ("sports", "110105"),
    CULTURE: ("culture_tourism", "110108"),
    COMMERCE: ("commerce", "110101"),
    SCIENCE: ("science", "110105"),
    CITY: ("market_regulation", None),
}


def load(*, at: datetime) -> bool:
    """Reference data always (it only adds what is missing); the city once. Returns whether it was made now."""
    load_reference(at=at, actor=ACTOR)
    today = clock.beijing_date(at)
    BankFormat.objects.get_or_create(bank="sandbox", defaults=SANDBOX_STATEMENT)
    if User.objects.by_phone(OPERATOR.phone) is not None:
        _second_factors(at)  # a city made before there were any, or somebody took theirs away
        return False
    with transaction():
        for login in (OPERATOR, SECOND):
            people.make_operator(phone=login.phone, name=login.name, at=at, actor=ACTOR)
        people_of = {login: _person(login, today, at) for login in (*LOGINS, NEIGHBOUR, SALON, CODING)}
        _fitness(people_of, today, at)
        _arts(people_of, today, at)
        _salon(people_of, today, at)
        _coding(people_of, today, at)
        _second_factors(at)
    return True


def _second_factors(at: datetime) -> None:
    """Who opens the administration has an authenticator app. Nobody holds it: the demo inbox shows its codes."""
    for login in LOGINS:
        user = User.objects.by_phone(login.phone) if login.page == "/admin/" else None
        if user and not people_queries.factors_of(user_id=user.pk).exists():
            people.add_app(user_id=user.pk, secret=generate_totp_secret(), at=at, actor=ACTOR)


def _person(login: Login, today: date, at: datetime) -> User:
    user = User.objects.by_phone(login.phone) or people.register(phone=login.phone, name=login.name, at=at)
    people.verify_phone(user_id=user.pk, phone=login.phone, at=at)
    if login in POSTS:
        department, district = POSTS[login]
        people.appoint(
            user_id=user.pk,
            department_code=department,
            district_code=district,
            valid_from=today,
            at=at,
            actor=ACTOR,
        )
    return User.objects.get(pk=user.pk)


def company_code(stem: str) -> str:
    """A unified social credit code with its check character (GB 32100) for 17 invented characters."""
    return stem + uscc.calc_check_digit(stem)


def card_number(stem: str) -> str:
    """A bank card number with its Luhn digit (GB/T 19584)."""
    return stem + luhn.calc_check_digit(stem)


def _merchant(
    owner: User, at: datetime, *, name: str, stem: str, sector: str, district: str, account_no: str
) -> Merchant:
    return merchants.register_merchant(
        owner=owner,
        name=name,
        uscc=company_code(stem),
        legal_representative=owner.name,
        sector_code=sector,
        district_code=district,
        account_no=account_no,
        account_name=name,
        at=at,
        actor=owner.actor,
    )


def _store(merchant: Merchant, name: str, address: str, lease_ends_on: date, at: datetime, actor: str) -> int:
    district, subdistrict = merchant_queries.resolve_address(address, on=clock.beijing_date(at))
    return merchants.add_store(
        merchant_id=merchant.pk,
        name=name,
        address=address,
        district_code=district.code,
        subdistrict_code=subdistrict.code,
        lease_ends_on=lease_ends_on,
        at=at,
        actor=actor,
    ).pk


def _file(merchant: Merchant, draft: products.Draft, at: datetime, actor: str, approved_by: User | None = None) -> None:
    version = products.draft_product(merchant_id=merchant.pk, draft=draft, at=at, actor=actor)
    filing = products.submit_filing(version_id=version.pk, merchant_id=merchant.pk, at=at, actor=actor)
    if approved_by is not None:
        products.approve_filing(filing_id=filing.pk, by=approved_by, at=at, actor=approved_by.actor)


def _fitness(people_of: dict[Login, User], today: date, at: datetime) -> None:
    owner, officer = people_of[OWNER], people_of[SPORTS]
    gym = _merchant(
        owner,
        at,
        name="京城力健健身有限公司",
        stem="91110105MA01A0001",
        sector="fitness",
        district="110105",
        account_no=card_number("622202020000000001"),
    )
    lease = today + timedelta(days=4 * 365)
    stores = [
        _store(gym, "建外店", "北京市朝阳区建外街道光华路8号", lease, at, owner.actor),
        _store(gym, "望京店", "北京市朝阳区望京街道阜通东大街6号", lease, at, owner.actor),
    ]
    by = merchant_queries.workplace(owner)
    merchants.add_staff(
        by=by, phone=CASHIER.phone, role=StaffRole.CASHIER, store_id=stores[0], at=at, actor=owner.actor
    )
    for draft in (
        products.Draft(
            name="私教课10次卡",
            kind=Plan.SESSIONS,
            price_fen=200_000,
            sessions=10,
            list_price_fen=30_000,
            days=365,
            store_ids=stores,
            service="一对一私人教练课10次，每次60分钟，由持证教练授课，任选门店预约使用。",
        ),
        products.Draft(
            name="健身储值卡 1000送200",
            kind=Plan.STORED_VALUE,
            price_fen=100_000,
            bonus_fen=20_000,
            visit_price_fen=8_000,
            lowest_item_fen=3_000,
            days=3 * 365,
            store_ids=stores,
            service="储值后按门店公示价使用团课、游泳、淋浴等项目，单次到店健身80元。",
        ),
        products.Draft(
            name="健身年卡",
            kind=Plan.PERIOD,
            price_fen=365_000,
            days=365,
            store_ids=stores,
            service="一年内不限次使用两家门店的器械区和团课。",
        ),
        products.Draft(
            name="健身按月付",
            kind=Plan.PERIOD,
            price_fen=31_000,
            months=12,
            store_ids=stores,
            service="按月付款，每付一个月不限次使用两家门店的器械区和团课。",
        ),
    ):
        _file(gym, draft, at, owner.actor, officer)
    _earlier(merchant_queries.workplace(owner), today, at)


def _earlier(by: StaffMember, today: date, at: datetime) -> None:
    """What the gym sold before it joined: two people's cards, none of them backed, and the plan by which that ends."""
    lines = (
        (NEIGHBOUR.phone, "刘洋", "次卡", "旧团课20次卡", 500, 1_600, "", 20, 9),
        (NEIGHBOUR.phone, "刘洋", "储值卡", "旧储值卡", 300, 1_000, 100, "", 440),
        ("+8613800000003", "孙悦", "次卡", "旧私教10次卡", 200, 3_000, "", 10, 4),
    )
    text = "phone,name,kind,product,sold_on,paid,gift,total,left,expires_on\n"
    for phone, name, kind, product, days, paid, gift, total, left in lines:
        text += f"{phone},{name},{kind},{product},{today - timedelta(days=days)},{paid},{gift},{total},{left},\n"
    merchants.import_cards(by=by, content=text.encode(), at=at, actor=by.user.actor)
    owed_fen = merchant_queries.unbacked(by.merchant, on=today).sum_fen
    first, last = today + timedelta(days=180), today + timedelta(days=330)
    merchants.set_funding_plan(
        by=by,
        instalments=[(first, owed_fen // 2), (last, owed_fen - owed_fen // 2)],
        at=at,
        actor=by.user.actor,
    )


def _arts(people_of: dict[Login, User], today: date, at: datetime) -> None:
    owner, officer = people_of[SCHOOL], people_of[CULTURE]
    school = _merchant(
        owner,
        at,
        name="小树苗美术培训学校有限公司",
        stem="91110108MA01B0002",
        sector="arts",
        district="110108",
        account_no=card_number("622202020000000002"),
    )
    store = _store(
        school, "中关村校区", "北京市海淀区中关村街道中关村南路3号", today + timedelta(days=3 * 365), at, owner.actor
    )
    _file(
        school,
        products.Draft(
            name="儿童素描20课时",
            kind=Plan.SESSIONS,
            price_fen=300_000,
            sessions=20,
            list_price_fen=20_000,
            days=88,
            store_ids=[store],
            service="儿童素描小班课20课时，每课时45分钟，每班不超过8人。",
        ),
        at,
        owner.actor,
        officer,
    )
    _file(
        school,
        products.Draft(
            name="儿童水彩课程16课时",
            kind=Plan.COURSE,
            price_fen=240_000,
            sessions=16,
            list_price_fen=18_000,
            days=85,
            store_ids=[store],
            service="儿童水彩小班课16课时，每课时60分钟，每班不超过8人，按班级和日期逐课核销。",
        ),
        at,
        owner.actor,
        officer,
    )
    boss = merchant_queries.workplace(owner, school.pk)
    cards.open_class(staff=boss, name="周三水彩班", store_id=store, at=at, actor=owner.actor)


def _salon(people_of: dict[Login, User], today: date, at: datetime) -> None:
    owner = people_of[SALON]
    salon = _merchant(
        owner,
        at,
        name="春风里美发店",
        stem="92110101MA01C0003",
        sector="beauty",
        district="110101",
        account_no=card_number("622202020000000003"),
    )
    store = _store(
        salon, "东四店", "北京市东城区东四街道东四北大街107号", today + timedelta(days=2 * 365), at, owner.actor
    )
    _file(
        salon,
        products.Draft(
            name="剪发储值卡 500送50",
            kind=Plan.STORED_VALUE,
            price_fen=50_000,
            bonus_fen=5_000,
            visit_price_fen=6_800,
            lowest_item_fen=3_800,
            days=365,
            store_ids=[store],
            service="按店内价目表使用剪发、洗吹、染烫等项目，单次精剪68元。",
        ),
        at,
        owner.actor,
    )
    _file(
        salon,
        products.Draft(
            name="美发八折卡",
            kind=Plan.DISCOUNT,
            price_fen=50_000,
            discount_bp=8_000,
            list_price_fen=6_800,
            days=365,
            store_ids=[store],
            service="按店内价目表八折使用剪发、洗吹、染烫等项目，单次精剪原价68元。",
        ),
        at,
        owner.actor,
    )
    _file(
        salon,
        products.Draft(
            name="单次精剪（先享后付）",
            kind=Plan.SESSIONS,
            price_fen=6_800,
            after_use=True,
            store_ids=[store],
            service="洗剪吹一次，先服务后付款。",
        ),
        at,
        owner.actor,
    )


def _coding(people_of: dict[Login, User], today: date, at: datetime) -> None:
    """Its filing waits for the regulator, so that the queue is not empty."""
    owner = people_of[CODING]
    school = _merchant(
        owner,
        at,
        name="未来码力科技培训有限公司",
        stem="91110105MA01D0004",
        sector="science",
        district="110105",
        account_no=card_number("622202020000000004"),
    )
    store = _store(
        school, "三里屯校区", "北京市朝阳区三里屯街道工体北路21号", today + timedelta(days=3 * 365), at, owner.actor
    )
    _file(
        school,
        products.Draft(
            name="少儿编程12课时",
            kind=Plan.SESSIONS,
            price_fen=240_000,
            sessions=12,
            list_price_fen=26_000,
            days=85,
            store_ids=[store],
            service="少儿图形化编程小班课12课时，每课时60分钟，每班不超过10人。",
        ),
        at,
        owner.actor,
    )
