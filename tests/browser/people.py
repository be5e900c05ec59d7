"""What people do on the platform, page by page: small functions in the order of the main job.

Fields are found by name, links by address: the same for every language. What is asserted here is what everybody must
see at that place; sums are asserted by the journey that knows them.
"""

import re
import secrets
import subprocess
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from playwright.sync_api import expect
from stdnum import luhn
from stdnum.cn import uscc

from tests.browser.person import Person

ADDRESS = "北京市朝阳区建外街道光华路8号"
EXAMPLE_ADDRESS = "朝阳区望京街道阜通东大街6号"  # in the hint beside the field
SUBDISTRICT = "110105001"
#: people of the demo city
CONSUMER, OWNER, CASHIER, OFFICER = "+8613800000001", "+8613800000011", "+8613800000012", "+8613800000021"
SERVICE = "一对一私人教练课十次,每次60分钟,由持证教练授课。"
COACH_LEFT = "教练离职,课程一再取消。"


class Manageable(Protocol):
    """A running system whose commands can be run."""

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a ``manage.py`` command beside it."""


@dataclass
class Gym:
    """A merchant of one's own, so that every run starts from nothing."""

    name: str = field(default_factory=lambda: f"晨光健身{secrets.randbelow(10**6):06d}")
    product: str = "私教十次卡"
    store: str = "光华路店"
    price: str = "¥2,000.00"
    service: str = SERVICE
    stem: str = field(
        default_factory=lambda: "91110105" + "".join(secrets.choice("0123456789ABCDEFGH") for _ in range(9))
    )


# Accounts


def enter_code(person: Person, phone: str, *, button: str = ".actions button") -> None:
    """Look the code up in the demo inbox, in a second tab, and type it in."""
    first, person.page = person.page, person.new_tab()
    with person.in_any_language():  # messages are in the language of whoever gets them
        person.open(f"/notices/inbox/?phone={phone[-4:]}")
    found = re.search(r"(?<!\d)\d{6}(?!\d)", person.text("#sent li"))
    assert found, person.text("#sent")
    person.page.close()
    person.page = first
    person.fill(code=found[0])
    person.press(button)


def enter_app_code(person: Person, phone: str) -> None:
    """The code of the authenticator app, which the demo inbox shows beside the newest SMS."""
    first, person.page = person.page, person.new_tab()
    person.open(f"/notices/inbox/?phone={phone[-4:]}")
    shown = person.page.locator("#sent .app-code").first
    shown.wait_for(timeout=60_000)  # a code is good once: the next one may be half a minute away
    code = shown.get_attribute("data-code") or ""
    person.page.close()
    person.page = first
    person.fill(code=code)
    person.press(".actions button")


def sign_up(person: Person, name: str, *, prefix: str = "139") -> str:
    """By phone and code. Returns the number."""
    phone = f"+86{prefix}{secrets.randbelow(10**8):08d}"
    person.open("/accounts/signup/")
    person.fill(phone=phone, name=name)
    person.press(".actions button")
    enter_code(person, phone)
    person.open("/accounts/me/")
    expect(person.page.locator("main [name=name]")).to_have_value(name)
    return phone


def sign_in(person: Person, phone: str) -> None:
    """By phone and code; whose number asked three times within a minute, in whatever test, waits like anybody."""
    for _minute in range(2):
        person.open("/accounts/login/")
        person.fill(login=phone)
        person.press(".actions button", look=False)
        if "/accounts/login/code/" in person.at:
            person.look()
            break
        person.troubles.clear()
        person.page.wait_for_timeout(61_000)
    with person.in_any_language():  # from here on the account's language holds: choose the person's own
        enter_code(person, phone)
        if "/second-factor/code/" in person.at:
            enter_app_code(person, phone)
        person.open("/accounts/me/")
        switch_language(person)


def switch_language(person: Person) -> None:
    """To the person's language, when the page speaks another."""
    if person.page_language != person.language:
        person.press(".topbar form button[name=language]")
    assert person.page_language == person.language


# Merchant


def register_company(owner: Person, gym: Gym) -> None:
    """Company, sector, district, payout account."""
    account_no = f"6222{secrets.randbelow(10**12):012d}11"  # not …0000: the sandbox bank returns what goes there
    owner.open("/shop/register/")
    owner.fill(
        name=gym.name,
        uscc=gym.stem + uscc.calc_check_digit(gym.stem),
        legal_representative="店主",
        sector="fitness",
        district="110105",
        account_no=account_no + luhn.calc_check_digit(account_no),
        account_name=gym.name,
    )
    owner.press("main form.form button")
    owner.open("/shop/")
    owner.sees(gym.name)


def add_store(owner: Person, gym: Gym) -> None:
    """The address is resolved, and shown for correction before it is saved."""
    owner.open("/shop/stores/new/")
    owner.fill(name=gym.store, address=ADDRESS, lease_ends_on="2032-12-31")
    owner.press("main form.form button")
    expect(owner.page.locator("main [name=subdistrict]")).to_have_value(SUBDISTRICT)
    owner.press("main form.form button")
    owner.sees(gym.store, ADDRESS)


def draft_product(owner: Person, gym: Gym, **other: str) -> None:
    """Ten sessions for 2,000 yuan, 300 yuan a visit without the card; ``other`` fields as they are."""
    owner.open("/shop/products/new/")
    owner.press("main a[href$='/sessions/']")
    owner.fill(
        name=gym.product, price_fen="2000.00", sessions="10", list_price_fen="300.00", days="365", service=gym.service
    )
    owner.fill(stores="", **other)
    owner.press("main form.form button")
    owner.sees(gym.product, "¥2,000.00")


def submit_product(owner: Person) -> None:
    """From the compliance report; the terms are frozen from here on."""
    assert not owner.page.locator("#check ~ .notice-bad").count()
    owner.press("main form[action$='/submit/'] button")
    owner.sees("¥2,000.00")


# Consumer


def find_product(consumer: Person, gym: Gym) -> None:
    """Search, the merchant's page, the product's page with its contract and the refund in advance."""
    consumer.open("/")
    consumer.fill(q=gym.name)
    consumer.press("form[role=search] button")
    consumer.press("main a[href*='/merchants/']", gym.name)
    consumer.sees(gym.name, gym.product, gym.price)
    consumer.press("main a[href*='/products/']", gym.product)
    consumer.sees(gym.price, gym.service)


def read_contract(consumer: Person) -> None:
    """The page before the payment."""
    consumer.press(".actions a[href*='/buy/']")
    consumer.sees("¥")


def accept(consumer: Person) -> None:
    """The contract and its risks, and on to the bank."""
    for box in consumer.page.locator("main input[type=checkbox]").all():
        box.check()
    consumer.press(".actions button")


def pay(consumer: Person, price: str = "¥2,000.00") -> None:
    """At the cashier of the bank, and back to the card."""
    assert "/cashier/" in consumer.at
    consumer.sees(price)
    consumer.press("form[method=post] button")
    consumer.reload_until(".weui-icon-success")
    consumer.sees(price)
    consumer.press(".actions a[href*='/wallet/']")


def card_number(consumer: Person) -> str:
    """Of the card whose page is open."""
    found = re.search(r"/wallet/(\d+)/", consumer.at)
    assert found, consumer.at
    return found[1]


def shown_code(consumer: Person) -> str:
    """The digits on the code page that is open; the very ones that its QR code holds."""
    return "".join(consumer.text("#code-text").split())


def next_code(consumer: Person) -> str:
    """The code that comes after the one on the open code page."""
    before = shown_code(consumer)
    for _ in range(400):
        if shown_code(consumer) != before:
            break
        consumer.page.wait_for_timeout(100)
    made = shown_code(consumer)
    assert made != before, "a new code every 30 seconds"
    return made


def code_made_offline(consumer: Person, number: str) -> str:
    """The next code, made by the page's script while the phone has no network: the very one the server would show."""
    consumer.open(f"/wallet/{number}/code/")
    assert consumer.page.locator("#code-qr svg").is_visible()
    consumer.context.set_offline(True)
    made = next_code(consumer)
    consumer.context.set_offline(False)
    rendered = consumer.context.request.get(consumer.at).text()  # no script runs here
    assert made in re.sub(r"<[^>]*>|\s", "", rendered), "the phone and the server make the same code"
    assert consumer.page.locator("#code-qr svg").is_visible()
    consumer.look()
    return made


# Counter


def charge(cashier: Person, code: str, sessions: int) -> None:
    """With the keyboard alone: the field is waiting, a scanner gun types the digits and presses Enter."""
    cashier.open("/shop/counter/")
    assert cashier.focused == "code", "the counter waits for a code"
    assert cashier.page.locator("#scan").is_visible() == cashier.page.evaluate("'BarcodeDetector' in window")
    cashier.page.keyboard.type(code)
    if sessions > 1:
        while cashier.focused != "units":
            cashier.page.keyboard.press("Tab")
        cashier.page.keyboard.type(str(sessions))
    cashier.page.keyboard.press("Enter")
    cashier.page.locator(".verdict").wait_for()
    cashier.look()


# Refund and complaint


def choose_reason(consumer: Person, number: str) -> None:
    """Each reason stands there with its sum."""
    consumer.open(f"/wallet/{number}/")
    consumer.press("main a[href$='/refund/']")
    consumer.fill(cause="operator", reason=COACH_LEFT)


def refuse_refund(owner: Person) -> None:
    """From the list of requests: a reason, then once more for certain."""
    owner.open("/shop/refunds/")
    owner.sees("¥1,400.00")
    owner.press("main a[href*='/shop/refunds/']")
    owner.sees("¥1,400.00", COACH_LEFT)
    owner.fill(**{"refuse-text": "课程正常,不同意退费。"})
    owner.press("main button[name=refuse]")
    owner.sees("¥1,400.00")
    owner.press("main form button.btn-danger")


def complain(consumer: Person) -> None:
    """From the refused request to the regulator."""
    consumer.press(".actions a[href*='/complaints/']")
    consumer.sees("¥1,400.00")
    consumer.fill(text="教练离职后课程一再取消,商户不同意退费。", wanted="refund")
    consumer.press(".actions button")


# Regulator


def approve_filing(officer: Person, gym: Gym) -> None:
    """From the work queue."""
    officer.open("/admin/")
    officer.press(f".queue tr:has-text('{gym.name}') a")
    officer.sees(gym.product, "¥2,000.00", within="#content")
    officer.press("form[action$='/approve/'] button")


def take_in_charge(officer: Person, gym: Gym) -> None:
    """The case from the work queue."""
    officer.open("/admin/")
    officer.reload_until(".queue tr", gym.name)
    find_by_keys(officer, gym)
    officer.sees("¥1,400.00", COACH_LEFT, gym.name, within="#content")
    officer.press("form[action$='/accept/'] button")


def find_by_keys(officer: Person, gym: Gym) -> None:
    """The same case in the list of complaints, without touching the mouse."""
    officer.open("/admin/cases/case/?stage=undecided")
    keys, page = officer.page.keyboard, officer.page
    keys.press("?")
    expect(page.locator("dialog#shortcuts")).to_be_visible()
    officer.look()
    keys.press("j")  # the dialog takes no keys but its own
    keys.press("Escape")
    expect(page.locator("dialog#shortcuts")).not_to_be_visible()
    keys.press("/")
    keys.type("jkx?")
    expect(page.locator("#searchbar")).to_have_value("jkx?")
    page.locator("#searchbar").evaluate("it => it.blur()")
    for _row in range(page.locator("#result_list tbody tr").count()):
        keys.press("j")
        if page.locator(f"#result_list tr:focus-within:has-text('{gym.name}')").count():
            break
    keys.press("x")
    expect(page.locator(f"#result_list tr.selected:has-text('{gym.name}') .action-select")).to_be_checked()
    officer.look()
    with page.expect_navigation():
        keys.press("o")
    keys.press("t")  # only brought into focus: one key alone does nothing to a case
    expect(page.locator("form[action$='/accept/'] button")).to_be_focused()
    officer.look()


def decide(officer: Person, amount: str) -> None:
    """Upheld on a judgment; the confirmation names sum and person."""
    officer.press("a[href$='/decide/']")
    officer.fill(result="upheld", amount=amount, basis="judgment", reasons="法院判决。")
    officer.press("form.form button.btn-primary")
    officer.sees(f"¥{amount}", "¥1,400.00", within="#content")
    officer.press("button[name=confirmed]")
    officer.sees(f"¥{amount}", within="#content")


# Time


def pass_days(city: Manageable, days: int) -> None:
    """Move the business clock on."""
    moved = city.manage("clock", f"+{days}d")
    assert moved.returncode == 0, moved.stderr


def payout_day(city: Manageable, owner: Person) -> None:
    """Move it to the day of the payout that the merchant's money page announces."""
    owner.open("/shop/money/")
    now = owner.page.locator("html").get_attribute("data-now") or ""
    due = re.search(r"\d{4}-\d\d-\d\d", owner.text("#next ~ .kv"))
    assert due, owner.text()
    pass_days(city, (date.fromisoformat(due[0]) - date.fromisoformat(now[:10])).days)
