"""What the database refuses, whoever asks."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from escrow import invariants
from escrow.ledger import Chart, Movement, post
from escrow.models import Account, AuditEntry, Transfer
from escrow.states import AccountCode, Asset, Reason, TransferKind
from tests.escrow.factories import AT, beneficiary, held_agreement
from tests.escrow.test_uses import charge, counters

pytestmark = pytest.mark.django_db


def refused(sql: str) -> None:
    before = counters()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert counters() == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE escrow_transfer SET amount = amount + 1",
        "DELETE FROM escrow_transfer",
        "TRUNCATE escrow_transfer CASCADE",
        "UPDATE escrow_auditentry SET actor = 'nobody'",
        "DELETE FROM escrow_auditentry",
        "DELETE FROM escrow_account",
        "UPDATE escrow_account SET credits_posted = credits_posted - 1 WHERE code = 'held'",
        "UPDATE escrow_account SET debits_posted = credits_posted + 1, version = version + 1 WHERE code = 'held'",
        "UPDATE escrow_agreement SET price_fen = 1",
        "DELETE FROM escrow_agreement",
        "UPDATE escrow_agreement SET state = 'gone'",
    ],
)
def test_the_database_refuses(sql):
    charge(held_agreement(), 1)
    refused(sql)


def test_the_serving_role_has_no_right_to_write_the_ledger_itself():
    """Where there are two roles (the embedded server has them), privileges stop what the triggers would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT tableowner FROM pg_tables WHERE tablename = 'escrow_transfer')")
        user, owner = cursor.fetchone()
        cursor.execute(
            "SELECT has_table_privilege(current_user, 'escrow_transfer', p) FROM unnest(ARRAY"
            "['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p"
        )
        rights = {row[0] for row in cursor.fetchall()}
    assert rights == ({True} if user == owner else {False})


def test_the_serving_role_deletes_nothing_of_the_ledger():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = tableowner FROM pg_tables WHERE tablename = 'escrow_transfer'")
        (owner,) = cursor.fetchone()
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'escrow\\_%' "
            "AND tablename NOT IN ('escrow_businessclock', 'escrow_workingday', 'escrow_bankformat', 'escrow_bankfile') "
            "AND has_table_privilege(current_user, tablename::regclass, 'DELETE')"
        )
        assert owner or not cursor.fetchall()


def test_transfers_are_written_in_the_order_given():
    """Whatever plan the database joins them by: with some hundreds of rows it hashes the list."""
    agreement = held_agreement()
    use = charge(agreement, 2, final=False)
    chart = Chart(beneficiary_id=agreement.beneficiary_id, agreement_id=agreement.pk)

    def written(amounts, **resolving) -> list[int]:
        movements = [
            Movement(
                debit=chart.id(AccountCode.HELD),
                credit=chart.id(AccountCode.PAYABLE),
                amount=amount,
                reason=Reason.RELEASE,
                agreement=agreement.pk,
                use=use.pk,
                **resolving.get(f"the_{amount}", {}),
            )
            for amount in amounts
        ]
        rows = Transfer.objects.filter(pk__in=post(movements, at=AT)).order_by("pk")
        return list(rows.values_list("amount", flat=True))

    many = list(range(100, 500))
    assert written(many) == many
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE escrow_transfer")  # a warning and no more where one may not
    reservation = Transfer.objects.get(use=use, asset=Asset.CNY, kind=TransferKind.PENDING)
    third = {"kind": TransferKind.RESOLVED, "pending": reservation.pk}
    assert written([1, 2, 3, 4], the_3=third) == [1, 2, 3, 4]


def test_transfers_are_written_in_the_order_given_when_the_accounts_are_read_first():
    agreement = held_agreement()
    chart = Chart(beneficiary_id=agreement.beneficiary_id, agreement_id=agreement.pk)
    held, payable, refund = (chart.id(code) for code in (AccountCode.HELD, AccountCode.PAYABLE, AccountCode.REFUND))
    movements = [
        Movement(debit=held, credit=payable, amount=7, reason=Reason.SETTLE, agreement=agreement.pk),
        Movement(debit=payable, credit=refund, amount=3, reason=Reason.MAKE_GOOD, agreement=agreement.pk),
    ]
    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "material", "indexscan", "bitmapscan", "memoize"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    written = Transfer.objects.filter(pk__in=post(movements, at=AT)).order_by("pk")
    assert [row.amount for row in written] == [7, 3]


def test_a_transfer_stays_within_one_beneficiary_and_asset():
    mine, theirs = held_agreement(), held_agreement()
    chart = Chart(beneficiary_id=mine.beneficiary_id, agreement_id=mine.pk)
    other = Chart(beneficiary_id=theirs.beneficiary_id, agreement_id=theirs.pk)
    before = counters()
    for debit, credit in (
        (chart.id(AccountCode.HELD), other.id(AccountCode.PAYABLE)),
        (chart.id(AccountCode.HELD, Asset.VISIT), chart.id(AccountCode.PAYABLE)),
        (chart.id(AccountCode.HELD), 10**9),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            post([Movement(debit=debit, credit=credit, amount=1, reason=Reason.RELEASE)], at=AT)
    assert counters() == before


def test_a_reservation_cannot_be_resolved_twice():
    agreement = held_agreement()
    use = charge(agreement, 2, final=False)
    pending = Transfer.objects.get(use=use, asset=Asset.CNY)
    again = Movement(
        debit=pending.debit_account_id,
        credit=pending.credit_account_id,
        amount=0,
        reason=Reason.VOID,
        kind=TransferKind.RESOLVED,
        pending=pending.pk,
        agreement=agreement.pk,
        use=use.pk,
    )
    post([again], at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        post([again], at=AT)


def test_an_account_starts_at_zero():
    to = beneficiary()
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(
            beneficiary=to, code=AccountCode.CLEARING, channel="x", asset=Asset.CNY, credits_posted=5
        )


def test_personal_data_is_not_in_the_table_in_clear():
    to = beneficiary()
    with connection.cursor() as cursor:
        cursor.execute("SELECT payout_account_no, payout_account_name FROM escrow_beneficiary WHERE id = %s", [to.pk])
        number, name = cursor.fetchone()
    assert "6222020200112233" not in number
    assert "京城健身" not in name
    assert "6222020200112233" not in str(list(AuditEntry.objects.values()))
    to.refresh_from_db()
    assert to.payout_account_no == "6222020200112233"


def test_prove_finds_what_a_superuser_did():
    """As an owner who switches the triggers off: the rows still say what they were, and prove sees the difference."""
    charge(held_agreement(), 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = (SELECT tableowner FROM pg_tables WHERE tablename = 'escrow_account')")
        if not cursor.fetchone()[0]:
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute("ALTER TABLE escrow_account DISABLE TRIGGER account_guard")
            return  # the serving role cannot even try
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE escrow_account DISABLE TRIGGER account_guard")
        cursor.execute("UPDATE escrow_account SET credits_posted = credits_posted + 5 WHERE code = 'payable'")
    found = {finding.name for finding in invariants.prove() if not finding.ok}
    assert {"accounts_equal_their_transfers", "assets_sum_to_zero", "guards_in_place"} <= found
