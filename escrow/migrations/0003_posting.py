"""Transfers by month, credits of the payable appended, uses in SQL (docs/ledger.md; docs/adr/0003)."""

import django.db.models.deletion
from django.db import migrations, models

TABLES = """
-- Transfers, partitioned by the month of their business time. Their ids come from one sequence. There are no foreign keys:
-- escrow_write is the only writer, it joins every row a transfer names, and `manage.py prove` looks again.
ALTER TABLE escrow_transfer RENAME TO escrow_transfer_whole;
ALTER TABLE escrow_transfer_whole ALTER COLUMN id DROP IDENTITY;
CREATE SEQUENCE escrow_transfer_id_seq;
SELECT setval('escrow_transfer_id_seq', coalesce(max(id), 0) + 1, false) FROM escrow_transfer_whole;

CREATE TABLE escrow_transfer (
    id bigint NOT NULL DEFAULT nextval('escrow_transfer_id_seq'),
    beneficiary_id bigint NOT NULL,
    agreement_id bigint,
    use_id bigint,
    debit_account_id bigint NOT NULL,
    credit_account_id bigint NOT NULL,
    asset varchar(8) NOT NULL,
    kind varchar(8) NOT NULL,
    reason varchar(16) NOT NULL,
    amount bigint NOT NULL,
    pending_id bigint,
    corrects_id bigint,
    reference varchar(64) NOT NULL,
    at timestamptz NOT NULL,
    payable_on date,
    debit_balance_after bigint,
    credit_balance_after bigint,
    debit_version bigint,
    credit_version bigint,
    created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (beneficiary_id, id, at),
    CONSTRAINT transfer_kind_known CHECK (kind IN ('posted', 'pending', 'resolved')),
    CONSTRAINT transfer_asset_known CHECK (asset IN ('CNY', 'BONUS', 'VISIT')),
    CONSTRAINT transfer_amount CHECK (amount > 0 OR (amount = 0 AND kind <> 'posted')),
    CONSTRAINT transfer_resolves_a_reservation CHECK ((kind = 'resolved') = (pending_id IS NOT NULL)),
    CONSTRAINT transfer_between_two_accounts CHECK (debit_account_id <> credit_account_id)
) PARTITION BY RANGE (at);
CREATE INDEX transfer_agreement ON escrow_transfer (agreement_id, id) WHERE agreement_id IS NOT NULL;
-- Ids grow with the table, so a few pages of summary find one of them.
CREATE INDEX transfer_id ON escrow_transfer USING brin (id);
CREATE TABLE escrow_transfer_other PARTITION OF escrow_transfer DEFAULT;
INSERT INTO escrow_transfer (id, beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind,
    reason, amount, pending_id, corrects_id, reference, at, payable_on, debit_balance_after, credit_balance_after,
    debit_version, credit_version, created_at)
SELECT id, beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind,
    reason, amount, pending_id, corrects_id, reference, at, payable_on, debit_balance_after, credit_balance_after,
    debit_version, credit_version, created_at
FROM escrow_transfer_whole;
DROP TABLE escrow_transfer_whole CASCADE;

CREATE TRIGGER transfer_immutable BEFORE UPDATE OR DELETE ON escrow_transfer
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER transfer_not_truncated BEFORE TRUNCATE ON escrow_transfer EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER transfer_not_truncated BEFORE TRUNCATE ON escrow_transfer_other EXECUTE FUNCTION escrow_refuse();
"""

ACCOUNTS = """
-- The counters change with every transfer: what they may be is said by CHECK constraints. A trigger guards the rest.
DROP TRIGGER account_guard ON escrow_account;
DROP FUNCTION escrow_account_guard();
UPDATE escrow_account SET credits_pending = 0, version = version + 1 WHERE code IN ('payable', 'consumed');
UPDATE escrow_account SET folded_to = (SELECT coalesce(max(id), 0) FROM escrow_transfer)
WHERE code IN ('payable', 'consumed');
UPDATE escrow_account h SET earned_id = e.id, version = h.version FROM escrow_account e
WHERE h.code = 'held' AND e.beneficiary_id = h.beneficiary_id AND e.agreement_id IS NULL AND e.asset = h.asset
  AND e.code = CASE h.asset WHEN 'CNY' THEN 'payable' ELSE 'consumed' END;
CREATE FUNCTION escrow_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.debits_posted, NEW.credits_posted, NEW.debits_pending, NEW.credits_pending, NEW.version,
                             NEW.folded_to, NEW.paid_to) IS DISTINCT FROM (0, 0, 0, 0, 0, 0, 0)
       OR TG_OP = 'UPDATE' AND (NEW.id, NEW.beneficiary_id, NEW.agreement_id, NEW.code, NEW.channel, NEW.asset,
                                NEW.earned_id)
                           IS DISTINCT FROM (OLD.id, OLD.beneficiary_id, OLD.agreement_id, OLD.code, OLD.channel, OLD.asset, OLD.earned_id)
    THEN
        RAISE EXCEPTION 'an account starts at zero and keeps its identity' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_guard BEFORE INSERT OR UPDATE OF id, beneficiary_id, agreement_id, code, channel, asset, earned_id
    ON escrow_account FOR EACH ROW EXECUTE FUNCTION escrow_account_guard();
-- Room in every page for the next version of a row, so that counting writes no index.
ALTER TABLE escrow_account SET (fillfactor = 60);
"""

TYPES = """
-- A movement is one transfer to be written (escrow/ledger.py Movement); freed: what its reservation kept.
CREATE TYPE escrow_movement AS (
    debit bigint, credit bigint, amount bigint, kind text, reason text, pending bigint, corrects bigint,
    agreement bigint, "use" bigint, reference text, payable_on date, freed bigint);

-- What became of one command: the code of its error, or the use and what it moved.
CREATE TYPE escrow_outcome AS (n bigint, error text, "use" bigint, amount_fen bigint, bonus_fen bigint);
"""


def named(to: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        to, django.db.models.deletion.PROTECT, db_constraint=False, db_index=False, **options
    )


class Migration(migrations.Migration):
    dependencies = [("escrow", "0002_guards")]
    operations = [
        migrations.RunSQL(TYPES, "DROP TYPE escrow_movement, escrow_outcome"),
        migrations.AlterField(
            "payoutline",
            "transfer",
            models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payout_line",
                to="escrow.transfer",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLES)],
            state_operations=[
                *(
                    migrations.RemoveConstraint("transfer", name)
                    for name in (
                        "transfer_kind_known",
                        "transfer_asset_known",
                        "transfer_amount",
                        "transfer_resolves_a_reservation",
                        "transfer_between_two_accounts",
                    )
                ),
                *(
                    migrations.RemoveIndex("transfer", name)
                    for name in (
                        "escrow_tran_agreeme_9f4ab5_idx",
                        "escrow_tran_benefic_845b2a_idx",
                        "transfer_payable_credit",
                        "transfer_payable_debit",
                    )
                ),
                *(
                    migrations.AlterField("transfer", name, named(to, **options))
                    for name, to, options in (
                        ("beneficiary", "escrow.beneficiary", {"related_name": "+"}),
                        ("agreement", "escrow.agreement", {"null": True, "related_name": "transfers"}),
                        ("use", "escrow.use", {"null": True, "related_name": "transfers"}),
                        ("debit_account", "escrow.account", {"related_name": "debits"}),
                        ("credit_account", "escrow.account", {"related_name": "credits"}),
                        ("pending", "escrow.transfer", {"null": True, "related_name": "resolutions"}),
                        ("corrects", "escrow.transfer", {"null": True, "related_name": "corrections"}),
                    )
                ),
                *(
                    migrations.AlterField("transfer", name, models.BigIntegerField(null=True))
                    for name in ("debit_balance_after", "credit_balance_after", "debit_version", "credit_version")
                ),
            ],
        ),
        migrations.AddField("account", "folded_to", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("account", "paid_to", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField(
            "account", "earned", named("escrow.account", null=True, related_name="+")
        ),
        migrations.RunSQL(ACCOUNTS),
        migrations.RemoveConstraint("use", "use_state_known"),
        migrations.RemoveIndex("use", "escrow_use_agreeme_e62a31_idx"),
    ]
