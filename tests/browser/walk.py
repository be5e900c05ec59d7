"""Two first visits, with a picture at every step, for ``docs/walk/``: a new consumer on a phone and a new merchant at a desk.

    python -m tests.browser.walk --url http://127.0.0.1:8000 [--into docs/walk]

At a freshly started demo city, in Chinese; nobody here has an account when they begin.
"""

import argparse
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE, ROOT, Person, launch
from tests.browser.screenshots import GYM, Album

MINE = people.Gym(name="燕京晨跑健身有限公司", product="晨跑私教10次卡", store="光华路店")


class Walk:
    """One person's steps, numbered as they are taken."""

    def __init__(self, album: Album, person: Person, name: str) -> None:
        self.album, self.person, self.name, self.steps = album, person, name, 0

    def step(self, what: str) -> None:
        """A picture of where the person stands."""
        self.steps += 1
        self.album.take(f"{self.name}-{self.steps:02d}-{what}", self.person)


def consumer_walk(browser: Browser, url: str, album: Album) -> None:
    """From hearing of it to the money back."""
    consumer = Person(browser, url, device=PHONE, careful=False)
    cashier = Person(browser, url, device=DESKTOP, careful=False)
    people.sign_in(cashier, people.CASHIER)
    walk = Walk(album, consumer, "consumer")
    consumer.open("/")
    walk.step("home")
    people.find_product(consumer, GYM)
    walk.step("product")
    consumer.press(".actions a[href*='/buy/']")
    walk.step("sign-in")
    consumer.open("/accounts/signup/")
    walk.step("sign-up")
    people.sign_up(consumer, "顾新")
    people.find_product(consumer, GYM)
    people.read_contract(consumer)
    walk.step("contract")
    people.accept(consumer)
    walk.step("cashier")
    people.pay(consumer)
    walk.step("card")
    number = people.card_number(consumer)
    consumer.open("/wallet/")
    walk.step("wallet")
    consumer.open(f"/wallet/{number}/code/")
    walk.step("code")
    people.charge(cashier, people.shown_code(consumer), sessions=1)
    consumer.page.bring_to_front()
    consumer.page.locator(".live .notice-ok").wait_for()
    walk.step("charged")
    consumer.open(f"/wallet/{number}/statement/")
    walk.step("statement")
    consumer.open(f"/wallet/{number}/proof/")
    walk.step("proof")
    people.choose_reason(consumer, number)
    walk.step("refund")
    consumer.press(".actions button")
    walk.step("refund-sum")
    consumer.press(".actions button")
    consumer.reload_until(".steps:not(:has(.current, .todo))")
    walk.step("refunded")
    consumer.open("/notices/")
    walk.step("notices")
    consumer.open("/accounts/my-data/")
    walk.step("my-data")


def merchant_walk(browser: Browser, url: str, album: Album) -> None:
    """From the forecast to the first charge and the door poster."""
    owner = Person(browser, url, device=DESKTOP, careful=False)
    official = Person(browser, url, device=DESKTOP, careful=False)
    walk = Walk(album, owner, "merchant")
    owner.open("/what-joining-gives/")
    walk.step("forecast")
    people.sign_up(owner, "店主")
    owner.open("/shop/")
    walk.step("begin")
    owner.open("/shop/register/")
    walk.step("register")
    people.register_company(owner, MINE)
    walk.step("checklist")
    people.add_store(owner, MINE)
    walk.step("store")
    owner.open("/shop/products/new/")
    walk.step("kinds")
    people.draft_product(owner, MINE)
    walk.step("check")
    people.submit_product(owner)
    walk.step("filed")
    people.sign_in(official, people.OFFICER)
    people.approve_filing(official, MINE)
    owner.open("/shop/products/")
    walk.step("on-sale")
    owner.open("/shop/counter/")
    walk.step("counter")
    owner.open("/shop/money/")
    walk.step("money")
    owner.open("/shop/")
    walk.step("today")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "walk")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        album = Album(options.into)
        consumer_walk(browser, options.url, album)
        merchant_walk(browser, options.url, album)
        browser.close()


if __name__ == "__main__":
    main()
