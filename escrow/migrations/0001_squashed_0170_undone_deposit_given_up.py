"""The tables of the escrow core as of migration 0170, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import escrow.models.agreement
import escrow.models.encrypted
from escrow.migrations._rendered_once import RenderedOnce


def old(name):
    """One of the migrations replaced."""
    return import_module(f"escrow.migrations.{name}")


proof, files = old("0020_proof"), old("0010_reconciliation")
approvals, accruals, claims = old("0031_second_person_guards"), old("0042_accruals_rule"), old("0043_claims")
payee, returns, returned_once = old("0060_payee"), old("0071_unexplained_guards"), old("0095_above_and_approved_once")
refund_account, assignments = old("0062_refund_account"), old("0110_assignments")
early, deposit_end = old("0091_early_release_rule"), old("0160_deposit_end")

TYPES = (
    old("0003_posting").TYPES
    + claims.TYPE
    + old("0055_refund_interest").TYPE
    + old("0080_values_by_type").POSITION
    + """
-- What a value may be is said by its type (docs/adr/0007).
CREATE DOMAIN escrow_asset AS varchar(8)
    CONSTRAINT transfer_asset_known CHECK (VALUE IN ('CNY', 'BONUS', 'VISIT', 'ADVANCE'));
CREATE DOMAIN escrow_transfer_kind AS varchar(8)
    CONSTRAINT transfer_kind_known CHECK (VALUE IN ('posted', 'pending', 'resolved'));
CREATE DOMAIN escrow_use_state AS varchar(12)
    CONSTRAINT use_state_known CHECK (VALUE IN ('reserved', 'disputed', 'final', 'voided', 'expired', 'undone'));
CREATE DOMAIN escrow_use_units AS bigint CONSTRAINT use_units_positive CHECK (VALUE > 0);
CREATE DOMAIN escrow_use_fen AS bigint CONSTRAINT use_amounts_not_negative CHECK (VALUE >= 0);
CREATE DOMAIN escrow_counter AS bigint CONSTRAINT account_counters_not_negative CHECK (VALUE >= 0);
"""
)
NO_TYPES = """
DROP DOMAIN escrow_counter, escrow_use_fen, escrow_use_units, escrow_use_state, escrow_transfer_kind, escrow_asset;
DROP TYPE escrow_position, escrow_settling, escrow_outcome, escrow_movement;
"""

TRANSFERS = """
-- Transfers, partitioned by the month of their business time. Their ids come from one sequence. There are no foreign keys:
-- escrow_write is the only writer, it joins every row a transfer names, and `manage.py prove` looks again.
CREATE SEQUENCE escrow_transfer_id_seq;
CREATE TABLE escrow_transfer (  -- the names that end in 1 are those of databases from before
    id bigint CONSTRAINT escrow_transfer_id_not_null1 NOT NULL DEFAULT nextval('escrow_transfer_id_seq'),
    beneficiary_id bigint CONSTRAINT escrow_transfer_beneficiary_id_not_null1 NOT NULL,
    agreement_id bigint,
    use_id bigint,
    debit_account_id bigint CONSTRAINT escrow_transfer_debit_account_id_not_null1 NOT NULL,
    credit_account_id bigint CONSTRAINT escrow_transfer_credit_account_id_not_null1 NOT NULL,
    asset escrow_asset CONSTRAINT escrow_transfer_asset_not_null1 NOT NULL,
    kind escrow_transfer_kind CONSTRAINT escrow_transfer_kind_not_null1 NOT NULL,
    reason varchar(16) CONSTRAINT escrow_transfer_reason_not_null1 NOT NULL,
    amount bigint CONSTRAINT escrow_transfer_amount_not_null1 NOT NULL,
    pending_id bigint,
    corrects_id bigint,
    reference varchar(64) CONSTRAINT escrow_transfer_reference_not_null1 NOT NULL,
    at timestamptz CONSTRAINT escrow_transfer_at_not_null1 NOT NULL,
    payable_on date,
    debit_balance_after bigint,
    credit_balance_after bigint,
    debit_version bigint,
    credit_version bigint,
    created_at timestamptz CONSTRAINT escrow_transfer_created_at_not_null1 NOT NULL DEFAULT statement_timestamp(),
    CONSTRAINT escrow_transfer_pkey1 PRIMARY KEY (beneficiary_id, id, at),
    CONSTRAINT transfer_amount CHECK (amount > 0 OR (amount = 0 AND kind <> 'posted')),
    CONSTRAINT transfer_resolves_a_reservation CHECK ((kind = 'resolved') = (pending_id IS NOT NULL)),
    CONSTRAINT transfer_between_two_accounts CHECK (debit_account_id <> credit_account_id)
) PARTITION BY RANGE (at);
CREATE INDEX transfer_agreement ON escrow_transfer (agreement_id, id) WHERE agreement_id IS NOT NULL;
-- Ids grow with the table, so a few pages of summary find one of them.
CREATE INDEX transfer_id ON escrow_transfer USING brin (id);
CREATE TABLE escrow_transfer_other PARTITION OF escrow_transfer DEFAULT;
"""
NO_TRANSFERS = "DROP TABLE escrow_transfer; DROP SEQUENCE escrow_transfer_id_seq;"

COLUMNS = """
ALTER TABLE escrow_use DROP CONSTRAINT escrow_use_silence_days_check,
    ALTER COLUMN state TYPE escrow_use_state, ALTER COLUMN units TYPE escrow_use_units,
    ALTER COLUMN amount_fen TYPE escrow_use_fen, ALTER COLUMN bonus_fen TYPE escrow_use_fen;
ALTER TABLE escrow_account ALTER COLUMN debits_posted TYPE escrow_counter, ALTER COLUMN credits_posted TYPE escrow_counter,
    ALTER COLUMN debits_pending TYPE escrow_counter, ALTER COLUMN credits_pending TYPE escrow_counter;
-- Room in every page for the next version of a row, so that counting writes no index.
ALTER TABLE escrow_account SET (fillfactor = 60);
"""

GUARDS = (
    """
CREATE FUNCTION escrow_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: a mistake is corrected by another row', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER transfer_immutable BEFORE UPDATE OR DELETE ON escrow_transfer
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER transfer_not_truncated BEFORE TRUNCATE ON escrow_transfer EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER transfer_not_truncated BEFORE TRUNCATE ON escrow_transfer_other EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER audit_immutable BEFORE UPDATE OR DELETE ON escrow_auditentry
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON escrow_auditentry EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER payout_line_immutable BEFORE UPDATE OR DELETE ON escrow_payoutline
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER account_kept BEFORE DELETE ON escrow_account FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER agreement_kept BEFORE DELETE ON escrow_agreement FOR EACH ROW EXECUTE FUNCTION escrow_refuse();

-- The counters change with every transfer: what they may be is said by their types. A trigger guards the rest.
CREATE FUNCTION escrow_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.side := escrow_side(NEW.code);
    END IF;
    IF TG_OP = 'INSERT' AND (NEW.debits_posted, NEW.credits_posted, NEW.debits_pending, NEW.credits_pending, NEW.version,
                             NEW.folded_to, NEW.paid_to) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0)
       OR TG_OP = 'UPDATE' AND (NEW.id, NEW.beneficiary_id, NEW.agreement_id, NEW.code, NEW.channel, NEW.asset,
                                NEW.earned_id, NEW.side)
                           IS DISTINCT FROM (OLD.id, OLD.beneficiary_id, OLD.agreement_id, OLD.code, OLD.channel, OLD.asset,
                                             OLD.earned_id, OLD.side)
    THEN
        RAISE EXCEPTION 'an account starts at zero and keeps its identity' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.code = 'held') <> (NEW.agreement_id IS NOT NULL) THEN
        RAISE EXCEPTION 'an agreement has accounts of what is held, and only those'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_held_belongs_to_an_agreement';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_guard
    BEFORE INSERT OR UPDATE OF id, beneficiary_id, agreement_id, code, channel, asset, earned_id, side
    ON escrow_account FOR EACH ROW EXECUTE FUNCTION escrow_account_guard();
"""
    + old("0130_what_follows").GUARD.format(follows_new=", NEW.follows_id", follows_old=", OLD.follows_id")
    + """
CREATE TRIGGER agreement_guard BEFORE UPDATE ON escrow_agreement
    FOR EACH ROW EXECUTE FUNCTION escrow_agreement_guard();
"""
)
NO_GUARDS = """
DROP TRIGGER agreement_guard ON escrow_agreement;
DROP FUNCTION escrow_agreement_guard();
DROP TRIGGER account_guard ON escrow_account;
DROP FUNCTION escrow_account_guard();
DROP TRIGGER agreement_kept ON escrow_agreement;
DROP TRIGGER account_kept ON escrow_account;
DROP TRIGGER payout_line_immutable ON escrow_payoutline;
DROP TRIGGER audit_not_truncated ON escrow_auditentry;
DROP TRIGGER audit_immutable ON escrow_auditentry;
DROP TRIGGER transfer_not_truncated ON escrow_transfer_other;
DROP TRIGGER transfer_not_truncated ON escrow_transfer;
DROP TRIGGER transfer_immutable ON escrow_transfer;
DROP FUNCTION escrow_refuse();
"""

#: Where the database has the two roles of docs/operations.md; for transfers see escrow/sql/rights.sql.
RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_account, escrow_auditentry, escrow_payoutline FROM prepaid_app;
        REVOKE DELETE, TRUNCATE ON escrow_agreement, escrow_beneficiary, escrow_instruction, escrow_payment,
            escrow_payout, escrow_refund, escrow_statementline, escrow_use FROM prepaid_app;
    END IF;
END $$;
"""


def add_first_rules(apps, schema_editor):
    """The dated rules that the ledger starts with."""
    approvals.add_first_rules(apps, schema_editor)
    for rule in (accruals, claims, returns, refund_account, early, deposit_end):
        rule.add_first_rule(apps, schema_editor)


class Migration(migrations.Migration):
    replaces = [
        ("escrow", "0001_initial"),
        ("escrow", "0002_guards"),
        ("escrow", "0003_posting"),
        ("escrow", "0004_uses"),
        ("escrow", "0020_proof"),
        ("escrow", "0030_second_person"),
        ("escrow", "0031_second_person_guards"),
        ("escrow", "0010_reconciliation"),
        ("escrow", "0040_stoppages"),
        ("escrow", "0041_silence"),
        ("escrow", "0043_claims"),
        ("escrow", "0042_accruals"),
        ("escrow", "0042_accruals_rule"),
        ("escrow", "0060_payee"),
        ("escrow", "0061_paid_when_whole"),
        ("escrow", "0070_unexplained_lines"),
        ("escrow", "0071_unexplained_guards"),
        ("escrow", "0062_refund_account"),
        ("escrow", "0063_reserve_returns"),
        ("escrow", "0055_refund_interest"),
        ("escrow", "0080_values_by_type"),
        ("escrow", "0090_early_release"),
        ("escrow", "0091_early_release_rule"),
        ("escrow", "0092_what_ends_with_a_card"),
        ("escrow", "0093_terms_are_kept"),
        ("escrow", "0095_above_and_approved_once"),
        ("escrow", "0100_open_uses"),
        ("escrow", "0110_assignments"),
        ("escrow", "0130_what_follows"),
        ("escrow", "0140_deposits"),
        ("escrow", "0150_deposits_taken_back"),
        ("escrow", "0160_deposit_end"),
        ("escrow", "0170_undone_deposit_given_up"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(TYPES, NO_TYPES),
        RenderedOnce(
            migrations.CreateModel(
                name="Beneficiary",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("custody_no", models.CharField(default=escrow.models.agreement.new_custody_no, max_length=32, unique=True, verbose_name="custody account")),
                    ("payout_account_no", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="payout account")),
                    ("payout_account_name", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="account holder")),
                    ("payouts_held", models.BooleanField(default=False, verbose_name="payouts held")),
                    ("payouts_held_because", models.CharField(blank=True, default="", max_length=200, verbose_name="reason for holding payouts")),
                    ("payouts_run_on", models.DateField(blank=True, null=True, verbose_name="last payout run")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                ],
                options={"verbose_name": "beneficiary", "verbose_name_plural": "beneficiaries"},
            ),
            migrations.CreateModel(
                name="WorkingDay",
                fields=[("day", models.DateField(primary_key=True, serialize=False, verbose_name="day")), ("is_working", models.BooleanField(verbose_name="working day")), ("confirmed", models.BooleanField(default=False, verbose_name="confirmed"))],
                options={"verbose_name": "calendar day", "verbose_name_plural": "working-day calendar", "ordering": ["day"]},
            ),
            migrations.CreateModel(
                name="AuditEntry",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("actor", models.CharField(max_length=64, verbose_name="actor")),
                    ("action", models.CharField(max_length=64, verbose_name="action")),
                    ("target", models.CharField(max_length=64, verbose_name="target")),
                    ("before", models.JSONField(null=True, verbose_name="before")),
                    ("after", models.JSONField(null=True, verbose_name="after")),
                    ("request_id", models.CharField(blank=True, default="", max_length=64, verbose_name="request")),
                    ("at", models.DateTimeField(verbose_name="at")),
                    ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ],
                options={"verbose_name": "audit entry", "verbose_name_plural": "audit trail", "ordering": ["-id"], "indexes": [models.Index(fields=["target", "id"], name="escrow_audi_target_a6672c_idx"), models.Index(fields=["actor", "id"], name="escrow_audi_actor_ead58c_idx")]},
            ),
            migrations.CreateModel(
                name="Agreement",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="agreements", to="escrow.beneficiary")),
                    ("funder", models.UUIDField(default=uuid.uuid4, help_text="opaque id of who pays", verbose_name="funder")),
                    ("plan", models.CharField(choices=[("sessions", "per session"), ("stored_value", "per amount"), ("discount", "per amount at a discount"), ("period", "per day"), ("course", "per lesson")], max_length=16, verbose_name="plan")),
                    ("price_fen", models.BigIntegerField(verbose_name="price (fen)")),
                    ("bonus_fen", models.BigIntegerField(default=0, verbose_name="gift money (fen)")),
                    ("units_total", models.BigIntegerField(verbose_name="units")),
                    ("state", models.CharField(choices=[("open", "waiting for payment"), ("held", "in custody"), ("frozen", "frozen"), ("cancelled", "cancelled"), ("expired", "expired unpaid"), ("closed", "settled")], default="open", max_length=12, verbose_name="state")),
                    ("places", models.JSONField(default=list, help_text="opaque ids of where it can be used; none: everywhere", verbose_name="places")),
                    ("payable_after", models.PositiveSmallIntegerField(default=1, verbose_name="payable after working days")),
                    ("free_percent", models.PositiveSmallIntegerField(default=0, verbose_name="may be released early (%)")),
                    ("tops_up", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="top_ups", to="escrow.agreement", verbose_name="tops up")),
                    ("follows", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="followed_by", to="escrow.agreement", verbose_name="follows")),
                    ("pay_until", models.DateTimeField(verbose_name="pay until")),
                    ("opened_at", models.DateTimeField(verbose_name="opened")),
                    ("funded_at", models.DateTimeField(blank=True, null=True, verbose_name="funded")),
                    ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                ],
                options={
                    "verbose_name": "agreement",
                    "verbose_name_plural": "agreements",
                    "indexes": [models.Index(fields=["beneficiary", "state"], name="escrow_agre_benefic_2c0640_idx"), models.Index(condition=models.Q(("state", "open")), fields=["pay_until"], name="agreement_open_pay_until")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("state__in", ["open", "held", "frozen", "cancelled", "expired", "closed"])), name="agreement_state_known"),
                        models.CheckConstraint(condition=models.Q(("price_fen__gt", 0)), name="agreement_price_positive"),
                        models.CheckConstraint(condition=models.Q(("bonus_fen__gte", 0)), name="agreement_bonus_not_negative"),
                        models.CheckConstraint(condition=models.Q(("units_total__gt", 0)), name="agreement_units_positive"),
                        models.CheckConstraint(condition=models.Q(("plan", "stored_value"), ("bonus_fen", 0), _connector="OR"), name="agreement_only_stored_value_has_gift"),
                        models.CheckConstraint(condition=models.Q(models.Q(("plan__in", ["stored_value", "discount"]), _negated=True), ("units_total", django.db.models.expressions.CombinedExpression(models.F("price_fen"), "+", models.F("bonus_fen"))), _connector="OR"), name="agreement_face_value_is_money_plus_gift"),
                        models.CheckConstraint(condition=models.Q(("free_percent__lte", 90), ("payable_after__range", (1, 30)), models.Q(("free_percent", 0), models.Q(("plan", "period"), _negated=True), _connector="OR")), name="agreement_terms_in_bounds"),
                        models.CheckConstraint(condition=models.Q(("follows", None), models.Q(("plan", "period"), ("tops_up", None)), _connector="OR"), name="agreement_only_days_follow"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Account",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="escrow.beneficiary")),
                    ("agreement", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="escrow.agreement")),
                    (
                        "code",
                        models.CharField(
                            choices=[
                                ("custody", "custody bank"),
                                ("clearing", "paid, on its way to custody"),
                                ("held", "held for the consumer"),
                                ("payable", "earned by the merchant"),
                                ("payout", "payout on its way"),
                                ("refund", "refund on its way"),
                                ("reserve", "merchant's reserve"),
                                ("blocked", "blocked by a court or authority"),
                                ("suspense", "late or unidentified"),
                                ("interest", "interest earned"),
                                ("fees", "bank fees"),
                                ("unexplained", "taken by the bank, unexplained"),
                                ("issued", "issued"),
                                ("consumed", "consumed"),
                            ],
                            max_length=12,
                            verbose_name="account",
                        ),
                    ),
                    ("channel", models.CharField(blank=True, default="", max_length=16, verbose_name="channel")),
                    ("asset", models.CharField(choices=[("CNY", "money"), ("BONUS", "gift money"), ("VISIT", "sessions"), ("ADVANCE", "released early, not yet earned")], max_length=8, verbose_name="asset")),
                    ("debits_posted", models.BigIntegerField(default=0)),
                    ("credits_posted", models.BigIntegerField(default=0)),
                    ("debits_pending", models.BigIntegerField(default=0)),
                    ("credits_pending", models.BigIntegerField(default=0)),
                    ("version", models.BigIntegerField(default=0)),
                    ("side", models.SmallIntegerField(default=-1, editable=False)),
                    ("earned", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.account")),
                    ("folded_to", models.BigIntegerField(db_default=0, default=0)),
                    ("paid_to", models.BigIntegerField(db_default=0, default=0)),
                ],
                options={
                    "verbose_name": "ledger account",
                    "verbose_name_plural": "ledger accounts",
                    "constraints": [
                        models.UniqueConstraint(fields=("beneficiary", "agreement", "code", "channel", "asset"), name="account_one_of_a_kind", nulls_distinct=False),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("debits_pending__lte", django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F("side"), "*", django.db.models.expressions.CombinedExpression(models.F("debits_posted"), "-", models.F("credits_posted"))), "-", models.F("credits_pending")))
                            ),
                            name="account_at_least_zero",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="BusinessClock",
                fields=[("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)), ("ahead", models.DurationField(verbose_name="ahead by"))],
                options={"verbose_name": "business clock", "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="business_clock_is_one_row")]},
            ),
            migrations.CreateModel(
                name="Payment",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("agreement", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="escrow.agreement")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.beneficiary")),
                    ("channel", models.CharField(max_length=16, verbose_name="channel")),
                    ("order_no", models.CharField(max_length=32, unique=True, verbose_name="order number")),
                    ("channel_payment_no", models.CharField(blank=True, default="", max_length=64, verbose_name="channel's number")),
                    ("subject", models.CharField(max_length=120, verbose_name="subject")),
                    ("return_url", models.CharField(max_length=500)),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("cashier_url", models.CharField(blank=True, default="", max_length=500)),
                    ("state", models.CharField(choices=[("created", "waiting for payment"), ("paid", "paid"), ("late", "paid too late, being sent back"), ("closed", "closed unpaid")], default="created", max_length=12, verbose_name="state")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                    ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid")),
                    ("deposit_due_on", models.DateField(blank=True, null=True, verbose_name="to be in custody by")),
                    ("taken_back_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back by the bank")),
                    ("frozen_meanwhile", models.BooleanField(db_default=False, default=False)),
                    ("ask_at", models.DateTimeField(blank=True, null=True, verbose_name="ask the channel at")),
                    ("refund_account", escrow.models.encrypted.EncryptedTextField(blank=True, db_default="", default="", verbose_name="refund account")),
                    ("refund_account_name", escrow.models.encrypted.EncryptedTextField(blank=True, db_default="", default="", verbose_name="holder of the refund account")),
                ],
                options={
                    "verbose_name": "payment",
                    "verbose_name_plural": "payments",
                    "indexes": [
                        models.Index(condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="payment_ask_at"),
                        models.Index(condition=models.Q(("channel", "deposit"), ("state", "created")), fields=["beneficiary", "deposit_due_on"], name="payment_deposit_awaited"),
                        models.Index(condition=models.Q(("taken_back_at__isnull", False)), fields=["beneficiary"], name="payment_deposit_taken_back"),
                    ],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("state__in", ["created", "paid", "late", "closed"])), name="payment_state_known"),
                        models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="payment_amount_positive"),
                        models.UniqueConstraint(fields=("agreement",), name="payment_one_per_agreement"),
                        models.UniqueConstraint(condition=models.Q(("channel_payment_no", ""), _negated=True), fields=("channel", "channel_payment_no"), name="payment_channel_number_once"),
                        models.CheckConstraint(condition=models.Q(models.Q(("channel", "deposit"), ("deposit_due_on__isnull", False)), models.Q(models.Q(("channel", "deposit"), _negated=True), ("deposit_due_on__isnull", True)), _connector="OR"), name="payment_deposit_has_its_day"),
                        models.CheckConstraint(condition=models.Q(models.Q(("frozen_meanwhile", False), ("taken_back_at__isnull", True)), models.Q(("channel", "deposit"), ("state", "paid"), ("taken_back_at__isnull", False)), _connector="OR"), name="payment_taken_back_is_a_deposit"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="BankFile",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("kind", models.CharField(choices=[("statement", "bank statement"), ("bill", "channel's daily bill"), ("results", "results of an instruction file")], max_length=12, verbose_name="kind")),
                    ("bank", models.CharField(max_length=16, verbose_name="bank")),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                    ("name", models.CharField(max_length=120, verbose_name="name")),
                    ("size", models.PositiveIntegerField(verbose_name="bytes")),
                    ("content", escrow.models.encrypted.EncryptedBinaryField(null=True)),
                    ("by", models.CharField(max_length=60, verbose_name="by")),
                    ("uploaded_at", models.DateTimeField(verbose_name="uploaded")),
                    ("imported_at", models.DateTimeField(null=True, verbose_name="imported")),
                    ("lines", models.PositiveIntegerField(default=0, verbose_name="lines")),
                    ("new_lines", models.PositiveIntegerField(default=0, verbose_name="new lines")),
                ],
                options={"verbose_name": "bank file", "verbose_name_plural": "bank files", "constraints": [models.UniqueConstraint(fields=("kind", "bank", "sha256"), name="bank_file_once")]},
            ),
            migrations.CreateModel(
                name="StatementLine",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("channel", models.CharField(max_length=16, verbose_name="bank")),
                    ("line_no", models.BigIntegerField(null=True, verbose_name="line")),
                    ("identity", models.CharField(max_length=64)),
                    ("file", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.bankfile")),
                    ("bank_ref", models.CharField(blank=True, default="", max_length=64, verbose_name="bank's number")),
                    ("custody_no", models.CharField(max_length=64, verbose_name="custody account")),
                    ("beneficiary", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="statement_lines", to="escrow.beneficiary")),
                    ("direction", models.CharField(choices=[("in", "in"), ("out", "out")], max_length=3, verbose_name="direction")),
                    (
                        "kind",
                        models.CharField(
                            choices=[("payment", "payment"), ("refund", "refund"), ("payout", "payout"), ("return", "unidentified receipt sent back"), ("interest", "interest"), ("fee", "bank fee"), ("reversal", "reversal"), ("returned", "came back after it was done"), ("other", "unexplained")],
                            max_length=16,
                            verbose_name="kind",
                        ),
                    ),
                    ("reference", models.CharField(blank=True, default="", max_length=64, verbose_name="reference")),
                    ("references", models.JSONField(default=list)),
                    ("purpose", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="purpose")),
                    ("counterparty_name", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="counterparty")),
                    ("counterparty_account", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="counterparty's account")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("currency", models.CharField(default="CNY", max_length=3, verbose_name="currency")),
                    ("balance_after_fen", models.BigIntegerField(null=True, verbose_name="balance (fen)")),
                    ("day", models.DateField(verbose_name="booked on")),
                    ("at", models.DateTimeField(verbose_name="at")),
                    ("booked_at", models.DateTimeField(blank=True, null=True, verbose_name="booked here")),
                    ("booked_as", models.CharField(blank=True, default="", max_length=64)),
                    ("matched_at", models.DateTimeField(blank=True, null=True, verbose_name="matched")),
                ],
                options={
                    "verbose_name": "statement line",
                    "verbose_name_plural": "statement lines",
                    "indexes": [models.Index(condition=models.Q(("matched_at__isnull", True)), fields=["channel"], name="statement_line_unmatched"), models.Index(fields=["beneficiary", "-day"], name="statement_line_of_a_day")],
                    "constraints": [
                        models.UniqueConstraint(fields=("channel", "line_no"), name="statement_line_once"),
                        models.UniqueConstraint(fields=("channel", "custody_no", "identity"), name="statement_line_identity"),
                        models.UniqueConstraint(condition=models.Q(("kind__in", ["payment", "refund", "payout", "return", "returned"]), ("matched_at__isnull", False)), fields=("beneficiary", "kind", "reference"), name="statement_line_matches_alone"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["payment", "refund", "payout", "return", "interest", "fee", "reversal", "returned", "other"])), name="statement_line_kind_known"),
                        models.CheckConstraint(condition=models.Q(models.Q(("booked_at__isnull", False), models.Q(("booked_as", ""), _negated=True)), models.Q(("booked_as", ""), ("booked_at__isnull", True), ("matched_at__isnull", True)), _connector="OR"), name="statement_line_booked_before_matched"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Instruction",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("kind", models.CharField(choices=[("refund", "refund"), ("payout", "payout"), ("return", "unidentified receipt sent back")], max_length=8, verbose_name="kind")),
                    ("number", models.CharField(max_length=32, unique=True, verbose_name="number")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.beneficiary")),
                    ("channel", models.CharField(max_length=16, verbose_name="channel")),
                    ("payment", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="refund_instructions", to="escrow.payment")),
                    ("receipt", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="returns", to="escrow.statementline")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("payee_account", escrow.models.encrypted.EncryptedTextField(blank=True, db_default="", default="", verbose_name="payee's account")),
                    ("payee_name", escrow.models.encrypted.EncryptedTextField(blank=True, db_default="", default="", verbose_name="payee")),
                    ("state", models.CharField(choices=[("held", "waiting for a second person"), ("due", "to be sent"), ("unknown", "sent, answer unknown"), ("accepted", "accepted by the bank"), ("succeeded", "done"), ("failed", "returned by the bank")], default="due", max_length=12, verbose_name="state")),
                    ("due_at", models.DateTimeField(help_text="real time, not business time", verbose_name="next attempt")),
                    ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                    ("answer", models.CharField(blank=True, default="", max_length=200, verbose_name="answer")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                    ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ],
                options={
                    "verbose_name": "instruction",
                    "verbose_name_plural": "instructions",
                    "indexes": [models.Index(condition=models.Q(("state__in", ["due", "unknown", "accepted"])), fields=["due_at"], name="instruction_due")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="instruction_amount_positive"),
                        models.CheckConstraint(condition=models.Q(("state__in", ["held", "due", "unknown", "accepted", "succeeded", "failed"])), name="instruction_state_known"),
                        models.CheckConstraint(
                            condition=models.Q(models.Q(("kind", "refund"), ("payment__isnull", False), ("receipt__isnull", True)), models.Q(("kind", "payout"), ("payment__isnull", True), ("receipt__isnull", True)), models.Q(("kind", "return"), ("payment__isnull", True), ("receipt__isnull", False)), _connector="OR"),
                            name="instruction_refund_has_its_payment",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Payout",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="escrow.beneficiary")),
                    ("business_date", models.DateField(verbose_name="date")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("instruction", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="payout", to="escrow.instruction")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                ],
                options={"verbose_name": "payout", "verbose_name_plural": "payouts", "ordering": ["-id"], "constraints": [models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="payout_amount_positive")]},
            ),
            migrations.CreateModel(
                name="Refund",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("agreement", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="refund", to="escrow.agreement")),
                    ("owed_fen", models.BigIntegerField(db_default=0, verbose_name="owed (fen)")),
                    ("interest_fen", models.BigIntegerField(db_default=0, verbose_name="interest (fen)")),
                    ("amount_fen", models.BigIntegerField(verbose_name="refund (fen)")),
                    ("settled_fen", models.BigIntegerField(verbose_name="to the merchant (fen)")),
                    (
                        "basis",
                        models.CharField(choices=[("cooling_off", "cooling-off right"), ("consent", "merchant's consent"), ("silence", "merchant's silence (contract)"), ("mediation", "mediation agreement"), ("judgment", "judgment or award"), ("closure", "confirmed closure")], max_length=16, verbose_name="basis"),
                    ),
                    ("reference", models.CharField(max_length=64, verbose_name="reference")),
                    ("instruction", models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="refund", to="escrow.instruction")),
                    ("interest_instruction", models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="interest_of", to="escrow.instruction", verbose_name="order for the interest")),
                    ("decided_at", models.DateTimeField(verbose_name="decided")),
                    ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid back")),
                ],
                options={
                    "verbose_name": "refund",
                    "verbose_name_plural": "refunds",
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("basis__in", ["cooling_off", "consent", "silence", "mediation", "judgment", "closure"])), name="refund_has_a_basis"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("amount_fen__gte", 0), ("interest_fen__gte", 0), ("owed_fen__gte", 0), ("settled_fen__gte", 0), ("amount_fen__lte", django.db.models.expressions.CombinedExpression(models.F("owed_fen"), "+", models.F("interest_fen"))), models.Q(("interest_fen", 0), ("owed_fen__gt", 0), _connector="OR")
                            ),
                            name="refund_amounts",
                        ),
                        models.CheckConstraint(condition=models.Q(models.Q(("amount_fen", 0), ("instruction__isnull", True), ("interest_instruction__isnull", True)), models.Q(("amount_fen__gt", 0), ("instruction__isnull", False)), _connector="OR"), name="refund_money_has_an_instruction"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Use",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.beneficiary")),
                    ("agreement", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="escrow.agreement")),
                    ("command_key", models.CharField(max_length=200, null=True)),
                    ("body_sha256", models.CharField(blank=True, db_default="", default="", max_length=64)),
                    ("units", models.BigIntegerField(verbose_name="units")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("bonus_fen", models.BigIntegerField(default=0, verbose_name="gift part (fen)")),
                    ("state", models.CharField(choices=[("reserved", "waiting for confirmation"), ("disputed", "disputed"), ("final", "charged"), ("voided", "refused or withdrawn"), ("expired", "expired"), ("undone", "undone")], max_length=12, verbose_name="state")),
                    ("reference", models.CharField(blank=True, default="", max_length=64, verbose_name="reference")),
                    ("place", models.CharField(blank=True, default="", help_text="opaque id of where it was used", max_length=64, verbose_name="place")),
                    ("silence", models.CharField(blank=True, choices=[("expires", "returns to the card"), ("confirms", "counts as confirmed")], default="", max_length=8, verbose_name="silence")),
                    ("silence_days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="working days of silence that confirm")),
                    ("silence_from", models.DateField(blank=True, help_text="day of the delivered notice, or the last day of a stoppage since", null=True, verbose_name="silence counts after")),
                    ("confirm_until", models.DateTimeField(blank=True, null=True, verbose_name="confirm until")),
                    ("day", models.DateField(blank=True, null=True, verbose_name="day served")),
                    ("lesson", models.CharField(max_length=64, null=True, verbose_name="lesson")),
                    ("used_at", models.DateTimeField(verbose_name="used")),
                    ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ],
                options={
                    "verbose_name": "use",
                    "verbose_name_plural": "uses",
                    "indexes": [models.Index(condition=models.Q(("state", "reserved")), fields=["confirm_until"], name="use_reserved_confirm_until"), models.Index(condition=models.Q(("state__in", ("reserved", "disputed"))), fields=["agreement"], name="use_open_of_agreement")],
                    "constraints": [
                        models.UniqueConstraint(condition=models.Q(("day__isnull", False), models.Q(("state", "voided"), _negated=True)), fields=("agreement", "day"), name="use_day_once"),
                        models.UniqueConstraint(fields=("beneficiary", "command_key"), name="use_key_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("silence", "confirms"), ("silence_days__gt", 0)),
                                models.Q(models.Q(("silence", "confirms"), _negated=True), ("silence_days__isnull", True), ("silence_from__isnull", True), models.Q(("confirm_until__isnull", False), models.Q(("state", "reserved"), _negated=True), _connector="OR")),
                                _connector="OR",
                            ),
                            name="use_reserved_has_an_end",
                        ),
                    ],
                },
            ),
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.RunSQL(TRANSFERS, NO_TRANSFERS)],
                state_operations=[
                    migrations.CreateModel(
                        name="Transfer",
                        fields=[
                            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                            ("beneficiary", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.beneficiary")),
                            ("agreement", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="escrow.agreement")),
                            ("use", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="escrow.use")),
                            ("debit_account", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="escrow.account")),
                            ("credit_account", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="credits", to="escrow.account")),
                            ("asset", models.CharField(choices=[("CNY", "money"), ("BONUS", "gift money"), ("VISIT", "sessions"), ("ADVANCE", "released early, not yet earned")], max_length=8, verbose_name="asset")),
                            ("kind", models.CharField(choices=[("posted", "posted"), ("pending", "reserved"), ("resolved", "reservation resolved")], max_length=8, verbose_name="kind")),
                            (
                                "reason",
                                models.CharField(
                                    choices=[
                                        ("fund", "payment"),
                                        ("gift", "gift"),
                                        ("reserve", "charge waiting for confirmation"),
                                        ("release", "use"),
                                        ("void", "charge withdrawn"),
                                        ("expire", "charge expired"),
                                        ("undo", "charge undone"),
                                        ("refund", "refund"),
                                        ("settle", "final settlement"),
                                        ("fund_undone", "undone deposit given up"),
                                        ("forfeit", "gift, sessions or money released early: ended"),
                                        ("advance", "released early"),
                                        ("make_good", "refund out of the merchant's money"),
                                        ("refund_interest", "interest on a refund"),
                                        ("claim", "claim served"),
                                        ("reserved_share", "share kept as reserve"),
                                        ("reserve_returned", "reserve no longer needed"),
                                        ("block", "blocked by order"),
                                        ("unblock", "block lifted"),
                                        ("interest", "interest"),
                                        ("fee", "bank fee"),
                                        ("payout", "payout"),
                                        ("payout_returned", "payout returned"),
                                        ("late", "late payment"),
                                        ("late_refund", "late payment sent back"),
                                        ("custody_in", "arrived at the custody bank"),
                                        ("custody_out", "left the custody bank"),
                                        ("unexplained", "line of the bank that nobody can explain yet"),
                                        ("assign", "unexplained line assigned"),
                                        ("return", "unidentified receipt sent back"),
                                        ("return_failed", "receipt sent back, returned by the bank"),
                                    ],
                                    max_length=16,
                                    verbose_name="reason",
                                ),
                            ),
                            ("amount", models.BigIntegerField(verbose_name="amount")),
                            ("pending", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="resolutions", to="escrow.transfer")),
                            ("corrects", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="escrow.transfer")),
                            ("reference", models.CharField(blank=True, default="", max_length=64, verbose_name="reference")),
                            ("at", models.DateTimeField(verbose_name="at")),
                            ("payable_on", models.DateField(null=True, verbose_name="payable on")),
                            ("debit_balance_after", models.BigIntegerField(null=True)),
                            ("credit_balance_after", models.BigIntegerField(null=True)),
                            ("debit_version", models.BigIntegerField(null=True)),
                            ("credit_version", models.BigIntegerField(null=True)),
                            ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ],
                        options={"verbose_name": "transfer", "verbose_name_plural": "transfers"},
                    )
                ],
            ),
            migrations.CreateModel(
                name="PayoutLine",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("payout", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="escrow.payout")),
                    ("transfer", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="payout_line", to="escrow.transfer")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                ],
                options={"verbose_name": "payout line", "verbose_name_plural": "payout lines"},
            ),
            migrations.CreateModel(
                name="DailyRoot",
                fields=[
                    ("day", models.DateField(primary_key=True, serialize=False, verbose_name="date")),
                    ("held_fen", models.BigIntegerField(verbose_name="held for consumers (fen)")),
                    ("confirmed_fen", models.BigIntegerField(verbose_name="confirmed by the bank (fen)")),
                    ("in_transit_fen", models.BigIntegerField(verbose_name="on its way to the bank (fen)")),
                    ("agreements", models.BigIntegerField(verbose_name="agreements")),
                    ("beneficiaries", models.BigIntegerField(verbose_name="beneficiaries")),
                    ("tree_root", models.CharField(max_length=64, verbose_name="root of the tree")),
                    ("previous_hash", models.CharField(max_length=64, verbose_name="hash of the one before")),
                    ("hash", models.CharField(max_length=64, verbose_name="hash")),
                    ("seed", models.BinaryField()),
                    ("nodes", models.BinaryField(help_text="the city's tree, level by level, 40 bytes a node")),
                    ("published_at", models.DateTimeField(verbose_name="published")),
                ],
                options={"verbose_name": "published total", "verbose_name_plural": "published totals", "ordering": ["-day"], "constraints": [models.CheckConstraint(condition=models.Q(("agreements__gte", 0), ("confirmed_fen__gte", 0), ("held_fen__gte", 0), ("in_transit_fen__gte", 0)), name="daily_root_not_negative")]},
            ),
            migrations.CreateModel(
                name="Block",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="blocks", to="escrow.beneficiary", verbose_name="beneficiary")),
                    ("number", models.BigIntegerField(verbose_name="number")),
                    ("first_id", models.BigIntegerField(verbose_name="first transfer")),
                    ("last_id", models.BigIntegerField(verbose_name="last transfer")),
                    ("count", models.IntegerField(verbose_name="transfers")),
                    ("merkle_root", models.CharField(max_length=64, verbose_name="Merkle root")),
                    ("previous_hash", models.CharField(max_length=64, verbose_name="hash of the one before")),
                    ("hash", models.CharField(max_length=64, verbose_name="hash")),
                    ("sealed_at", models.DateTimeField(verbose_name="sealed")),
                ],
                options={
                    "verbose_name": "sealed block",
                    "verbose_name_plural": "sealed blocks",
                    "constraints": [models.UniqueConstraint(fields=("beneficiary", "number"), name="block_once"), models.CheckConstraint(condition=models.Q(("count__gte", 1), ("first_id__gte", 1), ("last_id__gte", models.F("first_id")), ("number__gte", 1)), name="block_has_transfers")],
                },
            ),
            migrations.CreateModel(
                name="DailyTotal",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("root", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="totals", to="escrow.dailyroot")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="daily_totals", to="escrow.beneficiary")),
                    ("position", models.BigIntegerField()),
                    ("agreements", models.BigIntegerField(verbose_name="agreements")),
                    ("held_fen", models.BigIntegerField(verbose_name="held for consumers (fen)")),
                    ("confirmed_fen", models.BigIntegerField(verbose_name="confirmed by the bank (fen)")),
                    ("in_transit_fen", models.BigIntegerField(verbose_name="on its way to the bank (fen)")),
                    ("block_number", models.BigIntegerField(verbose_name="last sealed block")),
                    ("block_hash", models.CharField(max_length=64, verbose_name="its hash")),
                    ("tree_root", models.CharField(max_length=64, verbose_name="root of the tree")),
                    ("leaves", models.BinaryField(help_text="40 bytes each: first parts by hash, then second parts by hash")),
                    ("nodes", models.BinaryField(help_text="the levels above every 32 leaves")),
                ],
                options={"verbose_name": "published share", "verbose_name_plural": "published shares", "constraints": [models.UniqueConstraint(fields=("beneficiary", "root"), name="daily_total_once")]},
            ),
            migrations.CreateModel(
                name="Approval",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "kind",
                        models.CharField(
                            choices=[("payout_release", "release of a payout"), ("payout_account", "change of a payout account"), ("manual_refund", "refund by hand"), ("receipt_return", "unidentified receipt sent back"), ("refund_account", "refund to a bank account"), ("deposit_end", "end of an order paid in cash")],
                            max_length=16,
                            verbose_name="kind",
                        ),
                    ),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="escrow.beneficiary")),
                    ("target", models.CharField(max_length=64, verbose_name="about")),
                    ("amount_fen", models.BigIntegerField(null=True, verbose_name="amount (fen)")),
                    ("payload", escrow.models.encrypted.EncryptedTextField(verbose_name="what will be done")),
                    ("because", models.CharField(max_length=200, verbose_name="why it is asked")),
                    ("requested_by", models.CharField(max_length=64, verbose_name="asked by")),
                    ("requested_at", models.DateTimeField(verbose_name="asked")),
                    ("expires_at", models.DateTimeField(verbose_name="waits until")),
                    ("state", models.CharField(choices=[("open", "waiting for a second person"), ("approved", "approved"), ("refused", "refused"), ("expired", "expired"), ("withdrawn", "withdrawn")], default="open", max_length=12, verbose_name="state")),
                    ("decided_by", models.CharField(blank=True, default="", max_length=64, verbose_name="decided by")),
                    ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                    ("reason", models.CharField(blank=True, default="", max_length=200, verbose_name="reason")),
                ],
                options={
                    "verbose_name": "approval by a second person",
                    "verbose_name_plural": "approvals by a second person",
                    "ordering": ["-id"],
                    "indexes": [models.Index(condition=models.Q(("state", "open")), fields=["requested_at"], name="approval_open")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("state__in", ["open", "approved", "refused", "expired", "withdrawn"])), name="approval_state_known"),
                        models.CheckConstraint(condition=models.Q(("requested_by__startswith", "user:")), name="approval_asked_by_a_person"),
                        models.CheckConstraint(condition=models.Q(("decided_by", models.F("requested_by")), _negated=True), name="approval_second_person"),
                        models.CheckConstraint(condition=models.Q(models.Q(("state__in", ["approved", "refused"]), _negated=True), models.Q(("decided_at__isnull", False), ("decided_by__startswith", "user:")), _connector="OR"), name="approval_decided_by_a_person"),
                        models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("kind", "target"), name="approval_one_open"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["payout_release", "payout_account", "manual_refund", "receipt_return", "refund_account", "deposit_end"])), name="approval_kind_known"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ApprovalRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "kind",
                        models.CharField(
                            choices=[("payout_release", "release of a payout"), ("payout_account", "change of a payout account"), ("manual_refund", "refund by hand"), ("receipt_return", "unidentified receipt sent back"), ("refund_account", "refund to a bank account"), ("deposit_end", "end of an order paid in cash")],
                            max_length=16,
                            verbose_name="kind",
                        ),
                    ),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("over_fen", models.BigIntegerField(verbose_name="for sums above (fen)")),
                    ("waits_days", models.PositiveSmallIntegerField(verbose_name="waits at most (days)")),
                    ("source", models.CharField(max_length=200, verbose_name="source")),
                    ("mark", models.CharField(choices=[("T", "full text"), ("E", "excerpt"), ("A", "assumption")], max_length=1, verbose_name="mark")),
                ],
                options={
                    "verbose_name": "rule for the second person",
                    "verbose_name_plural": "rules for the second person",
                    "ordering": ["kind", "-valid_from"],
                    "constraints": [
                        models.UniqueConstraint(fields=("kind", "valid_from"), name="approval_rule_one_a_day"),
                        models.CheckConstraint(condition=models.Q(("over_fen__gte", 0), ("waits_days__gte", 1)), name="approval_rule_figures"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["payout_release", "payout_account", "manual_refund", "receipt_return", "refund_account", "deposit_end"])), name="approval_rule_kind_known"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="PayoutHold",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="escrow.beneficiary")),
                    ("instruction", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="escrow.instruction")),
                    ("because", models.CharField(max_length=200, verbose_name="reason")),
                    ("placed_by", models.CharField(max_length=64, verbose_name="placed by")),
                    ("placed_at", models.DateTimeField(verbose_name="placed")),
                    ("released_by", models.CharField(blank=True, default="", max_length=64, verbose_name="released by")),
                    ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="released")),
                    ("released_because", models.CharField(blank=True, default="", max_length=200, verbose_name="released because")),
                ],
                options={"verbose_name": "payout hold", "verbose_name_plural": "payout holds", "ordering": ["-id"], "indexes": [models.Index(condition=models.Q(("released_at__isnull", True)), fields=["beneficiary"], name="payout_hold_open")]},
            ),
            migrations.CreateModel(
                name="BankFormat",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("bank", models.SlugField(max_length=16, unique=True, verbose_name="bank code")),
                    ("name", models.CharField(max_length=60, verbose_name="name")),
                    ("header_row", models.PositiveSmallIntegerField(default=1, help_text="counted from 1", verbose_name="header row")),
                    ("delimiter", models.CharField(choices=[(",", ","), (";", ";"), ("\t", "tab"), ("|", "|")], default=",", max_length=1, verbose_name="delimiter")),
                    ("encoding", models.CharField(choices=[("utf-8", "utf-8"), ("gb18030", "gb18030"), ("utf-16", "utf-16")], default="gb18030", max_length=8, verbose_name="encoding")),
                    ("account", models.CharField(blank=True, default="", max_length=60, verbose_name="column: account")),
                    ("account_label", models.CharField(blank=True, default="", help_text="if it stands above the header instead of in a column", max_length=60, verbose_name="words before the account")),
                    ("day", models.CharField(max_length=60, verbose_name="column: date")),
                    ("time", models.CharField(blank=True, default="", max_length=60, verbose_name="column: time")),
                    ("day_format", models.CharField(default="%Y-%m-%d", max_length=40, verbose_name="date format")),
                    ("time_format", models.CharField(default="%H:%M:%S", max_length=40, verbose_name="time format")),
                    ("direction", models.CharField(blank=True, default="", max_length=60, verbose_name="column: direction")),
                    ("words_in", models.CharField(blank=True, default="贷,收入,C", max_length=60, verbose_name="words for in")),
                    ("words_out", models.CharField(blank=True, default="借,支出,D", max_length=60, verbose_name="words for out")),
                    ("amount", models.CharField(blank=True, default="", max_length=60, verbose_name="column: amount")),
                    ("credit", models.CharField(blank=True, default="", max_length=60, verbose_name="column: amount in")),
                    ("debit", models.CharField(blank=True, default="", max_length=60, verbose_name="column: amount out")),
                    ("thousands", models.CharField(blank=True, choices=[(",", ","), (".", "."), (" ", "space")], default=",", max_length=1, verbose_name="thousands separator")),
                    ("decimal", models.CharField(choices=[(".", "."), (",", ",")], default=".", max_length=1, verbose_name="decimal mark")),
                    ("balance", models.CharField(blank=True, default="", max_length=60, verbose_name="column: balance")),
                    ("line_no", models.CharField(blank=True, default="", max_length=60, verbose_name="column: the bank's line number")),
                    ("reference", models.CharField(blank=True, default="", max_length=60, verbose_name="column: reference")),
                    ("counterparty_name", models.CharField(blank=True, default="", max_length=60, verbose_name="column: counterparty")),
                    ("counterparty_account", models.CharField(blank=True, default="", max_length=60, verbose_name="column: counterparty's account")),
                    ("purpose", models.CharField(blank=True, default="", max_length=60, verbose_name="column: purpose")),
                ],
                options={
                    "verbose_name": "bank format",
                    "verbose_name_plural": "bank formats",
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(models.Q(models.Q(("amount", ""), _negated=True), ("credit", ""), ("debit", "")), models.Q(("amount", ""), models.Q(("credit", ""), _negated=True), models.Q(("debit", ""), _negated=True)), _connector="OR"),
                            name="bank_format_one_amount_or_two",
                            violation_error_message="Name either one amount column or two: one for in, one for out.",
                        ),
                        models.CheckConstraint(condition=models.Q(models.Q(("account", ""), _negated=True), models.Q(("account_label", ""), _negated=True), _connector="OR"), name="bank_format_names_the_account", violation_error_message="Name the column of the account, or the words that stand before it."),
                        models.CheckConstraint(
                            condition=models.Q(models.Q(("line_no", ""), _negated=True), models.Q(("balance", ""), _negated=True), _connector="OR"),
                            name="bank_format_tells_lines_apart",
                            violation_error_message="Name the column of the bank's line number or of the balance: without either, two identical lines cannot be told from one line read twice.",
                        ),
                        models.CheckConstraint(condition=models.Q(("thousands", models.F("decimal")), _negated=True), name="bank_format_marks_differ", violation_error_message="The thousands separator and the decimal mark cannot be the same."),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ChannelBillLine",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="bill_lines", to="escrow.bankfile")),
                    ("channel", models.CharField(max_length=16, verbose_name="channel")),
                    ("day", models.DateField(verbose_name="day")),
                    ("kind", models.CharField(choices=[("payment", "payment"), ("refund", "refund")], max_length=8, verbose_name="kind")),
                    ("number", models.CharField(max_length=64, verbose_name="our number")),
                    ("channel_no", models.CharField(blank=True, default="", max_length=64, verbose_name="channel's number")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("fee_fen", models.BigIntegerField(default=0, verbose_name="channel's fee (fen)")),
                    ("at", models.DateTimeField(verbose_name="at")),
                    ("finding", models.CharField(choices=[("matched", "matched"), ("unknown", "not known here"), ("amount", "another amount here"), ("state", "not done here")], default="unknown", max_length=16, verbose_name="result")),
                ],
                options={
                    "verbose_name": "channel bill line",
                    "verbose_name_plural": "channel bill lines",
                    "constraints": [models.UniqueConstraint(fields=("channel", "kind", "number", "day"), name="bill_line_once"), models.CheckConstraint(condition=models.Q(("finding__in", ["matched", "unknown", "amount", "state"])), name="bill_line_finding_known")],
                },
            ),
            migrations.CreateModel(
                name="ClearingAlarm",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.beneficiary")),
                    (
                        "code",
                        models.CharField(
                            choices=[
                                ("custody", "custody bank"),
                                ("clearing", "paid, on its way to custody"),
                                ("held", "held for the consumer"),
                                ("payable", "earned by the merchant"),
                                ("payout", "payout on its way"),
                                ("refund", "refund on its way"),
                                ("reserve", "merchant's reserve"),
                                ("blocked", "blocked by a court or authority"),
                                ("suspense", "late or unidentified"),
                                ("interest", "interest earned"),
                                ("fees", "bank fees"),
                                ("unexplained", "taken by the bank, unexplained"),
                                ("issued", "issued"),
                                ("consumed", "consumed"),
                            ],
                            max_length=12,
                            verbose_name="account",
                        ),
                    ),
                    ("channel", models.CharField(blank=True, default="", max_length=16, verbose_name="channel")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("since", models.DateTimeField(verbose_name="since")),
                    ("raised_at", models.DateTimeField(verbose_name="raised")),
                    ("cleared_at", models.DateTimeField(null=True, verbose_name="cleared")),
                ],
                options={"verbose_name": "clearing alarm", "verbose_name_plural": "clearing alarms", "ordering": ["since", "id"], "constraints": [models.UniqueConstraint(condition=models.Q(("cleared_at__isnull", True)), fields=("beneficiary", "code", "channel"), name="clearing_alarm_one_open")]},
            ),
            migrations.CreateModel(
                name="InstructionBatch",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("number", models.CharField(max_length=32, unique=True, verbose_name="number")),
                    ("channel", models.CharField(max_length=16, verbose_name="bank")),
                    ("kind", models.CharField(choices=[("refund", "refund"), ("payout", "payout"), ("return", "unidentified receipt sent back")], max_length=8, verbose_name="kind")),
                    ("count", models.PositiveIntegerField(verbose_name="lines")),
                    ("sum_fen", models.BigIntegerField(verbose_name="sum (fen)")),
                    ("made_at", models.DateTimeField(verbose_name="made")),
                    ("by", models.CharField(max_length=60, verbose_name="by")),
                ],
                options={"verbose_name": "instruction file", "verbose_name_plural": "instruction files", "constraints": [models.CheckConstraint(condition=models.Q(("count__gt", 0), ("sum_fen__gt", 0)), name="batch_not_empty")]},
            ),
            migrations.CreateModel(
                name="InstructionBatchLine",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("batch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="escrow.instructionbatch")),
                    ("line_no", models.PositiveIntegerField(verbose_name="line")),
                    ("instruction", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="batch_line", to="escrow.instruction")),
                ],
                options={"verbose_name": "instruction file line", "verbose_name_plural": "instruction file lines", "constraints": [models.UniqueConstraint(fields=("batch", "line_no"), name="batch_line_once")]},
            ),
            migrations.CreateModel(
                name="Statement",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="escrow.bankfile")),
                    ("bank", models.CharField(max_length=16, verbose_name="bank")),
                    ("custody_no", models.CharField(max_length=64, verbose_name="custody account")),
                    ("beneficiary", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="escrow.beneficiary")),
                    ("number", models.CharField(blank=True, default="", max_length=64, verbose_name="number")),
                    ("currency", models.CharField(max_length=3, verbose_name="currency")),
                    ("from_day", models.DateField(verbose_name="from")),
                    ("to_day", models.DateField(verbose_name="to")),
                    ("opening_fen", models.BigIntegerField(null=True, verbose_name="opening (fen)")),
                    ("closing_fen", models.BigIntegerField(null=True, verbose_name="closing (fen)")),
                    ("sum_fen", models.BigIntegerField(verbose_name="net of the lines (fen)")),
                    ("made_at", models.DateTimeField(null=True, verbose_name="made")),
                ],
                options={
                    "verbose_name": "statement",
                    "verbose_name_plural": "statements",
                    "indexes": [models.Index(fields=["beneficiary", "-to_day"], name="statement_of_a_day")],
                    "constraints": [models.UniqueConstraint(fields=("bank", "custody_no", "number", "from_day", "to_day", "opening_fen", "closing_fen", "sum_fen"), name="statement_once", nulls_distinct=False)],
                },
            ),
            migrations.CreateModel(
                name="TieOut",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="tie_outs", to="escrow.beneficiary")),
                    ("day", models.DateField(verbose_name="day")),
                    ("ledger_fen", models.BigIntegerField(verbose_name="ledger (fen)")),
                    ("bank_fen", models.BigIntegerField(null=True, verbose_name="bank (fen)")),
                    ("bank_day", models.DateField(null=True, verbose_name="bank's balance of")),
                    ("unmatched", models.PositiveIntegerField(verbose_name="unmatched lines")),
                    ("unmatched_fen", models.BigIntegerField(verbose_name="unmatched (fen)")),
                    ("checked_at", models.DateTimeField(verbose_name="checked")),
                ],
                options={
                    "verbose_name": "daily tie-out",
                    "verbose_name_plural": "daily tie-outs",
                    "ordering": ["-day", "beneficiary_id"],
                    "indexes": [models.Index(condition=models.Q(("bank_fen__isnull", True), models.Q(("bank_fen", models.F("ledger_fen")), _negated=True), _connector="OR"), fields=["-day"], name="tie_out_differing")],
                    "constraints": [models.UniqueConstraint(fields=("beneficiary", "day"), name="tie_out_once")],
                },
            ),
            migrations.CreateModel(
                name="Stoppage",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="stoppages", to="escrow.beneficiary")),
                    ("place", models.CharField(blank=True, default="", max_length=64, verbose_name="place")),
                    ("kind", models.CharField(choices=[("dark", "closed, no service"), ("watch", "on watch"), ("changed_hands", "just changed hands")], max_length=16, verbose_name="kind")),
                    ("since", models.DateField(verbose_name="since")),
                    ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                    ("because", models.CharField(max_length=200, verbose_name="reason")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                ],
                options={
                    "verbose_name": "stoppage",
                    "verbose_name_plural": "stoppages",
                    "indexes": [models.Index(fields=["beneficiary", "since"], name="escrow_stop_benefic_8b5ccc_idx")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("kind__in", ["dark", "watch", "changed_hands"])), name="stoppage_kind_known"),
                        models.CheckConstraint(condition=models.Q(("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"), name="stoppage_ends_after_it_begins"),
                        models.UniqueConstraint(condition=models.Q(("until__isnull", True)), fields=("beneficiary", "place", "kind"), name="stoppage_one_open_of_a_kind"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Claim",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="escrow.beneficiary")),
                    ("refund", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="claim", to="escrow.refund")),
                    ("amount_fen", models.BigIntegerField(verbose_name="claim (fen)")),
                    ("paid_fen", models.BigIntegerField(default=0, verbose_name="paid (fen)")),
                    ("opened_at", models.DateTimeField(verbose_name="opened")),
                    ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="paid in full")),
                ],
                options={
                    "verbose_name": "claim",
                    "verbose_name_plural": "claims",
                    "indexes": [models.Index(condition=models.Q(("closed_at__isnull", True)), fields=["beneficiary", "id"], name="claim_open")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0), ("paid_fen__gte", 0), ("paid_fen__lte", models.F("amount_fen"))), name="claim_amounts"),
                        models.CheckConstraint(condition=models.Q(models.Q(("closed_at__isnull", False), ("paid_fen", models.F("amount_fen"))), models.Q(("closed_at__isnull", True), ("paid_fen__lt", models.F("amount_fen"))), _connector="OR"), name="claim_closed_when_paid"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ClaimPayment",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("claim", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="escrow.claim")),
                    ("instruction", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="claim_payment", to="escrow.instruction")),
                    ("amount_fen", models.BigIntegerField(verbose_name="amount (fen)")),
                    ("above", models.BooleanField(db_default=False, default=False, verbose_name="above the payment")),
                ],
                options={"verbose_name": "payment on a claim", "verbose_name_plural": "payments on claims", "constraints": [models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="claim_payment_positive")]},
            ),
            migrations.CreateModel(
                name="LegalHold",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="legal_holds", to="escrow.beneficiary")),
                    ("order_no", models.CharField(max_length=64, verbose_name="order number")),
                    ("issued_by", models.CharField(max_length=120, verbose_name="issued by")),
                    ("sum_fen", models.BigIntegerField(verbose_name="sum (fen)")),
                    ("blocked_fen", models.BigIntegerField(default=0, verbose_name="blocked (fen)")),
                    ("expires_on", models.DateField(verbose_name="expires on")),
                    ("ordered_at", models.DateTimeField(verbose_name="recorded")),
                    ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="lifted")),
                ],
                options={
                    "verbose_name": "legal hold",
                    "verbose_name_plural": "legal holds",
                    "constraints": [
                        models.UniqueConstraint(fields=("beneficiary", "order_no"), name="legal_hold_order_once"),
                        models.CheckConstraint(condition=models.Q(("blocked_fen__gte", 0), ("blocked_fen__lte", models.F("sum_fen")), ("sum_fen__gt", 0)), name="legal_hold_sums"),
                        models.CheckConstraint(condition=models.Q(("lifted_at__isnull", True), ("blocked_fen", 0), _connector="OR"), name="legal_hold_lifted_keeps_nothing"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ReserveRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("basis_points", models.PositiveIntegerField(verbose_name="share of a payout (1/10,000)")),
                    ("up_to_fen", models.BigIntegerField(verbose_name="until the reserve holds (fen)")),
                    ("keep_days", models.PositiveIntegerField(db_default=365, default=365, verbose_name="each share is kept for (days)")),
                    ("source", models.CharField(max_length=200, verbose_name="source")),
                    ("mark", models.CharField(choices=[("T", "full text"), ("E", "excerpt"), ("A", "assumption")], max_length=1, verbose_name="mark")),
                ],
                options={"verbose_name": "rule for the reserve", "verbose_name_plural": "rules for the reserve", "constraints": [models.CheckConstraint(condition=models.Q(("basis_points__lte", 10000), ("up_to_fen__gte", 0)), name="reserve_rule_figures")]},
            ),
            migrations.CreateModel(
                name="Accrual",
                fields=[
                    ("agreement", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="accrual", serialize=False, to="escrow.agreement")),
                    ("beneficiary", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.beneficiary")),
                    ("paid_on", models.DateField()),
                    ("accrued_to", models.DateField()),
                    ("days_final", models.PositiveIntegerField(db_default=0, default=0)),
                ],
                options={"verbose_name": "accrual", "verbose_name_plural": "accruals"},
            ),
            migrations.CreateModel(
                name="AccrualRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("lag_days", models.PositiveIntegerField(verbose_name="days a served day stays reserved")),
                    ("pause_days_a_year", models.PositiveIntegerField(verbose_name="days of pause in a year at most")),
                    ("basis", models.CharField(max_length=500, verbose_name="source or reason")),
                    ("mark", models.CharField(help_text="T: text of the law, E: excerpt, A: assumption of this platform", max_length=1, verbose_name="mark")),
                ],
                options={"verbose_name": "accrual rule", "verbose_name_plural": "accrual rules", "ordering": ["-valid_from"]},
            ),
            migrations.CreateModel(
                name="Pause",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("agreement", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pauses", to="escrow.agreement")),
                    ("state", models.CharField(choices=[("asked", "waiting for the other side"), ("agreed", "agreed"), ("refused", "refused"), ("withdrawn", "withdrawn")], default="asked", max_length=12, verbose_name="state")),
                    ("since", models.DateField(verbose_name="from")),
                    ("until", models.DateField(verbose_name="through")),
                    ("asked_until", models.DateField(verbose_name="asked through")),
                    ("because", models.CharField(max_length=200, verbose_name="reason")),
                    ("asked_side", models.CharField(choices=[("funder", "the customer"), ("beneficiary", "the merchant")], max_length=12, verbose_name="asked by")),
                    ("asked_by", models.CharField(max_length=64)),
                    ("asked_at", models.DateTimeField(verbose_name="asked")),
                    ("answered_by", models.CharField(blank=True, default="", max_length=64)),
                    ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                    ("ended_by", models.CharField(blank=True, default="", max_length=64)),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended early")),
                ],
                options={
                    "verbose_name": "pause",
                    "verbose_name_plural": "pauses",
                    "ordering": ["-id"],
                    "indexes": [models.Index(fields=["agreement", "state"], name="escrow_paus_agreeme_15c304_idx")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("state__in", ["asked", "agreed", "refused", "withdrawn"])), name="pause_state_known"),
                        models.CheckConstraint(condition=models.Q(("until__gte", models.F("since"))), name="pause_ends_after_it_begins"),
                        models.CheckConstraint(condition=models.Q(("until__lte", models.F("asked_until"))), name="pause_only_gets_shorter"),
                        models.CheckConstraint(condition=models.Q(models.Q(("state__in", ["agreed", "refused"]), _negated=True), models.Q(("answered_by", ""), _negated=True), _connector="OR"), name="pause_has_both_parties"),
                        models.UniqueConstraint(condition=models.Q(("state", "asked")), fields=("agreement",), name="pause_one_asked"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="EarlyReleaseRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("cooling_off_days", models.PositiveIntegerField(verbose_name="days after the payment before anything is released")),
                    ("proven_days", models.PositiveIntegerField(verbose_name="days of proven use")),
                    ("window_days", models.PositiveIntegerField(verbose_name="days the average is taken over")),
                    ("cap_days", models.PositiveIntegerField(verbose_name="days of average use released at most")),
                    ("basis", models.CharField(max_length=500, verbose_name="source or reason")),
                    ("mark", models.CharField(help_text="T: text of the law, E: excerpt, A: assumption of this platform", max_length=1, verbose_name="mark")),
                ],
                options={"verbose_name": "rule for early release", "verbose_name_plural": "rules for early release", "ordering": ["-valid_from"], "constraints": [models.CheckConstraint(condition=models.Q(("window_days__gt", 0)), name="early_release_rule_window")]},
            ),
            migrations.CreateModel(
                name="EarlyRelease",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("beneficiary", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="early_releases", to="escrow.beneficiary")),
                    ("day", models.DateField(verbose_name="day")),
                    ("rule", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.earlyreleaserule", verbose_name="rule")),
                    ("earned_fen", models.BigIntegerField(verbose_name="earned in the days before (fen)")),
                    ("cap_fen", models.BigIntegerField(verbose_name="at most out at a time (fen)")),
                    ("outstanding_fen", models.BigIntegerField(verbose_name="out before (fen)")),
                    ("amount_fen", models.BigIntegerField(verbose_name="released early (fen)")),
                    ("released_at", models.DateTimeField(verbose_name="released")),
                ],
                options={
                    "verbose_name": "early release",
                    "verbose_name_plural": "early releases",
                    "ordering": ["-id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("beneficiary", "day"), name="early_release_once_a_day"),
                        models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0), ("outstanding_fen__gte", 0), ("amount_fen__lte", django.db.models.expressions.CombinedExpression(models.F("cap_fen"), "-", models.F("outstanding_fen")))), name="early_release_within_its_cap"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Assignment",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("agreement", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="escrow.agreement", verbose_name="agreement")),
                    ("payment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="escrow.payment", verbose_name="payment")),
                    ("payee_account", escrow.models.encrypted.EncryptedTextField(verbose_name="refund account")),
                    ("payee_name", escrow.models.encrypted.EncryptedTextField(verbose_name="holder of the refund account")),
                    ("assigned_by", models.CharField(max_length=64, verbose_name="assigned by")),
                    ("accepted_by", models.CharField(max_length=64, verbose_name="accepted by")),
                    ("assigned_at", models.DateTimeField(verbose_name="assigned")),
                ],
                options={
                    "verbose_name": "assignment",
                    "verbose_name_plural": "assignments",
                    "ordering": ["-id"],
                    "constraints": [models.CheckConstraint(condition=models.Q(("accepted_by__startswith", "user:"), ("assigned_by__startswith", "user:"), models.Q(("assigned_by", models.F("accepted_by")), _negated=True)), name="assignment_between_two_people")],
                },
            ),
        ),
        migrations.RunSQL(COLUMNS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.RunSQL(proof.GUARDS, proof.UNDO),
        migrations.RunSQL(approvals.GUARDS, approvals.UNDO),
        migrations.RunSQL(accruals.GUARDS, accruals.UNDO),
        migrations.RunSQL(payee.GUARD, payee.UNDO),
        migrations.RunSQL(returns.GUARD, returns.UNDO),
        migrations.RunSQL(returned_once.GUARD, returned_once.BEFORE),
        migrations.RunSQL(refund_account.GUARD, refund_account.UNDO),
        migrations.RunSQL(assignments.GUARD, assignments.BEFORE),
        migrations.RunSQL(early.GUARDS, early.UNDO),
        migrations.RunSQL(RIGHTS + files.RIGHTS + claims.RIGHTS, migrations.RunSQL.noop),
        migrations.RunPython(add_first_rules, migrations.RunPython.noop),
    ]
