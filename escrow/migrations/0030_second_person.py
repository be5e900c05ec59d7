"""The second person: requests, their dated rules, and one row for every reason that holds payouts."""

import django.db.models.deletion
import escrow.models.encrypted
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0020_proof'),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('payout_release', 'release of a payout'), ('payout_account', 'change of a payout account'), ('manual_refund', 'refund by hand')], max_length=16, verbose_name='kind')),
                ('target', models.CharField(max_length=64, verbose_name='about')),
                ('amount_fen', models.BigIntegerField(null=True, verbose_name='amount (fen)')),
                ('payload', escrow.models.encrypted.EncryptedTextField(verbose_name='what will be done')),
                ('because', models.CharField(max_length=200, verbose_name='why it is asked')),
                ('requested_by', models.CharField(max_length=64, verbose_name='asked by')),
                ('requested_at', models.DateTimeField(verbose_name='asked')),
                ('expires_at', models.DateTimeField(verbose_name='waits until')),
                ('state', models.CharField(choices=[('open', 'waiting for a second person'), ('approved', 'approved'), ('refused', 'refused'), ('expired', 'expired'), ('withdrawn', 'withdrawn')], default='open', max_length=12, verbose_name='state')),
                ('decided_by', models.CharField(blank=True, default='', max_length=64, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('reason', models.CharField(blank=True, default='', max_length=200, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'approval by a second person',
                'verbose_name_plural': 'approvals by a second person',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ApprovalRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('payout_release', 'release of a payout'), ('payout_account', 'change of a payout account'), ('manual_refund', 'refund by hand')], max_length=16, verbose_name='kind')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('over_fen', models.BigIntegerField(verbose_name='for sums above (fen)')),
                ('waits_days', models.PositiveSmallIntegerField(verbose_name='waits at most (days)')),
                ('source', models.CharField(max_length=200, verbose_name='source')),
                ('mark', models.CharField(choices=[('T', 'full text'), ('E', 'excerpt'), ('A', 'assumption')], max_length=1, verbose_name='mark')),
            ],
            options={
                'verbose_name': 'rule for the second person',
                'verbose_name_plural': 'rules for the second person',
                'ordering': ['kind', '-valid_from'],
            },
        ),
        migrations.CreateModel(
            name='PayoutHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('because', models.CharField(max_length=200, verbose_name='reason')),
                ('placed_by', models.CharField(max_length=64, verbose_name='placed by')),
                ('placed_at', models.DateTimeField(verbose_name='placed')),
                ('released_by', models.CharField(blank=True, default='', max_length=64, verbose_name='released by')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='released')),
                ('released_because', models.CharField(blank=True, default='', max_length=200, verbose_name='released because')),
            ],
            options={
                'verbose_name': 'payout hold',
                'verbose_name_plural': 'payout holds',
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='instruction',
            name='instruction_state_known',
        ),
        migrations.AlterField(
            model_name='instruction',
            name='state',
            field=models.CharField(choices=[('held', 'waiting for a second person'), ('due', 'to be sent'), ('unknown', 'sent, answer unknown'), ('accepted', 'accepted by the bank'), ('succeeded', 'done'), ('failed', 'returned by the bank')], default='due', max_length=12, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='instruction',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['held', 'due', 'unknown', 'accepted', 'succeeded', 'failed'])), name='instruction_state_known'),
        ),
        migrations.AddField(
            model_name='approval',
            name='beneficiary',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='escrow.beneficiary'),
        ),
        migrations.AddConstraint(
            model_name='approvalrule',
            constraint=models.UniqueConstraint(fields=('kind', 'valid_from'), name='approval_rule_one_a_day'),
        ),
        migrations.AddConstraint(
            model_name='approvalrule',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payout_release', 'payout_account', 'manual_refund'])), name='approval_rule_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='approvalrule',
            constraint=models.CheckConstraint(condition=models.Q(('over_fen__gte', 0), ('waits_days__gte', 1)), name='approval_rule_figures'),
        ),
        migrations.AddField(
            model_name='payouthold',
            name='beneficiary',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='escrow.beneficiary'),
        ),
        migrations.AddField(
            model_name='payouthold',
            name='instruction',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='escrow.instruction'),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['requested_at'], name='approval_open'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payout_release', 'payout_account', 'manual_refund'])), name='approval_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'approved', 'refused', 'expired', 'withdrawn'])), name='approval_state_known'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('requested_by__startswith', 'user:')), name='approval_asked_by_a_person'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', models.F('requested_by')), _negated=True), name='approval_second_person'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'refused']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__startswith', 'user:')), _connector='OR'), name='approval_decided_by_a_person'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('kind', 'target'), name='approval_one_open'),
        ),
        migrations.AddIndex(
            model_name='payouthold',
            index=models.Index(condition=models.Q(('released_at__isnull', True)), fields=['beneficiary'], name='payout_hold_open'),
        ),
    ]
