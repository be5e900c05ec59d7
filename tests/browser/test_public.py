"""What everybody may see, without an account: search, a merchant that is not here, the refund calculator, a merchant's record, the
live status behind a shop's door poster."""

import pytest
from playwright.sync_api import expect

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GYM = people.Gym(name="京城力健健身有限公司", product="私教课10次卡")
MISSED = "玉兰健身工作室"
#: What people of the demo city typed, in Chinese in either language.
TYPED = (GYM.name, GYM.product, "健身储值卡 1000送200", "健身年卡", "健身按月付", MISSED)


def look_for_it(visitor: Person) -> None:
    """The search finds nothing and hands what was typed on to the invitation."""
    visitor.open("/")
    visitor.fill(q=MISSED, district="110105")
    visitor.press("form[role=search] button")
    visitor.press("main a[href*='/invite/']")
    expect(visitor.page.locator("main [name=name]")).to_have_value(MISSED)
    expect(visitor.page.locator("main [name=district]")).to_have_value("110105")


def look_at_the_refusal(visitor: Person) -> None:
    """As closely as at any page; that it was refused is no trouble."""
    visitor.troubles = [said for said in visitor.troubles if "400" not in said]
    visitor.look()


def invite(visitor: Person) -> None:
    """A mistake first: it stands beside its field, and what was typed is still there."""
    visitor.fill(address="望京街道阜通东大街6号")
    with visitor.page.expect_navigation():
        visitor.page.locator(".actions button").click()
    expect(visitor.page.locator("#id_sector_error")).to_be_visible()
    look_at_the_refusal(visitor)
    visitor.fill(sector="fitness")
    visitor.press(".actions button")
    assert visitor.at.endswith("/invite/done/")
    visitor.sees(MISSED, "12345")


def reckon(visitor: Person, *, used: str) -> None:
    """Type the facts and ask; with scripts the page stays, without them the same address is loaded."""
    visitor.fill(paid="2000", sessions="10", used=used, list_price="300")
    visitor.fill(cause="consumer")
    visitor.page.locator("#reckon").click()


def use_the_calculator(visitor: Person) -> None:
    """A mistake, then the sum with its steps; its address gives the same answer to whoever gets it."""
    visitor.open("/refund-calculator/")
    visitor.press("main a[href='?kind=sessions']")
    reckon(visitor, used="11")
    expect(visitor.page.locator("#id_used_error")).to_be_visible()
    look_at_the_refusal(visitor)
    reckon(visitor, used="3")
    expect(visitor.page.locator("#calculation .money-large").first).to_have_text("¥1,100.00")
    visitor.look()
    assert "used=3" in visitor.at
    visitor.open(visitor.at.removeprefix(visitor.url))
    visitor.sees("¥1,100.00", "¥1,400.00", "max(0, 2,000.00 − 3 × 300.00) = 1,100.00")


def read_its_record(visitor: Person) -> None:
    """From the search to the merchant and the live status of its store."""
    visitor.open("/")
    visitor.fill(q=GYM.name)
    visitor.press("form[role=search] button")
    visitor.press("main a[href*='/merchants/']", GYM.name)
    visitor.sees("¥")
    visitor.press("main a[href^='/s/']")
    assert visitor.page.locator(".verdict").is_visible()


@pytest.mark.parametrize(("device", "language"), [(PHONE, "zh-hans"), (DESKTOP, "en")], ids=["phone", "desktop"])
def test_without_an_account(person, device, language):
    visitor = person("visitor", device=device, language=language, typed=TYPED)
    look_for_it(visitor)
    invite(visitor)
    use_the_calculator(visitor)
    read_its_record(visitor)


def test_on_a_phone_without_scripts(person):
    visitor = person("visitor", device=PHONE, java_script_enabled=False)
    look_for_it(visitor)
    invite(visitor)
    use_the_calculator(visitor)
    read_its_record(visitor)


def test_dark_and_large(person):
    visitor = person("visitor", device=PHONE)
    visitor.page.emulate_media(color_scheme="dark")
    visitor.open("/")
    visitor.press(".topbar form button[name=care]")
    assert visitor.page.locator("html.care").count()
    use_the_calculator(visitor)
    read_its_record(visitor)
    look_for_it(visitor)
    visitor.page.emulate_media(color_scheme="light")
    visitor.look()


def test_the_door_poster_is_one_sheet(person):
    owner = person("owner", device=DESKTOP)
    people.sign_in(owner, people.OWNER)
    owner.open("/shop/stores/")
    owner.press("main a[href$='/poster/']")
    owner.sees(GYM.name)
    assert owner.page.locator(".poster .qr svg").is_visible()
    owner.page.emulate_media(media="print")
    assert not owner.page.locator(".topbar").is_visible()
    sheet = owner.page.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") == 1
    owner.page.emulate_media(media="screen")
    owner.press("main a[href*='/s/']")
    assert owner.page.locator(".verdict").is_visible()
