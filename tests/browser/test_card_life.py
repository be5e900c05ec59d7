"""What happens to a card after it was bought, in a real browser: family, loss, paper, pauses, top-ups, another holder; lessons; and what a
shop does besides: sales prepared at the till, cards from before it joined, a certificate for its bank.

In Chinese the consumers hold phones and the shop sits at a desk; in English it is the other way round.
"""

import re
import secrets

import pytest
from playwright.sync_api import expect
from stdnum import luhn

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE, Person
from tests.soak import one_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GYM = people.Gym(name="京城力健健身有限公司", product="私教课10次卡", service="一对一私人教练课10次")
YEAR = people.Gym(
    name=GYM.name, product="健身年卡", price="¥3,650.00", service="一年内不限次使用两家门店的器械区和团课。"
)
STORED = people.Gym(
    name=GYM.name,
    product="健身储值卡 1000送200",
    price="¥1,000.00",
    service="储值后按门店公示价使用团课、游泳、淋浴等项目，单次到店健身80元。",
)
COURSE = people.Gym(
    name="小树苗美术培训学校有限公司",
    product="儿童水彩课程16课时",
    price="¥2,400.00",
    service="儿童水彩小班课16课时，每课时60分钟，每班不超过8人，按班级和日期逐课核销。",
)
SCHOOL = "+8613800000013"
CHINESE, ENGLISH = ("zh-hans", PHONE, DESKTOP), ("en", DESKTOP, PHONE)
IN_CHINESE = pytest.mark.parametrize(("language", "hand", "desk"), one_of(CHINESE, ENGLISH))
IN_ENGLISH = pytest.mark.parametrize(("language", "hand", "desk"), one_of(ENGLISH, CHINESE))


def buy(consumer: Person, gym: people.Gym) -> str:
    """The card's number."""
    people.find_product(consumer, gym)
    people.read_contract(consumer)
    people.accept(consumer)
    people.pay(consumer, gym.price)
    return people.card_number(consumer)


def invite(holder: Person, number: str, role: str, phone: str) -> None:
    """Somebody onto the card, by number."""
    holder.open(f"/wallet/{number}/people/")
    form = holder.page.locator(f"form:has(button[name={role}])")
    form.locator("[name$=phone]").fill(phone)
    holder.press(f"form:has(button[name={role}]) button")
    holder.sees(phone[-4:])


def accept_invitation(invited: Person) -> None:
    """From the wallet, where it stands."""
    invited.open("/wallet/")
    invited.press("main a[href*='/invitations/']")
    invited.press(".actions button[name=accept]")


@IN_CHINESE
def test_family_loss_paper_and_another_holder(city, person, language, hand, desk):
    reads = {
        "language": language,
        "typed": (GYM.name, GYM.product, "建外店", "望京店", "小满", "中文", "何**", "何*"),
    }
    holder = person("holder", device=hand, **reads)
    guardian = person("guardian", device=hand, **reads)
    relative = person("relative", device=hand, **reads)
    taker = person("taker", device=hand, **reads)
    cashier = person("cashier", device=desk, **reads)
    people.sign_in(cashier, people.CASHIER)
    phone = people.sign_up(holder, "何晓云")
    guardians = people.sign_up(guardian, "何建国")
    relatives = people.sign_up(relative, "何晓梅")
    takers = people.sign_up(taker, "何文静")
    number = buy(holder, GYM)

    # A child, a second guardian who shows the code and says yes to a charge, a relative who looks on and leaves.
    holder.open(f"/wallet/{number}/people/")
    holder.page.locator("form:has(button[name=child]) [name$=name]").fill("小满")
    holder.press("button[name=child]")
    holder.sees("小满")
    invite(holder, number, "guardian", guardians)
    invite(holder, number, "relative", relatives)
    accept_invitation(guardian)
    guardian.open(f"/wallet/{number}/code/")
    people.charge(cashier, people.shown_code(guardian), sessions=2)
    accept_invitation(relative)
    relative.open(f"/wallet/{number}/")
    assert not relative.page.locator("a[href$='/code/'], a[href$='/refund/']").count()
    guardian.open("/wallet/")
    guardian.press("form[action$='/confirm/'] button")
    holder.open(f"/wallet/{number}/")
    holder.sees("8 / 10")
    relative.open(f"/wallet/{number}/leave/")
    relative.press(".actions button")
    relative.open("/wallet/")
    assert number not in relative.page.content()

    # Lost: blocked at once; a new number, with everything on it.
    holder.open(f"/wallet/{number}/lost/")
    holder.press("button[name=report]")
    holder.press("button[name=reissue]")
    number, old = people.card_number(holder), number
    assert number != old
    holder.open(f"/wallet/{number}/")
    holder.sees("8 / 10")

    # On paper: the cashier types the number, the holder reads out the code of the SMS.
    holder.open(f"/wallet/{number}/print/")
    cashier.open("/shop/counter/sms/")
    cashier.fill(number=number)
    cashier.press("main form.form button")
    people.enter_code(cashier, phone, button="main form.form button")
    cashier.open("/shop/counter/")
    cashier.press("#charges a[href$='/receipt/']")
    cashier.sees(GYM.product)

    # After the cooling-off period, to another person, who reads the contract and names an account; then it is theirs alone.
    people.pass_days(city, 8)
    holder.open(f"/wallet/{number}/transfer/")
    holder.fill(phone=takers)
    holder.press(".actions button")
    holder.press(".actions button")
    taker.open("/wallet/")
    taker.press("main a[href*='/transfers/']")
    taker.sees("¥1,400.00")
    taker.press("main a[href*='/contract/']")
    taker.page.go_back()
    account = f"6222{secrets.randbelow(10**12):012d}11"
    taker.fill(account_name="何文静", account_no=account + luhn.calc_check_digit(account), contract_accepted="")
    taker.press(".actions button.weui-btn_primary")
    taker.open("/wallet/")
    taker.press("main a[href^='/wallet/']")
    taker.sees("7 / 10", "¥1,400.00")
    holder.open("/wallet/")
    holder.press("main a[href*='/given/']")
    holder.sees("¥1,400.00")


@IN_ENGLISH
def test_lessons_by_roll_call(person, language, hand, desk):
    learner = {"zh-hans": "小雨", "en": "小雪"}[language]
    names = ("中关村校区", "周三水彩班", "小雨", "小雪", "何**", "何*")
    reads = {"language": language, "typed": (COURSE.name, COURSE.product, *names)}
    parent = person("parent", device=hand, **reads)
    school = person("school", device=desk, **reads)
    people.sign_in(school, SCHOOL)
    people.sign_up(parent, "何佳慧")
    number = buy(parent, COURSE)
    parent.open(f"/wallet/{number}/code/")
    school.open("/shop/classes/")
    school.press("main a[href*='/shop/classes/']", "周三水彩班")
    school.fill(code=people.shown_code(parent), name=learner)
    school.press("form[action*='/add/'] button")
    school.sees(learner)
    school.page.locator("#roll li", has_text=learner).locator("input[type=radio][value=present]").check()
    school.press("#roll button:not([type=button])")
    school.sees(learner)
    parent.open("/wallet/")
    parent.press("form[action$='/confirm/'] button")
    parent.open(f"/wallet/{number}/")
    parent.sees("15 / 16")
    parent.open(f"/wallet/{number}/rolls/")
    parent.press("form[action$='/leave/'] button")
    assert learner not in parent.text("main")


@IN_CHINESE
def test_the_till_pauses_top_ups_and_cards_from_before(person, language, hand, desk):
    earlier = ("旧游泳20次卡", "旧团课20次卡", "旧储值卡", "旧私教10次卡", "次卡", "储值卡")
    names = (*earlier, "李*", "李强", "建外店", "望京店", "外出学习", "城市银行", "何**", "何*", "刘*", "孙*")
    reads = {"language": language, "typed": (GYM.name, GYM.product, YEAR.product, STORED.product, *names)}
    owner = person("owner", device=desk, **reads)
    consumer = person("consumer", device=hand, **reads)
    people.sign_in(owner, people.OWNER)
    phone = people.sign_up(consumer, "何晓东")

    # Prepared at the till; read, accepted and paid on the customer's own phone.
    owner.open("/shop/counter/sell/")
    owner.press("main a[href*='/shop/counter/sell/']", YEAR.product)
    owner.fill(phone=phone)
    owner.press("main form.form button")
    with consumer.in_any_language():
        consumer.open(f"/notices/inbox/?phone={phone[-4:]}")
    link = re.search(r"/buy/\d+/\S*", consumer.text("#sent li"))
    assert link, consumer.text("#sent")
    consumer.open(link[0])
    people.accept(consumer)
    people.pay(consumer, YEAR.price)
    number = people.card_number(consumer)
    owner.open("/shop/counter/sell/")
    owner.sees(YEAR.product)

    # A pause, asked by the one and agreed to by the other.
    today = consumer.page.evaluate("document.documentElement.dataset.now.slice(0, 10)")
    consumer.open(f"/wallet/{number}/pause/")
    later = [
        consumer.page.evaluate(f"new Date(Date.parse('{today}') + {n} * 864e5).toISOString().slice(0, 10)")
        for n in (7, 16)
    ]
    consumer.fill(since=later[0], until=later[1], because="外出学习")
    consumer.press(".actions button")
    owner.open("/shop/pauses/")
    owner.press(f"tr:has-text('{number[:4]} {number[4:]}') button[name=agree]")
    consumer.open(f"/wallet/{number}/pause/")
    consumer.sees(*later)

    # A top-up of a stored-value card.
    stored = buy(consumer, STORED)
    consumer.open(f"/wallet/{stored}/top-up/")
    people.accept(consumer)
    people.pay(consumer, STORED.price)
    consumer.open(f"/wallet/{stored}/")
    consumer.sees("¥1,000.00", within="#top-ups ~ ul")

    # What the shop sold before it joined: looked at, imported, confirmed by its holder.
    line = f"{phone},何晓东,次卡,旧游泳20次卡,{int(today[:4]) - 1}{today[4:8]}01,1200,,20,12,\n"
    text = f"phone,name,kind,product,sold_on,paid,gift,total,left,expires_on\n{line}"
    with owner.in_any_language():  # columns go by their names in the file
        owner.open("/shop/existing/import/")
        owner.page.locator("main [type=file]").set_input_files(
            {"name": "cards.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        owner.press("form[enctype] button")
    owner.sees("旧游泳20次卡", "¥720.00")
    owner.press("form:has([name=looked_at]) button")
    owner.sees("旧游泳20次卡")
    consumer.open("/wallet/")
    consumer.press("main a[href*='/existing-cards/']")
    consumer.sees("旧游泳20次卡", "¥720.00")
    consumer.press(".actions button")

    # A certificate for the owner's bank, read by whoever has its address, and withdrawn.
    owner.open("/shop/certificates/")
    owner.fill(reader="城市银行", days="30", consents="")
    with owner.in_any_language():  # the address stands there
        owner.press("main form.form button")
        mine = owner.at
        address = owner.text("#address ~ p code")
    bank = person("bank", device=DESKTOP, **reads)
    bank.open(address)
    bank.sees(GYM.name)
    with owner.in_any_language():
        owner.open(mine)
        owner.press("form[action$='/withdraw/'] button")
    with bank.page.expect_navigation():
        bank.page.reload()
    expect(bank.page.locator("main")).not_to_contain_text("¥")


@IN_ENGLISH
def test_paid_in_cash_at_the_counter(person, language, hand, desk):
    names = ("李*", "李强", "何**", "何*", "附言", "中文")
    reads = {"language": language, "typed": (GYM.name, GYM.product, *names)}
    consumer, owner = person("consumer", device=hand, **reads), person("owner", device=desk, **reads)
    people.sign_in(owner, people.OWNER)
    people.sign_up(consumer, "何晓北")
    people.find_product(consumer, GYM)
    people.read_contract(consumer)
    consumer.page.check("[name=channel][value=deposit]")
    people.accept(consumer)
    number = people.card_number(consumer)
    consumer.sees("¥2,000.00", within="#cash ~ .notice")
    owner.open("/shop/counter/sell/")
    owner.press("main a[href$='/counter/cash/']")
    owner.press(f"tr:has-text('{number[:4]} {number[4:]}') button")
    owner.sees("¥2,000.00", within=".paper >> nth=0")
    consumer.open(f"/wallet/{number}/cash/end/")  # looked at, not done
    consumer.open(f"/wallet/{number}/")
    assert consumer.page.locator("form[action$='/pay/']").count() == 0
    owner.press("a[href*='/cashier/counter/']")  # at the bank
    owner.press("button.main")
    owner.sees("¥2,000.00")
    consumer.reload_until("a[href$='/code/']")
    consumer.sees("10 / 10")
    owner.open("/shop/counter/cash/")
    owner.sees(f"{number[:4]} {number[4:]}")
