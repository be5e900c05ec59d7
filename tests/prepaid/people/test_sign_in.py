"""Registering and signing in, through the pages, codes read from the demo inbox as a person would."""

import html
import re

import pytest
from allauth.account.internal.flows import code_verification
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as CacheLost

from escrow.models import AuditEntry
from prepaid.notices.models import Message
from prepaid.people.models import User
from tests.prepaid.people.factories import make_user, next_phone

pytestmark = pytest.mark.django_db


def inbox(phone: str) -> str:
    return html.unescape(Client().get("/notices/inbox/", {"phone": phone}).content.decode())


def code_for(phone: str) -> str:
    """The newest code sent to the number."""
    found = re.search(r"(?<!\d)\d{6}(?!\d)", inbox(phone).split('id="sent"')[1])
    assert found, f"no code was sent to {phone}"
    return found[0]


def ask(client: Client, phone: str, **more: str):
    return client.post("/accounts/login/", {"login": phone, **more})


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/me/").status_code == 200


@pytest.mark.parametrize(
    ("header", "language"), [("zh-CN,zh;q=0.9", "zh-hans"), ("en-GB,en;q=0.9", "en"), ("", "zh-hans")]
)
def test_register_then_sign_in_again(header: str, language: str) -> None:
    phone = next_phone()
    client = Client(headers={"accept-language": header} if header else {})
    page = client.post("/accounts/signup/", {"phone": phone[3:], "name": "  张 小芳 "}, follow=True)
    assert f'<html lang="{language}"' in page.content.decode()
    assert page.redirect_chain == [("/accounts/phone/verify/", 302)]
    user = User.objects.by_phone(phone)
    assert user is not None
    assert (user.name, user.language, user.phone_verified_at) == ("张 小芳", language, None)
    assert not is_signed_in(client)

    assert client.post("/accounts/phone/verify/", {"code": code_for(phone)}).status_code == 302
    assert is_signed_in(client)
    user.refresh_from_db()
    assert user.phone_verified_at is not None
    assert {user.is_staff, user.is_platform_operator, user.is_superuser, user.has_usable_password()} == {False}

    client.post("/accounts/logout/")
    assert not is_signed_in(client)
    assert ask(client, phone).headers["location"] == "/accounts/login/code/confirm/"
    assert client.post("/accounts/login/code/confirm/", {"code": code_for(phone)}).status_code == 302
    assert is_signed_in(client)


def test_a_first_sign_in_by_code_verifies_the_number_and_needs_no_second_code(client: Client) -> None:
    user = make_user(verified=False)
    ask(client, user.phone)
    client.post("/accounts/login/code/confirm/", {"code": code_for(user.phone)})
    assert is_signed_in(client)
    assert Message.objects.count() == 1
    user.refresh_from_db()
    assert user.phone_verified_at is not None


def test_next_page_is_kept_and_a_foreign_one_is_not(client: Client) -> None:
    user = make_user()
    client.post("/accounts/login/?next=/notices/", {"login": user.phone, "next": "/notices/"})
    answer = client.post(
        "/accounts/login/code/confirm/?next=/notices/", {"code": code_for(user.phone), "next": "/notices/"}
    )
    assert answer.headers["location"] == "/notices/"
    client.post("/accounts/logout/")
    evil = "https://evil.example/"
    ask(client, user.phone, next=evil)
    answer = client.post("/accounts/login/code/confirm/", {"code": code_for(user.phone), "next": evil})
    assert "evil" not in answer.headers["location"]


@pytest.mark.parametrize(
    "typed", ["138 0013 8000", "13800138000", "+86 138-0013-8000", "１３８００１３８０００", "0086 13800138000"]
)
def test_a_number_is_one_number_however_typed(client: Client, typed: str) -> None:
    make_user(phone="+8613800138000")
    ask(client, typed)
    client.post("/accounts/login/code/confirm/", {"code": code_for("13800138000")})
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "typed", ["", "123", "abc", "12345678901", "010 6555 1234", "+1 555 0100", "1380013800014", "13800138000 ext. 5"]
)
@pytest.mark.parametrize(("page", "field"), [("/accounts/login/", "login"), ("/accounts/signup/", "phone")])
def test_what_takes_no_sms_is_refused_beside_the_field(client: Client, page: str, field: str, typed: str) -> None:
    answer = client.post(page, {field: typed, "name": "张小芳"})
    body = answer.content.decode()
    assert f'id="id_{field}_error"' in body
    assert re.search(rf'<input[^>]*aria-describedby="[^"]*id_{field}_error', body)
    assert 'class="error-summary"' in body
    assert not User.objects.exists()
    assert not Message.objects.exists()


def test_a_wrong_code_does_not_open_and_three_end_the_attempt(client: Client) -> None:
    user = make_user()
    ask(client, user.phone)
    right = code_for(user.phone)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _try in range(2):
        page = client.post("/accounts/login/code/confirm/", {"code": wrong})
        assert page.status_code == 400
        assert 'id="id_code_error"' in page.content.decode()
    page = client.post("/accounts/login/code/confirm/", {"code": wrong}, follow=True)
    assert page.request["PATH_INFO"] == "/accounts/login/"
    assert "notice-bad" in page.content.decode()
    client.post("/accounts/login/code/confirm/", {"code": right})
    assert not is_signed_in(client)


def test_an_expired_code_does_not_open(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    ask(client, user.phone)
    code = code_for(user.phone)
    clock = code_verification.time.time
    monkeypatch.setattr(code_verification.time, "time", lambda: clock() + 5 * 60 + 1)
    page = client.post("/accounts/login/code/confirm/", {"code": code}, follow=True)
    assert page.request["PATH_INFO"] == "/accounts/login/"
    assert "notice-warn" in page.content.decode()
    assert not is_signed_in(client)


def test_a_code_opens_once_and_only_where_it_was_asked_for(client: Client) -> None:
    user = make_user()
    ask(client, user.phone)
    code = code_for(user.phone)
    thief = Client()
    thief.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_signed_in(thief)
    client.post("/accounts/login/code/confirm/", {"code": code})
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_signed_in(client)


def test_a_fourth_code_within_a_minute_is_refused_and_not_sent(client: Client) -> None:
    user = make_user()
    for _code in range(3):
        assert ask(client, user.phone).status_code == 302
        client.post("/accounts/logout/")
    sent = Message.objects.count()
    answer = ask(client, user.phone)
    assert answer.status_code == 400
    assert 'id="id_login_error"' in answer.content.decode()
    assert Message.objects.count() == sent == 3


def test_registering_one_number_again_and_again_is_stopped_with_a_page(client: Client) -> None:
    phone = next_phone()
    answers = [Client().post("/accounts/signup/", {"phone": phone, "name": "张小芳"}) for _attempt in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "<h1>" in answers[2].content.decode()
    assert User.objects.count() == 1
    assert Message.objects.count() == 2


def without_changing_parts(body: str) -> str:
    """A page without its CSRF token, its time and the number that was typed."""
    body = re.sub(r'data-now="[^"]+"', "", body)
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
    return re.sub(r"138[\d ]{8,}", "NUMBER", body)


def test_nobody_learns_whether_a_number_has_an_account() -> None:
    known, unknown = make_user().phone, next_phone()
    seen = []
    for phone in (known, unknown):
        steps = []
        client = Client()
        steps.append(ask(client, phone))
        steps.append(client.get("/accounts/login/code/confirm/"))
        steps.append(client.post("/accounts/login/code/confirm/", {"code": "000000x"}))
        client = Client()
        steps.append(client.post("/accounts/signup/", {"phone": phone, "name": "张小芳"}))
        steps.append(client.get("/accounts/phone/verify/"))
        steps.append(client.post("/accounts/phone/verify/", {"code": "000000x"}))
        steps.append(client.post("/accounts/phone/verify/", {"action": "resend"}))
        pages = [without_changing_parts(step.content.decode()) for step in steps]
        answers = [(step.status_code, step.headers.get("location"), sorted(step.cookies)) for step in steps]
        seen.append((answers, pages))
    assert seen[0] == seen[1]
    # The difference is said by SMS, to whoever holds the phone.
    assert "/accounts/signup/" in inbox(unknown)
    assert "/accounts/login/" in inbox(known)


def test_registering_a_taken_number_changes_nothing(client: Client) -> None:
    user = make_user(name="张小芳")
    client.post("/accounts/signup/", {"phone": user.phone, "name": "冒名者"})
    client.post("/accounts/phone/verify/", {"code": ""})
    assert User.objects.get().name == "张小芳"
    assert not is_signed_in(client)


def test_no_cookie_carries_the_number(client: Client) -> None:
    user = make_user()
    ask(client, user.phone)
    client.post("/accounts/login/code/confirm/", {"code": code_for(user.phone)})
    assert is_signed_in(client)
    # Django keeps messages to the reader in a cookie that anybody can unpack.
    assert set(client.cookies) == {"sessionid", "csrftoken", "django_language"}


def test_a_closed_account_cannot_sign_in(client: Client) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_active=False)
    ask(client, user.phone)
    answer = client.post("/accounts/login/code/confirm/", {"code": code_for(user.phone)}, follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/inactive/"
    assert not is_signed_in(client)


def test_signing_in_has_no_password_door(client: Client) -> None:
    user = make_user()
    user.set_password("a long and good password")
    user.save()
    ask(client, user.phone, password="a long and good password")
    assert not is_signed_in(client)
    assert client.get("/accounts/password/reset/").status_code == 404


def test_without_the_cache_nobody_gets_in_and_a_page_says_so(client: Client, request: pytest.FixtureRequest) -> None:
    user, signed_in = make_user(), Client()
    signed_in.force_login(user)
    request.getfixturevalue("no_cache")
    with pytest.raises(CacheLost):
        cache.get("anything")
    for page, data in (
        ("/accounts/login/", {"login": user.phone}),
        ("/accounts/signup/", {"phone": next_phone(), "name": "李"}),
    ):
        answer = client.post(page, data)
        assert answer.status_code == 503
        assert "<h1>" in answer.content.decode()
    assert not Message.objects.exists()
    assert User.objects.count() == 1
    assert signed_in.get("/accounts/me/").status_code == 200


def test_outside_the_demo_no_code_is_kept_where_nobody_gets_it(client: Client, settings) -> None:
    user = make_user()
    settings.DEMO, settings.SMS_SENDER = False, ""
    assert ask(client, user.phone).status_code == 503
    assert not Message.objects.exists()
    assert client.get("/notices/inbox/").status_code == 404


def test_signing_out_needs_a_post_and_a_token(client: Client) -> None:
    client.force_login(make_user())
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/accounts/login/", {"login": next_phone()}).status_code == 403


def test_registering_leaves_a_trace_without_personal_data(client: Client) -> None:
    phone = next_phone()
    client.post("/accounts/signup/", {"phone": phone, "name": "张小芳"})
    client.post("/accounts/phone/verify/", {"code": code_for(phone)})
    user = User.objects.get()
    entries = list(AuditEntry.objects.filter(target=f"user:{user.public_id}").order_by("id"))
    assert [entry.action for entry in entries] == ["people.register", "people.verify_phone"]
    assert {entry.actor for entry in entries} == {user.actor}
    assert "张小芳" not in str([vars(entry) for entry in entries])
