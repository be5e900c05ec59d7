"""What is owed of an agreement may be assigned: then its refunds go to the account that who accepted has named, and never back."""

import django.db.models.deletion
import escrow.models.encrypted
from django.db import migrations, models

GUARD = """
CREATE OR REPLACE FUNCTION escrow_refund_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM escrow_approval
                   WHERE kind = 'refund_account' AND target = 'payment:' || NEW.payment_id AND state = 'approved')
       AND NOT EXISTS (SELECT 1 FROM escrow_assignment WHERE payment_id = NEW.payment_id) THEN
        RAISE EXCEPTION 'a refund goes elsewhere when a second person has approved it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_account_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION escrow_refund_assigned_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM escrow_assignment WHERE payment_id = NEW.payment_id) THEN
        RAISE EXCEPTION 'what was assigned does not go back to who paid'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_not_back_once_assigned';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_not_back_once_assigned BEFORE INSERT ON escrow_instruction
    FOR EACH ROW WHEN (NEW.kind = 'refund' AND NEW.payee_account = '')
    EXECUTE FUNCTION escrow_refund_assigned_guard();
CREATE TRIGGER assignment_immutable BEFORE UPDATE OR DELETE ON escrow_assignment
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_assignment FROM prepaid_app;
    END IF;
END $$;
"""

BEFORE = """
DROP TRIGGER assignment_immutable ON escrow_assignment;
DROP TRIGGER refund_not_back_once_assigned ON escrow_instruction;
DROP FUNCTION escrow_refund_assigned_guard();
CREATE OR REPLACE FUNCTION escrow_refund_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM escrow_approval
                   WHERE kind = 'refund_account' AND target = 'payment:' || NEW.payment_id AND state = 'approved') THEN
        RAISE EXCEPTION 'a refund goes elsewhere when a second person has approved it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_account_second_person';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0100_open_uses'),
    ]

    operations = [
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payee_account', escrow.models.encrypted.EncryptedTextField(verbose_name='refund account')),
                ('payee_name', escrow.models.encrypted.EncryptedTextField(verbose_name='holder of the refund account')),
                ('assigned_by', models.CharField(max_length=64, verbose_name='assigned by')),
                ('accepted_by', models.CharField(max_length=64, verbose_name='accepted by')),
                ('assigned_at', models.DateTimeField(verbose_name='assigned')),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='escrow.agreement', verbose_name='agreement')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='escrow.payment', verbose_name='payment')),
            ],
            options={
                'verbose_name': 'assignment',
                'verbose_name_plural': 'assignments',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('accepted_by__startswith', 'user:'), ('assigned_by__startswith', 'user:'), models.Q(('assigned_by', models.F('accepted_by')), _negated=True)), name='assignment_between_two_people')],
            },
        ),
        migrations.RunSQL(GUARD, BEFORE),
    ]
