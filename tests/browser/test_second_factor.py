"""An official's second factor in a real browser: the app, its recovery codes, and a passkey of a virtual authenticator."""

import re
from collections.abc import Callable

import pytest

from tests.browser import people
from tests.browser.person import DESKTOP, PHONE, Person
from tests.soak import one_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECOND_FACTOR = "/accounts/second-factor/"


def named(person: Callable[..., Person], city, name: str, **how) -> Person:
    """A person at a host name instead of an address: passkeys know no others."""
    somebody = person(name, **how)
    somebody.url = city.url.replace("127.0.0.1", "localhost")
    somebody.page.goto(somebody.url)
    return somebody


def virtual_authenticator(somebody: Person) -> None:
    """A platform authenticator that says yes, as a fingerprint would."""
    devtools = somebody.context.new_cdp_session(somebody.page)
    devtools.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": kind | {"isUserVerified": True}})


def app_of(somebody: Person) -> Callable[[], str]:
    """Scan the key on the page; the codes of the app."""
    from prepaid.people import totp

    secret = re.sub(r"\s", "", somebody.text("#key"))
    used = [0]

    def code() -> str:
        while not (found := totp.next_code(secret, after=used[0])):
            somebody.page.wait_for_timeout(1000)
        used[0] = totp.step_of(secret, found, after=used[0]) or 0
        return found

    return code


@pytest.mark.parametrize(("language", "device"), one_of(("en", DESKTOP), ("zh-hans", PHONE)))
def test_from_the_first_sign_in_to_a_passkey(city, person, language, device):
    phone = people.sign_up(person("official", device=DESKTOP, careful=False), "新任官员")
    made = city.manage("create_operator", phone, "新任官员")
    assert made.returncode == 0, made.stderr

    official = named(person, city, "somebody", device=device, language=language)
    virtual_authenticator(official)
    official.open("/accounts/login/?next=/admin/people/post/")
    official.fill(login=phone)
    official.press(".actions button")
    with official.in_any_language():
        people.enter_code(official, phone)
        assert "/second-factor/app/" in official.at
        people.switch_language(official)

    # The first sign-in: an app, recovery codes, and on to where one wanted to go.
    official.open("/admin/people/post/")
    assert "/second-factor/app/" in official.at
    assert official.page.locator(".qr img").evaluate("it => it.naturalWidth > 20")
    code = app_of(official)
    official.fill(code="000000")
    official.page.locator(".actions button").click()
    official.page.locator(".error-summary").wait_for()
    official.troubles = [said for said in official.troubles if "status of 400" not in said]
    official.look()
    official.fill(code=code())
    official.press(".actions button")
    codes = official.page.locator("#codes code").all_inner_texts()
    assert len(codes) == 10
    with official.page.expect_download() as download:
        official.page.locator("a[download]").click()
    assert download.value.path().read_text().split() == codes
    official.press(".actions a")
    assert official.at.endswith("/admin/people/post/")

    # A passkey beside it.
    official.open(SECOND_FACTOR)
    official.press("main a[href$='/passkey/']")
    official.press("#passkey-button")
    assert official.at.endswith(SECOND_FACTOR)
    official.open(f"{SECOND_FACTOR}recovery-codes/")
    assert not official.page.locator("#codes").count(), "the codes are shown once"

    # The next sign-in, with the passkey; without it, by a recovery code.
    for way in ("passkey", "recovery code"):
        official.page.context.clear_cookies(name="sessionid")
        official.open("/accounts/login/?next=/admin/")
        official.fill(login=phone)
        official.press(".actions button")
        with official.in_any_language():
            people.enter_code(official, phone)
        assert official.at.endswith("/second-factor/code/")
        if way == "passkey":
            official.press("#passkey-button")
        else:
            official.fill(code=codes[0])
            official.press(".actions button")
        assert official.at.endswith("/admin/")
    official.open(SECOND_FACTOR)
    official.press("main a[href$='/remove/']")
    official.press(".actions button")
    assert official.at.endswith(SECOND_FACTOR)
