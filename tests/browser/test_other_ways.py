"""The same pages for other people: without scripts, with a dark screen, with large type, with the keyboard alone."""

import pytest

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GYM = people.Gym(name="京城力健健身有限公司", product="私教课10次卡", service="一对一私人教练课10次")


def buyer(person, **how) -> tuple[Person, str]:
    """A consumer who has bought ten sessions; the card's number."""
    consumer = person("consumer", device=PHONE, **how)
    people.sign_up(consumer, "顾客")
    people.find_product(consumer, GYM)
    people.read_contract(consumer)
    people.accept(consumer)
    people.pay(consumer)
    return consumer, people.card_number(consumer)


def test_a_phone_without_scripts(person):
    consumer, number = buyer(person, java_script_enabled=False)
    consumer.open("/wallet/")
    consumer.sees("¥2,000.00", GYM.name)
    consumer.open(f"/wallet/{number}/code/")
    assert len(people.shown_code(consumer)) == 14
    assert consumer.page.locator("#code-qr svg").is_visible()
    people.choose_reason(consumer, number)
    consumer.press(".actions button")
    consumer.sees("¥2,000.00")
    consumer.press(".actions button")
    consumer.sees("¥2,000.00")  # within the cooling-off period: all of it, at once
    refund_page = consumer.at
    consumer.reload_until(".steps:not(:has(.current, .todo))")
    assert consumer.at == refund_page
    consumer.open(f"/wallet/{number}/statement/")
    consumer.sees("¥2,000.00", "¥0.00")


def test_a_charge_is_seen_as_it_comes_and_undone_without_leaving_the_counter(person):
    consumer, number = buyer(person)
    cashier = person("cashier", device=DESKTOP)
    people.sign_in(cashier, people.CASHIER)
    consumer.open(f"/wallet/{number}/code/")
    people.charge(cashier, people.shown_code(consumer), sessions=1)
    consumer.page.bring_to_front()
    consumer.page.locator(".live .notice-ok a[href*='/charges/']").wait_for()
    consumer.look()

    cashier.page.evaluate("window.stays = true")
    cashier.page.locator("#charges form[data-api] button").first.click()
    cashier.page.locator("#confirmation button[value=yes]").click()
    cashier.page.locator("#charges tbody tr:first-child .badge-plain").wait_for()
    assert cashier.page.evaluate("window.stays"), "the API answered, the page is the same"
    assert cashier.focused == "code"
    cashier.look()
    consumer.page.bring_to_front()
    consumer.page.locator(".live .notice:not(.notice-ok)").wait_for()
    consumer.look()

    # Without a network the counter keeps the charge, at the shop's risk, and sends it by itself when the network is back.
    code = people.next_code(consumer)
    cashier.page.bring_to_front()
    cashier.context.set_offline(True)
    cashier.page.locator("#id_code").fill(code)
    cashier.page.keyboard.press("Enter")
    cashier.page.locator("#later").click()
    cashier.page.locator("#stored li").wait_for()
    cashier.troubles = [said for said in cashier.troubles if "ERR_INTERNET_DISCONNECTED" not in said]
    cashier.look()
    cashier.context.set_offline(False)
    cashier.page.locator("#stored").wait_for(state="hidden")
    cashier.page.locator("#charges tbody tr:first-child .badge-warn").wait_for()
    cashier.look()


def test_a_merchant_on_a_phone(person):
    """No page is wider than the screen: tables scroll in themselves."""
    owner = person("owner", device=PHONE)
    people.sign_in(owner, people.OWNER)
    for page in ("/shop/", "/shop/products/", "/shop/stores/", "/shop/staff/", "/shop/existing/", "/shop/money/next/"):
        owner.open(page)


def look_around(consumer: Person, number: str) -> None:
    """The consumer's main pages."""
    people.find_product(consumer, GYM)
    people.read_contract(consumer)
    for path in (
        "/wallet/",
        f"/wallet/{number}/",
        f"/wallet/{number}/code/",
        f"/wallet/{number}/refund/",
        f"/wallet/{number}/lost/",
        f"/wallet/{number}/people/",
        f"/wallet/{number}/print/",
        "/notices/",
    ):
        consumer.open(path)


def test_dark_and_large(person):
    consumer, number = buyer(person)
    consumer.page.emulate_media(color_scheme="dark")
    look_around(consumer, number)
    consumer.press(".topbar form button[name=care]")
    assert consumer.page.locator("html.care").count()
    look_around(consumer, number)
    consumer.page.emulate_media(color_scheme="light")
    look_around(consumer, number)


OUTLINE = """() => { const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none" }"""


def test_the_counter_by_keyboard(person):
    cashier = person("cashier", device=DESKTOP)
    people.sign_in(cashier, people.CASHIER)
    cashier.open("/shop/counter/")
    assert cashier.focused == "code", "the counter waits for a code"
    met = []
    while True:
        assert cashier.page.evaluate(OUTLINE), f"the focus cannot be seen on {cashier.focused!r} after {met}"
        met.append(cashier.focused)
        if cashier.page.evaluate("document.activeElement.matches('#counter button')"):
            break
        assert len(met) < 12, met
        cashier.page.keyboard.press("Tab")
    assert met[:2] == ["code", "units"], met

    # A refusal says what is wrong, and the field is ready for the next code.
    cashier.page.locator("[name=code]").focus()
    cashier.page.keyboard.type("1234")
    cashier.page.keyboard.press("Enter")
    cashier.page.locator(".verdict-bad").wait_for()
    assert cashier.focused == "code"
    cashier.troubles = [said for said in cashier.troubles if "status of 400" not in said]  # the refusal itself
    cashier.look()
