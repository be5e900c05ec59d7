"""Files of work orders through the pages: read whole, looked at, confirmed, taken once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.cases.models import Case, Statement
from complaints.cases.queries.callbacks import had_a_part
from complaints.cases.queries.scope import complaint_of
from complaints.cases.states import CaseState, Source
from complaints.hotline import operations
from complaints.hotline.errors import FileDecided
from complaints.hotline.models import WorkOrder, WorkOrderFile, WorkOrderLine
from complaints.hotline.operations import files as reading
from complaints.hotline.operations import taking
from complaints.hotline.states import LineState
from escrow import clock
from escrow.errors import NotFound
from escrow.models import AuditEntry
from prepaid.people.errors import NotAllowed
from prepaid.people.models import User
from tests.complaints import factories as make
from tests.complaints.hotline.files import HEADINGS, as_csv, as_json, read, received, row, take_all, upload
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/hotline/workorderfile/"


def states(file: WorkOrderFile) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in file.lines.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def confirmed(content: bytes, by, **options) -> WorkOrderFile:
    file = read(content, by, **options)
    operations.confirm_file(file_id=file.pk, by=by, at=clock.now())
    return file


def nothing_kept() -> bool:
    return not (WorkOrderFile.objects.exists() or WorkOrderLine.objects.exists() or Case.objects.exists())


@pytest.mark.parametrize("write", [as_csv, lambda *rows: as_csv(*rows, encoding="gb18030"), as_json])
def test_from_the_file_to_the_complaint(page, hotline, write):
    content = write(row("A-1"), row("A-2", 联系电话="1", 诉求内容=""), row("A-3", 联系电话="157 1000 0002", 来电人=""))
    answer = upload(page, content)
    file = WorkOrderFile.objects.get()
    assert answer.url == f"{LIST}{file.pk}/change/"
    assert not Case.objects.exists()
    with CaptureQueriesContext(connection) as asked:
        text = page.get(answer.url).content.decode()
    assert len(asked) <= 12
    for shown in (
        "2 new lines",
        "欧** 157****0001",
        "好身材健身馆",
        "联系电话 (phone) is no mobile number",
        "诉求内容 (text) is empty",
    ):
        assert shown in text, shown
    assert "欧阳" not in text
    assert "15710000001" not in text
    done = page.post(f"{LIST}{file.pk}/confirm/", follow=True)
    assert done.headers["Refresh"]
    assert "0 of 3" not in done.content.decode()
    take_all(file)
    assert states(file) == {"taken": 2, "wrong": 1}
    case = Case.objects.get(foreign_number="A-1")
    assert (case.foreign_system, case.source, case.state) == ("12345", Source.HOTLINE, CaseState.DISPATCHED)
    assert case.outside.merchant_name == "好身材健身馆"
    assert case.outside.paid_fen == 300_000
    assert case.text == "闭店不退卡。"
    assert case.complainant == User.objects.by_phone("15710000001")
    assert (case.complainant.name, case.complainant.phone_verified_at) == ("欧阳清澈", None)
    assert clock.now() - case.received_at > timedelta(hours=4)
    assert WorkOrderFile.objects.get().state == "done"
    assert case.number in page.get(f"{LIST}{file.pk}/change/").content.decode()
    assert complaint_of(user=case.complainant, number=case.number) == case
    report = b"".join(page.get(f"{LIST}{file.pk}/report/").streaming_content).decode()
    assert case.number in report
    assert "is no mobile number" in report
    assert "欧阳" not in report
    assert case.number in page.get("/admin/hotline/workorder/?q=A-1").content.decode()


def test_nothing_personal_stays_in_a_line_or_lies_in_clear(hotline):
    shifted = [row("13912345678", 联系电话=""), row("张三丰", 联系电话="")]
    file = confirmed(as_csv(row("A-1"), row("A-2", 联系电话="15710000002"), *shifted), hotline)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM hotline_workorderline t")
        stored = str(cursor.fetchall())
    assert "欧阳" not in stored
    assert not any(said in stored for said in ("1571000", "13912345678", "张三丰"))
    take_all(file)
    assert not file.lines.exclude(content="").exists()


def test_the_same_file_twice_changes_nothing_and_says_so(page, hotline):
    content = as_csv(row())
    upload(page, content)
    again = upload(page, content)
    assert again.status_code == 409
    assert "This very file was read on" in again.content.decode()
    assert WorkOrderFile.objects.count() == 1
    # Another file with the same number: known.
    take_all(confirmed(as_csv(row("B-1")), hotline))
    other = read(as_csv(row("B-1", 诉求内容="换个说法"), row("B-2", 被诉单位="另一家")), hotline)
    assert states(other) == {"known": 1, "new": 1}
    # For the other system it is another number.
    assert states(read(as_csv(row("B-1")), hotline, system="12315")) == {"new": 1}


def test_a_discarded_file_leaves_nothing_and_may_come_again(page, hotline):
    content = as_csv(row())
    upload(page, content)
    file = WorkOrderFile.objects.get()
    page.post(f"{LIST}{file.pk}/discard/")
    assert not WorkOrderLine.objects.exists()
    with pytest.raises(FileDecided):
        operations.confirm_file(file_id=file.pk, by=hotline, at=clock.now())
    assert upload(page, content).status_code == 302


def test_what_nobody_confirms_is_discarded_after_a_week(page, hotline):
    content, day = as_csv(row()), timedelta(days=1)
    upload(page, content)
    file = WorkOrderFile.objects.get()
    assert operations.lapse_files(at=file.read_at + 7 * day, actor="system:test") == 0
    later = file.read_at + 7 * day + timedelta(seconds=1)
    assert [operations.lapse_files(at=later, actor="system:test") for _twice in range(2)] == [1, 0]
    file.refresh_from_db()
    assert (file.state, file.decided_by, WorkOrderLine.objects.exists()) == ("discarded", None, False)
    assert page.get(f"{LIST}{file.pk}/change/").status_code == 200
    assert upload(page, content).status_code == 302


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it has no rows"),
        ("工单编号,诉求内容\n1,2".encode(), "联系电话 (phone)"),
        (as_csv(), "it has no rows"),
        (b"\xff\xfe\x00" * 99, "neither UTF-8 nor GB 18030"),
        (b"[{]", "entry 1 is not JSON"),
        (as_csv(["1"], headings=[*HEADINGS, "身份证号"]), "身份证号"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence_and_nothing_is_kept(page, content, said):
    answer = upload(page, content)
    assert answer.status_code in {400, 409}
    assert said in answer.content.decode()
    assert nothing_kept()


def test_unknown_columns_are_left_out_when_that_is_wished(page):
    content = as_csv([*row(), "110105"], headings=[*HEADINGS, "身份证号"])
    page_of_file = page.get(upload(page, content, unknown="leave_out").url).content.decode()
    assert "身份证号" in page_of_file
    assert states(WorkOrderFile.objects.get()) == {"new": 1}


def test_too_many_lines_and_too_many_bytes(page, monkeypatch):
    monkeypatch.setattr(reading, "MOST_LINES", 3)
    monkeypatch.setattr(reading, "BATCH", 2)
    answer = upload(page, as_csv(*[row(f"A-{n}") for n in range(4)]))
    assert "it has more than 3 lines: divide it" in answer.content.decode()
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    assert "it is larger than" in upload(page, as_csv(row())).content.decode()
    assert nothing_kept()


def test_a_number_twice_in_one_file_and_other_faults(page, hotline):
    file = read(
        as_csv(
            row("A-1"),
            row(" Ａ-1 ", 联系电话="15710000009"),
            row("A-3", 来电时间=received(-2)),
            row("A-4", 诉求内容="字" * 2001),
            row("A-5", 诉求内容="<script>alert(1)</script>", 被诉单位="<b>店</b>"),
        ),
        hotline,
    )
    assert states(file) == {"new": 2, "wrong": 3}
    faults = list(file.lines.filter(state="wrong").values_list("problems", flat=True))
    assert faults == [[["number", "twice"]], [["received_at", "future"]], [["text", "too_long"]]]
    text = page.get(f"{LIST}{file.pk}/change/").content.decode()
    assert "&lt;b&gt;店" in text
    assert "<b>店" not in text
    assert "A-5" not in page.get(f"{LIST}{file.pk}/change/?state=wrong&p=9").content.decode()


def test_a_second_order_of_the_same_person_is_added_to_the_first(hotline):
    take_all(confirmed(as_csv(row("A-1"), row("A-2", 诉求内容="还是不退。"), row("A-3", 被诉单位="另一家")), hotline))
    assert Case.objects.count() == 2
    first, second = WorkOrder.objects.filter(number__in=["A-1", "A-2"]).order_by("number")
    assert (first.case, first.joined, second.joined) == (second.case, False, True)
    said = Statement.objects.get()
    assert said.text == "还是不退。"
    assert said.event.by is None  # nobody's deed here: it was said on the telephone
    assert not AuditEntry.objects.filter(actor=first.case.complainant.actor, action__startswith="cases.").exists()


def test_an_emergency_that_is_added_makes_the_first_as_urgent(hotline):
    headings = [*HEADINGS, "紧急程度"]
    one, two = [*row("A-1"), "一般"], [*row("A-2", 诉求内容="有人受伤。"), "特急"]
    take_all(confirmed(as_csv(one, two, headings=headings), hotline))
    case = Case.objects.get()
    assert (case.limit, case.due_at is not None) == ("life_risk", True)


def test_whoever_is_known_by_the_number_complains(hotline):
    person = make.person("老王")
    take_all(confirmed(as_csv(row(联系电话=person.phone, 来电人="王五")), hotline))
    person.refresh_from_db()
    assert Case.objects.get().complainant == person
    assert person.name == "老王"


def test_importing_is_no_part_in_the_handling(hotline):
    take_all(confirmed(as_csv(row()), hotline))
    case = Case.objects.get()
    assert case.events.filter(by=hotline).exists()
    assert not had_a_part(make.operator(), case)
    importer = make.operator()
    take_all(confirmed(as_csv(row("B-1", 被诉单位="另一家")), importer))
    assert not had_a_part(importer, Case.objects.get(foreign_number="B-1"))


# The queue


def test_only_who_carries_the_baton_takes_lines(hotline, monkeypatch):
    monkeypatch.setattr(taking, "SECONDS", 0)
    file = confirmed(as_csv(*[row(f"A-{n}", 被诉单位=f"店{n}") for n in range(3)]), hotline)
    at = clock.now()
    assert operations.take_some(file_id=file.pk, turn=0, at=at, actor="x") == 1
    for turn in (0, 2, 7):  # delivered twice, or never rung
        assert operations.take_some(file_id=file.pk, turn=turn, at=at, actor="x") == 0
    assert operations.sweep(at=at, actor="x") == 0
    assert operations.sweep(at=at + taking.LOST_AFTER, actor="x") == 1  # the worker was killed
    assert operations.take_some(file_id=file.pk, turn=1, at=at, actor="x") == 0  # it comes back from the dead
    assert take_all(file) >= 2
    assert Case.objects.count() == WorkOrder.objects.count() == 3
    assert not operations.sweep(at=at + timedelta(days=3), actor="x")


def test_files_are_imported_one_after_the_other(hotline, django_capture_on_commit_callbacks):
    first, second = (confirmed(as_csv(row(n, 被诉单位=n)), hotline) for n in ("A-1", "B-1"))
    assert operations.take_some(file_id=second.pk, turn=0, at=clock.now(), actor="x") == 0
    take_all(first)
    take_all(second)
    assert Case.objects.count() == 2


def test_a_line_that_fails_does_not_hold_up_the_others(hotline, monkeypatch):
    file = confirmed(as_csv(row("A-1"), row("A-2", 被诉单位="另一家")), hotline)
    whole = taking.take_order

    def broken(**facts):
        if facts["order"].number == "A-1":
            raise ValueError("broken")
        return whole(**facts)

    monkeypatch.setattr(taking, "take_order", broken)
    take_all(file)
    assert states(file) == {"refused": 1, "taken": 1}
    assert file.lines.get(state=LineState.REFUSED).problems == [["", "failed"]]
    assert WorkOrderFile.objects.get().state == "done"


def test_a_complaint_that_could_not_be_sent_is_left_to_the_sweep(hotline, monkeypatch):
    def lost(**facts):
        raise ValueError("no router")

    monkeypatch.setattr(taking.cases, "route_case", lost)
    take_all(confirmed(as_csv(row()), hotline))
    assert Case.objects.get().state == CaseState.RECEIVED
    monkeypatch.undo()
    from complaints.cases import operations as cases

    cases.sweep(at=clock.now(), actor="x")
    assert Case.objects.get().state == CaseState.DISPATCHED


# Who


@pytest.mark.parametrize("who", ["city post of another department", "district post", "consumer"])
def test_nobody_else_sees_or_does_anything(hotline, who):
    file = read(as_csv(row()), hotline)
    user = {
        "city post of another department": lambda: make.officer("commerce", None),
        "district post": lambda: make.officer("market_regulation", make.CHAOYANG),
        "consumer": make.person,
    }[who]()
    client = signed_in(user)
    for address in (
        "",
        "read/",
        "results/",
        "empty.csv",
        f"{file.pk}/change/",
        f"{file.pk}/report/",
        f"{file.pk}/history/",
    ):
        answer = client.get(LIST + address)
        assert answer.status_code in {302, 403, 404} or "工单.csv" not in answer.content.decode(), address
    assert upload(client, as_csv(row("X-1"))).status_code in {302, 403}
    for deed in ("confirm", "discard"):
        assert client.post(f"{LIST}{file.pk}/{deed}/").status_code in {302, 404}
    with pytest.raises(NotFound):
        operations.confirm_file(file_id=file.pk, by=user, at=clock.now())
    with pytest.raises(NotAllowed):
        read(as_csv(row("Y-1")), user)
    file.refresh_from_db()
    assert (file.state, WorkOrderFile.objects.count()) == ("read", 1)


def test_operators_may_and_every_deed_is_audited(hotline):
    operator = make.operator()
    client = signed_in(operator)
    upload(client, as_csv(row()))
    file = WorkOrderFile.objects.get()
    client.post(f"{LIST}{file.pk}/confirm/")
    take_all(file)
    deeds = AuditEntry.objects.filter(action__startswith="hotline.").order_by("id").values_list("action", flat=True)
    assert list(deeds) == ["hotline.read_file", "hotline.confirm_file", "hotline.take_order", "hotline.finish_file"]


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_empty_table_has_every_column(page, kind):
    content = b"".join(page.get(f"{LIST}empty.{kind}").streaming_content)
    answer = upload(page, content)
    said = answer.content.decode() if answer.status_code == 400 else page.get(answer.url).content.decode()
    assert "it has no rows" in said or "is empty: fill it in" in said


def test_the_list_and_the_forms_cost_few_queries(page, hotline):
    for number in range(3):
        read(as_csv(row(f"A-{number}")), hotline)
    for address in ("", "read/", "results/", "/admin/hotline/workorder/"):
        with CaptureQueriesContext(connection) as asked:
            assert page.get(address if address.startswith("/") else LIST + address).status_code == 200
        assert len(asked) <= 12, address
    # The first page asks one question for each kind of work; the coordinator has them all.
    with CaptureQueriesContext(connection) as asked:
        assert page.get("/admin/").status_code == 200
    assert len(asked) <= 15
