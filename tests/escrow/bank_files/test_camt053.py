"""Differently shaped public examples of camt.053, each read to the last hundredth, and what is refused."""

import io
from datetime import date
from pathlib import Path

import pytest

from escrow.bank_files import MOST_BYTES, Statement, from_bytes, read_statements
from escrow.bank_files.errors import (
    BankFileTooLarge,
    EmptyBankFile,
    HostileBankFile,
    UnknownBankFormat,
    UnreadableBankFile,
    WrongFormat,
)

EXAMPLES = Path(__file__).parent / "examples"


def read(name: str) -> list[Statement]:
    with (EXAMPLES / name).open("rb") as stream:
        return read_statements(stream)


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.xml")))
def test_every_example_adds_up_and_its_lines_differ(name):
    for statement in read(name):
        assert statement.off_fen == 0
        assert statement.opening_fen is not None
        assert statement.closing_fen is not None
        assert len({line.identity for line in statement.lines}) == len(statement.lines)
        if statement.lines:
            assert statement.lines[-1].balance_fen == statement.closing_fen


def test_a_swiss_batch_is_its_transactions_with_their_own_numbers():
    [statement] = read("swiss_six_batch.xml")
    assert (statement.account, statement.currency, statement.to_day) == (
        "CH9300762011623852957",
        "CHF",
        date(2026, 2, 9),
    )
    first, second, third, fee = statement.lines
    assert (first.amount_fen, first.bank_ref) == (125_55, "0209000000000001")
    assert (first.counterparty_name, first.counterparty_account) == ("Pia Rutschmann", "CH4431999123000889012")
    assert "210000000003139471430009017" in first.references
    assert "NOTPROVIDED" not in first.references
    assert (second.amount_fen, third.amount_fen) == (150_00, 150_00)
    assert second.references == third.references  # identical payments are two payments
    assert (fee.direction, fee.amount_fen, fee.kind) == ("out", 37_00, "fee")


def test_a_german_statement_with_return_interest_and_pending():
    [statement] = read("german_dk.xml")
    assert (statement.account, statement.opening_fen) == ("DE58123456780000024233", -100_00)  # PRCD, spaces in the IBAN
    paid, returned, interest = statement.lines  # the pending entry comes again
    assert (paid.bank_ref, paid.references, paid.counterparty_name) == ("", ("2007090400006-0001",), "Jürgen Groß")
    assert paid.purpose == "Rechnung 0815 Danke SEPA-Gutschrift"
    assert (returned.direction, returned.kind, returned.references) == ("in", "reversal", ("P4711",))
    assert (interest.kind, interest.amount_fen) == ("interest", 3)


def test_a_danish_statement_with_a_prefix_a_local_account_and_a_batch_without_amounts():
    [statement] = read("danish_bankdata.xml")
    assert (statement.account, statement.currency) == ("78010001234567", "DKK")
    assert (statement.from_day, statement.to_day) == (
        date(2026, 3, 13),
        date(2026, 3, 15),
    )  # until midnight of the 16th
    one, two, batch = statement.lines
    assert (one.amount_fen, one.purpose) == (two.amount_fen, two.purpose) == (100_00, "Indbetaling")
    assert (batch.amount_fen, batch.purpose) == (40_50, "E-1 E-2")  # kept whole: the bank does not say its parts


def test_a_dutch_file_has_two_accounts_and_a_batch_under_one_number():
    first, empty = read("dutch_rabobank.xml")
    assert [(line.amount_fen, line.references[0]) for line in first.lines] == [
        (120_00, "SALARIS-A"),
        (100_00, "SALARIS-B"),
    ]
    assert {line.bank_ref for line in first.lines} == {"OO9B005047310"}
    assert (empty.account, list(empty.lines), empty.closing_fen) == ("NL51RABO0987654321", [], 10_00)


def test_the_sample_of_the_standard():
    [statement] = read("iso_sample.xml")
    assert [(line.direction, line.amount_fen) for line in statement.lines] == [
        ("in", 105_678_50),
        ("out", 200_000_00),
        ("in", 30_000_00),
    ]
    assert statement.lines[0].references == ("MUELL/FINP/RA12345",)
    assert statement.lines[0].at is not None


@pytest.mark.parametrize("version", ["02", "03", "04", "05", "06", "07", "08", "13"])
def test_every_version_of_the_namespace(version):
    raw = (EXAMPLES / "iso_sample.xml").read_bytes().replace(b"camt.053.001.04", f"camt.053.001.{version}".encode())
    [statement] = read_statements(from_bytes(raw))
    assert len(statement.lines) == 3


@pytest.mark.parametrize("encoding", ["gb18030", "GBK", "utf-16", "utf-8-sig"])
def test_every_encoding_a_bank_may_use(encoding):
    text = (EXAMPLES / "swiss_six_batch.xml").read_text().replace("FÜR KONTOFÜHRUNG", "账户管理")
    declared = encoding.removesuffix("-sig")
    raw = text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(
        "gb18030" if encoding == "GBK" else encoding
    )
    [statement] = read_statements(from_bytes(raw))
    assert statement.lines[-1].purpose == "PREIS 账户管理"


def test_identity_survives_another_file_and_another_order_of_elements():
    [whole] = read("dutch_rabobank.xml")[:1]
    again = read_statements(from_bytes((EXAMPLES / "dutch_rabobank.xml").read_bytes().replace(b"\n", b"\n\n")))[0]
    assert [line.identity for line in whole.lines] == [line.identity for line in again.lines]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Document><BkToCstmrStmt>&c;</BkToCstmrStmt></Document>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Document><BkToCstmrStmt><Stmt><Id>&x;</Id></Stmt></BkToCstmrStmt></Document>"""
REMOTE_DTD = b"""<?xml version="1.0"?><!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd"><Document/>"""
DEEP = b"<Document><BkToCstmrStmt>" + b"<a>" * 500_000
PACKED = b"""<?xml version="1.0" encoding="zlib_codec"?><Document/>"""


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (BOMB, HostileBankFile),
        (EXTERNAL, HostileBankFile),
        (REMOTE_DTD, HostileBankFile),
        (BOMB.decode().encode("utf-16"), HostileBankFile),
        (DEEP, HostileBankFile),
        (PACKED, UnreadableBankFile),
        (b"<Document><BkToCstmrStmt><Stmt>", UnreadableBankFile),
        (b"<Document><CstmrCdtTrfInitn/></Document>", UnreadableBankFile),
        (b"<html><body>login</body></html>", UnreadableBankFile),
        (b"<Document><BkToCstmrStmt></BkToCstmrStmt></Document>", EmptyBankFile),
        (b"<?xml version='1.0' encoding='utf-8'?><Document>\xff\xfe</Document>", UnreadableBankFile),
        (b"", UnknownBankFormat),
    ],
)
def test_hostile_and_broken_files_are_refused_with_a_sentence(raw, error):
    with pytest.raises(error) as caught:
        read_statements(from_bytes(raw))
    assert str(caught.value)
    assert "%(" not in str(caught.value)


@pytest.mark.parametrize("amount", ["NaN", "1e9", "1,50", "-5", "5.001", "", "9" * 16, "∞"])
def test_a_sum_that_is_none_is_refused(amount):
    raw = (EXAMPLES / "iso_sample.xml").read_text().replace(">105678.50<", f">{amount}<").encode()
    with pytest.raises(UnreadableBankFile):
        read_statements(from_bytes(raw))


def test_a_hundred_megabytes_are_refused_unread(tmp_path):
    path = tmp_path / "large.xml"
    with path.open("wb") as stream:
        stream.write(b"<Document><BkToCstmrStmt>")
        stream.truncate(100 * 1024 * 1024)
    with path.open("rb") as stream:
        with pytest.raises(BankFileTooLarge):
            read_statements(stream)
        assert stream.tell() <= MOST_BYTES + (1 << 16)


def test_memory_does_not_grow_with_what_is_not_wanted():
    """Elements by the hundred thousand outside the known paths leave nothing behind."""
    import tracemalloc

    raw = b"<Document><BkToCstmrStmt><GrpHdr>" + b"<x>y</x>" * 200_000 + b"</GrpHdr></BkToCstmrStmt></Document>"
    stream = io.BytesIO(raw)
    tracemalloc.start()
    with pytest.raises(EmptyBankFile):
        read_statements(stream)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_wanted_format_is_not_another():
    with pytest.raises(WrongFormat):
        read_statements(from_bytes(b"<Document/>"), wanted="csv")
