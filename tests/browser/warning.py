"""What is done before anybody complains, page by page; fields and links are found as in ``people.py``."""

from tests.browser import people
from tests.browser.person import Person

#: The night's work, rung over the real broker and done by the real worker.
NIGHT = "from complaints.warnings.tasks import assess; assess.delay()"


def night(city: people.Manageable) -> None:
    """The day that is over is weighed, and the rules of measures are followed."""
    rung = city.manage("shell", "--no-imports", "--command", NIGHT)
    assert rung.returncode == 0, rung.stderr


def change_hands(owner: Person, representative: str) -> None:
    """Report another legal representative; what that causes is shown before."""
    owner.open("/shop/handover/")
    owner.fill(representative=representative, because="股权转让")
    owner.press("main form.form button.btn-primary")
    owner.press("button[name=report]")


def say_shut(consumer: Person, card: str, words: str) -> None:
    """From the page of the card."""
    consumer.open(f"/wallet/{card}/")
    consumer.press("main a[href$='/shut/']")
    consumer.fill(words=words)
    consumer.press(".actions button")
    assert consumer.page.locator("main .notice-ok").count()


def open_measure(officer: Person, merchant: str, words: str) -> None:
    """From the work queue, the one of that kind."""
    officer.open("/admin/")
    officer.reload_until(f".queue tr:has-text('{words}')", merchant, seconds=120)
    officer.press(f".queue tr:has-text('{merchant}'):has-text('{words}') a")
    officer.sees(merchant, words, within="#content")


def order_inspection(officer: Person, day: str) -> None:
    """Of the store, by that day; its paper is there at once."""
    officer.press("#content a[href$='/order/']")
    store = officer.page.locator("[name=store] option").nth(1).get_attribute("value") or ""
    officer.fill(because="疑似关门，请现场核查。", due_on=day, store=store)
    officer.press("#content form input[type=submit]")
    assert officer.page.locator("#content a[href$='/paper/']").count()


def found_shut(officer: Person, day: str) -> None:
    """What the street saw; the way to the closing that follows is on the page."""
    officer.press("#content a[href$='/result/']")
    officer.fill(result="closed", since=day, findings="卷帘门已拉下，房东说已退租。")
    officer.press("#content form input[type=submit]")
    officer.press("#content .field-closing a")


def confirm_closed(second: Person) -> None:
    """The page of the closing is open: a second person confirms it."""
    second.press("#content a[href$='/confirm/']")
    second.press("#content form input[type=submit]")
