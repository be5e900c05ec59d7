"""What is open: every kind is found with its age and owner, counted, filtered, taken along; and told before it rots."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import operations as escrow
from escrow.errors import NotFound
from escrow.models import AuditEntry, StatementLine
from prepaid.backoffice import operations
from prepaid.backoffice.errors import NotAnOperator
from prepaid.backoffice.models import Assignment
from prepaid.backoffice.queries import matters as queries
from prepaid.backoffice.queries.matters import NOBODY, Asked
from prepaid.backoffice.queries.sources import SOURCES
from prepaid.notices.models import Message
from tests.escrow.factories import ACTOR, AT
from tests.prepaid.backoffice import factories as make
from tests.prepaid.backoffice.factories import KINDS, NOW, OF_NOBODY
from tests.prepaid.people.factories import make_official, make_operator, make_user

pytestmark = pytest.mark.django_db
LIST = "admin:backoffice_assignment_changelist"


@pytest.fixture(autouse=True)
def days_later(monkeypatch) -> None:
    """The pages read the clock: it is the time of these tests."""
    monkeypatch.setattr("escrow.clock.now", lambda: NOW)


@pytest.fixture
def of():
    return make.everything()


def found(**asked) -> list[queries.Matter]:
    return queries.matters(Asked(**asked), at=NOW)


def test_every_kind_is_found_at_its_merchant_with_its_age(of):
    assert set(SOURCES) == KINDS
    own = {(matter.source.lane, matter.merchant) for matter in found()}
    assert {(kind, None if kind in OF_NOBODY else of[kind]) for kind in KINDS} <= own
    # money of the others is in clearing too, and nothing else is anywhere
    assert {lane for lane, merchant in own if merchant not in {None, of[lane]}} <= {"clearing"}
    ages = {matter.source.lane: NOW - matter.since for matter in found()}
    assert all(timedelta(days=3) <= age <= timedelta(days=4) for age in ages.values()), ages


def test_what_is_mended_is_gone(of):
    hold = next(matter for matter in found(lane="payouts_held"))
    escrow.release_payouts(beneficiary_id=hold.payee, hold_id=hold.ref, because="lifted", at=NOW, actor=ACTOR)
    assert found(lane="payouts_held") == []
    with pytest.raises(NotFound):
        queries.matter("payouts_held", hold.ref, at=NOW)
    with pytest.raises(NotFound):
        queries.matter("nonsense", 1, at=NOW)


def test_suspense_is_its_lines_each_with_its_own_age(of):
    late = make.line(of["suspense"], 500)
    StatementLine.objects.filter(pk=late.pk).update(at=AT + timedelta(days=2))
    make.set_aside(late, at=AT + timedelta(days=2))
    assert [(row.fen, row.since) for row in found(lane="suspense")] == [(7_700, AT), (500, AT + timedelta(days=2))]
    assert [row.fen for row in found(lane="unexplained")] == [300]
    escrow.assign_line(line_id=late.pk, to="interest", because="told by the bank", at=NOW, actor=ACTOR)
    assert [row.fen for row in found(lane="suspense")] == [7_700]


def test_the_list_costs_the_same_for_any_number(of, client, django_assert_max_num_queries):
    client.force_login(make_operator())
    with django_assert_max_num_queries(12):
        assert client.get(reverse(LIST)).status_code == 200
    for _more in range(3):
        make.account_request(make.merchant())
    with django_assert_max_num_queries(12):
        assert client.get(reverse(LIST)).status_code == 200


def test_pages_filters_search_and_counts(of, client, monkeypatch):
    monkeypatch.setattr("prepaid.backoffice.admin.matters.A_PAGE", 5)
    one = make_operator()
    client.force_login(one)
    operations.hand_over(lane="suspense", ref=found(lane="suspense")[0].ref, to=one, by=one, at=NOW)
    everything = len(found())

    def shown(**asked: str) -> list[str]:
        answer = client.get(reverse(LIST), asked)
        assert answer.status_code == 200
        return [matter.source.lane for matter in answer.context["matters"]]

    assert len(shown()) == 5
    assert len(shown(page="2")) == 5
    assert len(shown(page="99")) == (everything % 5 or 5)  # the last one
    assert shown(lane="suspense") == ["suspense"]
    assert shown(lane="nonsense") == []
    assert shown(owner=str(one.pk)) == ["suspense"]
    assert "suspense" not in shown(owner=NOBODY, lane="suspense")
    assert set(shown(q=of["suspense"].name)) == {"suspense"}
    assert set(shown(q=of["suspense"].beneficiary.custody_no)) == {"suspense"}
    assert shown(q="=unknown") == ["unmatched"]
    assert shown(q="%") == []
    assert "payouts_held" not in shown(late="on", lane="payouts_held")
    assert shown(late="on", lane="approval") == ["approval"]
    assert shown(owner="'; drop", page="x")  # nonsense filters nothing
    counted = {tally.source.lane: tally.count for tally in queries.tallies(Asked(), at=NOW)}
    assert sum(counted.values()) == everything
    assert set(counted) == KINDS


def test_the_file_is_the_list_and_holds_no_formula(of, client):
    client.force_login(make_operator())
    answer = client.get(reverse(LIST), {"file": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heading, *lines = list(csv.reader(io.StringIO(text)))
    assert len(lines) == len(found())
    assert all(len(line) == len(heading) for line in lines)
    assert [line[1] for line in lines if "unknown" in line[1]] == ["'=unknown"]
    assert "112233" not in text  # no bank account


@pytest.mark.parametrize("who", ["consumer", "official", "nobody"])
def test_operators_only(of, client: Client, who):
    if who != "nobody":
        client.force_login(make_user() if who == "consumer" else make_official())
    hold = found(lane="payouts_held")[0]
    before = AuditEntry.objects.count()
    assert client.get(reverse(LIST)).status_code in {302, 403}
    for name, arguments in (
        ("ask_instruction", [found(lane="unknown")[0].ref]),
        ("release_hold", [hold.ref]),
        ("approval", [found(lane="approval")[0].ref]),
        ("reveal", [found(lane="approval")[0].ref]),
        ("take", ["payouts_held", hold.ref]),
        ("refund_by_hand", []),
    ):
        answer = client.post(reverse(f"admin:backoffice_{name}", args=arguments), {"because": "x", "word": "approve"})
        assert answer.status_code in {302, 403}, name
        assert answer.headers.get("Location", "/accounts/").startswith(("/accounts/", "/admin/login/")), name
    assert AuditEntry.objects.count() == before


def test_nothing_stays_without_an_owner_and_the_work_is_shared(of):
    one, other = make_operator(), make_operator()
    consumer = make_user()
    with pytest.raises(NotAnOperator):
        operations.hand_over(lane="suspense", ref=found(lane="suspense")[0].ref, to=consumer, by=one, at=NOW)
    everything = len(found())
    assert operations.assign_owners(at=NOW, actor="system:test") == everything
    assert found(owner=NOBODY) == []
    shares = [len(found(owner=str(user.pk))) for user in (one, other)]
    assert sum(shares) == everything
    assert abs(shares[0] - shares[1]) <= 1
    assert operations.assign_owners(at=NOW, actor="system:test") == 0


def test_without_an_operator_nothing_is_assigned(of):
    assert operations.assign_owners(at=NOW, actor="system:test") == 0
    assert not Assignment.objects.exists()


def test_the_owner_is_told_once_a_day_what_is_too_old(of):
    one = make_operator()
    one.language = "en"
    one.save()
    operations.assign_owners(at=NOW, actor="system:test")
    assert operations.alarm(at=NOW) == 1
    assert operations.alarm(at=NOW + timedelta(hours=1)) == 0
    assert operations.alarm(at=NOW + timedelta(days=1)) == 1
    message = Message.objects.filter(recipient=one).earliest("id")
    late = sum(matter.late for matter in found())
    assert message.title == f"Too old: {late} open matters are yours"
    assert f"owner={one.pk}" in message.url


def test_the_work_queue_counts_each_kind(of, client):
    client.force_login(make_operator())
    body = client.get("/admin/").content.decode()
    for lane in KINDS:
        assert f"?lane={lane}" in body
    client.force_login(make_official())
    assert "?lane=" not in client.get("/admin/").content.decode()
