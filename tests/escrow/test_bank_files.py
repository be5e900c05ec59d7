"""Files beside the ledger: one effect however often and in whichever shape they come; what does not match is listed."""

import io
import itertools
import json
from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from escrow import invariants, queries, reconciliation, tasks
from escrow import operations as escrow
from escrow.bank_files import from_bytes
from escrow.bank_files.errors import BankFileTooLarge, HostileBankFile, UnreadableBankFile
from escrow.models import (
    AuditEntry,
    BankFile,
    BankFormat,
    ChannelBillLine,
    ClearingAlarm,
    Instruction,
    Payment,
    Statement,
    StatementLine,
    TieOut,
    Transfer,
)
from escrow.states import InstructionKind, InstructionState, RefundBasis
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.soak import SOAK

DAY = date(2026, 11, 23)


def camt(
    account: str, entries, *, day: date = DAY, opening: int = 0, closing: int | None = None, number: str = "S"
) -> bytes:
    """``entries``: (signed fen, our number, the bank's number or "", extra elements)."""
    total = opening + sum(entry[0] for entry in entries)

    def balance(code: str, fen: int) -> str:
        sign = "CRDT" if fen >= 0 else "DBIT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='CNY'>{abs(fen) / 100:.2f}</Amt>"
            f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    body = "".join(
        f"<Ntry><Amt Ccy='CNY'>{abs(fen) / 100:.2f}</Amt><CdtDbtInd>{'CRDT' if fen > 0 else 'DBIT'}</CdtDbtInd>{extra}"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else "")
        + f"<NtryDtls><TxDtls><Refs><EndToEndId>{number_}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for fen, number_, ref, extra in ((*entry, "", "")[:4] for entry in entries)
    )
    return (
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'><BkToCstmrStmt><Stmt>"
        f"<Id>{number}</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', total if closing is None else closing)}{body}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def take(raw: bytes, *, bank: str = "icbc", at: datetime = AT) -> BankFile:
    file = escrow.upload_file(content=from_bytes(raw), name="s.xml", bank=bank, at=at, actor=ACTOR)
    return escrow.import_file(file_id=file.pk, at=at, actor=ACTOR)


def order_no(agreement) -> str:
    return Payment.objects.get(agreement=agreement).order_no


def everything() -> tuple[int, ...]:
    """What an import may touch."""
    kept = (BankFile, Statement, StatementLine, Transfer, AuditEntry, TieOut, ChannelBillLine)
    return tuple(model.objects.count() for model in kept)


def why(**of) -> list[str | None]:
    rows = list(StatementLine.objects.filter(**of).order_by("id"))
    return [verdict.why for verdict in reconciliation.judge((row, row.beneficiary_id) for row in rows)]


@pytest.mark.django_db
def test_a_statement_moves_clearing_to_custody_and_ties_out():
    one, two = held_agreement(to := beneficiary()), held_agreement(to)
    file = take(camt(to.custody_no, [(200_000, order_no(one), "1"), (200_000, order_no(two), "2")]))
    assert (file.lines, file.new_lines, file.content) == (2, 2, None)
    backing = queries.backing(to.pk)
    assert (backing.custody_fen, backing.clearing_fen) == (400_000, 0)
    tied = TieOut.objects.get(beneficiary=to, day=DAY)
    assert (tied.ledger_fen, tied.bank_fen, tied.off_fen, tied.unmatched) == (400_000, 400_000, 0, 0)
    assert all(finding.ok for finding in invariants.prove())


@pytest.mark.django_db
def test_the_same_file_twice_has_one_effect_and_so_has_its_content_in_another_wrapping():
    agreement = held_agreement()
    raw = camt(agreement.beneficiary.custody_no, [(200_000, order_no(agreement), "1")])
    first = take(raw)
    before = everything()
    assert take(raw).pk == first.pk
    assert everything() == before
    assert take(raw.replace(b"</Stmt>", b" </Stmt>")).new_lines == 0
    assert Transfer.objects.filter(reason="custody_in").count() == 1
    assert (Statement.objects.count(), StatementLine.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_identical_lines_are_kept_both_and_an_order_takes_one():
    """Never deduplicated by EndToEndId: a payer who pays twice has paid twice."""
    agreement = held_agreement()
    line = (200_000, order_no(agreement), "")
    take(camt(agreement.beneficiary.custody_no, [line, line]))
    assert StatementLine.objects.count() == 2
    assert why(matched_at=None) == ["taken"]
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.custody_fen, backing.suspense_fen) == (400_000, 200_000)
    tied = TieOut.objects.get()
    assert (tied.off_fen, tied.unmatched, tied.unmatched_fen, tied.unexplained_fen) == (0, 1, 0, 0)


@pytest.mark.django_db
def test_what_nobody_can_explain_is_kept_with_its_reason_and_age():
    agreement = held_agreement()
    account, number = agreement.beneficiary.custody_no, order_no(agreement)
    interest = "<BkTxCd><Domn><Fmly><SubFmlyCd>INTR</SubFmlyCd></Fmly></Domn></BkTxCd>"
    fee = "<BkTxCd><Domn><Fmly><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    reversal = "<RvslInd>true</RvslInd>"
    entries = [
        (199_999, number, "1"),
        (5, "NOTPROVIDED", "2", interest),
        (-3, "NOTPROVIDED", "3", fee),
        (7, "nobody's", "4"),
        (200_000, number, "5", reversal),
    ]
    take(camt(account, entries))
    take(camt("99990000", [(1, number, "6")]))
    assert why(custody_no=account, matched_at=None) == ["amount", "no_number", "reversal"]
    assert [row.kind for row in StatementLine.objects.filter(custody_no=account).order_by("id")] == [
        "other",
        "interest",
        "fee",
        "other",
        "reversal",
    ]
    assert why(custody_no="99990000") == ["nobody"]
    assert not Transfer.objects.filter(reason="custody_in").exists()
    assert reconciliation.unmatched_lines(beneficiary_id=agreement.beneficiary_id).count() == 3
    backing = queries.backing(agreement.beneficiary_id)  # what the bank gives and takes has accounts of its own
    assert (backing.interest_fen, backing.fees_fen) == (5, 3)
    assert backing.suspense_fen == 199_999 + 7 + 200_000  # and so has what nobody can explain
    assert backing.custody_fen == backing.suspense_fen + 2
    assert backing.owed_fen == backing.covered_fen
    assert not [finding.name for finding in invariants.prove() if not finding.ok]


@pytest.mark.django_db
def test_a_number_in_the_purpose_is_found_and_people_are_encrypted():
    agreement = held_agreement()
    account, number = agreement.beneficiary.custody_no, order_no(agreement)
    raw = camt(account, [(200_000, "NOTPROVIDED", "1")]).replace(
        b"</Refs>",
        f"</Refs><RltdPties><Dbtr><Nm>张三</Nm></Dbtr></RltdPties><RmtInf><Ustrd>预付卡 {number} 缴款</Ustrd></RmtInf>".encode(),
    )
    take(raw)
    line = StatementLine.objects.get()
    assert (line.reference, line.counterparty_name) == (number, "张三")
    assert line.matched_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT counterparty_name, purpose FROM escrow_statementline")
        assert not any("张三" in column or number in column for column in cursor.fetchone())


@pytest.mark.django_db
def test_another_currency_is_kept_and_never_money_here():
    agreement = held_agreement()
    raw = camt(agreement.beneficiary.custody_no, [(200_000, order_no(agreement), "1")]).replace(b"CNY", b"EUR")
    take(raw)
    assert why() == ["currency"]
    assert queries.backing(agreement.beneficiary_id).custody_fen == 0


@pytest.mark.django_db
def test_missing_lines_and_missing_days_are_named():
    agreement = held_agreement()
    account = agreement.beneficiary.custody_no
    take(camt(account, [(200_000, order_no(agreement), "1")], closing=200_500))
    take(camt(account, [], day=DAY + timedelta(days=2), opening=300_000, number="T"))
    short, gap = reconciliation.broken_statements()
    assert (short.off_fen, gap.gap_fen) == (500, 99_500)
    tied = TieOut.objects.get(day=DAY)
    assert (tied.off_fen, tied.unmatched_fen, tied.unexplained_fen) == (500, 0, 500)  # a line the bank never sent


@pytest.mark.django_db
def test_a_line_that_comes_late_changes_the_days_after_it():
    agreement = held_agreement()
    account = agreement.beneficiary.custody_no
    later = DAY + timedelta(days=1)
    take(camt(account, [(-1, "fee", "2")], day=later, opening=200_000, number="T"))
    assert TieOut.objects.get(day=later).unexplained_fen == 200_000
    take(camt(account, [(200_000, order_no(agreement), "1")]))
    assert TieOut.objects.get(day=later).unexplained_fen == 0
    assert (TieOut.objects.get(day=later).unmatched, TieOut.objects.get(day=later).unmatched_fen) == (1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Document>&b;</Document>", HostileBankFile),
        (b"<Document><BkToCstmrStmt><Stmt>", UnreadableBankFile),
        (b" " * (33 << 20), BankFileTooLarge),
    ],
)
def test_what_is_refused_changes_nothing(raw, error):
    before = everything()
    with pytest.raises(error):
        take(raw)
    assert everything() == before


@pytest.mark.django_db
def test_clearing_that_does_not_return_to_zero_is_alarmed_once_and_cleared():
    agreement = held_agreement()
    owner = agreement.beneficiary_id
    assert escrow.watch_clearing(at=AT + timedelta(hours=23)) == 0
    late = AT + timedelta(days=2)
    assert escrow.watch_clearing(at=late) == 1
    assert escrow.watch_clearing(at=late) == 1
    alarm = ClearingAlarm.objects.get(beneficiary_id=owner)
    assert (alarm.code, alarm.amount_fen, alarm.since, alarm.cleared_at) == ("clearing", 200_000, AT, None)
    assert [one.age_days(late) for one in reconciliation.awaited_lines(owner)] == [2]
    take(camt(agreement.beneficiary.custody_no, [(200_000, order_no(agreement), "1")]))
    assert escrow.watch_clearing(at=late) == 0
    alarm.refresh_from_db()
    assert alarm.cleared_at == late


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("reconcile", *arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db
def test_the_command_says_what_matched_by_word_and_by_exit_code(tmp_path):
    agreement = held_agreement()
    account, number = agreement.beneficiary.custody_no, order_no(agreement)
    path = tmp_path / "s.xml"
    path.write_bytes(camt(account, [(200_000, number, "1")]))
    for _ in range(2):
        code, said = run(str(path), "--bank", "icbc", "--json")
        facts = json.loads(said)
        assert (code, facts["ok"], facts["lines"], facts["matched"]) == (0, True, 1, 1)
    path.write_bytes(camt(account, [(-7, "NOTPROVIDED", "2")], opening=200_000, number="T"))
    code, said = run(str(path), "--bank", "icbc", "--json")
    assert code == 1
    [line] = json.loads(said)["unmatched"]
    assert (line["why"], line["amount_fen"], line["direction"]) == ("no_number", 7, "out")
    assert run(str(path), "--bank", "icbc")[0] == 1
    path.write_bytes(b"<a>")
    code, said = run(str(path), "--json")
    assert (code, json.loads(said)["error"]["code"]) == (2, "UnreadableBankFile")
    assert run(str(tmp_path / "missing"))[0] == 2


@pytest.mark.django_db
def test_a_hundred_megabytes_are_exit_code_two(tmp_path):
    path = tmp_path / "large.xml"
    with path.open("wb") as stream:
        stream.truncate(100 << 20)
    before = everything()
    assert run(str(path), "--json")[0] == 2
    assert everything() == before


@pytest.mark.django_db
def test_orders_in_a_file_are_sent_no_other_way_and_answered_by_line():
    to = beneficiary()
    agreement, other = held_agreement(to), held_agreement(to)
    for nth, one in enumerate((agreement, other)):
        facts = {"agreement_id": one.pk, "basis": RefundBasis.CONSENT, "at": AT, "actor": ACTOR}
        escrow.refund(amount_fen=150_000 + nth, reference=f"r{nth}", **facts)
    batch = escrow.make_batch(channel="sandbox", kind=InstructionKind.REFUND, at=AT, actor=ACTOR)
    assert (batch.count, batch.sum_fen) == (2, 300_001)
    assert escrow.make_batch(channel="sandbox", kind=InstructionKind.REFUND, at=AT, actor=ACTOR) is None
    first, second = Instruction.objects.order_by("id")
    assert escrow.send_instruction(instruction_id=first.pk, at=AT).attempts == 0
    name, raw = escrow.export_batch(batch_id=batch.pk, at=AT, actor=ACTOR)
    assert name == f"{batch.number}.csv"
    text = raw.decode("utf-8-sig")
    lines = text.splitlines()
    lines[2] = lines[2][:-1] + "成功,"
    lines[3] = lines[3][:-1] + "失败,账户不存在"
    good = "\r\n".join(lines).encode("utf-8-sig")
    for broken in (
        good.replace(batch.number.encode(), b"B0"),
        good.replace(b"3000.01", b"3000.02"),
        good.replace(first.number.encode(), b"R0"),
        "\r\n".join([*lines[:3], lines[4]]).encode("utf-8-sig"),
    ):
        with pytest.raises(UnreadableBankFile):  # AnotherBatch is one
            take(broken, bank="sandbox")
        first.refresh_from_db()
        assert first.state == InstructionState.UNKNOWN
    for _ in range(2):
        take(good, bank="sandbox")
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, second.state, second.answer) == ("succeeded", "failed", "账户不存在")
    assert Instruction.objects.count() == 3  # the returned one was ordered again


MOVES = st.lists(
    st.tuples(st.sampled_from([100, 200]), st.sampled_from(["", "a", "b"]), st.integers(0, 2)), min_size=1, max_size=12
)


class Splitting(TestCase):
    """However a history is cut into files, repeated and shuffled, the lines kept and the money moved are the same."""

    @settings(max_examples=200 if SOAK else 12, deadline=None)
    @given(
        moves=MOVES,
        cuts=st.lists(st.integers(0, 12), max_size=3),
        again=st.lists(st.integers(0, 3), max_size=3),
        seed=st.randoms(),
    )
    def test_files_in_any_cut_and_order_keep_the_same_lines(self, moves, cuts, again, seed):
        to = beneficiary()
        numbers = {name: order_no(held_agreement(to, price_fen=100)) for name in ("a", "b")}
        days: dict[date, list[tuple[int, str, str]]] = {}
        for fen, name, day in sorted(moves, key=lambda move: move[2]):
            entry = (fen, numbers.get(name, "NOTPROVIDED"), "")
            days.setdefault(DAY + timedelta(days=day), []).append(entry)
        files, balance = [], 0
        for day, entries in days.items():
            edges = sorted({0, len(entries), *(cut for cut in cuts if cut < len(entries))})
            for start, end in itertools.pairwise(edges):
                files.append(camt(to.custody_no, entries[start:end], day=day, opening=balance, number=f"{day}{start}"))
                balance += sum(entry[0] for entry in entries[start:end])
        files += [files[index % len(files)] for index in again]
        seed.shuffle(files)
        for raw in files:
            take(raw)
        lines = StatementLine.objects.filter(beneficiary=to)
        assert sorted(lines.values_list("day", "amount_fen")) == sorted(
            (day, fen) for day, entries in days.items() for fen, _number, _ref in entries
        )
        payable = {name for fen, name, _day in moves if name and fen == 100}
        assert lines.filter(matched_at__isnull=False).count() == len(payable)
        backing = queries.backing(to.pk)
        assert backing.custody_fen - backing.suspense_fen + backing.unexplained_fen == 100 * len(payable)
        last = TieOut.objects.filter(beneficiary=to).order_by("-day").first()
        assert last is not None
        assert (last.bank_fen, last.unexplained_fen) == (balance, 0)


@pytest.mark.django_db
def test_a_mapping_saved_for_a_bank_reads_its_table():
    agreement = held_agreement()
    BankFormat.objects.create(
        bank="ccb",
        name="建设银行",
        account="账号",
        day="日期",
        credit="收入",
        debit="支出",
        balance="余额",
        reference="业务号",
    )
    row = f'{agreement.beneficiary.custody_no},2026-11-23,"2,000.00",,"2,000.00",{order_no(agreement)}'
    raw = f"账号,日期,收入,支出,余额,业务号\n{row}\n"
    file = take(raw.encode("gb18030"), bank="ccb")
    assert (file.lines, queries.backing(agreement.beneficiary_id).custody_fen) == (1, 200_000)


@pytest.mark.django_db
def test_a_long_statement_is_matched_by_the_worker_if_nobody_waits(monkeypatch):
    monkeypatch.setattr("escrow.operations.files.MATCHED_AT_ONCE", 0)
    agreement = held_agreement()
    raw = camt(agreement.beneficiary.custody_no, [(200_000, order_no(agreement), "1")])
    file = escrow.upload_file(content=from_bytes(raw), name="s.xml", bank="icbc", at=AT, actor=ACTOR)
    escrow.import_file(file_id=file.pk, at=AT, actor=ACTOR, wait=False)
    assert StatementLine.objects.get().matched_at is None
    tasks.match_file(file.pk)
    assert StatementLine.objects.get().matched_at is not None
    assert TieOut.objects.get().off_fen == 0


@pytest.mark.django_db
def test_the_hourly_task_finds_what_a_lost_bell_left(monkeypatch):
    monkeypatch.setattr("escrow.operations.files.MATCHED_AT_ONCE", 0)
    agreement = held_agreement()
    raw = camt(agreement.beneficiary.custody_no, [(200_000, order_no(agreement), "1")])
    file = escrow.upload_file(content=from_bytes(raw), name="s.xml", bank="icbc", at=AT, actor=ACTOR)
    escrow.import_file(file_id=file.pk, at=AT, actor=ACTOR, wait=False)
    assert tasks.reconcile()["matched"] == 1
    assert TieOut.objects.filter(day=DAY).get().off_fen == 0
