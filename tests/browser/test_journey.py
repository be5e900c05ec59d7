"""The main job in a real browser, every page of it looked at closely (``Person.look``): the consumer at a phone, merchant
and regulator at a desk, in Chinese and in English."""

import pytest

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE
from tests.soak import one_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BESIDE_A_CARD = ("people/", "print/", "rolls/", "lost/", "proof/", "transfer/", "shut/")
BESIDE_A_CONSUMER = ("/accounts/me/", "/accounts/email/", "/accounts/my-data/", "/accounts/close/", "/complaints/")
BESIDE_A_SHOP = (
    "/shop/counter/sell/",
    "/shop/counter/sms/",
    "/shop/counter/pin/",
    "/shop/counter/switch/",
    "/shop/shifts/",
    "/shop/expiring/",
    "/shop/existing/",
    "/shop/charges/",
    "/shop/contracts/",
    "/shop/pauses/",
    "/shop/closings/",
    "/shop/staff/",
    "/shop/money/",
    "/shop/money/next/",
    "/shop/money/forecast/",
    "/shop/money/statements/",
    "/shop/handover/",
    "/shop/supervision/",
)


@pytest.mark.parametrize("language", one_of("zh-hans", "en"))
def test_from_the_first_filing_to_the_last_payout(city, person, language):
    gym = people.Gym()
    reads = {"language": language, "typed": (gym.name, gym.store, "顾*", people.ADDRESS, people.EXAMPLE_ADDRESS)}
    owner = person("owner", device=DESKTOP, **reads)
    officer = person("officer", device=DESKTOP, **reads)
    consumer = person("consumer", device=PHONE, **reads)

    # The merchant registers and files a product.
    people.sign_up(owner, "店主", prefix="137")
    people.register_company(owner, gym)
    people.add_store(owner, gym)
    people.draft_product(owner, gym)
    owner.sees("¥1,600.00", "¥1,400.00")  # what customers would get back after two sessions
    people.submit_product(owner)

    # The regulator approves it.
    people.sign_in(officer, people.OFFICER)
    people.approve_filing(officer, gym)

    # The consumer finds it, reads the contract, pays into custody.
    people.sign_up(consumer, "顾客")
    people.find_product(consumer, gym)
    consumer.sees("¥1,600.00", "¥1,400.00")
    people.read_contract(consumer)
    people.accept(consumer)
    people.pay(consumer)
    number = people.card_number(consumer)
    consumer.sees("10 / 10", "¥2,000.00")
    consumer.open("/wallet/")
    consumer.sees(gym.name, gym.product, "¥2,000.00")

    # One session is final at once.
    consumer.open(f"/wallet/{number}/code/")
    people.charge(owner, people.shown_code(consumer), sessions=1)
    assert owner.page.locator(".verdict-ok").is_visible()
    consumer.open(f"/wallet/{number}/")
    consumer.sees("9 / 10", "¥1,800.00")

    # Two sessions, by a code that the phone made without network, wait for the holder.
    people.charge(owner, people.code_made_offline(consumer, number), sessions=2)
    assert owner.page.locator(".verdict-wait").is_visible()
    consumer.open("/wallet/")
    consumer.sees("¥400.00")
    consumer.press("form[action$='/confirm/'] button")
    consumer.open(f"/wallet/{number}/")
    consumer.sees("7 / 10", "¥1,400.00")
    consumer.press("main a[href$='/statement/']")
    consumer.sees("¥2,000.00", "¥1,800.00", "¥1,400.00")
    owner.open("/shop/")
    owner.sees("¥600.00", "¥1,400.00")

    # What lies beside the main job, each page looked at as closely.
    for page in BESIDE_A_CARD:
        consumer.open(f"/wallet/{number}/{page}")
    for page in BESIDE_A_CONSUMER:
        consumer.open(page)
    for page in BESIDE_A_SHOP:
        owner.open(page)

    # The next working day the merchant is paid out what was used.
    people.payout_day(city, owner)
    owner.reload_until(".table tbody .badge-ok")
    owner.sees("¥600.00")
    owner.press(".table tbody a")
    owner.sees("¥600.00", "¥200.00", "¥400.00", f"{number[:4]} {number[4:]}")

    # After the cooling-off period the consumer asks for a refund and sees how it is calculated; the merchant refuses.
    people.pass_days(city, 8)
    people.choose_reason(consumer, number)
    consumer.sees("¥1,400.00", "¥1,100.00")
    consumer.press(".actions button")
    consumer.sees("¥1,400.00", people.COACH_LEFT)
    consumer.press(".actions button")
    consumer.sees("¥1,400.00")
    refund_page = consumer.at
    people.refuse_refund(owner)

    # The consumer complains; the regulator takes the case and decides.
    consumer.open(refund_page)
    people.complain(consumer)
    complaint_page = consumer.at
    people.take_in_charge(officer, gym)
    people.decide(officer, "1,300.00")

    # Everybody sees that it is paid back.
    consumer.open(complaint_page)
    consumer.reload_until(".badge-ok, .badge-plain")
    consumer.sees("¥1,300.00")
    consumer.open(refund_page)
    consumer.reload_until(".steps:not(:has(.current, .todo))")
    consumer.sees("¥1,300.00")
    consumer.open("/notices/")
    consumer.sees("¥1,300.00")
    consumer.open(f"/wallet/{number}/")
    consumer.press("main a[href$='/statement/']")
    consumer.sees("¥1,300.00", "¥0.00")

    # The rest is the merchant's, and paid out like everything earned.
    people.payout_day(city, owner)
    owner.reload_until(".table tbody tr:has(.badge-ok)", "¥100.00")
    owner.sees("¥600.00", "¥100.00")
    city.proves()
