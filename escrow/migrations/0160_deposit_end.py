"""Two people may end an order whose cash is awaited."""

from datetime import date
from typing import Any

from django.db import migrations, models

CHOICES = [
    ('payout_release', 'release of a payout'),
    ('payout_account', 'change of a payout account'),
    ('manual_refund', 'refund by hand'),
    ('receipt_return', 'unidentified receipt sent back'),
    ('refund_account', 'refund to a bank account'),
    ('deposit_end', 'end of an order paid in cash'),
]
KINDS = [kind for kind, _label in CHOICES]


def add_first_rule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("escrow", "ApprovalRule").objects.create(
        kind="deposit_end",
        valid_from=date(2022, 6, 1),
        over_fen=0,
        waits_days=14,
        source="house rule; no article sets a sum or a term",
        mark="A",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0150_deposits_taken_back'),
    ]

    operations = [
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
    ]
