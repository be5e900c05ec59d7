"""An agreement that counts days may follow another: once it is paid, the one before counts none, so that no day is two."""

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE OR REPLACE FUNCTION escrow_agreement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.beneficiary_id, NEW.funder, NEW.plan, NEW.price_fen, NEW.bonus_fen, NEW.units_total, NEW.free_percent,
        NEW.payable_after, NEW.tops_up_id{follows_new})
       IS DISTINCT FROM (OLD.id, OLD.beneficiary_id, OLD.funder, OLD.plan, OLD.price_fen, OLD.bonus_fen, OLD.units_total,
                         OLD.free_percent, OLD.payable_after, OLD.tops_up_id{follows_old})
    THEN
        RAISE EXCEPTION 'what was agreed does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0110_assignments'),
    ]

    operations = [
        migrations.AddField(
            model_name='agreement',
            name='follows',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='escrow.agreement', verbose_name='follows'),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('follows', None), models.Q(('plan', 'period'), ('tops_up', None)), _connector='OR'), name='agreement_only_days_follow'),
        ),
        migrations.RunSQL(
            GUARD.format(follows_new=", NEW.follows_id", follows_old=", OLD.follows_id"),
            GUARD.format(follows_new="", follows_old=""),
        ),
    ]
