"""Messages: in the recipient's language, only to the recipient, readable in the demo's inbox."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from prepaid.notices import operations, queries
from prepaid.notices.errors import InvalidPhone, SmsUnavailable
from prepaid.notices.models import Message
from prepaid.notices.views import PER_PAGE
from tests.prepaid.people.factories import AT, make_user

pytestmark = pytest.mark.django_db


def tell(user, title: str = "Card charged", **more):
    return operations.send(to=user, kind="test.said", title=title, body="One visit was used.", at=AT, **more)


def test_a_message_speaks_its_recipients_language() -> None:
    chinese, english = make_user(language="zh-hans"), make_user(language="en")
    for page_language in ("en", "zh-hans"):
        with override(page_language):
            # Django's own catalogue has this sentence in both languages.
            said = [
                operations.send(
                    to=user, kind="t", title=_("Yes"), body=_("%(shop)s %%"), details={"shop": "A%s"}, at=AT
                )
                for user in (chinese, english)
            ]
        assert said[0].title != said[1].title == "Yes"
        assert said[1].body == "A%s %"


def test_a_text_without_details_may_contain_percent_signs() -> None:
    assert operations.send(to=make_user(), kind="t", title="100%", body="5% off %(x)s", at=AT).body == "5% off %(x)s"


def test_my_notices_are_mine_newest_first_and_read_once_seen(client: Client, django_assert_max_num_queries) -> None:
    user, other = make_user(), make_user()
    tell(user, "the older one")
    tell(user, "the newer one", url="/wallet/")
    tell(other, "somebody else's")
    assert client.get("/notices/").status_code == 302
    client.force_login(user)
    assert queries.unread_count(recipient_id=user.pk) == 2
    with django_assert_max_num_queries(12):
        first = client.get("/notices/").content.decode()
    assert first.index("the newer one") < first.index("the older one")
    assert "somebody else" not in first
    assert 'href="/wallet/"' in first
    assert first.count("badge-info") == 2
    assert queries.unread_count(recipient_id=user.pk) == 0
    assert queries.unread_count(recipient_id=other.pk) == 1
    assert "badge-info" not in client.get("/notices/").content.decode()


def test_only_what_was_on_the_page_counts_as_read(client: Client) -> None:
    user = make_user()
    for number in range(PER_PAGE + 3):
        tell(user, f"message {number}.")
    client.force_login(user)
    assert "message 0." not in client.get("/notices/").content.decode()
    assert queries.unread_count(recipient_id=user.pk) == 3
    assert "message 0." in client.get("/notices/?page=2").content.decode()
    assert queries.unread_count(recipient_id=user.pk) == 0
    assert client.get("/notices/?page=nonsense").status_code == 200


def test_an_empty_list_says_what_will_come(client: Client) -> None:
    client.force_login(make_user())
    assert 'class="empty"' in client.get("/notices/").content.decode()


def test_nobody_marks_anothers_messages_as_read() -> None:
    user, other = make_user(), make_user()
    message = tell(user)
    assert operations.mark_read(recipient_id=other.pk, message_ids=[message.pk], at=AT) == 0
    assert queries.unread_count(recipient_id=user.pk) == 1


def test_a_text_cannot_bring_markup(client: Client) -> None:
    user = make_user()
    tell(user, "<script>alert(1)</script>")
    client.force_login(user)
    for page in ("/notices/", "/notices/inbox/"):
        assert "<script>alert" not in client.get(page).content.decode()


class TestInbox:
    def test_everything_sent_newest_first_with_the_number_masked(
        self, client: Client, django_assert_max_num_queries
    ) -> None:
        user = make_user(phone="+8613911112222")
        for text in ("first code 111111", "second code 222222"):
            operations.send_sms(phone="139 1111 2222", text=text, to=user, at=AT)
        tell(user, "in the app")
        with django_assert_max_num_queries(6):
            body = client.get("/notices/inbox/").content.decode()
        assert body.index("in the app") < body.index("second code") < body.index("first code")
        assert "139****2222" in body
        assert "13911112222" not in body

    @pytest.mark.parametrize("typed", ["13911112222", "139 1111 2222", "2222", "911112"])
    def test_a_number_or_some_of_its_digits_find_it(self, client: Client, typed: str) -> None:
        operations.send_sms(phone="13911112222", text="mine", at=AT)
        operations.send_sms(phone="13833334444", text="not this", at=AT)
        body = client.get("/notices/inbox/", {"phone": typed}).content.decode()
        assert "mine" in body
        assert "not this" not in body

    def test_a_refresh_brings_the_list_alone(self, client: Client) -> None:
        operations.send_sms(phone="13911112222", text="mine", at=AT)
        body = client.get("/notices/inbox/?phone=2222", headers={"hx-request": "true"}).content.decode()
        assert "mine" in body
        assert "<html" not in body

    def test_it_does_not_exist_outside_the_demo(self, client: Client, settings) -> None:
        operations.send_sms(phone="13911112222", text="mine", at=AT)
        settings.DEMO = False
        assert client.get("/notices/inbox/").status_code == 404
        client.force_login(make_user())
        assert client.get("/notices/inbox/").status_code == 404


def test_an_sms_needs_a_mobile_number_and_a_way_out(settings) -> None:
    with pytest.raises(InvalidPhone):
        operations.send_sms(phone="010 6555 1234", text="x", at=AT)
    settings.SMS_SENDER = ""
    with pytest.raises(SmsUnavailable):
        operations.send_sms(phone="13911112222", text="x", at=AT)
    assert not Message.objects.exists()


def test_a_new_installation_gets_its_first_operator(capsys) -> None:
    call_command("create_operator", "139 1111 2222", "王平台")
    assert "139****2222" in capsys.readouterr().out
    from prepaid.people.models import User

    user = User.objects.by_phone("13911112222")
    assert user is not None
    assert (user.is_platform_operator, user.is_staff, user.is_superuser) == (True, True, False)
