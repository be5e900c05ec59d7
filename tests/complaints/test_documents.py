"""Documents of a case and the file for the court: what stands in whose copy, who gets it, that it stays as it was issued."""

import hashlib
import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.document_pdf import document_pdf
from complaints.cases.errors import ConfirmationOver, DocumentDamaged, NotTheTime
from complaints.cases.models import Case, Document
from complaints.cases.states import DocumentKind, EventKind, Side
from escrow import clock
from escrow.models import AuditEntry
from tests.complaints import factories as make
from tests.complaints import mediating
from tests.complaints.factories import AT, FENGTAI
from tests.complaints.test_life import reject
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
RARE = "李𠮷㼆𬱖"  # beyond the basic plane, and one that no font here has


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def case(officer) -> Case:
    shop = make.shop()
    card = make.card(shop, holder=make.person(RARE))
    return make.led(make.complaint(shop, of=card, at=clock.now() - timedelta(hours=1)), officer)


def issue(case: Case, kind: str, officer):
    return signed_in(officer).post(reverse("admin:cases_case_issue", args=[case.pk]), {"kind": kind})


def copies() -> dict[str, Document]:
    return {one.side: one for one in Document.objects.order_by("-id")[:2]}


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_an_acceptance_notice_once_with_each_side_in_its_own_copy(case, officer):
    for _twice in range(2):
        assert issue(case, "acceptance", officer).status_code == 302
    assert Document.objects.count() == 2
    assert case.events.filter(kind=EventKind.ISSUED).count() == 1
    consumers, merchants = copies()[Side.CONSUMER], copies()[Side.MERCHANT]
    assert RARE in consumers.text
    assert case.complainant.phone in consumers.text
    assert RARE not in merchants.text
    assert case.complainant.phone not in merchants.text
    for one in (consumers, merchants):
        for fact in (
            case.number,
            case.merchant.uscc,
            case.due_on.isoformat(),
            "朝阳区商务局",
            "受理通知书",
            "第二十五条",
        ):
            assert fact in one.text
        assert one.content["en"]["title"] == "Notice of acceptance"
        assert one.sha256 == hashlib.sha256(one.text.encode()).hexdigest()


def test_each_side_gets_its_own_copy_and_nobody_elses(case, officer):
    issue(case, "acceptance", officer)
    mine, theirs = copies()[Side.CONSUMER], copies()[Side.MERCHANT]
    boss = case.merchant.staff.get().user
    for user, name, document, status in [
        (case.complainant, "complaint_document", mine, 200),
        (case.complainant, "complaint_document", theirs, 404),
        (make.person(), "complaint_document", mine, 404),
        (boss, "shop_case_document", theirs, 200),
        (boss, "shop_case_document", mine, 404),
        (boss, "complaint_document", mine, 404),
        (make.shop().owner, "shop_case_document", theirs, 404),
    ]:
        answer = signed_in(user).get(reverse(name, args=[case.number, document.pk]))
        assert answer.status_code == status
        if status == 200:
            assert answer["Content-Type"] == "application/pdf"
            assert answer.content.startswith(b"%PDF")
    assert AuditEntry.objects.filter(action="cases.read_document").count() == 2
    assert not AuditEntry.objects.filter(action="people.reveal").exists()
    for user, status in ((officer, 200), (make.operator(), 200), (make.officer("commerce", FENGTAI), 404)):
        for one in (mine, theirs):
            url = reverse("admin:cases_case_document", args=[case.pk, one.pk])
            assert signed_in(user).get(url).status_code == status
    assert AuditEntry.objects.filter(action="people.reveal", target=case.complainant.actor).count() == 4
    other = make.led(make.complaint(), officer)
    assert signed_in(officer).get(reverse("admin:cases_case_document", args=[other.pk, mine.pk])).status_code == 404
    assert (
        signed_in(case.complainant).get(reverse("complaint_document", args=[other.number, mine.pk])).status_code == 404
    )


def test_it_stays_as_issued_whatever_changes_afterwards(case, officer):
    issue(case, "acceptance", officer)
    url = reverse("complaint_document", args=[case.number, copies()[Side.CONSUMER].pk])
    client = signed_in(case.complainant)
    before = client.get(url).content
    case.merchant.name = "换了名字"
    case.merchant.save()
    case.complainant.name = "换了人"
    case.complainant.save()
    assert client.get(url).content == before


def test_an_english_reader_gets_both_languages(case, officer):
    issue(case, "acceptance", officer)
    url = reverse("complaint_document", args=[case.number, copies()[Side.CONSUMER].pk])
    client = signed_in(case.complainant)
    assert pages_of(client.get(url).content) == 2
    assert pages_of(client.get(url, headers={"accept-language": "zh-hans"}).content) == 1


def test_each_document_has_its_time(case, officer):
    for kind in ("rejection", "termination", "agreement"):
        assert issue(case, kind, officer).status_code == 409
    assert issue(case, "verdict", officer).status_code == 404
    assert not Document.objects.exists()
    mediating.recorded(case, at=clock.now(), failed_because="商户明确拒绝调解")
    assert issue(case, "termination", officer).status_code == 302
    assert "商户明确拒绝调解" in copies()[Side.MERCHANT].text
    mediating.recorded(case, at=clock.now(), failed_because="第二次也未谈成")
    assert issue(case, "termination", officer).status_code == 302
    numbers = set(Document.objects.values_list("number", flat=True))
    assert numbers == {f"{case.number}-ZZ1", f"{case.number}-ZZ2"}


def test_a_case_closed_without_a_refund_and_never_accepted_on_paper_is_told_so(case, officer):
    reject(case, officer, reasons="不属于预付卡", at=clock.now())
    assert issue(case, "rejection", officer).status_code == 302
    assert "不属于预付卡" in copies()[Side.CONSUMER].text
    with pytest.raises(NotTheTime):
        operations.issue_document(number=case.number, kind=DocumentKind.ACCEPTANCE, officer=officer, at=clock.now())


def test_a_damaged_text_is_not_given_out(case, officer):
    issue(case, "acceptance", officer)
    document = copies()[Side.CONSUMER]
    document.text = document.text.replace(case.number, "BJ0")
    with pytest.raises(DocumentDamaged):
        operations.printed(document, case=case, side=Side.CONSUMER, reader=case.complainant, at=AT)


def test_statements_of_two_thousand_characters_go_on_over_pages(case, officer):
    said = "长" * 1999 + "𠮷"
    mediating.recorded(case, at=clock.now(), consumer_said=said, merchant_said=said, failed_because="因" * 1000)
    url = reverse("complaint_record", args=[case.number])
    pdf = signed_in(case.complainant).get(url).content
    assert pages_of(pdf) >= 3
    assert pdf == signed_in(case.complainant).get(url).content


def test_a_character_without_a_glyph_is_named_and_the_same_content_gives_the_same_bytes():
    part = {"title": "笔录", "facts": [["姓名", RARE]], "sections": [], "signatures": [], "notes": []}
    content = {"number": "BJ1", "at": "2026-11-27T10:00:00+08:00", "zh-hans": part}
    assert document_pdf(content, sha256="0") == document_pdf(content, sha256="0")
    other = {**content, "zh-hans": {**part, "facts": [["姓名", "李"]]}}
    assert document_pdf(content, sha256="0") != document_pdf(other, sha256="0")


def files(user, page: str, key) -> dict[str, bytes]:
    answer = signed_in(user).get(reverse(page, args=[key]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    return {name: packed.read(name) for name in packed.namelist()}


def test_the_file_for_the_court_holds_everything_and_is_always_the_same(case, officer):
    at = clock.now()
    mediating.agreed(case, at=at, consumer_said="长" * 2000)
    boss = case.merchant.staff.get().user
    mine = files(case.complainant, "complaint_court", case.number)
    assert sorted(name[:2] for name in mine) == ["00", "01", "02", "03", "05", "06"]  # this card has no contract
    assert all(data.startswith(b"%PDF") for data in mine.values())
    assert files(case.complainant, "complaint_court", case.number) == mine
    assert files(officer, "admin:cases_case_court", case.pk) == mine
    theirs = files(boss, "shop_case_court", case.number)
    assert theirs["06-当事人身份信息.pdf"] != mine["06-当事人身份信息.pdf"]
    assert theirs["03-调解笔录.pdf"] == mine["03-调解笔录.pdf"]
    assert AuditEntry.objects.filter(action="cases.read_document").count() == 4
    document = Document.objects.get(kind=DocumentKind.AGREEMENT, side=Side.MERCHANT)
    assert RARE in document.text  # nobody can confirm what unnamed people agreed
    assert case.complainant.phone not in document.text
    assert "1,000.00" in document.text


def test_the_file_is_there_from_the_agreement_until_thirty_days_after(case, officer):
    url = reverse("complaint_court", args=[case.number])
    client = signed_in(case.complainant)
    assert client.get(url).status_code == 404
    at = clock.now()
    Case.objects.filter(pk=case.pk).update(received_at=at - timedelta(days=60))
    sha256 = mediating.recorded(case, at=at - timedelta(days=30)).sha256
    assert client.get(url).status_code == 404
    early = at - timedelta(days=30)
    operations.confirm_as_consumer(number=case.number, complainant=case.complainant, sha256=sha256, at=early)
    boss = case.merchant.staff.get()
    operations.confirm_as_merchant(number=case.number, staff=boss, sha256=sha256, at=early)
    assert client.get(url).status_code == 200
    facts = {"case": Case.objects.get(pk=case.pk), "side": Side.CONSUMER, "reader": case.complainant}
    with pytest.raises(ConfirmationOver):
        operations.confirmation_file(**facts, at=at + timedelta(days=1))


def test_strangers_get_no_file(case, officer):
    mediating.agreed(case, at=clock.now())
    boss = case.merchant.staff.get().user
    for user, page in [
        (make.person(), "complaint_court"),
        (boss, "complaint_court"),
        (make.shop().owner, "shop_case_court"),
        (make.person(), "complaint_record"),
        (make.shop().owner, "shop_case_record"),
    ]:
        assert signed_in(user).get(reverse(page, args=[case.number])).status_code == 404
    elsewhere = signed_in(make.officer("commerce", FENGTAI))
    for name in ("court", "record"):
        assert elsewhere.get(reverse(f"admin:cases_case_{name}", args=[case.pk])).status_code == 404
