
import django.db.models.deletion
import sandbox_bank.models
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Chaos',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('wishes', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('number', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('balance_fen', models.BigIntegerField(default=0)),
                ('reserved_fen', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reserved_fen__gte', 0), ('reserved_fen__lte', models.F('balance_fen'))), name='never_overdrawn')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('type', models.CharField(max_length=16)),
                ('data', models.JSONField()),
                ('notify_url', models.CharField(max_length=500)),
                ('due_at', models.DateTimeField()),
                ('copies', models.PositiveSmallIntegerField(default=1)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('delivered_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('copies__gt', 0)), fields=['due_at'], name='to_send')],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order_no', models.CharField(max_length=64, unique=True)),
                ('payment_no', models.CharField(default=sandbox_bank.models.payment_no, max_length=32, unique=True)),
                ('token', models.CharField(default=sandbox_bank.models.token, max_length=64, unique=True)),
                ('amount_fen', models.BigIntegerField()),
                ('subject', models.CharField(max_length=128)),
                ('notify_url', models.CharField(max_length=500)),
                ('return_url', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('created', 'Created'), ('paid', 'Paid'), ('closed', 'Closed')], default='created', max_length=8)),
                ('created_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sandbox_bank.account')),
            ],
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('refund', 'Refund'), ('payout', 'Payout')], max_length=6)),
                ('number', models.CharField(max_length=64)),
                ('amount_fen', models.BigIntegerField()),
                ('to_account_no', models.CharField(blank=True, max_length=64)),
                ('to_name', models.CharField(blank=True, max_length=128)),
                ('remark', models.CharField(max_length=256)),
                ('notify_url', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('accepted', 'Accepted'), ('succeeded', 'Succeeded'), ('failed', 'Failed')], default='accepted', max_length=9)),
                ('failure', models.CharField(blank=True, max_length=128)),
                ('due_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sandbox_bank.account')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='sandbox_bank.payment')),
            ],
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('line_no', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('direction', models.CharField(choices=[('in', 'In'), ('out', 'Out')], max_length=3)),
                ('amount_fen', models.BigIntegerField()),
                ('kind', models.CharField(max_length=7)),
                ('reference', models.CharField(max_length=64)),
                ('balance_after_fen', models.BigIntegerField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sandbox_bank.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'reference'), name='booked_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='payment_positive'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('state', 'accepted')), fields=['due_at'], name='to_execute'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(fields=('kind', 'number'), name='one_transfer_a_number'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='transfer_positive'),
        ),
    ]
