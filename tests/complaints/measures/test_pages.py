"""The pages of the measures: who reads which figures, in how many questions, and official figures instead."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from complaints.cases import operations as cases
from complaints.cases.states import CallResult, Result, Side
from complaints.measures import operations
from complaints.measures.models import Cell, Contribution, Duration, OfficialFigure, OfficialImport, ScoreRule
from escrow.models import AuditEntry
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, CHAOYANG, CHAOYANG_STREET, FENGTAI

pytestmark = pytest.mark.django_db
BOARD, RANKING = "admin:measures_cell_changelist", "admin:measures_cell_ranking"
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def at(monkeypatch):
    """The month of the factories' clock."""
    monkeypatch.setattr("escrow.clock.now", lambda: AT)


def client_of(user, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def ended(shop, *, good: bool = True) -> None:
    """A complaint that was heard, decided and called back."""
    case = make.complaint(shop)
    lead = make.officer(case.lead_department_id, None)
    make.led(case, lead)
    mine = {"number": case.number, "officer": lead}
    cases.log_call(side=Side.CONSUMER, result=CallResult.REACHED, at=AT + timedelta(minutes=30), **mine)
    cases.decide(
        result=Result.NOT_UPHELD, amount_fen=None, basis="", reasons="无依据", at=AT + timedelta(hours=1), **mine
    )
    cases.ask_callback(case_id=case.pk, at=AT + timedelta(hours=1), actor=ACTOR)
    answer = cases.Answer(reached=True, resolved=good, satisfied=good)
    cases.answer_callback(callback_id=case.callbacks.get().pk, answer=answer, at=AT + timedelta(hours=2))


@pytest.fixture
def year():
    """Five good ends and a bad one in Chaoyang (beauty, commerce), five bad ones in Fengtai (fitness, sports)."""
    beauty, fitness = make.shop(), make.shop(sector="fitness", head_office=FENGTAI, stores=(FENGTAI,))
    for good in (True,) * 5 + (False,):
        ended(beauty, good=good)
    for _nth in range(5):
        ended(fitness, good=False)
    operations.advance()


def table(client: Client, query: str = "", name: str = "measures_cell_export") -> list[dict[str, str]]:
    url = f"{reverse(f'admin:{name}')}?{query}"
    answer = client.post(url, {"kind": "csv", "reason": "月度考核通报"})
    assert answer.status_code == 200, answer.content.decode()
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_city_reads_everything_beside_the_month_before(year):
    client = client_of(make.operator())
    page = client.get(reverse(BOARD)).content.decode()
    assert "朝阳区" in page
    assert "丰台区" in page
    assert "11 / 11" in page  # contacted of due
    assert "5 / 11" in page  # resolved of valid
    assert page.count("<svg") >= 2
    assert "style=" not in page.split("</header>")[1]
    rows = table(client)
    assert [(row["区"], row["受理"], row["解决率"]) for row in rows] == [
        ("朝阳区", "6", "83.3 %"), ("丰台区", "5", "0.0 %"), ("合计", "11", "45.5 %"),
    ]  # fmt: skip
    assert rows[0]["首次联系用时，中位数（秒）"] == "1800"
    assert [row["行业"] for row in table(client, "by=sector&district=110106")][:-1] == ["体育健身"]
    assert [row["受理"] for row in table(client, "by=department&department=sports")] == ["5", "5"]
    english = client_of(make.operator(), "en").get(reverse(BOARD), {"by": "subdistrict"}).content.decode()
    assert "Response rate" in english
    assert CHAOYANG_STREET in english


def test_each_reads_what_its_post_reads(year):
    posts = {
        ("commerce", CHAOYANG): ["6"], ("sports", CHAOYANG): ["6"], ("commerce", FENGTAI): ["5"], ("commerce", None): ["6"],
        ("sports", None): ["5"], ("market_regulation", None): ["6", "5"],
    }  # fmt: skip
    for (department, district), received in posts.items():
        client = client_of(make.officer(department, district))
        assert [row["受理"] for row in table(client, "by=district")][:-1] == received, (department, district)
        other = FENGTAI if district == CHAOYANG else CHAOYANG
        if district:
            for name in ("changelist", "export", "ranking", "ranking_export"):
                url = reverse(f"admin:measures_cell_{name}")
                answer = client.get(url, {"district": other, "by": "district"})
                assert answer.status_code == (200 if "ranking" in name else 404)
                shown = "朝阳区" if other == CHAOYANG else "丰台区"
                assert "ranking" not in name or f'<th scope="row">{shown}' not in answer.content.decode()
        elif department != "market_regulation":
            assert client.get(reverse(BOARD), {"department": "culture_tourism"}).status_code == 404
            assert client.get(reverse(RANKING)).status_code == 404
    for stranger in (make.person(), make.shop().owner):
        for name in ("changelist", "export", "ranking", "ranking_export"):
            assert client_of(stranger).get(reverse(f"admin:measures_cell_{name}")).status_code in {302, 403, 404}


def test_what_is_not_offered_does_not_exist(year):
    client = client_of(make.operator())
    for query in ({"month": "1999-01"}, {"month": "x"}, {"by": "person"}, {"district": "999999"}, {"sector": "x"}):
        assert client.get(reverse(BOARD), query).status_code == 404, query
    assert client.get(reverse(RANKING), {"level": "city"}).status_code == 404


def test_empty_pages_say_so():
    make.city()
    client = client_of(make.operator())
    assert "请选择其他月份或减少筛选条件" in client.get(reverse(BOARD)).content.decode()
    assert "本月尚无法排名" in client.get(reverse(RANKING)).content.decode()


def test_few_questions_however_many_cells(year):
    users = [make.operator(), make.officer("commerce", CHAOYANG), make.officer("commerce", None)]

    def asked() -> list[int]:
        counts = []
        for user in users:
            client = client_of(user)
            for name in (BOARD, RANKING):
                for query in ({}, {"by": "subdistrict", "level": "subdistrict"}):
                    client.get(reverse(name), query)
                    with CaptureQueriesContext(
                        connection,
                    ) as seen:
                        client.get(reverse(name), query)
                    counts.append(len(seen))
        return counts

    few = asked()
    assert max(few) <= MOST_QUERIES, few
    cell = Cell.objects.exclude(valid=0).first()
    for back in range(14):
        month = date(2026, 11, 1) if back < 4 else date(2026, 10 - back // 2, 1)
        row = Cell.objects.create(
            key=f"x{back}", month=month, district_id=FENGTAI, sector=cell.sector, department=cell.department, received=9,
            asked=9, valid=9, due=9, resolved=8, satisfied=7, contacted=9,
        )  # fmt: skip
        Duration.objects.create(cell=row, span="money", seconds=back, number=3)
    assert asked() == few


def test_the_ranking_has_classes_and_needs_callbacks_enough(year):
    client = client_of(make.operator())
    rows = table(client, name="measures_cell_ranking_export")
    # Two districts: a quarter of two is none.
    assert [(row["名次"], row["名称"], row["类别"], row["数据来源"]) for row in rows] == [
        ("1", "朝阳区", "整改", "平台自算"), ("2", "丰台区", "整改", "平台自算"),
    ]  # fmt: skip
    ended(make.shop())
    cell = Cell.objects.get(district=FENGTAI)
    cell.valid = cell.asked = cell.reached = 4
    cell.save()
    rows = table(client, name="measures_cell_ranking_export")
    assert (rows[1]["名次"], rows[1]["类别"]) == ("", "不参加排名")
    district = table(client_of(make.officer("sports", FENGTAI)), name="measures_cell_ranking_export")
    assert [row["名称"] for row in district] == ["丰台区"]


def test_a_file_needs_a_reason_which_is_kept(year):
    client = client_of(make.officer("commerce", CHAOYANG))
    url = reverse("admin:measures_cell_export")
    assert client.post(url, {"kind": "csv", "reason": ""}).status_code == 400
    assert not AuditEntry.objects.filter(action="people.export_list").exists()
    answer = client.post(url, {"kind": "xlsx", "reason": "月度考核通报"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [row[2].value for row in sheet.iter_rows(min_row=2)] == [6, 6]
    entry = AuditEntry.objects.get(action="people.export_list")
    assert (entry.target, entry.after["reason"]) == ("list:measures_measures", "月度考核通报")


# --- Official figures ---

HEADER = "月份,区划代码,响应率,解决率,满意率,综合得分,类别\n"
GOOD = HEADER + f"2026-11,{CHAOYANG},100%,97.3,97.70,,\n2026年11月,{FENGTAI},99.5,96,95.25,96.01,治理类\n"


def upload(client: Client, content: bytes | str):
    raw = content.encode() if isinstance(content, str) else content
    url = reverse("admin:measures_officialfigure_import")
    return client.post(url, {"file": SimpleUploadedFile("x.csv", raw)})


def confirm(client: Client, page) -> object:
    return client.post(
        reverse("admin:measures_officialfigure_import"), {"looked_at": page.context_data["looked_at"]}, follow=True
    )


def test_official_figures_are_shown_instead_with_who_and_when(year):
    operator = make.operator()
    client = client_of(operator)
    page = upload(client, GOOD.encode("gb18030"))
    assert page.status_code == 200
    assert [row.effect for row in page.context_data["rows"]] == ["new", "new"]
    assert not OfficialFigure.objects.exists()
    assert "新增 2 条" in confirm(client, page).content.decode()
    shown = client.get(reverse(RANKING)).content.decode()
    assert operator.display_name in shown
    assert "官方数据，由" in shown
    rows = table(client, name="measures_cell_ranking_export")
    # 10 % × 100 + 45 % × 97.3 + 45 % × 97.7
    assert [(row["名称"], row["综合得分"], row["类别"], row["数据来源"]) for row in rows] == [
        ("朝阳区", "97.75 %", "整改", "官方"), ("丰台区", "96.01 %", "治理", "官方"),
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as seen:
        client.get(reverse(RANKING))
    assert len(seen) <= MOST_QUERIES
    listed = client.get(reverse("admin:measures_officialfigure_changelist"))
    assert "97.30 %" in listed.content.decode()
    assert (
        client_of(make.officer("commerce", CHAOYANG))
        .get(reverse("admin:measures_officialfigure_changelist"))
        .content.decode()
        .count("97.30 %")
        == 1
    )
    assert (
        "96.00 %"
        not in client_of(make.officer("commerce", CHAOYANG))
        .get(reverse("admin:measures_officialfigure_changelist"))
        .content.decode()
    )


def test_the_same_file_twice_changes_nothing_and_a_new_one_is_told_apart():
    make.city()
    client = client_of(make.operator())
    confirm(client, upload(client, GOOD))
    before = [list(model.objects.values()) for model in (OfficialFigure, OfficialImport)]
    audited = AuditEntry.objects.count()
    page = upload(client, GOOD)
    assert [row.effect for row in page.context_data["rows"]] == ["known", "known"]
    confirm(client, page)
    assert [list(model.objects.values()) for model in (OfficialFigure, OfficialImport)] == before
    assert AuditEntry.objects.count() == audited
    page = upload(client, GOOD.replace("97.3", "97.4"))
    assert [row.effect for row in page.context_data["rows"]] == ["changed", "known"]
    confirm(client, page)
    assert OfficialFigure.objects.get(division=CHAOYANG).resolved == 9740
    entry = AuditEntry.objects.filter(action="measures.import_official").latest("id")
    assert entry.before["replaced"][0][3] == 9730


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "没有"),
        (HEADER, "没有"),
        (b"\xff\xff\xff\xff\n1", "GB 18030"),
        ("月份,区划代码,响应率,解决率\n2026-11,110105,1,1\n", "缺少"),
        (GOOD.replace("类别", "备注"), "无法识别的列：备注"),
        (GOOD.replace("类别", "响应率"), "无法识别的列"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(content, says):
    make.city()
    client = client_of(make.operator())
    page = upload(client, content)
    assert page.status_code == 400
    assert says in page.content.decode()
    assert not OfficialImport.objects.exists()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"2026-13,{CHAOYANG},1,1,1,,", "不是月份"),
        (f"2026-12,{CHAOYANG},1,1,1,,", "尚未开始"),
        ("2026-11,999999,1,1,1,,", "不是北京市区"),
        (f"2026-11,{CHAOYANG},100.01,1,1,,", "0 至 100"),
        (f"2026-11,{CHAOYANG},-1,1,1,,", "0 至 100"),
        (f"2026-11,{CHAOYANG},97.333,1,1,,", "0 至 100"),
        (f"2026-11,{CHAOYANG},,1,1,,", "0 至 100"),
        (f"2026-11,{CHAOYANG},NaN,1,1,,", "0 至 100"),
        (f"2026-11,{CHAOYANG},1,1,1,,很好", "四个类别"),
        (f"2026-11,{FENGTAI},1,1,1,,", "出现两次"),
        (f"2026-11,{CHAOYANG},1,1,1,,,,9", "多于列数"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_imported(line, says):
    make.city()
    client = client_of(make.operator())
    content = HEADER + f"2026-11,{FENGTAI},１００,1,1,,\n" + line + "\n"
    page = upload(client, content)
    assert page.status_code == 200
    assert [row.effect for row in page.context_data["rows"]] == ["new", "bad"]
    assert says in page.content.decode()
    assert "第" in page.content.decode() or page.context_data["bad"] == 1
    confirm(client, page)  # by force
    assert not OfficialImport.objects.exists()


def test_only_operators_import_and_only_their_own_look():
    make.city()
    officer, first, second = make.officer("market_regulation", None), make.operator(), make.operator()
    assert upload(client_of(officer), GOOD).status_code == 404
    page = upload(client_of(first), GOOD)
    confirm(client_of(second), page)
    assert not OfficialImport.objects.exists()
    assert not Contribution.objects.exists()


def test_a_rule_is_added_in_the_administration():
    make.city()
    client = client_of(make.operator())
    data = {
        "valid_from": "2027-01-01", "response_weight": 20, "resolved_weight": 40, "satisfied_weight": 41, "first_percent": 20,
        "last_percent": 10, "least_valid": 3, "basis": "测试", "mark": "A",
    }  # fmt: skip
    url = reverse("admin:measures_scorerule_add")
    assert "三项权重合计为 101%" in client.post(url, data).content.decode()
    assert (
        "请选择这样的日期"
        in client.post(url, data | {"satisfied_weight": 40, "valid_from": "2027-01-02"}).content.decode()
    )
    assert not ScoreRule.objects.filter(mark="A", least_valid=3).exists()
    assert client.post(url, data | {"satisfied_weight": 40}).status_code == 302
    assert client_of(make.officer()).get(url).status_code in {403, 404}
