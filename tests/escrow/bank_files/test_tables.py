"""Tables as banks here send them, by their saved mapping; the channel's bill; what is written for others."""

import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from escrow.bank_files import bills, from_bytes, orders, read_statements
from escrow.bank_files.amounts import fen
from escrow.bank_files.errors import HostileBankFile, MissingColumns, UnreadableBankFile
from escrow.bank_files.kinds import kind_in_words
from escrow.bank_files.tables import Mapping
from escrow.bank_files.writing import csv_bytes, xlsx_bytes

ICBC = Mapping(
    header_row=3,
    account_label="账号",
    day="交易日期",
    time="交易时间",
    day_format="%Y%m%d",
    direction="借贷标志",
    words_in=("贷",),
    words_out=("借",),
    amount="发生额",
    balance="余额",
    line_no="流水号",
    reference="凭证号",
    counterparty_name="对方户名",
    counterparty_account="对方账号",
    purpose="摘要",
)
ROWS = [
    ["工商银行账户明细"],
    ["账号：6222 0011 2233 4455", "", "币种", "人民币"],
    ["交易日期", "交易时间", "借贷标志", "发生额", "余额", "流水号", "凭证号", "对方户名", "对方账号", "摘要"],
    ["20261123", "10:00:01", "贷", "1,234.50", "1,234.50", "001", "O-1", "张三", "6222", "缴款"],
    ["20261123", "10:05:00", "借", "34.50", "1,200.00", "002", "P-1", "京城健身", "6217", "划付"],
    ["20261123", "21:00:00", "贷", "0.08", "1,200.08", "003", "", "", "", "结息"],
    ["", "", "", "", "", "", "", "", "", "合计"],
]


def as_csv(rows, encoding: str = "gb18030", delimiter: str = ",") -> io.BytesIO:
    return io.BytesIO("\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding))


def test_a_gb18030_table_with_a_preamble_and_thousands_separators():
    [statement] = read_statements(as_csv(ROWS), mapping=ICBC)
    assert (statement.account, statement.opening_fen, statement.closing_fen) == ("6222001122334455", 0, 120_008)
    paid, out, interest = statement.lines
    assert (paid.direction, paid.amount_fen, paid.bank_ref, paid.references) == ("in", 123_450, "001", ("O-1",))
    assert paid.at == datetime(2026, 11, 23, 2, 0, 1, tzinfo=UTC)
    assert (out.direction, out.counterparty_name, out.counterparty_account) == ("out", "京城健身", "6217")
    assert kind_in_words(direction=interest.direction, purpose=interest.purpose) == "interest"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_more_than_the_mapping(encoding):
    [statement] = read_statements(as_csv(ROWS, encoding), mapping=ICBC)
    assert statement.closing_fen == 120_008


def test_rows_newest_first_are_the_same_statement():
    head, body = ROWS[:3], ROWS[3:6]
    [oldest_first] = read_statements(as_csv(ROWS), mapping=ICBC)
    [newest_first] = read_statements(as_csv([*head, *reversed(body)]), mapping=ICBC)
    assert newest_first == oldest_first


def test_two_amount_columns_another_delimiter_and_decimal_comma():
    mapping = Mapping(
        account="Konto",
        day="Datum",
        day_format="%d.%m.%Y",
        credit="Haben",
        debit="Soll",
        balance="Saldo",
        thousands=".",
        decimal=",",
        delimiter=";",
        encoding="utf-8",
    )
    rows = [["Konto", "Datum", "Haben", "Soll", "Saldo"], ["K1", "23.11.2026", "1.000,00", "", "1.000,00"]]
    rows += [["K1", "23.11.2026", "", "0,01", "999,99"], ["K2", "23.11.2026", "5,00", "", "5,00"]]
    one, two = read_statements(as_csv(rows, "utf-8", ";"), mapping=mapping)
    assert [line.signed_fen for line in one.lines] == [100_000, -1]
    assert (two.account, two.closing_fen) == ("K2", 500)


def test_an_xlsx_with_real_dates_and_numbers():
    book = Workbook()
    sheet = book.active
    for row in ROWS[:3]:
        sheet.append(row)
    sheet.append([datetime(2026, 11, 23), "10:00:01", "贷", 1234.5, 1234.5, "001", "O-1", "", "", ""])
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    [statement] = read_statements(out, mapping=ICBC)
    assert [(line.day, line.amount_fen) for line in statement.lines] == [(date(2026, 11, 23), 123_450)]
    assert statement.account == "6222001122334455"


def test_an_xlsx_that_unpacks_to_a_gigabyte_is_refused():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(500):
            part.write(bytes(1 << 20))
    assert len(out.getvalue()) < 1 << 20
    out.seek(0)
    with pytest.raises(HostileBankFile):
        read_statements(out, mapping=ICBC)


@pytest.mark.parametrize(
    ("column", "value"), [(0, "2026-13-45"), (1, "25:00"), (2, "?"), (3, "12.345"), (3, "1,23.00"), (4, "x")]
)
def test_a_wrong_cell_is_named_by_its_row(column, value):
    rows = [list(row) for row in ROWS]
    rows[4][column] = value
    with pytest.raises(UnreadableBankFile) as caught:
        read_statements(as_csv(rows), mapping=ICBC)
    assert "5" in str(caught.value)


def test_a_missing_column_is_named():
    rows = [row[:9] for row in ROWS]
    with pytest.raises(MissingColumns, match="摘要"):
        read_statements(as_csv(rows), mapping=ICBC)


def test_another_encoding_than_the_mapping_is_refused_not_garbled():
    with pytest.raises(UnreadableBankFile):
        read_statements(as_csv(ROWS), mapping=Mapping(**{**ICBC.__dict__, "encoding": "utf-8"}))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.50", 123_450), ("¥0.01", 1), ("-5", -500), ("+7.1", 710), ("5442.09000", 544_209), ("1000", 100_000)],
)
def test_sums(text, value):
    assert fen(text, thousands=",") == value


def test_a_bill_whose_sums_are_not_its_rows_is_refused():
    head = "交易时间,微信订单号,商户订单号,交易状态,应结订单金额,商户退款单号,退款金额,手续费\n"
    paid = "`2026-11-23 10:00:00,`42,`O1,`SUCCESS,`100.00,`,`0.00,`0.60\n"
    back = "`2026-11-23 11:00:00,`42,`O1,`REFUND,`0.00,`R1,`40.00,`-0.24\n"
    total = "总交易单数,应结订单总金额,退款总金额,手续费总金额\n`2,`{},`40.00,`0.36\n"
    payment, refund = bills.read(from_bytes((head + paid + back + total.format("100.00")).encode("gb18030")))
    assert (payment.kind, payment.number, payment.amount_fen, payment.fee_fen) == ("payment", "O1", 10_000, 60)
    assert (refund.kind, refund.number, refund.amount_fen) == ("refund", "R1", 4_000)
    for broken in (head + paid + total.format("100.00"), head + paid + back + total.format("99.00"), head + paid):
        with pytest.raises(UnreadableBankFile):
            bills.read(from_bytes(broken.encode()))


@pytest.mark.parametrize("xlsx", [False, True])
def test_an_instruction_file_comes_back_as_it_went(xlsx):
    made = [
        orders.Order(
            number=f"P{nth}",
            kind="payout",
            custody_no="6200",
            payee_account="0012345678901234567",
            payee_name="=HYPERLINK(1)",
            amount_fen=nth,
            order_no="",
            remark="r",
        )
        for nth in (1, 250)
    ]
    raw = orders.write(batch="B1", orders=made, xlsx=xlsx)
    assert orders.is_answer(from_bytes(raw), xlsx=xlsx)
    answers = orders.read(from_bytes(raw), xlsx=xlsx)
    assert (answers.batch, answers.count, answers.sum_fen) == ("B1", 2, 251)
    assert [(r.line_no, r.number, r.amount_fen, r.state) for r in answers.results] == [
        (1, "P1", 1, None),
        (2, "P250", 250, None),
    ]


def test_what_people_typed_is_no_formula_in_a_spreadsheet():
    rows = [["=1+1", "-5.00", "@x", 7, None]]
    assert csv_bytes(rows).decode("utf-8-sig") == "'=1+1,-5.00,'@x,7,\r\n"
    sheet = load_workbook(io.BytesIO(xlsx_bytes({"s": rows}))).active
    assert [cell.value for cell in sheet[1]][:4] == ["'=1+1", "-5.00", "'@x", 7]
