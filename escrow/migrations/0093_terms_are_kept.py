"""What was agreed about when and how much money leaves does not change either, nor does what a top-up tops up."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION escrow_agreement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.beneficiary_id, NEW.funder, NEW.plan, NEW.price_fen, NEW.bonus_fen, NEW.units_total, NEW.free_percent,
        NEW.payable_after, NEW.tops_up_id)
       IS DISTINCT FROM (OLD.id, OLD.beneficiary_id, OLD.funder, OLD.plan, OLD.price_fen, OLD.bonus_fen, OLD.units_total,
                         OLD.free_percent, OLD.payable_after, OLD.tops_up_id)
    THEN
        RAISE EXCEPTION 'what was agreed does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0092_what_ends_with_a_card")]
    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
