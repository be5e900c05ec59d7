"""A complaint from end to end in a real browser, every page of it looked at closely: from the consumer's phone to the bank, and about a
merchant that never joined, which nobody here can make pay out of custody."""

import secrets
from datetime import timedelta

import pytest

from tests.browser import complaining, people
from tests.browser.person import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GYM = people.Gym(name="京城力健健身有限公司", product="私教课10次卡", service="一对一私人教练课10次")
COORDINATOR = "+8613800000025"  # the city's 市场监管
TOLD = "教练离职后课程一再取消,商户不同意退费。"
AGREED = "1,700.00"


def test_from_the_phone_to_the_bank(city, person):
    consumer = person("consumer", device=PHONE)
    owner = person("owner", device=DESKTOP)
    officer = person("officer", device=DESKTOP)
    with consumer.in_passing(), owner.in_passing(), officer.in_passing():
        people.sign_in(owner, people.OWNER)
        people.sign_in(officer, people.OFFICER)
        phone = people.sign_up(consumer, "顾新")

        # A card, used once; after the cooling-off period the merchant refuses the refund.
        people.find_product(consumer, GYM)
        people.read_contract(consumer)
        people.accept(consumer)
        people.pay(consumer)
        card = people.card_number(consumer)
        consumer.open(f"/wallet/{card}/code/")
        people.charge(owner, people.shown_code(consumer), sessions=1)
        people.pass_days(city, 8)
        people.choose_reason(consumer, card)
        consumer.press(".actions button")
        consumer.press(".actions button")
        refund_page = consumer.at
        complaining.refuse_refund(owner, card)

    # The complaint, from the card, with a photo; the acceptance comes by itself.
    consumer.open(refund_page)
    consumer.press(".actions a[href*='/complaints/']")
    consumer.sees(GYM.name, "¥1,800.00")
    consumer.fill(text=TOLD, wanted="refund")
    consumer.press(".actions button")
    number = complaining.number_of(consumer)
    complaining.attach_photo(consumer)
    consumer.reload_until("main", "朝阳区体育局")

    # The officer of the district: the queue, in charge, the notice of acceptance, a call in two clicks.
    complaining.open_from_queue(officer, number)
    officer.sees(TOLD, GYM.name, "¥1,800.00", within="#content")
    complaining.sees_photo(officer)
    complaining.take(officer)
    complaining.call(officer, "consumer", "reached")
    complaining.issue(officer, "acceptance")
    consumer.open(f"/complaints/{number}/papers/")
    assert complaining.fetched(consumer, ".papers a").startswith(b"%PDF-")

    # The merchant reads and answers.
    owner.open("/shop/cases/")
    owner.press(f"main a[href*='{number}']")
    owner.sees(TOLD, "¥1,800.00")
    owner.fill(text="教练已更换,可以协商退还一部分。")
    owner.press("form:has([name=text]) button")

    # A mediation; both sides confirm the same record, only then is it an agreement that carries the refund.
    complaining.record_mediation(officer, number, AGREED)
    complaining.confirm_record(consumer, f"/complaints/{number}/", AGREED)
    complaining.confirm_record(owner, f"/shop/cases/{number}/", AGREED)
    consumer.open(f"/complaints/{number}/papers/")
    assert consumer.page.locator(".papers li").count() == 2, "acceptance and agreement"

    # Decided: the money is on its way, and the case is open for as long as the bank has not said that it paid.
    complaining.bank_takes(city, 8)
    try:
        complaining.decide(officer, number, amount=AGREED, basis="mediation", reasons="双方自愿达成调解协议。")
        file = officer.at
        officer.sees("退款中", within=".case-head")
        consumer.open(f"/complaints/{number}/")
        consumer.sees("退款中", f"¥{AGREED}")
        consumer.reload_until(".badge", "已办结")
    finally:
        complaining.bank_takes(city, None)
    officer.open(file)
    officer.sees("已办结", within=".case-head")
    owner.open(f"/shop/cases/{number}/")
    owner.sees("已办结", f"¥{AGREED}")
    consumer.page.locator("details:has(.timeline) summary").tap()
    for side in (consumer, owner, officer):  # each timeline: decided, then paid
        said = side.text(".timeline")
        assert 0 < said.index("决定从存管资金中退款") < said.index("银行已确认退款"), said
    consumer.look()

    # Asked back by a signed link, without an account; the answer stands, and the authority reads it.
    somebody = person("somebody", device=PHONE)
    somebody.open(complaining.link_of_sms(somebody, phone))
    somebody.sees(number, GYM.name)
    complaining.answer_callback(somebody)
    officer.open(file)
    officer.sees("满意", within="#content")

    # The money, to the fen.
    consumer.open(refund_page)
    consumer.sees(f"¥{AGREED}")
    consumer.open(f"/wallet/{card}/statement/")
    consumer.sees(f"¥{AGREED}", "¥0.00")


def test_about_a_merchant_that_never_joined(person):
    merchant = f"青禾{secrets.randbelow(10**6):06d}工作室"
    consumer = person(
        "consumer",
        device=PHONE,
        language="en",
        typed=(merchant, people.EXAMPLE_ADDRESS, "孙*", "商户同意退还。", "商户书面同意。"),
    )
    coordinator = person("coordinator", device=DESKTOP)
    officer = person("officer", device=DESKTOP)
    with consumer.in_passing(), coordinator.in_passing(), officer.in_passing():
        people.sign_up(consumer, "Wu Li")  # with a space: nothing that encrypted text says by chance
        people.sign_in(coordinator, COORDINATOR)
        people.sign_in(officer, people.OFFICER)

    # From the first page; the merchant is nowhere here, and neither place nor sector can be told.
    consumer.open("/")
    consumer.press("a[href^='/complaints/elsewhere/']")
    consumer.fill(merchant_name=merchant, paid="3600", left="2400", text="门店已关门,没有人接电话。", wanted="refund")
    consumer.press(".actions button")
    number = complaining.number_of(consumer)
    consumer.sees(merchant, "¥2,400.00")

    # The city's coordinator says whose it is.
    complaining.open_from_queue(coordinator, number)
    coordinator.fill(district="110105", sector="fitness")
    coordinator.press("form[action$='/sector/'] button")

    # The district's officer hears the merchant, and decides what it owes, and by when.
    complaining.open_from_queue(officer, number)
    complaining.take(officer)
    complaining.call(officer, "merchant", "reached")
    officer.page.locator("#record").scroll_into_view_if_needed()
    officer.fill(**{"record-side": "merchant", "record-text": "商户同意退还。", "record-offer": "2400"})
    officer.press("#record button")
    complaining.decide(
        officer,
        number,
        amount="2,400.00",
        pay_by=(complaining.today_of(consumer) + timedelta(days=10)).isoformat(),
        basis="consent",
        reasons="商户书面同意。",
    )

    # The consumer has the money and says so: that ends it.
    consumer.open(f"/complaints/{number}/")
    consumer.sees("¥2,400.00")
    consumer.press("a[href$='/repaid/']")
    consumer.press(".actions button")
    consumer.sees("closed", within=".badge")

    # And is asked how it was, in the app as well.
    consumer.reload_until("main a[href^='/callbacks/']")
    consumer.press("main a[href^='/callbacks/']")
    complaining.answer_callback(consumer)
