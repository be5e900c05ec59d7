"""The reader of work orders: any bytes are a refusal or rows; what is written out is read back the same."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from complaints.hotline.columns import COLUMNS, field_of
from complaints.hotline.errors import BadFile
from complaints.hotline.lines import PROBLEMS, Order, Wrong, read_order, sentence, time_of
from complaints.hotline.tables import csv_lines, json_lines, rows_of
from escrow.clock import BEIJING

AT = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)
GOOD = {
    "number": "12345-2026-001", "received_at": "2026-11-27 10:20", "phone": "138 0013 8000", "merchant": "好身材健身馆",
    "text": "闭店不退卡。",
}  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def rows(content: bytes):
    return list(rows_of(io.BytesIO(content)))


def order(**changes: str) -> Order:
    return read_order(GOOD | changes, calendar=lambda received: True, at=AT)


def problems(**changes: str) -> list[tuple[str, str]]:
    with pytest.raises(Wrong) as caught:
        order(**changes)
    return caught.value.problems


@given(st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode(errors="replace"))))
def test_any_bytes_are_refused_or_rows_and_every_row_an_order_or_what_is_wrong(content):
    try:
        found = rows(content)
    except BadFile:
        return  # whose sentence each case below looks at
    for row in found:
        cells = {field: text for column, text in row.cells.items() if (field := field_of(column))}
        with pytest.raises(Wrong) as wrong:
            read_order(cells, odd=row.odd, calendar=lambda received: True, at=AT)
        assert all(sentence(problem) for problem in wrong.value.problems)


@given(st.dictionaries(st.sampled_from(sorted(COLUMNS)), st.text(max_size=40)))
def test_any_cells_are_an_order_or_what_is_wrong(cells):
    try:
        found = read_order(GOOD | cells, calendar=lambda received: True, at=AT)
    except Wrong as wrong:
        found = wrong
    if isinstance(found, Wrong):
        assert {code for _column, code in found.problems} <= set(PROBLEMS)
        return
    json.dumps(found.to_json()).encode()
    assert "\0" not in str(found.to_json())
    assert found.received <= AT
    assert 1 <= len(found.text) <= 2000


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
def test_what_is_written_as_csv_is_read_back(table):
    headings = ["工单编号", "诉求内容", "地址"]
    lines = [cells for cells in table if any(cell.strip() for cell in cells)]
    found = rows(b"".join(csv_lines([headings, *lines])))
    assert [list(row.cells.values()) for row in found] == lines
    assert not any(row.odd for row in found)


@given(st.lists(st.dictionaries(TEXT, st.one_of(TEXT, st.none()), min_size=1), max_size=5))
def test_what_is_written_as_json_is_read_back(table):
    found = rows(b"".join(json_lines(table)))
    assert [row.cells for row in found] == [{k: v or "" for k, v in entry.items()} for entry in table]


@given(st.lists(st.lists(st.text('一二三abc,"\n', min_size=1), min_size=2, max_size=2), min_size=1, max_size=4))
def test_both_encodings_say_the_same(table):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["工单编号", "内容"], *table])
    in_each = [rows(out.getvalue().encode(encoding)) for encoding in ("utf-8", "utf-8-sig", "gb18030")]
    assert in_each[0] == in_each[1] == in_each[2]


@pytest.mark.parametrize("size", [1 << 16, (1 << 16) - 7, 3 * (1 << 16)])
def test_rows_across_the_pieces_that_are_read(size):
    entries = [{"工单编号": str(n), "内容": "字" * 100} for n in range(size // 60)]
    assert [row.cells for row in rows(json.dumps(entries, ensure_ascii=False).encode())] == entries
    lines = "\n".join(json.dumps(entry) for entry in entries).encode()
    assert [row.cells for row in rows(lines)] == entries


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00a", '工单编号,内容\n1,"没有结尾'.encode() + b"x" * 200_000, b'[{"a": 1}', b'[{"a": 1}] x', b"[1, 2]",
        b"[" * 50_000, b'{"a": "' + b"x" * 300_000, b"a,a\n1,2", b"[{'a': 1}]",
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_a_sentence(content):
    with pytest.raises(BadFile) as caught:
        rows(content)
    with override("zh-hans"):
        assert "请" in str(caught.value)


def test_cells_beyond_the_headings_and_nested_values_are_odd():
    assert [row.odd for row in rows("工单编号,内容\n1,2\n1,2,3\n1\n".encode())] == [False, True, False]
    assert [row.odd for row in rows(b'[{"a": "1"}, {"a": {"b": 1}}, {"a": 1.5}, {"a": [1]}]')] == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("separator", [",", "\t", ";", "，"])
def test_separators(separator):
    assert rows(f"工单编号{separator}内容\n1{separator}2".encode())[0].cells == {"工单编号": "1", "内容": "2"}


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("工单编号", "number"), (" 工单编号 ", "number"), ("NUMBER", "number"), ("Received At", "received_at"),
        ("金额（元）", "paid"), ("经度(GCJ-02)", "lng"), ("联系电话*", "phone"), ("身份证", None), ("", None),
    ],
)  # fmt: skip
def test_columns(column, field):
    assert field_of(column) == field


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27 10:20", "2026/11/27 10:20:00", "2026年11月27日 10:20", "2026-11-27T10:20:00+08:00", "2026-11-27T02:20:00Z",
        "２０２６－１１－２７ １０：２０", "2026.11.27 10:20", "2026-11-27T10:20",
    ],
)  # fmt: skip
def test_times(text):
    assert time_of(text) == datetime(2026, 11, 27, 10, 20, tzinfo=BEIJING)


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 11, 26)).map(lambda at: at.replace(microsecond=0, tzinfo=BEIJING))
)
def test_times_are_read_back(at):
    assert time_of(at.isoformat()) == time_of(f"{at:%Y-%m-%d %H:%M:%S}") == at


def test_a_whole_order():
    found = order(
        caller="张三", address="朝阳区", lng="116.46", lat="39.91", matter="退卡", paid="￥1,200.50", left="800元",
        wanted="继续履行", urgency="特急",
    )  # fmt: skip
    assert found == Order(
        number="12345-2026-001", received_at="2026-11-27T10:20:00+08:00", phone="+8613800138000", merchant="好身材健身馆",
        text="退卡\n闭店不退卡。", caller="张三", address="朝阳区", lng=116.46, lat=39.91, paid_fen=120_050, left_fen=80_000,
        wanted="service", urgency="emergency",
    )  # fmt: skip
    assert order(lng="0", lat="0", paid="0").point is order().paid_fen is None
    assert order(text="<script>alert(1)</script> a<b").text == "<script>alert(1)</script> a<b"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"number": " "}, ("number", "missing")),
        ({"number": "1" * 65}, ("number", "bad_number")),
        ({"number": "a'; drop"}, ("number", "bad_number")),
        ({"received_at": "昨天"}, ("received_at", "bad_time")),
        ({"received_at": "2026-02-30 10:00"}, ("received_at", "bad_time")),
        ({"received_at": "2026-11-27 12:01"}, ("received_at", "future")),
        ({"received_at": "2024-01-01 12:00"}, ("received_at", "too_old")),
        ({"phone": "12345"}, ("phone", "bad_phone")),
        ({"phone": "010-65512345"}, ("phone", "bad_phone")),
        ({"text": "\0 \x07"}, ("text", "missing")),
        ({"text": "字" * 2001}, ("text", "too_long")),
        ({"text": "字" * 1990, "matter": "字" * 20}, ("text", "too_long")),
        ({"merchant": "字" * 101}, ("merchant", "too_long")),
        ({"paid": "三千"}, ("paid", "bad_amount")),
        ({"paid": "-1"}, ("paid", "bad_amount")),
        ({"paid": "1.005"}, ("paid", "bad_amount")),
        ({"paid": "1", "left": "2"}, ("left", "above")),
        ({"lng": "116.4"}, ("lng", "bad_point")),
        ({"lng": "39.9", "lat": "116.4"}, ("lng", "bad_point")),
        ({"lng": "NaN", "lat": "1e9"}, ("lng", "bad_point")),
        ({"wanted": "道歉"}, ("wanted", "not_wanted")),
        ({"urgency": "!"}, ("urgency", "not_urgent")),
    ],
)
def test_each_fault_is_named_and_says_what_to_do(changes, expected):
    assert problems(**changes) == [expected]
    for language in ("en", "zh-hans"):
        with override(language):
            assert len(sentence(expected)) > 8


def test_a_time_before_the_calendar_is_wrong():
    with pytest.raises(Wrong):
        read_order(GOOD, calendar=lambda received: received > AT - timedelta(minutes=1), at=AT)
