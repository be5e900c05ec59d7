"""Photos and documents in a complaint, over HTTP: who adds, who sees, what is refused, what is written down."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from complaints.cases import operations as cases
from complaints.cases.models import CaseEvent
from complaints.cases.queries.file import timeline_of
from complaints.cases.states import EventKind, EvidenceSide, Side
from complaints.evidence import operations
from complaints.evidence.files import cleaned
from complaints.evidence.models import Evidence, StoredFile
from complaints.evidence.receivers import answer_copy
from escrow.models import AuditEntry
from prepaid.merchants.models import StaffRole
from prepaid.notices.models import Message
from tests.complaints import factories as make
from tests.complaints import pictures
from tests.complaints.factories import AT, FENGTAI
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def case(officer):
    return make.complaint()


def consumer(case) -> Client:
    return signed_in(case.complainant)


def merchant(case) -> Client:
    return signed_in(case.merchant.staff.get().user)


def add(client, page, case, *contents: bytes, name: str = "a.jpg", **fields):
    files = [SimpleUploadedFile(name, content, "image/jpeg") for content in contents]
    return client.post(reverse(page, args=[case.number]), {"photos": files, **fields})


def officer_adds(client, case, *contents: bytes, side: str = "authority"):
    files = [SimpleUploadedFile("a.jpg", content) for content in contents]
    return client.post(reverse("admin:evidence_evidence_add_to", args=[case.pk]), {"photos": files, "side": side})


def test_a_consumer_adds_and_sees_their_own_and_the_merchant_only_that_there_is_one(case, officer):
    make.led(case, officer)
    client = consumer(case)
    done = add(client, "complaint_evidence", case, pictures.with_exif(), pictures.pdf())
    assert (done.status_code, done.url) == (302, reverse("complaint_detail", args=[case.number]))
    photo, document = Evidence.objects.order_by("pk")
    page = client.get(done.url).content.decode()
    assert reverse("complaint_evidence_preview", args=[case.number, photo.pk]) in page
    assert reverse("complaint_evidence_file", args=[case.number, document.pk]) in page
    assert "Photo or document added" in page
    foreign = merchant(case).get(reverse("shop_case", args=[case.number])).content.decode()
    assert "Photo or document added" in foreign
    assert f"/evidence/{photo.pk}/" not in foreign
    event = CaseEvent.objects.get(kind=EventKind.EVIDENCE)
    assert event.data == {"side": "consumer", "files": 2}
    assert [one.title for one in Message.objects.filter(recipient=officer)].count(
        f"投诉{case.number}：消费者补充了照片或文件"
    ) == 1
    lines = [line.note for line in timeline_of(case, side=Side.MERCHANT) if "2" in line.note]
    assert len(lines) == 1


def test_what_is_served_cannot_do_anything(case):
    client = consumer(case)
    add(client, "complaint_evidence", case, pictures.with_exif(), pictures.pdf())
    photo, document = Evidence.objects.order_by("pk")
    for row, media, how in ((photo, "image/jpeg", "inline"), (document, "application/pdf", "attachment")):
        answer = client.get(reverse("complaint_evidence_file", args=[case.number, row.pk]))
        assert answer.headers["Content-Type"] == media
        assert answer.headers["Content-Disposition"].startswith(how)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert pictures.MAKER not in answer.content
    assert answer.content == pictures.pdf()
    preview = reverse("complaint_evidence_preview", args=[case.number, document.pk])
    assert client.get(preview).status_code == 404


def test_nothing_lies_in_clear_in_the_database(case):
    add(consumer(case), "complaint_evidence", case, pictures.pdf(b"SECRET WORDS"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM evidence_storedfile")
        raw = bytes(cursor.fetchone()[0])
    assert b"SECRET" not in raw
    assert b"%PDF" not in raw
    assert b"SECRET WORDS" in StoredFile.objects.get().content


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("photo.jpg", pictures.HTML, "Only photos"),
        ("photo.jpg", pictures.SVG, "Only photos"),
        ("contract.pdf", pictures.archive(), "Only photos"),
        ("photo.jpg", pictures.picture()[:-300], "cannot be read to its end"),
        ("photo.jpg", b"", "empty"),
        ("photo.png", pictures.bomb(), "million pixels"),
        ("IMG_1.HEIC", pictures.HEIC, "HEIC photos are not taken"),
        ('"><script>alert(1)</script>.jpg', pictures.HTML, "Only photos"),
    ],
    ids=["page", "drawing", "archive", "cut off", "nothing", "bomb", "HEIC", "name"],
)
def test_a_bad_file_is_named_and_nothing_is_kept(case, name, content, said):
    for answer in (
        add(consumer(case), "complaint_evidence", case, pictures.picture(), content, name=name),
        add(merchant(case), "shop_case_evidence", case, content, name=name),
    ):
        page = answer.content.decode()
        assert answer.status_code == 400
        assert said in page
        assert "<script>alert" not in page
        assert 'aria-invalid="true"' in page
    assert (Evidence.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert not CaseEvent.objects.filter(kind=EventKind.EVIDENCE).exists()


def test_nothing_chosen_too_many_and_too_large_are_refused(case, settings):
    client = consumer(case)
    assert add(client, "complaint_evidence", case).status_code == 400
    six = [pictures.picture(size=(10 + number, 10)) for number in range(6)]
    assert "at most 5 files at a time" in add(client, "complaint_evidence", case, *six).content.decode()
    settings.EVIDENCE_MAX_FILES = 3
    assert add(client, "complaint_evidence", case, *six[:2]).status_code == 302
    refused = add(client, "complaint_evidence", case, *six[2:4])
    assert (refused.status_code, Evidence.objects.count()) == (409, 2)
    assert "at most 3 files" in refused.content.decode()
    assert add(client, "complaint_evidence", case, six[2]).status_code == 302
    assert add(merchant(case), "shop_case_evidence", case, *six[:3]).status_code == 302  # each side has its own
    settings.EVIDENCE_MAX_BYTES = 100
    large = add(client, "complaint_evidence", case, pictures.picture())
    assert large.status_code == 400
    assert "larger than" in large.content.decode()


def test_the_same_bytes_of_one_side_are_there_once(case):
    client = consumer(case)
    sent = pictures.picture()
    add(client, "complaint_evidence", case, sent, sent)
    again = client.post(
        reverse("complaint_evidence", args=[case.number]),
        {"photos": SimpleUploadedFile("other.png", sent)},
        follow=True,
    )
    assert "nothing was added" in again.content.decode()
    assert CaseEvent.objects.filter(kind=EventKind.EVIDENCE).count() == 1
    add(merchant(case), "shop_case_evidence", case, sent)
    assert list(Evidence.objects.order_by("pk").values_list("side", "sha256")) == [
        (side, hashlib.sha256(sent).hexdigest()) for side in ("consumer", "merchant")
    ]
    row = Evidence.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Evidence.objects.create(
            case=case, side=row.side, sha256=row.sha256, added_by=row.added_by, at=AT,
            file=operations.store(cleaned(sent), at=AT),
        )  # fmt: skip


def test_nothing_is_added_to_a_case_that_is_over(case):
    cases.withdraw(number=case.number, complainant=case.complainant, at=AT)
    for client, page in ((consumer(case), "complaint_evidence"), (merchant(case), "shop_case_evidence")):
        assert add(client, page, case, pictures.picture()).status_code == 409
        assert "photos" not in client.get(reverse(page, args=[case.number])).content.decode().replace("Photos", "")
    assert Evidence.objects.count() == StoredFile.objects.count() == 0


def everybodys(case) -> dict[str, Evidence]:
    file = [cleaned(pictures.picture(colour=colour)) for colour in ("red", "green", "blue")]
    staff = case.merchant.staff.get()
    lead = case.lead_officer
    operations.add_as_consumer(number=case.number, complainant=case.complainant, files=file[:1], at=AT)
    operations.add_as_merchant(number=case.number, staff=staff, files=file[1:2], at=AT)
    operations.add_as_officer(number=case.number, officer=lead, side=EvidenceSide.AUTHORITY, files=file[2:], at=AT)
    return {row.side: row for row in Evidence.objects.all()}


def test_who_sees_which(case, officer):
    """Every side by every door: one's own and no other's; the officers of the queue all; everybody else nothing."""
    rows = everybodys(make.led(case, officer))
    other = make.complaint()
    clients = {
        "consumer": consumer(case),
        "merchant": merchant(case),
        "officer": signed_in(officer),
        "colleague": signed_in(make.officer()),
        "operator": signed_in(make.operator()),
        "elsewhere": signed_in(make.officer(district=FENGTAI)),
        "another department": signed_in(make.officer("sports")),
        "another consumer": consumer(other),
        "another merchant": merchant(other),
        "nobody": Client(),
    }
    seen = set()
    for who, client in clients.items():
        for side, row in rows.items():
            for part in ("file", "preview"):
                answers = [
                    client.get(reverse(f"complaint_evidence_{part}", args=[case.number, row.pk])),
                    client.get(reverse(f"shop_case_evidence_{part}", args=[case.number, row.pk])),
                    client.get(reverse(f"admin:evidence_evidence_{part}", args=[row.pk])),
                ]
                # Not theirs is not found; a door that is not theirs sends them to sign in or says no.
                assert {answer.status_code for answer in answers} <= {200, 302, 403, 404}
                seen |= {(who, side) for answer in answers if answer.status_code == 200}
    assert seen == {("consumer", "consumer"), ("merchant", "merchant")} | {
        (who, side) for who in ("officer", "colleague", "operator") for side in rows
    }
    foreign = reverse("complaint_evidence_file", args=[other.number, rows["consumer"].pk])
    assert clients["another consumer"].get(foreign).status_code == 404
    for who in ("another consumer", "another merchant"):
        page = "complaint_evidence" if "consumer" in who else "shop_case_evidence"
        assert add(clients[who], page, case, pictures.picture()).status_code == 404
    for who in ("colleague", "operator", "elsewhere"):
        assert officer_adds(clients[who], case, pictures.pdf()).status_code in {403, 404}
    assert Evidence.objects.count() == 3


def test_a_cashier_adds_nothing(case):
    staff = case.merchant.staff.get()
    staff.role, staff.store = StaffRole.CASHIER, case.store
    staff.save()
    assert add(signed_in(staff.user), "shop_case_evidence", case, pictures.picture()).status_code in {302, 403, 404}
    assert Evidence.objects.count() == 0


def test_the_officer_adds_for_a_side_and_sees_everybodys(case, officer, django_assert_max_num_queries):
    everybodys(make.led(case, officer))
    client = signed_in(officer)
    form = client.get(reverse("admin:evidence_evidence_add_to", args=[case.pk])).content.decode()
    assert 'enctype="multipart/form-data"' in form
    assert officer_adds(client, case, pictures.HTML).status_code == 400
    assert officer_adds(client, case, pictures.pdf(), side="consumer").status_code == 302
    row = Evidence.objects.latest("pk")
    assert (row.side, row.added_by) == ("consumer", officer)
    page = reverse("complaint_evidence_file", args=[case.number, row.pk])
    assert consumer(case).get(page).status_code == 200  # what was written down for a side is that side's
    with django_assert_max_num_queries(12):
        file = client.get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()
    assert file.count("/preview/") == 3


def test_each_look_of_an_officer_is_written_down_and_the_consumer_reads_it(case, officer):
    rows = everybodys(make.led(case, officer))
    client = signed_in(officer)
    for _twice in range(2):
        client.get(reverse("admin:evidence_evidence_preview", args=[rows["consumer"].pk]))
        client.get(reverse("admin:evidence_evidence_file", args=[rows["consumer"].pk]))
        client.get(reverse("admin:evidence_evidence_file", args=[rows["merchant"].pk]))
    read = AuditEntry.objects.filter(action="evidence.read", target=f"case:{case.pk}", actor=officer.actor)
    assert sorted(entry.after["evidence"] for entry in read) == sorted([rows["consumer"].pk, rows["merchant"].pk] * 2)
    told = AuditEntry.objects.get(action="people.reveal", target=case.complainant.actor)
    assert case.number in told.after["reason"]
    assert case.number in consumer(case).get("/accounts/my-data/").content.decode()


def test_the_pages_cost_few_queries(case, django_assert_max_num_queries):
    for side, client in (("complaint", consumer(case)), ("shop_case", merchant(case))):
        add(client, f"{side}_evidence", case, *[pictures.picture(size=(10, 9 + number)) for number in range(5)])
        page = "complaint_detail" if side == "complaint" else "shop_case"
        with django_assert_max_num_queries(12):
            assert client.get(reverse(page, args=[case.number])).content.decode().count("/preview/") == 5
        with django_assert_max_num_queries(12):
            assert client.get(reverse(f"{side}_evidence", args=[case.number])).status_code == 200


def test_a_copy_of_my_data_names_them(case, officer):
    everybodys(make.led(case, officer))
    rows = next(list(sheet) for sheet in answer_copy(case.complainant).values())
    assert len(rows) == 2
    assert str(rows[1][-1]).endswith(
        reverse("complaint_evidence_file", args=[case.number, Evidence.objects.get(side="consumer").pk])
    )
    assert next(list(sheet) for sheet in answer_copy(make.person()).values())[1:] == []


def test_a_form_without_its_token_adds_nothing(case):
    client = Client(enforce_csrf_checks=True)
    client.force_login(case.complainant)
    assert add(client, "complaint_evidence", case, pictures.picture()).status_code == 403
    page = client.get(reverse("complaint_evidence", args=[case.number])).content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert add(client, "complaint_evidence", case, pictures.picture(), csrfmiddlewaretoken=token).status_code == 302


def test_forms_are_counted(case):
    client = consumer(case)
    answers = {add(client, "complaint_evidence", case).status_code for _ in range(61)}
    assert answers == {400, 429}
