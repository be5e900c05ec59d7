"""Personal data: encrypted at rest, masked on screen and in logs, revealed only with a reason."""

import base64
import json
import logging
import zlib

import pytest
import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from escrow.errors import DomainError
from escrow.models import AuditEntry
from prepaid.people import logs, operations
from prepaid.people.errors import NotAllowed, ReasonMissing
from prepaid.people.models import User
from tests.prepaid.people.factories import AT, make_official, make_operator, make_user

pytestmark = pytest.mark.django_db


def everything_stored() -> str:
    """Every text in every table of ours and of the sessions, with what base64 hides in it."""
    stored = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            stored += [row[0] for row in cursor.fetchall()]
    for session in Session.objects.all():
        packed, payload = session.session_data.startswith("."), session.session_data.split(":")[0].lstrip(".")
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        stored.append((zlib.decompress(raw) if packed else raw).decode(errors="replace"))
    return "\n".join(stored)


def test_no_table_holds_a_phone_number_a_name_or_a_message_in_clear(client: Client) -> None:
    user = make_user(phone="+8613911112222", name="欧阳清澈")
    client.post("/accounts/login/", {"login": user.phone})
    attempt = client.session["account_login"]["state"]["stages"]["login_by_code"]["data"]
    assert attempt["phone"] == user.phone
    stored = everything_stored()
    assert str(user.public_id) in stored
    assert "login_by_code" not in stored
    for secret in ("13911112222", "欧阳", "清澈", "11112222", attempt["code"]):
        assert secret not in stored, secret


def test_the_number_is_found_without_being_readable() -> None:
    user = make_user(phone="+8613911112222")
    assert User.objects.by_phone("139 1111 2222") == user
    assert User.objects.by_phone("139 1111 2223") is None
    with pytest.raises(DomainError):
        operations.register(phone="13911112222", name="第二人", at=AT)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("张小芳", "张**"),
        ("欧阳清澈", "欧**"),
        ("Li Ming", "Li ***"),
        ("李", "李*"),
        ("", "138****5678"),
    ],
)
def test_others_see_a_mask(name: str, shown: str) -> None:
    user = User(phone="+8613812345678", name=name)
    assert user.display_name == str(user) == user.get_short_name() == shown
    assert user.phone_masked == "138****5678"


def test_a_foreign_number_keeps_its_country_only() -> None:
    assert User(phone="+85251234567").phone_masked == "+852****4567"


class TestReveal:
    def test_an_operator_sees_in_clear_after_giving_a_reason(self, client: Client) -> None:
        operator, person = make_operator(), make_user(phone="+8613911112222", name="欧阳清澈")
        client.force_login(operator)
        listing = client.get("/admin/people/user/").content.decode()
        page = client.get(f"/admin/people/user/{person.pk}/change/").content.decode()
        asked = client.get(f"/admin/people/user/{person.pk}/reveal/").content.decode()
        for body in (listing, page, asked):
            assert "139****2222" in body
            assert "欧阳清澈" not in body
            assert "1111" not in body
        assert not AuditEntry.objects.filter(action="people.reveal").exists()

        answer = client.post(
            f"/admin/people/user/{person.pk}/reveal/", {"reason": "投诉核实 13911112222 11010519491231002X"}
        )
        assert "欧阳清澈" in answer.content.decode()
        assert "139 1111 2222" in answer.content.decode()
        assert "no-store" in answer.headers["cache-control"]
        entry = AuditEntry.objects.get(action="people.reveal")
        assert (entry.actor, entry.target) == (operator.actor, f"user:{person.public_id}")
        assert entry.after == {"reason": "投诉核实 139****2222 110105********002X", "fields": ["name", "phone"]}

    @pytest.mark.parametrize("reason", ["", "    ", "看看"])
    def test_without_a_reason_nothing_is_shown_or_written(self, client: Client, reason: str) -> None:
        operator, person = make_operator(), make_user(name="欧阳清澈")
        client.force_login(operator)
        answer = client.post(f"/admin/people/user/{person.pk}/reveal/", {"reason": reason})
        assert answer.status_code == 400
        assert "欧阳清澈" not in answer.content.decode()
        assert not AuditEntry.objects.filter(action="people.reveal").exists()
        with pytest.raises(ReasonMissing):
            operations.reveal(user_id=person.pk, reason=reason, by=operator, at=AT)

    def test_nobody_else_may(self, client: Client) -> None:
        person = make_user(name="欧阳清澈")
        for other in (make_official(), make_user()):
            client.force_login(other)
            for answer in (
                client.get(f"/admin/people/user/{person.pk}/reveal/"),
                client.post(f"/admin/people/user/{person.pk}/reveal/", {"reason": "a good reason"}),
            ):
                assert answer.status_code in {302, 403}
                assert "欧阳清澈" not in answer.content.decode()
            with pytest.raises(NotAllowed):
                operations.reveal(user_id=person.pk, reason="a good reason", by=other, at=AT)
        assert not AuditEntry.objects.filter(action="people.reveal").exists()


def test_a_whole_number_finds_the_person_and_a_part_does_not(client: Client) -> None:
    person = make_user(phone="+8613911112222")
    client.force_login(make_operator())
    assert str(person.public_id) in client.get("/admin/people/user/?q=139 1111 2222").content.decode()
    assert str(person.public_id) in client.get(f"/admin/people/user/?q={str(person.public_id)[:8]}").content.decode()
    assert str(person.public_id) not in client.get("/admin/people/user/?q=1391111").content.decode()


@pytest.mark.parametrize("as_json", [True, False])
def test_logs_mask_numbers_whoever_writes_them(as_json: bool) -> None:
    before = structlog.get_config()
    try:
        formatter = logs.configuration(level="INFO", as_json=as_json)["formatters"]["lines"]
    finally:
        structlog.configure(**before)
    render = formatter.pop("()")(**formatter)
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "SMS to %s failed", ("+8613911112222",), None)
    line = render.format(record)
    assert "139****2222" in line
    assert "13911112222" not in line
    if as_json:
        assert json.loads(line)["event"] == "SMS to 139****2222 failed"


def test_long_numbers_in_logs_are_left_alone() -> None:
    event = logs.mask_phones(None, "info", {"order": "2026030213911112222", "phone": "8613911112222"})
    assert event == {"order": "2026030213911112222", "phone": "139****2222"}


def test_a_session_of_another_key_is_an_empty_one(client: Client, settings) -> None:
    client.force_login(make_user())
    assert client.get("/accounts/me/").status_code == 200
    settings.PERSONAL_DATA_KEYS = [bytes(32)]
    assert client.session.load() == {}


def test_keys_can_be_rotated() -> None:
    user = make_user(name="欧阳清澈")
    old = settings.PERSONAL_DATA_KEYS
    try:
        settings.PERSONAL_DATA_KEYS = [b"n" * 32, *old]
        assert User.objects.get(pk=user.pk).name == "欧阳清澈"
    finally:
        settings.PERSONAL_DATA_KEYS = old
