"""Before the complaint: from the first warning to the last refund, in a real browser, every page of it looked at closely. A shop changes
hands, its holders stand before a shut door, the street finds it shut, and everybody has the rest back without asking."""

import pytest

from tests.browser import complaining, people, warning
from tests.browser.person import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECOND = "+8613800000031"  # the platform's operator: the second person who looks


def test_from_the_first_warning_to_the_last_refund(city, person):
    gym = people.Gym()
    owner = person("owner", device=DESKTOP)
    officer = person("officer", device=DESKTOP)
    second = person("second", device=DESKTOP)
    one, other = person("one", device=PHONE), person("other", device=PHONE)
    with owner.in_passing(), officer.in_passing(), second.in_passing(), one.in_passing(), other.in_passing():
        people.sign_up(owner, "店主", prefix="137")
        people.register_company(owner, gym)
        people.add_store(owner, gym)
        people.draft_product(owner, gym)
        people.submit_product(owner)
        people.sign_in(officer, people.OFFICER)
        people.sign_in(second, SECOND)
        people.approve_filing(officer, gym)
        cards = []
        for holder in (one, other):
            people.sign_up(holder, "顾客")
            people.find_product(holder, gym)
            people.read_contract(holder)
            people.accept(holder)
            people.pay(holder)
            cards.append(people.card_number(holder))
        one.open(f"/wallet/{cards[0]}/code/")
        people.charge(owner, people.shown_code(one), sessions=1)
        warning.change_hands(owner, "赵新主")
        people.pass_days(city, 2)

    # The night weighs it: nothing is released early, and somebody is to be sent.
    warning.night(city)
    warning.open_measure(officer, gym.name, "街道现场核查")
    officer.sees("建议中", "法定代表人", within="#content")
    owner.open("/shop/supervision/")
    owner.reload_until("main tr", "关注")
    owner.press("main tr a")
    owner.sees("法定代表人")
    assert "核查" not in owner.text("main"), "who is announced finds what he is shown"

    # Its holders find the door shut, and say so.
    warning.say_shut(one, cards[0], "门锁着，没人接电话")
    today = complaining.today_of(one).isoformat()

    # The street is sent, and finds it shut; nothing goes back before a second person has looked.
    warning.order_inspection(officer, today)
    assert complaining.fetched(officer, "#content a[href$='/paper/']").startswith(b"%PDF-")
    warning.found_shut(officer, today)
    closing = officer.at
    one.open(f"/wallet/{cards[0]}/")
    one.sees("9 / 10", "¥1,800.00")
    second.open(closing)
    warning.confirm_closed(second)

    # Everybody has the rest back: who used it once and who never did, without asking.
    for holder, card, sum_ in ((one, cards[0], "¥1,800.00"), (other, cards[1], "¥2,000.00")):
        holder.open(f"/wallet/{card}/statement/")
        holder.reload_until("main", "¥0.00")
        holder.sees(sum_)
    officer.open(closing)
    officer.reload_until("#content .field-refunded_at .readonly", "20")
    with owner.in_passing():
        city.proves()
