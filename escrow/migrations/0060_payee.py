"""An order keeps the account it goes to. What waits now takes the account its merchant has now; what is done stays silent."""

import escrow.models.encrypted
from django.db import migrations

FILL = """
UPDATE escrow_instruction i SET payee_account = b.payout_account_no, payee_name = b.payout_account_name
FROM escrow_beneficiary b WHERE b.id = i.beneficiary_id AND i.kind = 'payout' AND i.done_at IS NULL;
"""

GUARD = """
CREATE FUNCTION escrow_payee_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'where an order goes does not change' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER instruction_payee_kept BEFORE UPDATE ON escrow_instruction
    FOR EACH ROW WHEN ((OLD.payee_account, OLD.payee_name) IS DISTINCT FROM (NEW.payee_account, NEW.payee_name))
    EXECUTE FUNCTION escrow_payee_guard();
"""

UNDO = """
DROP TRIGGER instruction_payee_kept ON escrow_instruction;
DROP FUNCTION escrow_payee_guard();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0042_accruals_rule'),
    ]

    operations = [
        migrations.AddField(
            model_name='instruction',
            name='payee_account',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, db_default='', default='', verbose_name="payee's account"),
        ),
        migrations.AddField(
            model_name='instruction',
            name='payee_name',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, db_default='', default='', verbose_name='payee'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNDO),
    ]
