"""Who is shown in clear, where, and that each look is in the audit trail: enumerated from the code, walked over HTTP."""

import re
import uuid

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from complaints.off_custody import operations as off_custody
from complaints.off_custody.models import OffCustodyReport
from complaints.off_custody.states import Happened, ReportKind
from escrow.models import Approval, AuditEntry, BankFile, Beneficiary, StatementLine
from prepaid.merchants.models import Merchant
from prepaid.people.models import User
from tests.complaints import factories as complaints
from tests.complaints.factories import AT
from tests.escrow.test_bank_files import camt
from tests.prepaid.backoffice import factories as backoffice
from tests.prepaid.backoffice.test_reconciliation import send
from tests.prepaid.people.factories import make_operator, make_user

pytestmark = pytest.mark.django_db
REASON = "身份核实，来电确认"


@pytest.fixture
def world() -> dict[str, object]:
    """One of everything that names somebody: a person, a case with its officer, an account asked for, a bank's line."""
    operator = Client()
    operator.force_login(make_operator())
    case = complaints.complaint()
    officer = complaints.officer()
    complaints.led(case, officer)
    approval = backoffice.account_request(backoffice.merchant())
    custody_no = backoffice.held(backoffice.merchant()).beneficiary.custody_no
    payer = b"</Refs><RltdPties><Dbtr><Nm>Ouyang Qingche</Nm></Dbtr></RltdPties>"
    raw = camt(custody_no, [(7, "x", "1")])
    send(operator, raw.replace(b"</Refs>", payer))
    operator.post(reverse("admin:backoffice_import_file", args=[BankFile.objects.get().pk]))
    desk = Client()
    desk.force_login(officer)
    report = off_custody.report(
        merchant_id=case.merchant_id,
        store_id=case.store_id,
        kind=ReportKind.CASH,
        happened=Happened.TODAY,
        phone="+8613977778888",
        token=uuid.uuid4(),
        at=AT,
    )
    off_custody.take_in_charge(report_id=report.pk, officer=officer, at=AT)
    return {
        "report": report,
        "operator": operator,
        "officer": desk,
        "person": make_user(name="欧阳清澈"),
        "case": case,
        "approval": Approval.objects.get(pk=approval),
        "line": StatementLine.objects.get(),
    }


def secrets() -> set[str]:
    """What must not be read without a reason: numbers, names, representatives, accounts, as pages would spell them."""
    said = {user.name for user in User.objects.all()} | {"Ouyang Qingche"}
    said |= {user.phone[3:] for user in User.objects.all()} | {spaced(user.phone[3:]) for user in User.objects.all()}
    said |= {report.phone[3:] for report in OffCustodyReport.objects.all()}
    said |= set(Merchant.objects.values_list("legal_representative", flat=True))
    said |= set(Beneficiary.objects.values_list("payout_account_no", flat=True))
    public = set(Merchant.objects.values_list("contact_phone", flat=True)) | {
        spaced(phone.removeprefix("+86")) for phone in Merchant.objects.values_list("contact_phone", flat=True)
    }
    public |= {phone.removeprefix("+86") for phone in public}
    return {text for text in said - public if len(text) > 2}


def spaced(phone: str) -> str:
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}"


#: Every page of the administration that shows somebody in clear: its name, who may, its row, the look in the trail.
REVEALS = {
    "people_user_reveal": ("operator", "person", "people.reveal"),
    "off_custody_offcustodyreport_reveal": ("officer", "report", "off_custody.reveal_phone"),
    "cases_case_reveal": ("officer", "case", "cases.reveal_phone"),
    "backoffice_reveal": ("operator", "approval", "backoffice.reveal_account"),
    "backoffice_line_people": ("operator", "line", "backoffice.line_people"),
}
#: Shows accounts to the bank that carries the orders out; taking the file is the deed, and it is in the trail, too.
HANDED_OVER = {"backoffice_batch_file": "escrow.export_batch"}


def names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        elif pattern.name:
            found.add(pattern.name)
    return found


def test_every_reveal_of_the_code_is_listed_here():
    """Addresses that are named like one; whatever else shows somebody is found by the walk below."""
    named = {name for name in names(get_resolver().url_patterns) if re.search(r"reveal|people$|batch_file", name)}
    assert named == REVEALS.keys() | HANDED_OVER.keys()


@pytest.mark.parametrize("name", REVEALS)
def test_a_look_needs_a_post_and_a_reason_and_is_in_the_trail(world, name):
    who, row, action = REVEALS[name]
    client, page = world[who], reverse(f"admin:{name}", args=[getattr(world[row], "pk", world[row])])
    hidden, looks = secrets(), AuditEntry.objects.filter(action=action)
    for answer in (client.get(page), client.post(page), client.post(page, {"reason": "  看  "})):
        assert answer.status_code in {200, 400, 405}
        assert not [text for text in hidden if text in answer.content.decode()]
    assert not looks.exists()
    answer = client.post(page, {"reason": f"{REASON} 13911112222"})
    assert answer.status_code == 200
    body = answer.content.decode().replace("+86", "")
    assert [text for text in secrets() | accounts_asked() if text in body], "it is shown"
    assert "no-store" in answer.headers["cache-control"]
    assert looks.get().after["reason"] == f"{REASON} 139****2222"
    assert looks.get().actor == client_user(client).actor


def accounts_asked() -> set[str]:
    from escrow import operations as escrow

    return {str(escrow.payload_of(asked).get("account_no", "-")) for asked in Approval.objects.all()}


def client_user(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_no_other_page_of_the_administration_shows_anybody(world):
    """Every list and every row's page, as operator and as official."""
    hidden, seen = secrets() | accounts_asked(), 0
    for who in ("operator", "officer"):
        client = world[who]
        own = {client_user(client).name}  # one's own name greets one
        pages = ["/admin/"]
        for model in admin.site._registry:
            list_page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            pages.append(list_page)
            rows = model._default_manager.order_by("-pk")[:5]
            for row in rows:
                pages += [f"{list_page}{row.pk}/change/", f"{list_page}{row.pk}/history/"]
        for page in pages:
            answer = client.get(page)
            if answer.status_code == 200:
                seen += 1
                shown = [text for text in hidden - own if text in answer.content.decode()]
                assert not shown, (who, page, shown)
    assert seen > 60
    assert not AuditEntry.objects.filter(action__in=[action for _who, _row, action in REVEALS.values()]).exists()
