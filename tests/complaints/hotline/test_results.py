"""Results for the hotline's own system: first contact, result, closing text, dates."""

import csv
import io
import json
from datetime import timedelta

import pytest

from complaints.cases import operations as cases
from complaints.cases.models import Case
from complaints.cases.states import CallResult, Result, Side
from complaints.hotline import operations
from complaints.hotline.queries.results import HEADINGS
from escrow import clock
from escrow.models import AuditEntry
from escrow.states import RefundBasis
from tests.complaints import factories as make
from tests.complaints.hotline.files import as_csv, read, row, take_all

pytestmark = pytest.mark.django_db
RESULTS = "/admin/hotline/workorderfile/results/"


@pytest.fixture
def decided(hotline):
    """Two work orders of one person, one case decided; one of somebody else, untouched."""
    file = read(as_csv(row("A-1"), row("A-2"), row("A-3", 联系电话="15710000003")), hotline)
    operations.confirm_file(file_id=file.pk, by=hotline, at=clock.now())
    take_all(file)
    case = Case.objects.get(foreign_number="A-1")
    officer = make.officer(case.lead_department_id, case.lead_district_id, name="钱警")
    at = clock.now()
    cases.accept(number=case.number, officer=officer, at=at)
    cases.log_call(number=case.number, officer=officer, side=Side.MERCHANT, result=CallResult.REFUSED, at=at)
    cases.log_call(
        number=case.number, officer=officer, side=Side.CONSUMER, result=CallResult.REACHED, at=at + timedelta(minutes=1)
    )
    cases.decide_outside(
        number=case.number,
        officer=officer,
        result=Result.UPHELD,
        amount_fen=123_400,
        basis=RefundBasis.MEDIATION,
        pay_by=clock.today() + timedelta(days=3),
        reasons="经调解，商家同意退款。",
        at=at + timedelta(minutes=2),
    )
    cases.confirm_repaid(number=case.number, complainant=case.complainant, at=at + timedelta(minutes=3))
    case.refresh_from_db()
    return case, at


def saved(page, kind: str, *, system: str = "12345", days: int = 3) -> bytes:
    first = clock.today() - timedelta(days=days)
    answer = page.post(RESULTS, {"system": system, "first": first, "last": clock.today(), "kind": kind})
    assert answer.status_code == 200, answer.content.decode()
    return b"".join(answer.streaming_content)


def test_as_json_and_as_csv(page, decided):
    case, at = decided
    found = {entry["number"]: entry for entry in json.loads(saved(page, "json"))}
    assert sorted(found) == ["A-1", "A-2", "A-3"]
    first = found["A-1"]
    assert list(first) == list(HEADINGS)
    assert first["first_contact_at"] == (at + timedelta(minutes=1)).astimezone(clock.BEIJING).isoformat(
        timespec="seconds"
    )
    assert (first["state"], first["result"], first["amount"]) == ("closed", "upheld", "1234.00")
    assert first["closing_text"] == "经调解，商家同意退款。"
    assert (found["A-2"]["joined"], found["A-2"]["case"]) == (True, case.number)
    untouched = found["A-3"]
    assert (untouched["first_contact_at"], untouched["closing_text"], untouched["closed_at"]) == (None, "", None)
    rows = list(csv.reader(io.StringIO(saved(page, "csv").decode("utf-8-sig"), newline="")))
    assert rows[0] == list(HEADINGS.values())
    line = dict(zip(rows[0], next(line for line in rows if line[1] == "A-1"), strict=True))
    assert (line["办理状态"], line["并入已有投诉"], line["退款金额"]) == (line["办理状态"], "否", "1234.00")
    assert line["首次联系时间"] == (at + timedelta(minutes=1)).astimezone(clock.BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    assert saved(page, "json", system="12315") == b"[]\n"
    assert len(json.loads(saved(page, "json", system=""))) == 3


def test_no_personal_data_leaves_and_every_export_is_audited(page, hotline, decided):
    for kind in ("csv", "json"):
        content = saved(page, kind).decode()
        assert "欧阳" not in content
        assert "1571000" not in content
    entry = AuditEntry.objects.filter(action="hotline.export_results").order_by("id").last()
    assert entry.actor == hotline.actor
    assert (entry.after["rows"], entry.after["format"], entry.target) == (3, "json", "system:12345")


@pytest.mark.parametrize(("first", "last"), [(0, -1), (-400, 0)])
def test_a_period_that_is_none(page, first, last):
    today = clock.today()
    answer = page.post(
        RESULTS,
        {"system": "", "first": today + timedelta(days=first), "last": today + timedelta(days=last), "kind": "csv"},
    )
    assert answer.status_code == 400
    assert not AuditEntry.objects.filter(action="hotline.export_results").exists()


def test_withdrawn_by_the_consumer(page, decided):
    case = Case.objects.get(foreign_number="A-3")
    cases.withdraw(number=case.number, complainant=case.complainant, at=clock.now())
    [entry] = [entry for entry in json.loads(saved(page, "json")) if entry["number"] == "A-3"]
    assert entry["closing_text"] == "诉求人已撤回投诉。"
