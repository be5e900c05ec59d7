"""The second factor through the pages: setting up, passing, losing and resetting it."""

import html
import json
import re
import time
from io import StringIO

import pytest
from allauth.account.internal.flows import reauthentication
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client

from escrow.models import AuditEntry
from prepaid.notices.models import Message
from prepaid.people import access, operations, totp
from prepaid.people.errors import LastFactor, NoFactor, NotAllowed, OwnFactor, ReasonMissing
from prepaid.people.models import User
from tests.prepaid.people.factories import AT, make_official, make_operator, make_user, next_phone
from tests.prepaid.people.test_sign_in import ask, code_for

pytestmark = pytest.mark.django_db

APP, AGAIN, CODES = (f"/accounts/second-factor/{page}/" for page in ("app", "again", "recovery-codes"))


class Phone:
    """A phone with an authenticator app. Time stands still until ``later``."""

    def __init__(self) -> None:
        self.step = totp.step_now()
        self.secret = ""

    def code(self) -> str:
        return totp.code_of(self.secret, self.step)

    def later(self) -> str:
        """The next code."""
        self.step += 1
        return self.code()

    def scan(self, client: Client, **more: str) -> None:
        """The key on the page that sets the app up."""
        page = client.get(APP, more)
        assert page.status_code == 200
        self.secret = re.search(r'<code id="key">([A-Z2-7 ]+)</code>', page.content.decode())[1].replace(" ", "")


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    phone = Phone()
    monkeypatch.setattr(totp, "step_now", lambda: phone.step)
    return phone


def sms(client: Client, user: User, then: str = "/admin/"):
    """The first half of signing in, minutes after the last time; where it leads."""
    cache.clear()
    client.post("/accounts/logout/")
    ask(client, user.phone, next=then)
    answer = client.post("/accounts/login/code/confirm/", {"code": code_for(user.phone), "next": then})
    assert answer.status_code == 302
    return answer.headers["location"]


def set_up(client: Client, user: User, phone: Phone) -> list[str]:
    """Sign in for the first time and set the app up; the recovery codes."""
    assert sms(client, user) == f"{APP}?next=%2Fadmin%2F"
    phone.scan(client, next="/admin/")
    answer = client.post(f"{APP}?next=/admin/", {"code": phone.code()})
    assert answer.headers["location"] == f"{CODES}?next=%2Fadmin%2F"
    page = client.get(answer.headers["location"]).content.decode()
    assert 'href="/admin/"' in page
    return re.findall(r"<code>(\d{8})</code>", page)


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def deeds(user: User) -> list[str]:
    """What was done about the second factor, in order."""
    found = AuditEntry.objects.filter(target=user.actor, action__contains="factor").order_by("id")
    return [entry.action.removeprefix("people.") for entry in found]


def told(user: User) -> int:
    return Message.objects.filter(recipient=user, kind="people.second_factor").count()


@pytest.mark.parametrize("make", [make_official, make_operator])
def test_the_first_sign_in_sets_one_up_and_later_ones_ask_for_it(make, client: Client, phone: Phone) -> None:
    user = make()
    assert sms(client, user).startswith(APP)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{APP}?next=%2Fadmin%2F"
    codes = set_up(client, user, phone)
    assert len(set(codes)) == 10
    assert is_in(client)
    assert (deeds(user), told(user)) == (["add_factor"], 1)

    page = client.get(CODES).content.decode()
    assert not any(code in page for code in codes), "they are shown once"

    assert sms(client, user) == "/accounts/second-factor/code/"
    assert client.get("/accounts/me/").status_code == 302, "not signed in yet"
    answer = client.post("/accounts/second-factor/code/", {"code": phone.later(), "next": "/admin/"})
    assert answer.headers["location"] == "/admin/"
    assert is_in(client)
    assert deeds(user) == ["add_factor", "use_factor"]


def test_the_operator_of_a_new_installation_sets_one_up(client: Client, phone: Phone) -> None:
    said = StringIO()
    number = next_phone()
    call_command("create_operator", number, "林悦", stdout=said)
    assert "second factor" in said.getvalue()
    operator = User.objects.by_phone(number)
    assert not is_in(client)
    set_up(client, operator, phone)
    assert is_in(client)


def test_others_are_not_asked_and_may_have_one(client: Client, phone: Phone) -> None:
    user = make_user()
    assert sms(client, user, "/notices/") == "/notices/"
    assert client.get("/accounts/second-factor/").status_code == 200
    phone.scan(client)
    client.post(APP, {"code": phone.code()})
    assert sms(client, user, "/notices/") == "/accounts/second-factor/code/"
    client.post("/accounts/second-factor/code/", {"code": phone.later()})
    assert client.get("/accounts/me/").status_code == 200
    assert client.get("/admin/", follow=True).status_code == 403


def test_it_opens_one_session_only(client: Client, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_official()
    older = Client()
    sms(older, user)
    set_up(client, user, phone)
    assert is_in(client)
    answer = older.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{AGAIN}?next=%2Fadmin%2F"
    before = older.session.session_key
    answer = older.post(f"{AGAIN}?next=/admin/", {"code": phone.later()})
    assert answer.headers["location"] == "/admin/"
    assert is_in(older)
    assert older.session.session_key != before
    real = time.time
    monkeypatch.setattr(access.time, "time", lambda: real() + 12 * 3600 + 1)
    for session in (older, client):
        assert session.get("/admin/", follow=True).redirect_chain[-1][0] == f"{AGAIN}?next=%2Fadmin%2F"


def test_what_one_person_passed_opens_nothing_for_another(client: Client, phone: Phone) -> None:
    """Somebody passes, is not let in by a later page, and another signs in at the same browser."""
    first, second = make_official(), make_official()
    set_up(client, first, phone)
    passed = client.session[access.SECOND_FACTOR]
    client.post("/accounts/logout/")
    session = client.session
    session[access.SECOND_FACTOR] = passed
    session.save()
    client.cookies["sessionid"] = session.session_key
    ask(client, second.phone)
    client.post("/accounts/login/code/confirm/", {"code": code_for(second.phone)})
    assert client.session[access.SECOND_FACTOR] == passed
    assert not is_in(client)


def test_a_code_is_good_once_and_a_wrong_one_never(client: Client, phone: Phone) -> None:
    user = make_official()
    set_up(client, user, phone)
    for code in (phone.code(), "", "000000", "abc", "１２３", totp.code_of(phone.secret, phone.step + 2)):
        sms(client, user) if code == phone.code() else None
        answer = client.post("/accounts/second-factor/code/", {"code": code})
        assert answer.status_code == 400
        assert 'id="id_code_error"' in answer.content.decode()
    assert not is_in(client)
    assert deeds(user) == ["add_factor", *["refuse_factor"] * 5]
    answer = client.post("/accounts/second-factor/code/", {"code": phone.later()})
    assert answer.status_code == 400, "five wrong ones close the door for a while, to the right one too"
    assert not is_in(client)
    assert deeds(user) == ["add_factor", *["refuse_factor"] * 5]


def test_a_recovery_code_stands_in_once(client: Client, phone: Phone) -> None:
    user = make_official()
    first, second, *_others = set_up(client, user, phone)
    for code, status in ((first, 302), (first, 400), (second, 302)):
        sms(client, user)
        assert client.post("/accounts/second-factor/code/", {"code": code}).status_code == status
        assert is_in(client) == (status == 302)
    assert told(user) == 3
    # The phone is gone: set a new one up in its place.
    lost = phone.secret
    phone.scan(client)
    assert phone.secret != lost
    assert client.post(APP, {"code": phone.later()}).status_code == 302
    assert Authenticator.objects.filter(user=user, type="totp").count() == 1
    assert is_in(client)
    sms(client, user)
    assert client.post("/accounts/second-factor/code/", {"code": totp.code_of(lost, phone.step)}).status_code == 400
    assert client.post("/accounts/second-factor/code/", {"code": phone.later()}).status_code == 302


def test_new_recovery_codes_end_the_old_ones(client: Client, phone: Phone) -> None:
    user = make_official()
    old = set_up(client, user, phone)
    assert client.post(CODES).status_code == 302
    new = re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())
    assert len(new) == 10
    assert not set(new) & set(old)
    sms(client, user)
    assert client.post("/accounts/second-factor/code/", {"code": old[0]}).status_code == 400
    assert client.post("/accounts/second-factor/code/", {"code": new[0]}).status_code == 302
    assert AuditEntry.objects.filter(target=user.actor, action="people.make_recovery_codes").exists()


def test_a_change_needs_a_fresh_code(client: Client, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_official()
    set_up(client, user, phone)
    app = Authenticator.objects.get(user=user, type="totp")
    now = time.time()
    monkeypatch.setattr(reauthentication.time, "time", lambda: now + 301)
    before = Authenticator.objects.order_by("id").values_list("id", "data")
    for page in (APP, "/accounts/second-factor/passkey/", CODES, f"/accounts/second-factor/{app.pk}/remove/"):
        for answer in (client.get(page), client.post(page, {"code": phone.code(), "credential": "{}"})):
            assert answer.headers["location"].startswith(AGAIN), page
    assert list(before) == list(before.all())
    assert is_in(client)
    assert client.post(f"{AGAIN}?next={CODES}", {"code": phone.later()}).status_code == 302
    stranger = Client()
    for page in (APP, CODES):
        assert stranger.get(page).headers["location"].startswith("/accounts/login/")


def test_who_opens_the_administration_keeps_one(client: Client, phone: Phone) -> None:
    official, consumer = make_official(), make_user()
    set_up(client, official, phone)
    app = Authenticator.objects.get(user=official, type="totp")
    page = f"/accounts/second-factor/{app.pk}/remove/"
    assert client.get(page).status_code == 200
    answer = client.post(page)
    assert answer.status_code == 409
    assert html.escape(str(LastFactor())) in answer.content.decode()
    assert is_in(client)

    theirs = operations.add_app(user_id=consumer.pk, secret=phone.secret, at=AT, actor=consumer.actor)
    assert client.post(f"/accounts/second-factor/{theirs.pk}/remove/").status_code == 404
    operations.remove_factor(user_id=consumer.pk, factor_id=theirs.pk, at=AT, actor=consumer.actor)
    assert not Authenticator.objects.filter(user=consumer).exists(), "recovery codes without anything to recover"
    assert deeds(consumer) == ["add_factor", "remove_factor"]
    with pytest.raises(NoFactor):
        operations.make_recovery_codes(user_id=consumer.pk, at=AT, actor=consumer.actor)


class TestReset:
    def test_an_operator_resets_anothers(self, client: Client, phone: Phone) -> None:
        official, operator, desk = make_official(), make_operator(), Client()
        set_up(client, official, phone)
        desk.force_login(operator)
        page = desk.get(f"/admin/people/user/{official.pk}/change/").content.decode()
        assert f"/admin/people/user/{official.pk}/reset/" in page
        answer = desk.post(f"/admin/people/user/{official.pk}/reset/", {"reason": "手机丢失，已当面核实 13911112222"})
        assert answer.status_code == 302
        assert not Authenticator.objects.filter(user=official).exists()
        entry = AuditEntry.objects.get(action="people.reset_factors")
        assert (entry.actor, entry.target) == (operator.actor, official.actor)
        assert entry.after == {"reason": "手机丢失，已当面核实 139****2222"}
        assert entry.before == {"types": ["recovery_codes", "totp"]}
        assert told(official) == 2
        assert not is_in(client), "what it opened is closed"
        set_up(client, official, phone)
        assert is_in(client)

    def test_refused(self, client: Client) -> None:
        operator, official = make_operator(), make_official()
        client.force_login(operator)
        operations.add_app(user_id=official.pk, secret="A" * 32, at=AT, actor=official.actor)
        before = list(Authenticator.objects.order_by("id").values())
        for who, reason, status in (
            (operator, "I lost it", 403),
            (official, "lost", 400),
            (make_user(), "lost it", 409),
        ):
            answer = client.post(f"/admin/people/user/{who.pk}/reset/", {"reason": reason})
            assert answer.status_code == status
        assert client.post("/admin/people/user/999999/reset/", {"reason": "lost it"}).status_code == 404
        for who, reason, error in (
            (operator, "I lost it", OwnFactor),
            (official, "lost", ReasonMissing),
            (make_user(), "lost it", NoFactor),
        ):
            with pytest.raises(error):
                operations.reset_factors(user_id=who.pk, reason=reason, by=operator, at=AT)
        with pytest.raises(NotAllowed):
            operations.reset_factors(user_id=operator.pk, reason="a good reason", by=official, at=AT)
        client.force_login(official)
        assert client.post(f"/admin/people/user/{operator.pk}/reset/", {"reason": "lost it"}).status_code == 403
        rows = Authenticator.objects.filter(pk__in=[row["id"] for row in before]).order_by("id")
        assert list(rows.values()) == before
        assert not AuditEntry.objects.filter(action="people.reset_factors").exists()


NONSENSE = [
    "",
    "[]",
    "{}",
    "1",
    "null",
    "{",
    '{"id": 1}',
    '{"response": {}, "id": "", "rawId": "!", "type": "public-key"}',
]


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_instead_of_a_passkey_is_refused(client: Client, phone: Phone, answer: str) -> None:
    user = make_official()
    set_up(client, user, phone)
    for page in ("/accounts/second-factor/passkey/", "/accounts/second-factor/again/passkey/"):
        client.get(page)
        refused = client.post(page, {"credential": answer})
        assert refused.status_code in ({302} if "again" in page else {400}), "there is no passkey to show again"
    sms(client, user)
    asked = client.get("/accounts/second-factor/code/").content.decode()
    assert "passkey-options" not in asked
    assert client.post("/accounts/second-factor/code/", {"credential": answer}).status_code == 400
    assert not is_in(client)
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_secrets_are_not_readable_in_the_table(client: Client, phone: Phone) -> None:
    user = make_official()
    set_up(client, user, phone)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = [json.loads(row[0]) for row in cursor.fetchall()]
    assert len(stored) == 2
    assert phone.secret not in str(stored)
    assert {len(data.get("seed", data.get("secret"))) > 70 for data in stored} == {True}


def test_without_the_cache_no_code_is_tried(client: Client, phone: Phone, request: pytest.FixtureRequest) -> None:
    user = make_official()
    set_up(client, user, phone)
    sms(client, user)
    request.getfixturevalue("no_cache")
    answer = client.post("/accounts/second-factor/code/", {"code": phone.later()})
    assert answer.status_code == 503
    assert deeds(user) == ["add_factor"]


def test_the_demo_shows_the_code_beside_the_sms_and_production_does_not(client: Client, phone: Phone, settings) -> None:
    user = make_official()
    set_up(client, user, phone)
    sms(client, user)
    shown = re.findall(
        r'data-code="(\d{6})"', client.get("/notices/inbox/", {"phone": user.phone[-4:]}).content.decode()
    )
    assert shown == [totp.code_of(phone.secret, phone.step + 1)], "the one just used is not good again"
    assert client.post("/accounts/second-factor/code/", {"code": shown[0]}).status_code == 302
    settings.DEMO = False
    assert client.get("/notices/inbox/").status_code == 404


def test_a_foreign_next_page_is_not_followed(client: Client, phone: Phone) -> None:
    user = make_official()
    sms(client, user)
    phone.scan(client)
    evil = "https://evil.example/"
    answer = client.post(f"{APP}?next={evil}", {"code": phone.code()}, follow=True)
    assert evil not in answer.content.decode()
    assert "evil" not in str(answer.redirect_chain)
