"""``manage.py quote`` through a real process without a database: every line is answered, in order, as promised."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.prepaid.products.refunds import slow
from tests.prepaid.products.refunds.lines import cards
from tests.prepaid.products.refunds.test_articles import CASES

ROOT = Path(__file__).resolve().parents[4]
CARD = {"kind": "sessions", "paid_fen": 200_000, "sessions": 10, "used_sessions": 3, "cause": "operator"}


def command(var: Path) -> subprocess.Popen[bytes]:
    """As in a fresh shell: no address of any server is set, and any that were started would stand under ``var``."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    return subprocess.Popen(
        [sys.executable, "manage.py", "quote"],
        cwd=ROOT,
        env={**kept, "PREPAID_VAR": str(var), "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    """One process that stays up and is asked line by line."""
    process = command(tmp_path_factory.mktemp("var"))
    yield process
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == (b"", b"", 0)


def ask(process: subprocess.Popen[bytes], line: bytes) -> dict:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + b"\n")
    process.stdin.flush()
    found = json.loads(process.stdout.readline())
    assert set(found) == {"error", "error_zh"} or set(found) >= {"refund_fen", "rule", "steps"}
    return found


def says(process: subprocess.Popen[bytes], **changes: object) -> dict:
    return ask(process, json.dumps({**CARD, **changes}).encode())


def test_a_file_is_answered_line_by_line_in_order_and_nothing_is_started(tmp_path: Path) -> None:
    lines = [json.dumps({name: value for part in parts for name, value in part.items()}) for _law, parts, _fen in CASES]
    lines[3:3] = ["", "   ", "nonsense", "{}", "[]", "null"]
    lines *= 20
    process = command(tmp_path)
    out, err = process.communicate("\n".join(lines).encode(), timeout=120)
    assert (err, process.returncode) == (b"", 0)
    found = [json.loads(line) for line in out.splitlines()]
    expected = [fen for _law, _parts, fen in CASES]
    expected[3:3] = [None] * 6
    assert [line.get("refund_fen") for line in found] == expected * 20
    assert all(("error" in line) == ("refund_fen" not in line) for line in found)
    assert not [path for path in tmp_path.rglob("*") if "pg" in path.name or "postgres" in path.name]


def test_no_input_is_no_output(tmp_path: Path) -> None:
    assert command(tmp_path).communicate(b"", timeout=60) == (b"", b"")


@given(card=cards(plain=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_card_as_the_slow_one_reckons_it(asked: subprocess.Popen[bytes], card: dict) -> None:
    found = ask(asked, json.dumps(card).encode())
    assert found["refund_fen"] == slow.refund(card)
    assert isinstance(found["rule"], str)
    assert all(step["formula"] or step["text"] for step in found["steps"])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        *(
            ({name: wrong}, name)
            for name in (
                "paid_fen", "gift_fen", "sessions", "used_sessions", "list_price_fen", "used_face_fen", "used_list_fen",
                "days", "used_days", "stopped_after_days",
            )
            for wrong in (-1, 1.0, 1.5, True, "1", [1], {}, 10**2000)
        ),
        *(({name: None}, name) for name in ("paid_fen", "sessions", "days", "used_days")),
        *(({name: "2026-02-30"}, name) for name in ("bought_on", "requested_on")),
        *(({"bought_on": wrong}, "bought_on") for wrong in ("20260302", "2026-W10-1", "2026-3-2", "", 20260302, True)),
        ({"bought_on": "2026-03-02T10:00:00"}, "bought_on"),
        ({"bought_on": "２０２６-０３-０２"}, "bought_on"),
        *(({"knew_service": wrong}, "knew_service") for wrong in (1, 0, "true", None)),
        *(({"kind": wrong}, "kind") for wrong in ("gift", "", "Sessions", None, 1, ["sessions"], {"a": 1})),
        *(({"cause": wrong}, "cause") for wrong in ("nobody", "", "OPERATOR", None, 0, ["operator"])),
        ({"sessions": 0}, "share"),
        ({"sessions": 0, "used_sessions": 0}, "share"),
        ({"kind": "period", "days": 0}, "share"),
        ({"kind": "stored_value", "paid_fen": 0}, "share"),
        ({"used_sessions": 11}, "more was used"),
        ({"kind": "period", "days": 30, "used_days": 31, "stopped_after_days": 3}, "more was used"),
        ({"kind": "stored_value", "gift_fen": 1, "used_face_fen": 200_002}, "more was used"),
        ({"kind": "discount", "used_face_fen": 200_001}, "more was used"),
        ({"bought_on": "2026-03-02", "requested_on": "2026-03-01"}, "before"),
        ({"lots": [{"paid_fen": 1}]}, "top-ups"),
        ({"kind": "stored_value", "lots": [{"paid_fen": 1}]}, "add up"),
        ({"kind": "stored_value", "lots": {}}, "list"),
        ({"kind": "stored_value", "lots": [1]}, "list"),
        ({"repaid_on": "2026-03-02"}, "interest"),
    ],
)  # fmt: skip
def test_errors_name_what_is_wrong(asked: subprocess.Popen[bytes], changes: dict, word: str) -> None:
    found = says(asked, **changes)
    assert "refund_fen" not in found
    assert word in found["error"]
    assert says(asked)["refund_fen"] == 140_000


@pytest.mark.parametrize(
    ("changes", "refund_fen"),
    [
        ({"stopped_after_days": None, "bought_on": None, "requested_on": None, "lots": None}, 140_000),
        ({"note": {"anything": ["else"]}, "id": 7}, 140_000),
        ({"kind": "discount", "paid_fen": 0, "used_sessions": 0}, 0),
        ({"paid_fen": 10**60, "sessions": 7, "used_sessions": 3}, 10**60 - 3 * 10**60 // 7),
        ({"bought_on": "2026-03-02", "cause": "consumer", "used_sessions": 0, "list_price_fen": 10**9}, 200_000),
    ],
)
def test_what_is_absent_or_unknown_does_no_harm(asked: subprocess.Popen[bytes], changes: dict, refund_fen: int) -> None:
    assert says(asked, **changes)["refund_fen"] == refund_fen


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe{}",
        b'{"kind": "\xff"}',
        b"[" * 100_000,
        b'{"paid_fen": ' + b"9" * 5_000 + b"}",
        b'{"kind": "\\ud800", "cause": "operator"}',
        b'{"kind": "sessions", "cause": "operator", "sessions": NaN}',
        b'{"kind": "sessions", "cause": "operator", "sessions": Infinity}',
        b'{"kind": "' + b"x" * 100_000 + b'"}',
        b"{} {}",
        b"\r",
        b"\x00",
    ],
)
def test_hostile_lines_get_one_short_error(asked: subprocess.Popen[bytes], line: bytes) -> None:
    assert len(ask(asked, line)["error"]) < 200


@pytest.mark.parametrize("line", [b"\xef\xbb\xbf%b", b"  %b\t", b"%b\r"])
def test_a_byte_order_mark_and_white_space_are_no_errors(asked: subprocess.Popen[bytes], line: bytes) -> None:
    assert ask(asked, line % json.dumps(CARD).encode())["refund_fen"] == 140_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda kids: st.lists(kids, max_size=3),
)


@given(st.binary().filter(lambda line: b"\n" not in line) | st.text().map(lambda text: json.dumps(text).encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_noise_is_answered(asked: subprocess.Popen[bytes], line: bytes) -> None:
    assert "error" in ask(asked, line)


@given(cards(), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_card_with_one_field_of_anything_is_reckoned_or_refused(
    asked: subprocess.Popen[bytes], card: dict, data: st.DataObject
) -> None:
    card[data.draw(st.sampled_from(sorted(card)))] = data.draw(JSON)
    found = ask(asked, json.dumps(card).encode())
    if "error" not in found:
        assert 0 <= found["refund_fen"] <= card["paid_fen"]
        assert found["refund_fen"] == slow.refund(card)


def test_interest_stands_apart_from_the_refund(asked: subprocess.Popen[bytes]) -> None:
    dates = {"bought_on": "2024-06-10", "requested_on": "2026-01-01", "repaid_on": "2027-01-01"}
    found = says(asked, **dates)
    assert (found["refund_fen"], found["interest"]["interest_fen"]) == (140_000, 4_830)
    assert found["interest"]["steps"][0]["formula"] == "1,400.00 × 3.45% × 365 ÷ 365 = 48.30"
    assert says(asked, **dates, agreed_rate_bp=500)["interest"]["interest_fen"] == 7_000
    assert says(asked, **dates, custody_fen=140_000, custody_rate_bp=35)["interest"]["interest_fen"] == 490
    assert "rate" in says(asked, **{**dates, "bought_on": "2019-01-01"})["error"]
