"""Lists of the administration as files: what stands on the page, of the official's post, with a reason that is kept."""

import io

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from escrow.models import AuditEntry
from prepaid.merchants.models import Merchant
from prepaid.people import operations
from prepaid.people.operations import exports
from tests.complaints import factories as make
from tests.prepaid.merchants.factories import CHAOYANG, HAIDIAN, make_merchant
from tests.prepaid.people.factories import make_official, make_operator

pytestmark = pytest.mark.django_db
LISTS = [
    "merchants_merchant", "merchants_listing", "merchants_closing", "merchants_handover", "products_filing", "cases_case",
]  # fmt: skip
WHY = {"reason": "季度核查预付卡商户"}


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def saved(client: Client, name: str, query: str = "", **typed: str):
    return client.post(f"{reverse(f'admin:{name}_export')}?{query}", WHY | typed)


def test_the_rows_of_the_filter_masked_and_no_formula_among_them() -> None:
    mine, other = make_merchant(), make_merchant(district=HAIDIAN)
    Merchant.objects.filter(pk=mine.pk).update(name='=HYPERLINK("http://x","y")')
    client = signed_in(make_official(department=mine.sector.lead_department_id, district=CHAOYANG))
    listed = client.get(reverse("admin:merchants_merchant_changelist"), {"q": mine.uscc}).content.decode()
    assert f"export/?q={mine.uscc}" in listed
    text = saved(client, "merchants_merchant", f"q={mine.uscc}", kind="csv").content.decode("utf-8-sig")
    header, row = text.splitlines()
    assert "统一社会信用代码" in header
    assert "'=HYPERLINK" in row
    assert "李**" in row
    assert other.uscc not in saved(client, "merchants_merchant", kind="csv").content.decode()
    assert len(saved(client, "merchants_merchant", "q=91110105MA0000000X", kind="csv").content.splitlines()) == 1
    book = load_workbook(io.BytesIO(saved(client, "merchants_merchant", kind="xlsx").content))
    assert [cell.data_type for cell in book.worksheets[0][2]] == ["s"] * 6
    kept = AuditEntry.objects.filter(action="people.export_list").order_by("id")
    assert [(entry.target, entry.after["rows"], entry.after["format"]) for entry in kept] == [
        ("list:merchants_merchant", 1, "csv"),
        ("list:merchants_merchant", 1, "csv"),
        ("list:merchants_merchant", 0, "csv"),
        ("list:merchants_merchant", 1, "xlsx"),
    ]
    assert kept[0].after["filter"] == f"q={mine.uscc}"
    assert kept[0].after["reason"] == WHY["reason"]


def test_refused_without_a_reason_or_above_the_limit_and_nothing_is_kept(monkeypatch) -> None:
    make_merchant()
    client = signed_in(make_operator())
    assert saved(client, "merchants_merchant", kind="csv", reason="x").status_code == 400
    assert saved(client, "merchants_merchant", kind="exe").status_code == 400
    monkeypatch.setattr(exports, "MOST_ROWS", 0)
    monkeypatch.setattr(operations, "MOST_ROWS", 0)
    answer = saved(client, "merchants_merchant", kind="csv")
    assert answer.status_code == 400
    assert "请缩小筛选范围" in answer.content.decode()
    assert saved(client, "merchants_merchant", "nonsense=1", kind="csv").status_code == 302
    assert not AuditEntry.objects.filter(action="people.export_list").exists()


def test_every_list_is_saved_and_a_phone_number_in_the_filter_is_masked() -> None:
    case = make.complaint()
    phone = case.complainant.phone.removeprefix("+86")
    client = signed_in(make_operator())
    for name in LISTS:
        assert client.get(reverse(f"admin:{name}_export")).status_code == 200
        assert saved(client, name, f"q={phone}" if name == "cases_case" else "", kind="csv").status_code == 200
        entry = AuditEntry.objects.get(action="people.export_list", target=f"list:{name}")
        assert phone not in str(entry.after)
        assert entry.after["rows"] == (1 if name in {"cases_case", "merchants_merchant"} else 0), name
