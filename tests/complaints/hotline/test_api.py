"""The work-order API: keys, one order at a time, where it stands."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.cases.models import Case
from complaints.cases.states import Source
from complaints.hotline import operations
from complaints.hotline.errors import KeyFacts
from complaints.hotline.models import ApiKey, WorkOrder
from complaints.hotline.queries.results import HEADINGS
from escrow import clock
from escrow.models import AuditEntry
from prepaid.people.errors import NotAllowed
from tests.complaints import factories as make
from tests.complaints.hotline.files import received
from tests.complaints.test_pages import signed_in
from tests.prepaid.people.test_personal_data import everything_stored

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/work-orders/"
KEYS = "/admin/hotline/apikey/"


def issued(*, system: str = "12345", per_minute: int = 600, days: int = 30) -> tuple[ApiKey, str]:
    return operations.issue_key(
        name="市热线",
        system=system,
        per_minute=per_minute,
        valid_until=clock.today() + timedelta(days=days),
        by=make.operator(),
        at=clock.now(),
    )


def body(number: str = "GD-1", **changes) -> dict:
    return {
        "number": number, "received_at": received(), "caller": "欧阳清澈", "phone": "15710000001", "merchant": "好身材健身馆",
        "address": "朝阳区建国路88号", "text": "闭店不退卡。", "paid": 3000,
    } | changes  # fmt: skip


@pytest.fixture
def token(hotline) -> str:
    return issued()[1]


def post(token: str, said, language: str = "en"):
    return Client(headers={"accept-language": language}).post(
        ORDERS, said, content_type="application/json", headers={"authorization": f"Bearer {token}"}
    )


def get(token: str, number: str):
    return Client(headers={"accept-language": "en"}).get(
        f"{ORDERS}{number}/", headers={"authorization": f"Bearer {token}"}
    )


def test_one_order_is_one_complaint_however_often_it_is_sent(token):
    first = post(token, body())
    assert first.status_code == 201, first.content
    case = Case.objects.get()
    assert list(first.json()) == list(HEADINGS)
    assert (first.json()["case"], first.json()["number"], first.json()["state"]) == (case.number, "GD-1", "received")
    assert (case.source, case.foreign_system, case.outside.paid_fen) == (Source.API, "12345", 300_000)
    again = post(token, body(text="别的话", phone="nonsense"))
    assert (again.status_code, again.json()) == (200, first.json())
    assert Case.objects.count() == WorkOrder.objects.count() == 1
    assert get(token, "GD-1").json() == first.json()
    joined = post(token, body("GD-2"))
    assert (joined.status_code, joined.json()["joined"], joined.json()["case"]) == (201, True, case.number)
    assert AuditEntry.objects.filter(action="hotline.take_order", actor=WorkOrder.objects.first().key.actor).exists()


def test_another_system_s_orders_do_not_exist(token):
    post(token, body())
    _key, other = issued(system="12315")
    assert get(other, "GD-1").status_code == 404
    assert get(token, "GD-9").json()["error"]["code"] == "NotFound"
    assert post(other, body()).status_code == 201
    assert set(Case.objects.values_list("foreign_system", flat=True)) | {"12345"} == {
        "12345"
    }  # the same person's: joined
    assert WorkOrder.objects.filter(number="GD-1").count() == 2


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "1"}, "phone"), ({"received_at": "2199-01-01 00:00"}, "received_at"), ({"text": ""}, "text"),
        ({"paid": "三千"}, "paid"), ({"lng": "1"}, "lng"), ({"wanted": "?"}, "wanted"), ({"身份证": "1"}, "身份证"),
        ({"merchant": {"name": "x"}}, "merchant"), ({"number": ""}, "number"), ({"text": "字" * 2001}, "text"),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_beside_its_field_and_nothing_is_kept(token, changes, field, language):
    answer = post(token, body(**changes), language)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert list(error["fields"]) == [field]
    assert error["message"]
    assert not Case.objects.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(st.none() | st.text(), lambda s: st.dictionaries(st.text(), s)).map(json.dumps),
    )
)
def test_any_body_is_refused(token, said):
    assert post(token, said).status_code == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Token abc", "Bearer \u00ff", "Basic eDp5"])
def test_without_a_key_nothing_opens(token, header):
    client = Client(headers={"accept-language": "en"})
    for answer in (
        client.post(ORDERS, body(), content_type="application/json", headers={"authorization": header}),
        client.get(f"{ORDERS}GD-1/", headers={"authorization": header}),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "AuthenticationFailed"
        assert "Send" in answer.json()["error"]["message"]


def test_a_session_is_no_key(token):
    assert signed_in(make.operator()).post(ORDERS, body(), content_type="application/json").status_code == 401


def test_a_key_ends_by_its_day_or_when_it_is_revoked(token):
    key, other = issued()
    ApiKey.objects.filter(pk=key.pk).update(valid_until=clock.today())
    assert post(other, body()).status_code == 201
    ApiKey.objects.filter(pk=key.pk).update(valid_until=clock.today() - timedelta(days=1))
    assert post(other, body()).status_code == 401
    operations.revoke_key(key_id=ApiKey.objects.exclude(pk=key.pk).get().pk, by=make.operator(), at=clock.now())
    assert post(token, body()).status_code == 401


def test_each_key_has_its_own_rate(hotline, monkeypatch):
    from django.core.cache.backends.locmem import LocMemCache

    from complaints.hotline.access import KeyRate

    monkeypatch.setattr(KeyRate, "cache", LocMemCache("keys", {}))
    slow, quick = issued(per_minute=2)[1], issued(per_minute=600)[1]
    assert [get(slow, "x").status_code for _turn in range(3)] == [404, 404, 429]
    assert get(quick, "x").status_code == 404


def test_the_token_is_shown_once_and_kept_nowhere(hotline):
    client = signed_in(make.operator())
    until = clock.today() + timedelta(days=30)
    page = client.post(f"{KEYS}issue/", {"name": "市热线", "system": "12345", "per_minute": 60, "valid_until": until})
    token = page.content.decode().partition("<code>")[2].partition("</code>")[0]
    assert post(token, body()).status_code == 201
    assert "no-store" in page.headers["Cache-Control"]
    assert token not in everything_stored()
    key = ApiKey.objects.get()
    for address in (KEYS, f"{KEYS}{key.pk}/change/", f"{KEYS}{key.pk}/history/"):
        assert token not in client.get(address).content.decode()
    assert "Revoke …" in client.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert client.get(f"{KEYS}{key.pk}/revoke/").status_code == 200
    client.post(f"{KEYS}{key.pk}/revoke/")
    assert post(token, body("GD-9")).status_code == 401


def test_only_operators_issue_and_revoke(page, hotline):
    key, _token = issued()
    assert page.get(f"{KEYS}issue/").status_code == page.post(f"{KEYS}{key.pk}/revoke/").status_code == 404
    assert page.get(KEYS).status_code == 403
    with pytest.raises(NotAllowed):
        operations.revoke_key(key_id=key.pk, by=hotline, at=clock.now())


@pytest.mark.parametrize(
    "facts", [{"per_minute": 0}, {"per_minute": 10_000}, {"days": -1}, {"days": 800}, {"system": "110"}]
)
def test_a_key_within_bounds(hotline, facts):
    with pytest.raises(KeyFacts):
        issued(**facts)
    assert not ApiKey.objects.exists()


def test_the_schema_names_it(client):
    schema = client.get("/api/v1/schema/?format=json").json()
    assert set(schema["paths"]["/api/v1/work-orders/"]["post"]["responses"]) >= {"200", "201", "400", "401", "429"}
    assert schema["components"]["securitySchemes"]["systemKey"]["scheme"] == "bearer"
