"""Takes the pictures of ``docs/screenshots/`` at a freshly started demo city, in Chinese:

    python -m tests.browser.screenshots --url http://127.0.0.1:8000 [--into docs/screenshots]

A customer of the demo's gym buys, uses, asks for a refund and complains, and at ten main pages (and the one before the
payment) a picture is taken. The clock is moved by eight days, so the environment must be that of ``make run``.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE, ROOT, Person, launch

GYM = people.Gym(name="京城力健健身有限公司", product="私教课10次卡", service="一对一私人教练课10次")
NEW = people.Gym(product="周末团课10次卡", service="周末团课10次,每次50分钟,由持证教练带领,每班不超过15人。")
VOID = people.Gym(product="瑜伽10次卡", service="瑜伽小班课10次。本卡售出概不退换,最终解释权归本店所有。")
MAX_BYTES = 300_000


class Here:
    """The running system, its commands run as from this shell."""

    @staticmethod
    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a ``manage.py`` command."""
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True)


class Album:
    """The folder the pictures go into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, person: Person) -> None:
        """What the person has on the screen, from the top of the page."""
        person.page.evaluate("document.activeElement.matches('input') || scrollTo(0, 0)")
        path = self.folder / f"{name}.png"
        path.write_bytes(person.page.screenshot(animations="disabled"))
        assert path.stat().st_size < MAX_BYTES, f"{path} is larger than {MAX_BYTES} bytes"
        print(f"{path}  {path.stat().st_size // 1000} kB")


def play(browser: Browser, url: str, album: Album) -> None:
    """The main job, stopping for pictures."""
    consumer = Person(browser, url, device={**PHONE, "device_scale_factor": 2}, careful=False)
    owner, officer = (Person(browser, url, device=DESKTOP, careful=False) for _ in range(2))
    people.sign_in(consumer, people.CONSUMER)
    people.sign_in(owner, people.OWNER)
    people.sign_in(officer, people.OFFICER)

    consumer.open("/?q=健身")
    album.take("home", consumer)
    people.find_product(consumer, GYM)
    album.take("product", consumer)
    people.read_contract(consumer)
    album.take("buy", consumer)
    people.accept(consumer)
    people.pay(consumer)
    number = people.card_number(consumer)
    consumer.open(f"/wallet/{number}/code/")
    album.take("code", consumer)
    people.charge(owner, people.shown_code(consumer), sessions=1)
    album.take("counter", owner)
    people.charge(owner, people.code_made_offline(consumer, number), sessions=2)
    consumer.open("/wallet/")
    album.take("wallet", consumer)
    consumer.press("form[action$='/confirm/'] button")
    owner.open("/shop/")
    album.take("merchant-home", owner)
    people.draft_product(owner, NEW)
    people.submit_product(owner)
    people.draft_product(owner, VOID)
    album.take("product-check", owner)

    people.pass_days(Here(), 8)
    people.choose_reason(consumer, number)
    consumer.press(".actions button")
    consumer.press(".actions button")
    refund_page = consumer.at
    people.refuse_refund(owner)
    consumer.open(refund_page)
    people.complain(consumer)
    officer.open("/admin/")
    officer.reload_until(".queue tr", "投诉")
    album.take("regulator-queue", officer)
    people.take_in_charge(officer, GYM)
    album.take("case-file", officer)
    consumer.open(refund_page)
    album.take("refund", consumer)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "screenshots")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        play(browser, options.url, Album(options.into))
        browser.close()


if __name__ == "__main__":
    main()
