"""What the three sides do about a complaint, page by page; fields and links are found as in ``people.py``."""

import io
import json
import re
from datetime import date

import httpx
from PIL import Image

from escrow.channels.signing import sign
from tests.browser import people
from tests.browser.person import Person
from tests.journeys.city import City


def photo() -> bytes:
    """A JPEG like one that a telephone takes, only smaller."""
    kept = io.BytesIO()
    Image.new("RGB", (480, 640), "#7a9").save(kept, "JPEG")
    return kept.getvalue()


def attach_photo(person: Person) -> None:
    """To the complaint whose page is open; it stands there at once."""
    person.page.locator("#evidence input[type=file]").set_input_files(
        {"name": "receipt.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    person.press("#evidence form button")
    sees_photo(person)


def sees_photo(person: Person) -> None:
    """The picture itself, not only its frame."""
    picture = person.page.locator(".evidence img").first
    picture.scroll_into_view_if_needed()
    person.page.wait_for_function("it => it.complete && it.naturalWidth > 0", arg=picture.element_handle())


def number_of(consumer: Person) -> str:
    """Of the complaint whose page is open."""
    found = re.search(r"/complaints/([^/]+)/$", consumer.at)
    assert found, consumer.at
    return found[1]


def open_from_queue(officer: Person, number: str) -> None:
    """The work queue shows it with a countdown; so does the list of complaints; on to its file."""
    officer.open("/admin/")
    officer.reload_until(".queue tr", number)
    assert officer.page.locator(".queue tr", has_text=number).locator("time[data-until]").count()
    officer.open(f"/admin/cases/case/?q={number}")
    officer.sees(number, within="#result_list")
    officer.press("#result_list th a", number)
    officer.sees(number, within="#content h1")


def take(officer: Person) -> None:
    """The file that is open, in charge."""
    officer.press("form[action$='/accept/'] button")
    assert officer.page.locator("a[href$='/decide/']").count()


def call(officer: Person, side: str, result: str) -> None:
    """One press in the open file; the timeline has it."""
    lines = officer.page.locator(".timeline li")
    before = lines.count()
    officer.press(f"button[name=call][value='{side}.{result}']")
    assert lines.count() == before + 1


def issue(officer: Person, kind: str) -> None:
    """A document to both sides, from the open file."""
    officer.press("a[href$='/papers/']")
    officer.press(f"button[name=kind][value={kind}]")
    assert officer.page.locator(".papers li").count() >= 2, "a copy for each side"


def record_mediation(officer: Person, number: str, sum_: str) -> None:
    """By telephone, just now; the hour and the statements of both are there already."""
    officer.press(".breadcrumbs a", number)
    officer.press("a[href$='/papers/']")
    officer.fill(
        manner="telephone",
        place="010-12345678",
        consumer_by="顾客本人",
        merchant_by="店长李强",
        agreed="yes",
        custody=sum_,
    )
    assert officer.page.locator("[name=consumer_said]").input_value()
    assert officer.page.locator("[name=merchant_said]").input_value()
    officer.press("form:has([name=held_at]) button")
    assert officer.page.locator("[id^=mediation-]").count()


def confirm_record(side: Person, page: str, sum_: str) -> None:
    """From the page of the complaint, which says that it waits: read it, then say yes, twice."""
    side.open(page)
    side.press("main a.btn-primary[href$='/papers/'], main a.weui-btn_primary[href$='/papers/']")
    side.sees(f"¥{sum_}")
    side.press("form:has([name=sha256]) button")


def fetched(person: Person, selector: str) -> bytes:
    """What a link of the page gives."""
    address = person.page.locator(selector).first.get_attribute("href")
    answer = person.context.request.get(person.url + (address or ""))
    assert answer.ok, answer.status
    return answer.body()


def decide(officer: Person, number: str, **fields: str) -> None:
    """From the file, upheld; twice, with the sum between."""
    officer.open(f"/admin/cases/case/?q={number}")
    officer.press("#result_list th a", number)
    officer.press("a[href$='/decide/']")
    officer.fill(result="upheld", **fields)
    officer.press("form.form button.btn-primary")
    officer.sees(f"¥{fields['amount']}", within="#content")
    officer.press("button[name=confirmed]")


def answer_callback(somebody: Person) -> None:
    """Three times yes; the answer stands."""
    somebody.fill(reached="yes", resolved="yes", satisfied="yes")
    somebody.press(".actions button")
    assert somebody.page.locator("main .notice-ok").count()
    assert not somebody.page.locator("#callback").count(), "one answer"


def link_of_sms(person: Person, phone: str) -> str:
    """The signed link of the newest SMS that has one; another tab, another window."""
    with person.in_any_language():
        person.open(f"/notices/inbox/?phone={phone[-4:]}")
        person.reload_until("#sent li", "/callbacks/")
    found = re.search(r"/callbacks/[^\s<]+", person.text("#sent li:has-text('/callbacks/')"))
    assert found
    return found[0]


def today_of(person: Person) -> date:
    """By the clock of the city, which runs ahead of the world's; every page but the administration's has it."""
    now = person.page.locator("html").get_attribute("data-now") or ""
    return date.fromisoformat(now[:10])


def bank_takes(city: City, seconds: float | None) -> None:
    """The bank needs so long for a refund that it has accepted; None: as long as ever."""
    key = (city.var / "secrets" / "sandbox-platform-private-key").read_text()
    body = json.dumps({} if seconds is None else {"settle_seconds": seconds}).encode()
    headers = sign(key, method="POST", path="/v1/behaviour", body=body)
    httpx.post(f"{city.bank_url}/v1/behaviour", content=body, headers=headers, trust_env=False).raise_for_status()


def refuse_refund(owner: Person, card: str) -> None:
    """From the list of requests, this card's."""
    owner.open("/shop/refunds/")
    owner.press(f"main tr:has-text('{card[-4:]}') a[href*='/shop/refunds/']")
    owner.sees(people.COACH_LEFT)
    owner.fill(**{"refuse-text": "课程正常,不同意退费。"})
    owner.press("main button[name=refuse]")
    owner.press("main form button.btn-danger")
