"""What a value may be is said by its type (docs/adr/0007); a use keeps its own key; plans by discount and by lesson, and money
released early."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

DOMAINS = """
DROP VIEW IF EXISTS escrow_unfolded;
DROP FUNCTION IF EXISTS escrow_share_lock(bigint), escrow_exclusive_lock(bigint), escrow_standing(bigint),
    escrow_take(bigint[], bigint[], bigint[], bigint[], text, text, bigint, bigint, text, timestamptz, date),
    escrow_charge(jsonb, timestamptz, text, text), escrow_take_days(bigint[], text, timestamptz, date);

CREATE DOMAIN escrow_asset AS varchar(8)
    CONSTRAINT transfer_asset_known CHECK (VALUE IN ('CNY', 'BONUS', 'VISIT', 'ADVANCE'));
CREATE DOMAIN escrow_transfer_kind AS varchar(8)
    CONSTRAINT transfer_kind_known CHECK (VALUE IN ('posted', 'pending', 'resolved'));
CREATE DOMAIN escrow_use_state AS varchar(12)
    CONSTRAINT use_state_known CHECK (VALUE IN ('reserved', 'disputed', 'final', 'voided', 'expired', 'undone'));
CREATE DOMAIN escrow_use_units AS bigint CONSTRAINT use_units_positive CHECK (VALUE > 0);
CREATE DOMAIN escrow_use_fen AS bigint CONSTRAINT use_amounts_not_negative CHECK (VALUE >= 0);
CREATE DOMAIN escrow_counter AS bigint CONSTRAINT account_counters_not_negative CHECK (VALUE >= 0);

ALTER TABLE escrow_transfer DROP CONSTRAINT transfer_asset_known, DROP CONSTRAINT transfer_kind_known,
    ALTER COLUMN asset TYPE escrow_asset, ALTER COLUMN kind TYPE escrow_transfer_kind;
ALTER TABLE escrow_use DROP CONSTRAINT IF EXISTS escrow_use_silence_days_check,
    ALTER COLUMN state TYPE escrow_use_state, ALTER COLUMN units TYPE escrow_use_units,
    ALTER COLUMN amount_fen TYPE escrow_use_fen, ALTER COLUMN bonus_fen TYPE escrow_use_fen;
ALTER TABLE escrow_account ALTER COLUMN debits_posted TYPE escrow_counter, ALTER COLUMN credits_posted TYPE escrow_counter,
    ALTER COLUMN debits_pending TYPE escrow_counter, ALTER COLUMN credits_pending TYPE escrow_counter;
"""

SIDES = """
DROP TRIGGER account_guard ON escrow_account;
UPDATE escrow_account SET side = CASE WHEN code IN ('custody', 'clearing', 'fees', 'issued', 'unexplained') THEN 1 ELSE -1 END;
SET CONSTRAINTS ALL IMMEDIATE;  -- no check waits for the commit while the table changes
CREATE OR REPLACE FUNCTION escrow_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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

KEYS = """
UPDATE escrow_use u SET command_key = c.key, body_sha256 = c.body_sha256
FROM escrow_command c WHERE (c.result->>'use')::bigint = u.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""

POSITION = """
-- Where the value of an agreement stands: its money, its sessions or gift (other), and what was released early (advance).
CREATE TYPE escrow_position AS (
    plan text, state text, price_fen bigint, bonus_fen bigint, units_total bigint, may_advance boolean, payable_on date,
    used bigint, reserved bigint,
    money bigint, money_earned bigint, money_balance bigint, money_pending bigint, money_version bigint,
    other bigint, other_asset text, other_earned bigint, other_balance bigint, other_pending bigint, other_version bigint,
    advance bigint, advance_earned bigint, advance_balance bigint, advance_pending bigint, advance_version bigint);
"""

#: Only words: the columns' types say what they may be.
NAMES = [
        migrations.AlterField(
            model_name='account',
            name='asset',
            field=models.CharField(choices=[('CNY', 'money'), ('BONUS', 'gift money'), ('VISIT', 'sessions'), ('ADVANCE', 'released early, not yet earned')], max_length=8, verbose_name='asset'),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='plan',
            field=models.CharField(choices=[('sessions', 'per session'), ('stored_value', 'per amount'), ('discount', 'per amount at a discount'), ('period', 'per day'), ('course', 'per lesson')], max_length=16, verbose_name='plan'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='asset',
            field=models.CharField(choices=[('CNY', 'money'), ('BONUS', 'gift money'), ('VISIT', 'sessions'), ('ADVANCE', 'released early, not yet earned')], max_length=8, verbose_name='asset'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='reason',
            field=models.CharField(choices=[('fund', 'payment'), ('gift', 'gift'), ('reserve', 'charge waiting for confirmation'), ('release', 'use'), ('void', 'charge withdrawn'), ('expire', 'charge expired'), ('undo', 'charge undone'), ('refund', 'refund'), ('settle', 'final settlement'), ('forfeit', 'gift or sessions returned'), ('advance', 'released early'), ('make_good', "refund out of the merchant's money"), ('refund_interest', 'interest on a refund'), ('claim', 'claim served'), ('reserved_share', 'share kept as reserve'), ('reserve_returned', 'reserve no longer needed'), ('block', 'blocked by order'), ('unblock', 'block lifted'), ('interest', 'interest'), ('fee', 'bank fee'), ('payout', 'payout'), ('payout_returned', 'payout returned'), ('late', 'late payment'), ('late_refund', 'late payment sent back'), ('custody_in', 'arrived at the custody bank'), ('custody_out', 'left the custody bank'), ('unexplained', 'line of the bank that nobody can explain yet'), ('assign', 'unexplained line assigned'), ('return', 'unidentified receipt sent back'), ('return_failed', 'receipt sent back, returned by the bank')], max_length=16, verbose_name='reason'),
        ),
]


class Migration(migrations.Migration):
    dependencies = [("escrow", "0055_refund_interest")]
    operations = [
        *(
            migrations.RemoveConstraint("use", name)
            for name in (
                "use_state_known",
                "use_units_positive",
                "use_amounts_not_negative",
                "use_reserved_has_an_end",
                "use_silence_confirms_after_days",
            )
        ),
        *(
            migrations.RemoveConstraint("account", name)
            for name in (
                "account_counters_not_negative",
                "account_owes_at_least_zero",
                "account_owns_at_least_zero",
                "account_held_belongs_to_an_agreement",
            )
        ),
        migrations.RemoveIndex("use", "use_unresolved"),
        migrations.RunSQL(DOMAINS),
        migrations.AddField("account", "side", models.SmallIntegerField(default=-1, editable=False)),
        migrations.RunSQL(SIDES),
        migrations.AddConstraint(
            "account",
            models.CheckConstraint(
                name="account_at_least_zero",
                condition=Q(
                    debits_pending__lte=F("side") * (F("debits_posted") - F("credits_posted")) - F("credits_pending")
                ),
            ),
        ),
        migrations.AddField("use", "command_key", models.CharField(max_length=200, null=True)),
        migrations.AddField("use", "body_sha256", models.CharField(blank=True, db_default="", default="", max_length=64)),
        migrations.AddField("use", "lesson", models.CharField(max_length=64, null=True, verbose_name="lesson")),
        migrations.RunSQL(KEYS),
        migrations.AddConstraint(
            "use", models.UniqueConstraint(name="use_key_once", fields=["beneficiary", "command_key"])
        ),
        migrations.AddConstraint(
            "use",
            models.CheckConstraint(
                name="use_reserved_has_an_end",
                condition=Q(silence="confirms", silence_days__gt=0)
                | (
                    ~Q(silence="confirms")
                    & Q(silence_days__isnull=True, silence_from__isnull=True)
                    & (Q(confirm_until__isnull=False) | ~Q(state="reserved"))
                ),
            ),
        ),
        migrations.DeleteModel("Command"),
        migrations.AddField(
            "agreement",
            "free_percent",
            models.PositiveSmallIntegerField(default=0, verbose_name="may be released early (%)"),
        ),
        migrations.AddField(
            "agreement",
            "payable_after",
            models.PositiveSmallIntegerField(default=1, verbose_name="payable after working days"),
        ),
        migrations.AddField(
            "agreement",
            "tops_up",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="top_ups",
                to="escrow.agreement",
                verbose_name="tops up",
            ),
        ),
        migrations.RemoveConstraint("agreement", "agreement_face_value_is_money_plus_gift"),
        migrations.AddConstraint(
            "agreement",
            models.CheckConstraint(
                name="agreement_face_value_is_money_plus_gift",
                condition=~Q(plan__in=["stored_value", "discount"])
                | Q(units_total=F("price_fen") + F("bonus_fen")),
            ),
        ),
        migrations.AddConstraint(
            "agreement",
            models.CheckConstraint(
                name="agreement_terms_in_bounds",
                condition=Q(payable_after__range=(1, 30), free_percent__lte=90)
                & (Q(free_percent=0) | ~Q(plan="period")),
            ),
        ),
        migrations.RunSQL(POSITION, "DROP TYPE escrow_position"),
        *NAMES,
    ]
