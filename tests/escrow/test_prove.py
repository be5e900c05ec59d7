"""``prove`` against corruption: each kind is done by hand where every guard is off, and has to be found by name."""

from datetime import timedelta

import pytest
from django.db import connection

from escrow import channels, invariants
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import EarlyReleaseRule, Payment, ReserveRule
from escrow.models import StatementLine as Kept
from escrow.operations.instructions import Payee
from escrow.operations.payments import take_payment
from escrow.states import Plan, RefundBasis
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement, open_agreement, order, paid
from tests.escrow.test_refunds_and_payments import answered, refund
from tests.escrow.test_statements import Statement

TOMORROW = AT + timedelta(days=1)
#: Everything happens here once, to one beneficiary.
CORRUPTIONS = {
    "UPDATE escrow_transfer SET payable_on = NULL WHERE reason = 'release'": "payable_equals_its_unpaid_lines",
    "UPDATE escrow_account SET paid_to = 1000000 WHERE code = 'payable'": "nothing_unpaid_is_passed_over",
    "UPDATE escrow_account SET folded_to = 0 WHERE code = 'payable'": "accounts_equal_their_transfers",
    "UPDATE escrow_refund SET owed_fen = owed_fen + 1": "claims_are_what_is_still_owed",
    "UPDATE escrow_refund SET interest_fen = interest_fen + 1": "claims_are_what_is_still_owed",
    "UPDATE escrow_transfer SET reason = 'make_good' WHERE reason = 'refund_interest'":
        "refunds_equal_their_instructions",
    "UPDATE escrow_refund SET interest_instruction_id = instruction_id": "refunds_equal_their_instructions",
    **{
        "WITH c AS (INSERT INTO escrow_claim (beneficiary_id, refund_id, amount_fen, paid_fen, opened_at)"
        " SELECT o.beneficiary_id, r.id, 9, 0, now() FROM escrow_refund r JOIN escrow_instruction o"
        " ON o.id = r.instruction_id WHERE r.interest_fen > 0 RETURNING id) INSERT INTO escrow_claimpayment (claim_id,"
        f" instruction_id, amount_fen, above) SELECT c.id, (SELECT min(id) FROM escrow_instruction), {part} FROM c":
            "parts_of_claims_fill_their_payment_first"
        for part in ("1, true", "1000000, false")
    },
    "UPDATE escrow_account SET credits_posted = 1, credits_pending = 0 WHERE code = 'blocked'":
        "blocked_money_has_its_orders",
    "DELETE FROM escrow_payoutline": "payouts_equal_their_lines",
    "UPDATE escrow_transfer SET reason = 'settle' WHERE reason = 'late'": "reasons_move_what_they_say",
    "UPDATE escrow_transfer SET agreement_id = NULL WHERE reason = 'release'": "transfers_balanced",
    "UPDATE escrow_transfer SET amount = amount + 1 WHERE reason = 'fund'": "accounts_equal_their_transfers",
    "UPDATE escrow_transfer SET debit_balance_after = 7 WHERE reason = 'late'": "balances_after_continuous",
    "UPDATE escrow_transfer SET reference = 'x' WHERE reason = 'late_refund'": "fundings_have_their_payments",
    "UPDATE escrow_transfer SET reference = 'x' WHERE reason = 'custody_in'": "statement_lines_equal_their_transfers",
    "UPDATE escrow_agreement SET state = 'held' WHERE state = 'closed'": "refunds_equal_their_instructions",
    "UPDATE escrow_agreement SET state = 'cancelled' WHERE state = 'held'": "agreements_accounted_for",
    "UPDATE escrow_agreement SET price_fen = price_fen + 10": "agreements_accounted_for",
    "UPDATE escrow_use SET state = 'undone' WHERE state = 'final'": "shares_exact",
    "UPDATE escrow_use SET units = units + 1 WHERE state = 'final'": "units_accounted_for",
    "UPDATE escrow_use SET units = 1000000000 WHERE state = 'reserved'": "units_accounted_for",
    "UPDATE escrow_use SET amount_fen = amount_fen + 1 WHERE state = 'reserved'": "uses_equal_their_transfers",
    "UPDATE escrow_use SET bonus_fen = bonus_fen + 1 WHERE state = 'final'": "uses_equal_their_transfers",
    "UPDATE escrow_use SET state = 'expired' WHERE state = 'reserved'": "reservations_resolved_once",
    "UPDATE escrow_use SET state = 'reserved', confirm_until = at FROM (SELECT max(at) AS at FROM escrow_transfer) t"
    " WHERE state = 'final'": "uses_equal_their_transfers",
    "UPDATE escrow_agreement SET free_percent = 1 WHERE free_percent > 0": "advances_within_what_is_free",
    "UPDATE escrow_transfer SET reference = 'x' WHERE reason = 'advance' AND asset = 'ADVANCE'":
        "advances_within_what_is_free",
    "UPDATE escrow_transfer SET amount = amount - 1 WHERE reason = 'advance' AND asset = 'ADVANCE'":
        "advances_within_what_is_free",
    "UPDATE escrow_transfer SET amount = amount - 1 WHERE reason = 'release' AND asset = 'ADVANCE'":
        "agreements_accounted_for",
    "UPDATE escrow_earlyrelease SET amount_fen = amount_fen - 1": "early_releases_are_earned",
    "UPDATE escrow_earlyrelease SET cap_fen = cap_fen + 1": "early_releases_are_earned",
    "UPDATE escrow_earlyrelease SET earned_fen = earned_fen + 1": "early_releases_are_earned",
    "UPDATE escrow_earlyrelease SET outstanding_fen = outstanding_fen + 1": "early_releases_are_earned",
    "UPDATE escrow_earlyreleaserule SET cooling_off_days = 99": "early_releases_are_earned",
    "UPDATE escrow_earlyrelease SET day = '2022-06-02'": "early_releases_are_earned",
    "DELETE FROM escrow_earlyrelease": "early_releases_are_earned",
    "UPDATE escrow_accrual SET days_final = days_final + 1": "days_accrue_once_and_all",
    "UPDATE escrow_use SET day = day - 3 WHERE day = (SELECT min(day) FROM escrow_use)": "days_accrue_once_and_all",
    "UPDATE escrow_use SET day = NULL, units = 0 WHERE day IS NOT NULL AND state = 'reserved'":
        "days_accrue_once_and_all",
    "UPDATE escrow_accrual SET accrued_to = accrued_to + 1": "days_accrue_once_and_all",
    "INSERT INTO escrow_stoppage (beneficiary_id, place, kind, since, because, created_at)"
    " SELECT beneficiary_id, '', 'dark', paid_on + 1, '', '2026-01-01' FROM escrow_accrual":
        "no_day_accrues_that_nobody_served",
    "INSERT INTO escrow_pause (agreement_id, state, since, until, asked_until, because, asked_side, asked_by, asked_at,"
    " answered_by, ended_by) SELECT agreement_id, 'agreed', paid_on + 1, paid_on + 1, paid_on + 1, '', 'funder', '', now(),"
    " '', '' FROM escrow_accrual": "no_day_accrues_that_nobody_served",
    "UPDATE escrow_use SET command_key = NULL": "commands_have_one_effect",
    "UPDATE escrow_use SET body_sha256 = '' WHERE day IS NULL": "commands_have_one_effect",
    "UPDATE escrow_use SET lesson = 'x' WHERE day IS NULL": "commands_have_one_effect",
    "UPDATE escrow_agreement SET follows_id = id WHERE plan = 'period'": "what_follows_is_of_the_same_parties",
    "UPDATE escrow_agreement SET tops_up_id = (SELECT min(id) FROM escrow_agreement)": "top_ups_belong_to_their_card",
    "ALTER DOMAIN escrow_counter DROP CONSTRAINT account_counters_not_negative": "constraints_in_place",
    "DELETE FROM escrow_refund": "refunds_equal_their_instructions",
    "UPDATE escrow_refund SET paid_at = NULL": "refunds_equal_their_instructions",
    "UPDATE escrow_refund SET settled_fen = settled_fen + 1": "refunds_equal_their_instructions",
    "DELETE FROM escrow_payment": "fundings_have_their_payments",
    "UPDATE escrow_payment SET state = 'created' WHERE state = 'late'": "payments_fund_their_agreements",
    "UPDATE escrow_instruction SET payment_id = (SELECT min(id) FROM escrow_payment) WHERE kind = 'refund'":
        "payments_go_back_once",
    "INSERT INTO escrow_instruction (kind, number, beneficiary_id, channel, payment_id, amount_fen, state, due_at,"
    " attempts, answer, created_at) SELECT kind, 'again', beneficiary_id, channel, payment_id, amount_fen, 'due', due_at,"
    " 0, '', created_at FROM escrow_instruction WHERE kind = 'refund' LIMIT 1": "money_on_its_way_has_its_instructions",
    "UPDATE escrow_instruction SET state = 'failed' WHERE kind = 'payout'": "money_on_its_way_has_its_instructions",
    "UPDATE escrow_instruction SET state = 'unknown' WHERE state = 'succeeded'": "statement_lines_name_what_was_done",
    "UPDATE escrow_statementline SET amount_fen = amount_fen + 1 WHERE direction = 'in'":
        "custody_equals_the_bank_statement",
    "UPDATE escrow_statementline SET balance_after_fen = 7": "statement_continuous",
    "UPDATE escrow_statementline SET booked_at = NULL": "statement_lines_booked",
    "UPDATE escrow_statementline SET matched_at = NULL WHERE direction = 'out'": "unexplained_money_has_its_lines",
    "UPDATE escrow_statementline SET matched_at = now() WHERE matched_at IS NULL": "unexplained_money_has_its_lines",
    "UPDATE escrow_approval SET decided_by = requested_by WHERE kind = 'receipt_return'":
        "receipts_sent_back_have_a_second_person",
    "INSERT INTO escrow_instruction (kind, number, beneficiary_id, channel, receipt_id, amount_fen, state, due_at,"
    " attempts, answer, created_at) SELECT kind, 'again', beneficiary_id, channel, receipt_id, amount_fen, 'failed', due_at,"
    " 0, '', created_at FROM escrow_instruction WHERE kind = 'return'": "receipts_sent_back_have_a_second_person",
    "DELETE FROM escrow_statementline": "custody_equals_the_bank_statement",
    "ALTER TABLE escrow_account DROP CONSTRAINT account_at_least_zero": "constraints_in_place",
    "INSERT INTO escrow_approvalrule (kind, valid_from, over_fen, waits_days, source, mark)"
    " VALUES ('payout_release', '2026-01-01', 0, 1, '', 'A')": "large_payouts_have_a_second_person",
    "UPDATE escrow_approval SET decided_by = requested_by WHERE kind = 'payout_account'":
        "account_changes_have_a_second_person",
    "UPDATE escrow_approval SET state = 'refused' WHERE kind = 'payout_account'": "account_changes_have_a_second_person",
    "UPDATE escrow_approval SET decided_by = requested_by WHERE kind = 'manual_refund'":
        "refunds_by_hand_have_a_second_person",
    "UPDATE escrow_approval SET amount_fen = amount_fen - 1 WHERE kind = 'manual_refund'":
        "refunds_by_hand_have_a_second_person",
    "UPDATE escrow_instruction SET payee_account = '' WHERE kind = 'refund'": "what_was_assigned_does_not_go_back",
    "UPDATE escrow_assignment SET accepted_by = assigned_by": "refunds_elsewhere_have_a_second_person",
    "UPDATE escrow_assignment SET assigned_at = assigned_at + interval '1 day'": "assignments_are_of_what_was_paid",
    "UPDATE escrow_payment SET refund_account = ''": "assignments_are_of_what_was_paid",
    "UPDATE escrow_refund SET reference = 'approval:0' WHERE reference NOT LIKE 'approval:%'":
        "refunds_by_hand_have_a_second_person",
    "DELETE FROM escrow_refund WHERE reference LIKE 'approval:%'": "refunds_by_hand_have_a_second_person",
    "UPDATE escrow_reserverule SET basis_points = 901 WHERE basis_points = 900": "reserve_kept_as_its_rule_says",
    "UPDATE escrow_reserverule SET up_to_fen = 10 WHERE basis_points = 900": "reserve_kept_as_its_rule_says",
    "UPDATE escrow_transfer SET reason = 'block' WHERE reason = 'reserved_share'": "reserve_kept_as_its_rule_says",
    "UPDATE escrow_transfer SET reason = 'reserve_returned' WHERE reason = 'payout'":
        "reserve_returned_when_its_time_is_over",
    "UPDATE escrow_reserverule SET up_to_fen = 11 WHERE basis_points = 900": "reserve_returned_when_its_time_is_over",
    "UPDATE escrow_instruction SET payee_account = 'x' WHERE kind = 'refund'": "refunds_elsewhere_have_a_second_person",
    "UPDATE escrow_beneficiary SET payouts_held = true": "holds_and_their_flag",
    "DROP TRIGGER transfer_immutable ON escrow_transfer": "guards_in_place",
}  # fmt: skip


def a_life(monkeypatch) -> None:
    """A card charged and undone, one waiting, one refunded and paid back, one that counts days, late money, a payout: all
    on the statement."""
    bank = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: bank)
    to = beneficiary()
    card = held_agreement(to, plan=Plan.STORED_VALUE, price_fen=1_000, bonus_fen=200)
    ended = held_agreement(to)
    club = held_agreement(to, plan=Plan.PERIOD, price_fen=3_650, units_total=365)
    escrow.accrue(at=AT + timedelta(days=11), actor=ACTOR)
    key = iter("abcdefhi")

    def charged(agreement, units, *, final=True):
        return escrow.charge(
            beneficiary_id=agreement.beneficiary_id,
            agreement_id=agreement.pk,
            units=units,
            final=final,
            confirm_until=None if final else TOMORROW,
            key=next(key),
            reference="visit",
            at=AT,
            actor=ACTOR,
        )

    charged(card, 311)
    escrow.undo_use(use_id=charged(card, 100).pk, at=AT, actor=ACTOR)
    charged(ended, 2)
    account = {"account_no": "6222020200998877", "account_name": "京城健身", "because": "another bank"}
    asked = escrow.request_payout_account(beneficiary_id=to.pk, **account, at=AT, actor="user:one")
    escrow.approve(approval_id=asked.pk, at=AT, actor="user:two")
    rule = {"basis_points": 900, "up_to_fen": 1_000_000, "source": "test", "mark": "A"}
    ReserveRule.objects.create(valid_from=beijing_date(TOMORROW), **rule)
    payout = escrow.pay_out(beneficiary_id=to.pk, at=TOMORROW, actor=ACTOR)
    escrow.charge(
        beneficiary_id=card.beneficiary_id,
        agreement_id=card.pk,
        units=7,
        final=True,
        key="g",
        reference="visit",
        at=TOMORROW,
        actor=ACTOR,
    )
    charged(card, 50, final=False)
    EarlyReleaseRule.objects.create(
        valid_from=AT.date(), cooling_off_days=0, proven_days=0, window_days=30, cap_days=60, basis="test", mark="A"
    )
    early = held_agreement(to, free_percent=50)
    assert escrow.release_early(at=AT + timedelta(days=12), actor=ACTOR).amount_fen > 0
    charged(early, 1)
    back = refund(ended, 150_000, interest_fen=5)
    given_up = open_agreement(to)
    late = order(given_up)
    escrow.cancel_agreement(agreement_id=given_up.pk, at=AT, actor=ACTOR)
    take_payment(channel="sandbox", answer=paid(late), at=AT)
    by_hand = held_agreement(to)
    facts = {"amount_fen": 1_000, "basis": RefundBasis.JUDGMENT, "because": "file 7"}
    asked = escrow.request_manual_refund(agreement_id=by_hand.pk, **facts, at=AT, actor="user:one")
    escrow.approve(approval_id=asked.pk, at=AT, actor="user:two")
    bank.arrived(card)
    bank.arrived(ended)
    bank.arrived(club)
    for instruction, kind in ((back.instruction, "refund"), (payout.instruction, "payout")):
        answered(instruction, "succeeded")
        bank.add(to.custody_no, "out", kind, instruction.number, instruction.amount_fen)
    for direction, amount_fen in (("in", 700), ("in", 1_100), ("out", 300)):
        bank.add(to.custody_no, direction, "other", "nobody's", amount_fen)
    escrow.import_statement(channel="sandbox", at=AT)
    asked = escrow.request_receipt_return(
        line_id=Kept.objects.get(amount_fen=700).pk, account_no="6217", account_name="王五", because="not ours", at=AT,
        actor="user:one",
    )  # fmt: skip
    escrow.approve(approval_id=asked.pk, at=AT, actor="user:two")
    passed_on = held_agreement(to)
    hers = {"payee": Payee(account_no="6222020200112233446", name="王芳"), "person_name": "王芳"}
    people = {"assigned_by": "user:one", "accepted_by": "user:two", "actor": "user:two"}
    escrow.assign(agreement_ids=[passed_on.pk], **hers, **people, at=AT)
    refund(passed_on, 1_000)
    assert Payment.objects.count() == 7


def found() -> set[str]:
    return {finding.name for finding in invariants.prove() if not finding.ok}


@pytest.mark.django_db
def test_a_life_is_proven(monkeypatch):
    a_life(monkeypatch)
    assert not found()


def test_every_corruption_is_found(committed_db, databases, monkeypatch):
    a_life(monkeypatch)
    missed = []
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        for sql, name in CORRUPTIONS.items():
            cursor.execute("BEGIN")
            try:
                for table in ("transfer", "agreement", "payoutline", "account", "approval", "instruction", "earlyrelease",
                              "earlyreleaserule", "assignment"):  # fmt: skip
                    cursor.execute(f"ALTER TABLE escrow_{table} DISABLE TRIGGER USER")
                names = (
                    "SELECT conrelid::regclass, conname FROM pg_constraint "
                    "WHERE conrelid <> 0 AND contype IN ('f', 'c') AND coninhcount = 0 AND conname !~ %s"
                )
                cursor.execute(
                    f"{names} AND connamespace = 'public'::regnamespace ORDER BY contype DESC",
                    ["^(account_at|transfer_|use_key|agreement_face|approval_second)" if "CONSTRAINT" in sql else "^$"],
                )
                for relation, constraint in cursor.fetchall():
                    cursor.execute(f'ALTER TABLE {relation} DROP CONSTRAINT IF EXISTS "{constraint}"')
                if "CONSTRAINT" not in sql:
                    cursor.execute("SELECT contypid::regtype, conname FROM pg_constraint WHERE contypid <> 0")
                    for domain, constraint in cursor.fetchall():
                        if domain.startswith("escrow_"):
                            cursor.execute(f'ALTER DOMAIN {domain} DROP CONSTRAINT "{constraint}"')
                cursor.execute(sql)
                findings = {check: _count(cursor, query) for check, query in invariants.CHECKS.items()}
                if not findings[name]:
                    missed.append((sql, name, [check for check, count in findings.items() if count]))
            finally:
                cursor.execute("ROLLBACK")
    assert not missed


def _count(cursor, query: str) -> int:
    cursor.execute(query)
    return cursor.fetchone()[0]


def test_every_check_finds_something():
    """No check is left that no corruption here sets off, but those of arithmetic that the accounts' own tests break, and that of
    deposits (test_deposits)."""
    elsewhere = {"assets_sum_to_zero", "nothing_below_zero", "liabilities_equal_custody_and_transit",
                 "payout_lines_equal_their_transfers", "deposits_have_their_line"}  # fmt: skip
    assert set(invariants.CHECKS) - elsewhere <= set(CORRUPTIONS.values())
