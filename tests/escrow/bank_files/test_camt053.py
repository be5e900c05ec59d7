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


def test_a_dutch_file_has_two_statements_of_one_account_that_follow_each_other():
    first, second = read("several_statements_one_account.xml")
    assert first.account == second.account
    assert (first.closing_fen, second.opening_fen) == (30_00, 30_00)
    assert [(line.direction, line.amount_fen, line.references[0]) for line in (*first.lines, *second.lines)] == [
        ("in", 11_85, "000000101"),
        ("out", 7_00, "000000102"),
    ]
    assert second.lines[0].counterparty_account == "FR7630006000011234567890189"


def test_a_batch_whose_parts_the_bank_keeps_to_itself_is_one_line():
    [statement] = read("ing_batch_without_parts.xml")
    batch, refund, paid = statement.lines
    assert (statement.opening_fen, statement.closing_fen) == (7_000_00, 9_746_26)  # PRCD, OPBD and two FWAV besides
    assert (batch.direction, batch.amount_fen, batch.bank_ref) == ("out", 4_753_74, "68047a4871ab34285b5555555502010d")
    assert (refund.purpose, refund.counterparty_account) == ("TERUGGAAF", "NL86INGB0002445588")
    assert paid.references == ("032026065492039060000000002",)  # it has no Refs at all


def test_an_austrian_namespace_and_references_that_are_words():
    [statement] = read("austrian_stuzza.xml")
    first, second = statement.lines
    assert first.references == ("Text Muster", "202612341234", "120002603062190602382152366")
    assert second.references == ("2026456456", "120002603062190602382098886")  # twice the same is once
    assert (statement.opening_fen, second.balance_fen) == (150_00, 320_00)


def test_a_batch_with_charges_is_its_transactions_without_them():
    """They are on a bill of their own."""
    [statement] = read("postfinance_batch_with_charges.xml")
    fee, *parts = statement.lines
    assert (statement.currency, fee.kind, fee.amount_fen) == ("CHF", "fee", 24_00)  # the account names no currency
    assert [(part.amount_fen, part.bank_ref) for part in parts] == [
        (100_00, "260331CH00T3L0GE"),
        (50_00, "260331CH00T3KWWA"),
        (200_00, "260331CH00T2H28C"),
    ]
    assert parts[0].references[:2] == ("000000000002026030002820801", "20260330531801000100274")


def test_a_swiss_v8_names_parties_deeper_and_amounts_with_one_decimal():
    [statement] = read("ubs_v8.xml")
    paid, batch_of_one, courier = statement.lines
    assert (paid.amount_fen, paid.counterparty_name, paid.purpose) == (474_40, "Jan Beispiel", "INVOICE R77562 Payment")
    assert (batch_of_one.amount_fen, batch_of_one.bank_ref) == (88_85, "0123169DO5126811")
    assert (courier.direction, courier.counterparty_name, courier.counterparty_account) == (
        "out",
        "Kurier AG",
        "CH4431999123000889012",
    )
    assert courier.references[:2] == ("1208482", "373502949-1208482")


def test_an_american_reversal_on_an_overdrawn_account():
    [statement] = read("american_reversal.xml")
    rejected, sent, wire, interest = statement.lines
    assert (statement.opening_fen, statement.closing_fen) == (-843_686_20, -843_666_20)
    assert (rejected.direction, rejected.kind, rejected.references[0]) == ("in", "reversal", "GSGWGDNCTAHQM9")
    assert (sent.direction, sent.kind) == ("out", "")
    assert set(rejected.references) & set(sent.references) == {"RP/GS/CTFILERP0002/CTBA0004", "GSNULXSKMMJ479NMKT"}
    assert (wire.at.hour, interest.kind) == (13, "interest")


def test_balances_by_bais_numbers_and_an_entry_without_a_day():
    [statement] = read("canadian_bai_balances.xml")
    assert (statement.opening_fen, statement.closing_fen) == (26_164_57, 26_234_26)
    [line] = statement.lines
    assert (line.day, line.amount_fen, line.currency) == (date(2026, 3, 9), 69_69, "USD")  # instructed in euros
    assert line.references == ("9907500158", "0668811604", "091000015963218")


def test_an_envelope_around_a_statement_that_says_no_day_but_its_balances():
    [statement] = read("enveloped_v7.xml")
    assert (statement.account, statement.opening_fen, statement.closing_fen) == ("2345234535", 234_299_00, 234_299_00)
    assert (statement.to_day, list(statement.lines)) == (date(2026, 4, 19), [])


def test_no_namespace_and_no_references():
    [statement] = read("no_namespace.xml")
    client, coffee, again = statement.lines
    assert (client.counterparty_name, client.references, client.bank_ref) == ("A CLIENT", (), "")
    assert (coffee.purpose, coffee.identity != again.identity) == (again.purpose, True)


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
