"""Refunds that the channel cannot pay back go to a bank account which two people have named, and to no other."""

from datetime import date
from typing import Any

import escrow.models.encrypted
from django.db import migrations, models

KINDS = ['payout_release', 'payout_account', 'manual_refund', 'receipt_return', 'refund_account']
CHOICES = [
    ('payout_release', 'release of a payout'),
    ('payout_account', 'change of a payout account'),
    ('manual_refund', 'refund by hand'),
    ('receipt_return', 'unidentified receipt sent back'),
    ('refund_account', 'refund to a bank account'),
]

GUARD = """
CREATE FUNCTION escrow_refund_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM escrow_approval
                   WHERE kind = 'refund_account' AND target = 'payment:' || NEW.payment_id AND state = 'approved') THEN
        RAISE EXCEPTION 'a refund goes elsewhere when a second person has approved it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_account_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_account_second_person BEFORE INSERT ON escrow_instruction
    FOR EACH ROW WHEN (NEW.kind = 'refund' AND NEW.payee_account <> '')
    EXECUTE FUNCTION escrow_refund_account_guard();
"""

UNDO = """
DROP TRIGGER refund_account_second_person ON escrow_instruction;
DROP FUNCTION escrow_refund_account_guard();
"""


def add_first_rule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("escrow", "ApprovalRule").objects.create(
        kind="refund_account",
        valid_from=date(2022, 6, 1),
        over_fen=0,
        waits_days=14,
        source="house rule; no article sets a sum or a term",
        mark="A",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0071_unexplained_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='refund_account',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, db_default='', default='', verbose_name='refund account'),
        ),
        migrations.AddField(
            model_name='payment',
            name='refund_account_name',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, db_default='', default='', verbose_name='holder of the refund account'),
        ),
        migrations.RemoveConstraint(model_name='approval', name='approval_kind_known'),
        migrations.RemoveConstraint(model_name='approvalrule', name='approval_rule_kind_known'),
        migrations.AlterField(
            model_name='approval',
            name='kind',
            field=models.CharField(choices=CHOICES, max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='approvalrule',
            name='kind',
            field=models.CharField(choices=CHOICES, max_length=16, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', KINDS)), name='approval_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='approvalrule',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', KINDS)), name='approval_rule_kind_known'),
        ),
        migrations.RunPython(add_first_rule, migrations.RunPython.noop),
        migrations.RunSQL(GUARD, UNDO),
    ]
