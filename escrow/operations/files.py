"""Files from banks and channels: uploaded, looked at, imported once.

``upload_file`` reads the whole file before anything is written, so what is refused has changed nothing. Until it is
imported or discarded its content is kept encrypted; afterwards its SHA-256 is.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from escrow import audit, channels, reconciliation
from escrow.bank_files import Statement as Read
from escrow.bank_files import bills, format_of, from_bytes, orders, read_statements, sized
from escrow.channels import ChannelRefused, ChannelUnknown
from escrow.clock import BEIJING
from escrow.errors import ChannelUnavailable, NotFound
from escrow.models import BankFile, Statement, StatementLine
from escrow.operations.batches import take_results
from escrow.operations.bills import take_bill
from escrow.operations.statements import keep_lines, match_lines
from escrow.operations.tie_out import tie_out
from escrow.states import BankFileKind
from escrow.transactions import ring, transaction

#: Lines that are matched while somebody looks on; each is a transaction of its own.
MATCHED_AT_ONCE = 1000
#: An upload nobody decided on is forgotten.
KEPT = timedelta(days=1)


def upload_file(*, content: BinaryIO, name: str, bank: str, at: datetime, actor: str, wanted: str = "") -> BankFile:
    """Read the file and keep it for a decision. The same file again is the one that is there already.

    ``wanted``: ``camt053``, ``csv``, ``xlsx``, ``bill`` or ``results``; "" lets the file's first bytes tell.

    Raises:
        UnreadableBankFile: or one of its kinds. Nothing was kept.
    """
    content, sha256 = sized(content)
    kind, lines = _read_through(content, bank=bank, wanted=wanted)
    content.seek(0)
    raw = content.read()
    with transaction():
        file, made = BankFile.objects.get_or_create(
            kind=kind,
            bank=bank,
            sha256=sha256,
            defaults={
                "name": name[-120:],
                "size": len(raw),
                "content": raw,
                "by": actor,
                "uploaded_at": at,
                "lines": lines,
            },
        )
        if made:
            audit.record(
                actor=actor,
                action="escrow.upload_file",
                target=f"bank_file:{file.pk}",
                after={"kind": kind.value, "bank": bank, "sha256": sha256, "size": len(raw), "lines": lines},
                at=at,
            )
    return file


def _read_through(content: BinaryIO, *, bank: str, wanted: str) -> tuple[BankFileKind, int]:
    head = content.read(400)
    content.seek(0)
    if wanted == "bill" or (not wanted and bills.is_bill(head)):
        return BankFileKind.BILL, len(bills.read(content))
    xlsx = format_of(content) == "xlsx"
    if wanted == "results" or (not wanted and orders.is_answer(content, xlsx=xlsx)):
        return BankFileKind.RESULTS, len(orders.read(content, xlsx=xlsx).results)
    statements = read_statements(content, mapping=reconciliation.mapping_of(bank), wanted=wanted, bank=bank)
    return BankFileKind.STATEMENT, sum(len(read.lines) for read in statements)


def statements_of(file: BankFile) -> list[Read]:
    """The statements of an upload that is still kept.

    Raises:
        NotFound: it was imported or discarded. UnreadableBankFile: the bank's mapping has changed since.
    """
    if file.content is None:
        raise NotFound()
    return read_statements(from_bytes(file.content), mapping=reconciliation.mapping_of(file.bank), bank=file.bank)


def import_file(*, file_id: int, at: datetime, actor: str, wait: bool = True) -> BankFile:
    """Take an uploaded file in: its lines are kept, and what the ledger expects moves. A second time changes nothing.

    A line may ask the channel about its payment: not inside a transaction. Unless the caller will ``wait``, a long
    statement's lines are matched by the worker.

    Raises:
        NotFound: no such file. UnreadableBankFile. UnknownBatch, AnotherBatch: results of orders that are not ours.
    """
    file = BankFile.objects.filter(pk=file_id).first()
    if file is None:
        raise NotFound()
    if file.imported_at is not None or file.content is None:
        return file
    if file.kind == BankFileKind.STATEMENT:
        reads = statements_of(file)
        new = _keep(file, reads)
        if wait or file.lines <= MATCHED_AT_ONCE:
            match_file(file_id=file.pk, at=at)
        else:
            ring("escrow.tasks.match_file", file.pk)
    elif file.kind == BankFileKind.BILL:
        new = take_bill(file=file, lines=bills.read(from_bytes(file.content)), at=at)
    else:
        content = from_bytes(file.content)
        new = take_results(answers=orders.read(content, xlsx=format_of(content) == "xlsx"), at=at, actor=actor)
    with transaction():
        locked = BankFile.objects.select_for_update(no_key=True, of=("self",)).get(pk=file_id)
        if locked.imported_at is None:
            locked.imported_at, locked.content, locked.new_lines = at, None, new
            locked.save(update_fields=["imported_at", "content", "new_lines"])
            audit.record(
                actor=actor,
                action="escrow.import_file",
                target=f"bank_file:{file_id}",
                after={"kind": locked.kind, "bank": locked.bank, "sha256": locked.sha256, "new_lines": new},
                at=at,
            )
    return locked


def _keep(file: BankFile, reads: Sequence[Read]) -> int:
    """Statements and lines, all or none; how many lines were new."""
    owners = reconciliation.owners(read.account for read in reads)
    pairs = [(read, line) for read in reads for line in read.lines]
    verdicts = reconciliation.judge((line, owners.get(read.account)) for read, line in pairs)
    moments: Counter[datetime] = Counter()
    lines = []
    for (read, line), verdict in zip(pairs, verdicts, strict=True):
        moment = line.at or datetime.combine(line.day, time(), BEIJING)
        moments[moment] += 1
        lines.append(
            StatementLine(
                channel=file.bank,
                identity=line.identity,
                file=file,
                bank_ref=line.bank_ref,
                custody_no=read.account,
                beneficiary_id=owners.get(read.account),
                direction=line.direction,
                kind=verdict.kind,
                reference=verdict.reference,
                references=list(line.references),
                purpose=line.purpose,
                counterparty_name=line.counterparty_name,
                counterparty_account=line.counterparty_account,
                amount_fen=line.amount_fen,
                currency=line.currency,
                balance_after_fen=line.balance_fen,
                day=line.day,
                at=moment + timedelta(microseconds=moments[moment] - 1),  # in the bank's order
            )
        )
    with transaction():
        before = StatementLine.objects.filter(file=file).count()
        Statement.objects.bulk_create((_statement(file, read, owners) for read in reads), ignore_conflicts=True)
        keep_lines(lines)
        return StatementLine.objects.filter(file=file).count() - before


def _statement(file: BankFile, read: Read, owners: dict[str, int]) -> Statement:
    return Statement(
        file=file,
        bank=file.bank,
        custody_no=read.account,
        beneficiary_id=owners.get(read.account),
        number=read.number,
        currency=read.currency,
        from_day=read.from_day,
        to_day=read.to_day,
        opening_fen=read.opening_fen,
        closing_fen=read.closing_fen,
        sum_fen=sum(line.signed_fen for line in read.lines if line.currency == read.currency),
        made_at=read.made_at,
    )


def match_file(*, file_id: int, at: datetime) -> None:
    """Match what the file brought, and tie out the days it tells of and those after them. Repeatable.

    Raises:
        NotFound.
    """
    file = BankFile.objects.filter(pk=file_id).first()
    if file is None:
        raise NotFound()
    match_lines(channel=file.bank, at=at)
    lines = StatementLine.objects.filter(file=file, beneficiary__isnull=False).order_by().distinct()
    statements = Statement.objects.filter(file=file, beneficiary__isnull=False).order_by().distinct()
    days = {*lines.values_list("day", flat=True), *statements.values_list("to_day", flat=True)}
    owners = {
        *lines.values_list("beneficiary_id", flat=True),
        *statements.values_list("beneficiary_id", flat=True),
    }
    if owners:
        tie_out(days=sorted(days), at=at, beneficiaries=sorted(filter(None, owners)), later=True)


def discard_file(*, file_id: int, at: datetime, actor: str) -> None:
    """Forget an upload that was not imported. Repeatable.

    Raises:
        NotFound.
    """
    with transaction():
        file = BankFile.objects.select_for_update(of=("self",)).filter(pk=file_id, imported_at=None).first()
        if file is None:
            raise NotFound()
        audit.record(
            actor=actor,
            action="escrow.discard_file",
            target=f"bank_file:{file_id}",
            before={"kind": file.kind, "bank": file.bank, "sha256": file.sha256},
            at=at,
        )
        file.delete()


def discard_forgotten(*, at: datetime) -> int:
    """Uploads that nobody decided on within a day."""
    forgotten = list(
        BankFile.objects.filter(imported_at=None, uploaded_at__lt=at - KEPT).values_list("pk", flat=True)[:100]
    )
    for file_id in forgotten:
        discard_file(file_id=file_id, at=at, actor="system:files")
    return len(forgotten)


def fetch_bill(*, channel: str, day: date, at: datetime) -> BankFile:
    """Get the channel's bill of that day and take it in. Calls the channel: not inside a transaction.

    Raises:
        ChannelUnavailable. UnreadableBankFile.
    """
    try:
        raw = channels.channel(channel).bill(day=day)
    except (ChannelUnknown, ChannelRefused) as error:
        raise ChannelUnavailable() from error
    name = f"bill-{channel}-{day.isoformat()}.csv"
    file = upload_file(content=from_bytes(raw), name=name, bank=channel, at=at, actor="system:bills", wanted="bill")
    return import_file(file_id=file.pk, at=at, actor="system:bills")
