"""The operators' reconciliation pages: a file is shown before it does anything, a difference is followed to its lines."""

import csv
import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import (
    Agreement,
    AuditEntry,
    BankFile,
    BankFormat,
    BusinessClock,
    InstructionBatch,
    StatementLine,
    TieOut,
)
from escrow.operations.payments import take_payment
from escrow.states import RefundBasis
from prepaid.backoffice import operations, tasks
from prepaid.backoffice.errors import DayNotOver
from prepaid.backoffice.models import CustodyFile
from prepaid.backoffice.queries import books
from tests.escrow.factories import AT, open_agreement, order, paid
from tests.escrow.test_bank_files import camt, order_no
from tests.prepaid.backoffice.factories import charged, claimed, held, merchant, refund
from tests.prepaid.people.factories import make_official, make_operator, make_user

pytestmark = pytest.mark.django_db
PAGES = [
    "escrow_tieout_changelist",
    "escrow_bankfile_changelist",
    "escrow_bankformat_changelist",
    "escrow_bankformat_add",
    "escrow_clearingalarm_changelist",
    "escrow_channelbillline_changelist",
    "escrow_instructionbatch_changelist",
    "backoffice_upload",
    "backoffice_make_batch",
    "backoffice_reconciliation_xlsx",
    "backoffice_custodyfile_changelist",
]


@pytest.fixture
def operator(client: Client) -> Client:
    BusinessClock.objects.all().delete()
    client.force_login(make_operator())
    return client


def send(client: Client, raw: bytes, name: str = "s.xml", bank: str = "icbc", **more: str):
    data = {"file": SimpleUploadedFile(name, raw), "bank": bank, "format": "", **more}
    return client.post(reverse("admin:backoffice_upload"), data)


@pytest.mark.parametrize("page", PAGES)
def test_operators_only(client: Client, page: str):
    url = reverse(f"admin:{page}")
    assert client.get(url).status_code == 302
    client.force_login(make_user())
    assert client.get(url).status_code in {302, 403}
    client.force_login(make_official())
    assert client.get(url).status_code == 403
    client.force_login(make_operator())
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("page", ["import_file", "discard_file", "line_people", "batch_file"])
def test_deeds_are_the_operators_and_what_does_not_exist_is_not_found(client: Client, page: str):
    url = reverse(f"admin:backoffice_{page}", args=[9])
    client.force_login(make_official())
    assert client.post(url).status_code == 403
    client.force_login(make_operator())
    assert client.get(url).status_code == (404 if page == "line_people" else 405)
    assert client.post(url).status_code == 404


def test_a_file_is_shown_then_imported(operator: Client):
    agreement = held(merchant())
    account = agreement.beneficiary.custody_no
    raw = camt(account, [(200_000, order_no(agreement), "1"), (7, "nobody's", "2")])
    response = send(operator, raw)
    file = BankFile.objects.get()
    assert response.headers["Location"] == reverse("admin:escrow_bankfile_change", args=[file.pk])
    page = operator.get(response.headers["Location"]).content.decode()
    assert order_no(agreement) in page
    assert not StatementLine.objects.exists()  # only shown
    assert send(operator, raw).headers["Location"] == response.headers["Location"]
    operator.post(reverse("admin:backoffice_import_file", args=[file.pk]))
    assert StatementLine.objects.filter(matched_at__isnull=False).count() == 1
    assert "icbc" in operator.get(response.headers["Location"]).content.decode()
    tied = TieOut.objects.get()
    assert (tied.off_fen, tied.unmatched) == (0, 1)  # it is in suspense
    listed = operator.get(reverse("admin:escrow_tieout_changelist")).content.decode()
    assert account in listed
    drilled = operator.get(reverse("admin:escrow_tieout_change", args=[tied.pk])).content.decode()
    assert "nobody&#x27;s" in drilled
    assert order_no(agreement) not in drilled


def test_a_file_may_be_discarded(operator: Client):
    agreement = held(merchant())
    send(operator, camt(agreement.beneficiary.custody_no, [(200_000, order_no(agreement), "1")]))
    operator.post(reverse("admin:backoffice_discard_file", args=[BankFile.objects.get().pk]))
    assert not BankFile.objects.exists()
    assert not StatementLine.objects.exists()


@pytest.mark.parametrize("raw", [b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"a,b\n1,2\n"])
def test_what_cannot_be_read_is_said_beside_the_field(operator: Client, raw: bytes):
    response = send(operator, raw)
    assert response.status_code in {400, 413}
    assert "errorlist" in response.content.decode()
    assert not BankFile.objects.exists()


def test_who_is_behind_a_line_is_shown_on_demand_and_written_down(operator: Client):
    agreement = held(merchant())
    name = b"</Refs><RltdPties><Dbtr><Nm>Zhang San</Nm></Dbtr></RltdPties>"
    raw = camt(agreement.beneficiary.custody_no, [(7, "x", "1")]).replace(b"</Refs>", name)
    send(operator, raw)
    operator.post(reverse("admin:backoffice_import_file", args=[BankFile.objects.get().pk]))
    line = StatementLine.objects.get()
    assert b"Zhang San" not in operator.get(reverse("admin:escrow_statementline_change", args=[line.pk])).content
    assert (
        b"Zhang San" not in operator.get(reverse("admin:escrow_tieout_change", args=[TieOut.objects.get().pk])).content
    )
    page = reverse("admin:backoffice_line_people", args=[line.pk])
    looks = AuditEntry.objects.filter(action="backoffice.line_people", target=f"statement_line:{line.pk}")
    for answer in (operator.get(page), operator.post(page), operator.post(page, {"reason": "why"})):
        assert b"Zhang San" not in answer.content
    assert not looks.exists()
    assert b"Zhang San" in operator.post(page, {"reason": "whose money is it"}).content
    assert looks.get().after == {"reason": "whose money is it"}


def test_the_workbook_lists_days_and_unmatched_lines(operator: Client):
    agreement = held(merchant())
    file = send(operator, camt(agreement.beneficiary.custody_no, [(7, "=1+1", "1")]))
    operator.post(reverse("admin:backoffice_import_file", args=[BankFile.objects.get().pk]))
    assert file.status_code == 302
    raw = operator.get(reverse("admin:backoffice_reconciliation_xlsx"), {"until": "2026-11-30"}).content
    days, lines, _broken = load_workbook(io.BytesIO(raw)).worksheets
    assert [cell.value for cell in days[2]][:2] == ["2026-11-23", agreement.beneficiary.custody_no]
    assert [cell.value for cell in lines[2]][4:6] == ["0.07", "'=1+1"]


def told(of, day) -> list[str]:
    """Of one merchant, what the city was told of a day: cards, balance, paid in, released, refunded."""
    file = operations.write_custody_file(day=day, at=AT + timedelta(days=9), actor="system:test")
    lines = list(csv.reader(io.StringIO(bytes(file.content).decode("utf-8-sig"))))
    assert (len(lines[0]), lines[-1][:2], file.rows) == (9, ["合计", str(len(lines) - 2)], len(lines) - 2)
    [row] = [row for row in lines[1:-1] if row[2] == of.beneficiary.custody_no]
    assert row[:2] == [of.uscc, of.name]
    return row[4:]


def test_the_citys_file_has_a_row_a_merchant_and_their_sums():
    one = merchant()
    agreement = held(one)
    held(one)
    facts = {"beneficiary_id": one.beneficiary_id, "agreement_id": agreement.pk, "key": "k", "reference": "v"}
    escrow.charge(units=3, final=True, at=AT, actor="system:test", **facts)
    refund(one)
    day = beijing_date(AT)
    assert told(one, day) == ["2", "3400.00", "6000.00", "600.00", "2000.00"]
    assert told(one, day + timedelta(days=1)) == ["2", "3400.00", "0.00", "0.00", "0.00"]


def test_a_day_s_file_is_of_its_own_end_and_counts_every_refund():
    """What is paid back out of the merchant's earnings, by a claim, or as late money is a refund too; cards that ended
    later were there."""
    one = merchant()
    claimed(one, owed_fen=50_000)  # earned on the first day, paid out and owed on the second
    charged(held(one, units_total=2))  # 1,000 yuan are earned and due
    escrow.serve_claims(beneficiary_id=one.beneficiary_id, at=AT + timedelta(days=1), actor="system:test")
    card = held(one, units_total=1)
    charged(card)
    owed = {"basis": RefundBasis.JUDGMENT, "reference": "case 2", "at": AT + timedelta(days=2), "actor": "system:test"}
    escrow.refund(agreement_id=card.pk, amount_fen=30_000, **owed)  # made good out of what is earned
    given_up = open_agreement(one.beneficiary)
    late = order(given_up)
    escrow.cancel_agreement(agreement_id=given_up.pk, at=AT, actor="system:test")
    take_payment(channel="sandbox", answer=paid(late), at=AT)
    day = beijing_date(AT)
    assert told(one, day) == ["1", "1000.00", "8000.00", "5000.00", "2000.00"]
    assert told(one, day + timedelta(days=1)) == ["1", "1000.00", "0.00", "0.00", "500.00"]
    assert told(one, day + timedelta(days=2)) == ["1", "1000.00", "0.00", "0.00", "300.00"]
    ends = {"basis": RefundBasis.CONSENT, "reference": "r", "at": AT + timedelta(days=3), "actor": "system:test"}
    escrow.refund(agreement_id=Agreement.objects.get(units_total=2).pk, amount_fen=100_000, **ends)
    assert books.city_file(day)[1] == bytes(CustodyFile.objects.get(day=day).content)
    assert told(one, day + timedelta(days=3)) == ["0", "0.00", "0.00", "0.00", "1000.00"]


def test_a_day_is_told_once_when_it_is_over(operator: Client, monkeypatch):
    held(one := merchant())
    monkeypatch.setattr("escrow.clock.now", lambda: AT + timedelta(days=1))
    assert tasks.write_custody_files() == 1
    assert tasks.write_custody_files() == 0
    monkeypatch.setattr("escrow.clock.now", lambda: AT + timedelta(days=4))  # after an outage
    assert tasks.write_custody_files() == 3
    files = list(CustodyFile.objects.order_by("day"))
    assert [file.day for file in files] == [beijing_date(AT) + timedelta(days=n) for n in range(4)]
    first = files[0]
    held(one)  # too late for what is written
    again = operations.write_custody_file(day=first.day, at=AT + timedelta(days=4), actor="system:test")
    assert (again.pk, again.sha256) == (first.pk, hashlib.sha256(bytes(first.content)).hexdigest())
    assert AuditEntry.objects.filter(action="backoffice.custody_file").count() == 4
    listed = operator.get(reverse("admin:backoffice_custodyfile_changelist")).content.decode()
    assert first.sha256 in listed
    taken = operator.get(reverse("admin:backoffice_city_file", args=[first.pk]))
    assert (taken.content, taken["Content-Disposition"]) == (
        bytes(first.content),
        f'attachment; filename="custody-{first.day}.csv"',
    )
    assert operator.get(reverse("admin:backoffice_city_file", args=[first.pk + 99])).status_code == 404
    with pytest.raises(DayNotOver):
        operations.write_custody_file(day=beijing_date(AT) + timedelta(days=4), at=AT + timedelta(days=4), actor="x")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        CustodyFile.objects.filter(pk=first.pk).update(rows=7)


def test_an_instruction_file_is_made_taken_and_answered(operator: Client):
    order = refund(merchant())
    operator.post(reverse("admin:backoffice_make_batch"), {"bank": "sandbox", "kind": "refund"})
    batch = InstructionBatch.objects.get()
    assert operator.get(reverse("admin:escrow_instructionbatch_change", args=[batch.pk])).status_code == 200
    response = operator.post(reverse("admin:backoffice_batch_file", args=[batch.pk]), {"format": "csv"})
    assert AuditEntry.objects.filter(action="escrow.export_batch").count() == 1
    lines = response.content.decode("utf-8-sig").splitlines()
    lines[2] = lines[2][:-1] + "成功,"
    send(operator, "\r\n".join(lines).encode("gb18030"), name="r.csv", bank="sandbox")
    operator.post(reverse("admin:backoffice_import_file", args=[BankFile.objects.get().pk]))
    order.refresh_from_db()
    assert order.state == "succeeded"


def test_a_column_mapping_says_what_it_lacks_and_is_written_down(operator: Client):
    url = reverse("admin:escrow_bankformat_add")
    fields = {name.name: name.get_default() for name in BankFormat._meta.fields if name.name != "id"}
    fields |= {"bank": "ccb", "name": "建设银行", "account": "账号", "day": "日期", "amount": "金额"}
    assert "errorlist" in operator.post(url, fields).content.decode()  # neither line number nor balance
    assert not BankFormat.objects.exists()
    assert operator.post(url, fields | {"balance": "余额"}).status_code == 302
    assert AuditEntry.objects.filter(action="backoffice.bank_format").count() == 1


def test_the_pages_ask_the_database_no_more_for_more_rows(operator: Client, django_assert_max_num_queries):
    of = merchant()
    entries = [(nth, f"x{nth}", str(nth)) for nth in range(1, 40)]
    held(of)
    send(operator, camt(of.beneficiary.custody_no, entries))
    file = BankFile.objects.get()
    with django_assert_max_num_queries(12):
        operator.get(reverse("admin:escrow_bankfile_change", args=[file.pk]))
    operator.post(reverse("admin:backoffice_import_file", args=[file.pk]))
    for page in (
        reverse("admin:escrow_tieout_changelist"),
        reverse("admin:escrow_tieout_change", args=[TieOut.objects.get().pk]),
    ):
        with django_assert_max_num_queries(12):
            operator.get(page)
