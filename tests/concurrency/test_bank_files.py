"""One file imported by several people at the same moment: each line is kept once and moves its money once."""

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.bank_files import from_bytes
from escrow.models import BankFile, Statement, StatementLine, TieOut, Transfer
from escrow.states import Reason
from tests.concurrency.threads import at_once
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_bank_files import camt, order_no, take


def test_a_file_imported_at_once_has_one_effect(committed_db):
    to = beneficiary()
    entries = [(200_000, order_no(held_agreement(to)), str(nth)) for nth in range(4)]
    raw = camt(to.custody_no, entries)
    other = raw.replace(b"</Stmt>", b" </Stmt>")  # the same lines in another file
    at_once(*[lambda: take(raw), lambda: take(other)] * 3)
    assert (BankFile.objects.count(), Statement.objects.count(), StatementLine.objects.count()) == (2, 1, 4)
    assert Transfer.objects.filter(reason=Reason.CUSTODY_IN).count() == 4
    assert queries.backing(to.pk).custody_fen == 800_000
    assert TieOut.objects.get().off_fen == 0
    assert all(finding.ok for finding in invariants.prove())


def test_two_lines_that_name_one_order_at_once_move_it_once(committed_db):
    """Each import sees the order free; the database gives it to one line."""
    agreement = held_agreement()
    account, number = agreement.beneficiary.custody_no, order_no(agreement)
    files = [camt(account, [(200_000, number, str(nth))], number=str(nth)) for nth in range(4)]
    rows = [escrow.upload_file(content=from_bytes(raw), name="s.xml", bank="icbc", at=AT, actor=ACTOR) for raw in files]
    at_once(*[lambda pk=row.pk: escrow.import_file(file_id=pk, at=AT, actor=ACTOR) for row in rows])
    assert StatementLine.objects.count() == 4
    assert StatementLine.objects.filter(matched_at__isnull=False).count() == 1
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.clearing_fen, backing.custody_fen - backing.suspense_fen) == (0, 200_000)
    escrow.match_open_lines(at=AT)  # who came second is with those nobody can explain, now or with the next run
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.custody_fen, backing.suspense_fen) == (800_000, 600_000)
    assert all(finding.ok for finding in invariants.prove())
