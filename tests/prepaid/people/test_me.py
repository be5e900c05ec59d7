"""One's own page, language and care mode; the frame of every page."""

import pytest
from django.test import Client

from escrow.models import AuditEntry
from prepaid.people.models import User
from tests.prepaid.people.factories import make_official, make_operator, make_user

pytestmark = pytest.mark.django_db


def test_my_page_is_mine(client: Client, django_assert_max_num_queries) -> None:
    assert client.get("/accounts/me/").headers["location"] == "/accounts/login/?next=/accounts/me/"
    user = make_user(phone="+8613911112222", name="欧阳清澈")
    client.force_login(user)
    with django_assert_max_num_queries(12):
        body = client.get("/accounts/me/").content.decode()
    assert "欧阳清澈" in body
    assert "139****2222" in body
    assert "13911112222" not in body
    assert "/admin/" not in body
    for staff in (make_operator(), make_official()):
        client.force_login(staff)
        assert "/admin/" in client.get("/accounts/me/").content.decode()


def test_i_correct_my_name(client: Client) -> None:
    user = make_user(name="张小方")
    client.force_login(user)
    answer = client.post("/accounts/me/", {"name": " 张小芳 "})
    assert answer.headers["location"] == "/accounts/me/"
    assert User.objects.get().name == "张小芳"
    assert AuditEntry.objects.filter(action="people.rename", actor=user.actor).count() == 1


@pytest.mark.parametrize("name", ["", "   ", "很" * 61])
def test_a_bad_name_is_refused_beside_the_field(client: Client, name: str) -> None:
    client.force_login(make_user(name="张小芳"))
    answer = client.post("/accounts/me/", {"name": name})
    assert answer.status_code == 400
    assert 'id="id_name_error"' in answer.content.decode()
    assert User.objects.get().name == "张小芳"


def test_the_language_stays_on_the_account_and_in_the_browser(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    answer = client.post("/accounts/language/", {"language": "en", "next": "/accounts/me/"})
    assert answer.headers["location"] == "/accounts/me/"
    assert '<html lang="en"' in client.get("/accounts/me/").content.decode()
    assert User.objects.get().language == "en"
    anonymous = Client()
    anonymous.post("/accounts/language/", {"language": "en"})
    assert '<html lang="en"' in anonymous.get("/accounts/login/").content.decode()
    assert '<html lang="zh-hans"' in Client().get("/accounts/login/").content.decode()


def test_an_unknown_language_or_a_foreign_next_page_is_refused(client: Client) -> None:
    client.force_login(make_user())
    assert client.post("/accounts/language/", {"language": "xx"}).status_code == 400
    assert User.objects.get().language == "zh-hans"
    answer = client.post("/accounts/language/", {"language": "en", "next": "https://evil.example/"})
    assert answer.headers["location"] == "/"
    assert client.get("/accounts/language/").status_code == 405


def test_care_mode_with_and_without_an_account(client: Client) -> None:
    anonymous = Client()
    anonymous.post("/accounts/care-mode/", {"care": "1", "next": "/accounts/login/"})
    assert 'class="care"' in anonymous.get("/accounts/login/").content.decode()
    client.force_login(make_user())
    client.post("/accounts/care-mode/", {"care": "1", "next": "/accounts/me/"})
    assert 'class="care"' in client.get("/accounts/me/").content.decode()
    assert User.objects.get().care_mode
    client.post("/accounts/care-mode/", {"care": "0"})
    assert 'class="care"' not in client.get("/accounts/me/").content.decode()


def test_pages_obey_their_own_content_policy(client: Client) -> None:
    client.force_login(make_user())
    for page in ("/accounts/me/", "/notices/", "/notices/inbox/", "/accounts/logout/"):
        answer = client.get(page)
        assert "unsafe" not in answer.headers["content-security-policy"]
        body = answer.content.decode()
        assert " style=" not in body
        assert "<style" not in body
        assert " onclick=" not in body
