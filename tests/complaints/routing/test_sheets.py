"""``manage.py route`` through its real standard input and output, and its rows one by one."""

import csv
import io
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints.routing.divisions import divisions
from complaints.routing.router import router
from complaints.routing.sheets import ANSWERS, answers
from embedded.secrets import ROOT

CODES = set(divisions().codes.values())


def route(sheet: bytes) -> subprocess.CompletedProcess[bytes]:
    # An address nobody listens at: the command must not ask a database.
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "route"]
    return subprocess.run(command, cwd=ROOT, input=sheet, capture_output=True, env=environment)


def rows(output: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output.decode())))


def answered(sheet: bytes) -> list[dict[str, str]]:
    return rows(b"".join(answers(io.BytesIO(sheet), router)))


def test_the_command_answers_every_row_in_order():
    sheet = (
        "\ufeffaddress,lng,lat,text\n"
        "北京市朝阳区望京西园三区,,,\n"
        '"回龙观东大街,龙腾苑",,,\n'
        "某处,116.4611,39.9090,\n"
        "北京经济技术开发区荣华中路,,,\n"
        "上海市静安区,,,\n"
        ",,,\n"
        "长阳镇福泽路,,,办卡\n"
    )
    done = route(sheet.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[0].decode() == ",".join(ANSWERS)
    found = rows(done.stdout)
    assert [(row["district_code"], row["district"]) for row in found] == [
        ("110105", "朝阳区"),
        ("110114", "昌平区"),
        ("110105", "朝阳区"),
        ("110115403", "亦庄开发区"),
        ("", ""),
        ("", ""),
        ("110111", "房山区"),
    ]
    assert (found[0]["subdistrict_code"], found[0]["subdistrict"]) == ("110105026", "望京街道")
    assert all(row["reason"] and 0 <= float(row["confidence"]) <= 1 for row in found)


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        (b"", b"address"),
        ("地址\n朝阳区\n".encode(), b"unknown column"),
        (b"address,city\n", b"'city'"),
        (b"lng,lat\n1,2\n", b"address is missing"),
        (b"address,lng\n", b"lng and lat"),
        (b"address,address\n", b"twice"),
    ],
)
def test_a_bad_header_is_refused(sheet, said):
    done = route(sheet)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("朝阳区,abc,39.9", "经纬度"),
        ("朝阳区,116.4,", "经纬度"),
        ("朝阳区,nan,39.9", "经纬度"),
        ("朝阳区,inf,39.9", "经纬度"),
        ("朝阳区,116.4,390", "经纬度"),
        ("朝阳区,116.4,39.9,多,了", "5格"),
        ("朝阳区,121.47,31.23", "界内"),
    ],
)
def test_a_bad_row_is_undecided_and_the_next_is_answered(row, said):
    bad, good = answered(f"address,lng,lat\n{row}\n海淀区中关村,,\n".encode())
    assert (bad["district"], bad["district_code"]) == ("", "")
    assert said in bad["reason"]
    assert good["district"] == "海淀区"


def test_gb18030_is_read():
    sheet = "address\n方庄芳群园\n望京西园\n"
    assert [row["district"] for row in answered(sheet.encode("gb18030"))] == ["丰台区", "朝阳区"]


def test_a_broken_line_spoils_no_other():
    sheet = "address\n朝阳区\n".encode() + b"\xff\xfe\x80\n" + "海淀区\n".encode()
    assert [row["district"] for row in answered(sheet)] == ["朝阳区", "", "海淀区"]


def test_a_row_may_be_short_or_empty():
    assert [row["district"] for row in answered("address,lng,lat\n朝阳区\n\n海淀区\n".encode())] == [
        "朝阳区",
        "",
        "海淀区",
    ]


def test_a_quotation_mark_that_never_ends_takes_no_memory():
    sheet = (line for line in [b"address\n", b'"', *[("朝阳区" * 20 + "\n").encode()] * 3000])
    assert sum(1 for _ in answers(sheet, router)) > 1


def test_it_answers_while_it_reads():
    read = []

    def lines():
        for number in range(10):
            read.append(number)
            yield "朝阳区\n".encode() if number else b"address\n"

    given_back = answers(lines(), router)
    next(given_back), next(given_back)
    assert len(read) <= 3


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=6))
def test_one_row_out_for_every_row_in(addresses):
    sheet = io.StringIO()
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["address"], *([address.replace("\r", "")] for address in addresses)])
    found = answered(sheet.getvalue().encode())
    assert len(found) == len(addresses)
    assert all(row["district_code"] in CODES | {""} for row in found)
