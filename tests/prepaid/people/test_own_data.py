"""A copy of everything that is kept of me, who looked at it, and closing my account."""

import io

import openpyxl
import pytest
from django.test import Client

from complaints.cases import operations as cases
from escrow.models import AuditEntry
from prepaid.notices.models import Message
from prepaid.people import operations, queries
from prepaid.people.errors import AccountInUse
from prepaid.people.models import User
from tests.complaints import factories as complaints
from tests.prepaid.cards import factories as make
from tests.prepaid.people.factories import AT, make_operator, make_user

pytestmark = pytest.mark.django_db


def copy_of(client: Client) -> dict[str, list[tuple]]:
    answer = client.post("/accounts/my-data/copy/")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_a_copy_holds_what_every_app_keeps(client: Client) -> None:
    case = complaints.complaint()
    user = case.complainant
    client.force_login(user)
    client.cookies["django_language"] = "en"
    sheets = copy_of(client)
    found = {title: str(rows[1:]) for title, rows in sheets.items()}
    assert user.name in found["Account"]
    assert user.phone in found["Account"]
    assert case.card.number in found["Cards"]
    assert case.text in found["Complaints"]
    assert case.refund_request.reason in found["Refund requests"]
    assert len(sheets["Messages"]) > 1
    assert AuditEntry.objects.filter(action="people.copy_data", target=user.actor).count() == 1
    assert Message.objects.filter(recipient=user, kind="people.data_copied").count() == 1


def test_a_copy_holds_nothing_of_others(client: Client) -> None:
    case = complaints.complaint()
    client.force_login(make_user(name="李四"))
    sheets = copy_of(client)
    everything = str(sheets)
    for foreign in (case.complainant.name, case.complainant.phone, case.card.number, case.number, case.text):
        assert foreign not in everything


def test_copies_are_counted(client: Client) -> None:
    client.force_login(make_user())
    answers = [client.post("/accounts/my-data/copy/").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_i_see_who_looked_at_me(client: Client, django_assert_max_num_queries) -> None:
    user = make_user()
    operations.reveal(user_id=user.pk, reason="asked by the court", by=make_operator(), at=AT)
    other = make_user()
    operations.reveal(user_id=other.pk, reason="somebody else's", by=make_operator(), at=AT)
    client.force_login(user)
    with django_assert_max_num_queries(12):
        body = client.get("/accounts/my-data/").content.decode()
    assert "asked by the court" in body
    assert "somebody else" not in body


def test_an_official_who_saw_my_number_for_a_case_stands_there(client: Client) -> None:
    case = complaints.complaint()
    officer = complaints.officer(name="王警官")
    complaints.led(case, officer)
    cases.reveal_phone(number=case.number, reason="to call them back", officer=officer, at=AT)
    assert [entry.after["reason"] for entry in queries.readings_of(case.complainant)] == ["to call them back"]


def test_nothing_of_me_is_left_when_i_close_my_account(client: Client) -> None:
    user = make_user(phone="+8613911112222", name="欧阳清澈")
    operations.copy_data(user_id=user.pk, at=AT)
    client.force_login(user)
    assert client.post("/accounts/close/", {}).status_code == 400
    assert client.post("/accounts/close/", {"sure": "on"}).headers["location"] == "/"
    user.refresh_from_db()
    assert (user.name, user.phone, user.is_active) == ("", "", False)
    assert user.closed_at is not None
    assert not Message.objects.filter(recipient=user).exists()
    assert client.get("/accounts/me/").status_code == 302
    another = Client()
    another.force_login(user)
    assert another.get("/accounts/me/").status_code == 302
    assert User.objects.by_phone("13911112222") is None
    assert "注销" in user.display_name
    again = make_user(phone="+8613911112222")
    assert again.pk != user.pk


@pytest.mark.parametrize("what", ["a card with money", "a complaint", "a workplace", "an office"])
def test_who_still_has_something_here_stays(client: Client, what: str) -> None:
    if what == "a card with money":
        user = make.card().holder
    elif what == "a complaint":
        user = complaints.complaint().complainant
    elif what == "a workplace":
        user = make.shop().owner
    else:
        user = make_operator()
    before = (user.name, user.phone)
    with pytest.raises(AccountInUse):
        operations.close_account(user_id=user.pk, at=AT)
    user.refresh_from_db()
    assert (user.name, user.phone, user.closed_at) == (*before, None)
    if what != "an office":
        client.force_login(user)
        page = client.get("/accounts/close/").content.decode()
        assert "close-form" not in page
        assert queries.in_the_way(user)[0].sentence in page
