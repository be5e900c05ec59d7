"""Agreements earned by the day: accruals, their dated rule, pauses."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0043_claims'),
    ]

    operations = [
        migrations.CreateModel(
            name='Accrual',
            fields=[
                ('agreement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='accrual', serialize=False, to='escrow.agreement')),
                ('paid_on', models.DateField()),
                ('accrued_to', models.DateField()),
                ('days_final', models.PositiveIntegerField(db_default=0, default=0)),
            ],
            options={
                'verbose_name': 'accrual',
                'verbose_name_plural': 'accruals',
            },
        ),
        migrations.CreateModel(
            name='AccrualRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(unique=True, verbose_name='valid from')),
                ('lag_days', models.PositiveIntegerField(verbose_name='days a served day stays reserved')),
                ('pause_days_a_year', models.PositiveIntegerField(verbose_name='days of pause in a year at most')),
                ('basis', models.CharField(max_length=500, verbose_name='source or reason')),
                ('mark', models.CharField(help_text='T: text of the law, E: excerpt, A: assumption of this platform', max_length=1, verbose_name='mark')),
            ],
            options={
                'verbose_name': 'accrual rule',
                'verbose_name_plural': 'accrual rules',
                'ordering': ['-valid_from'],
            },
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('asked', 'waiting for the other side'), ('agreed', 'agreed'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='asked', max_length=12, verbose_name='state')),
                ('since', models.DateField(verbose_name='from')),
                ('until', models.DateField(verbose_name='through')),
                ('asked_until', models.DateField(verbose_name='asked through')),
                ('because', models.CharField(max_length=200, verbose_name='reason')),
                ('asked_side', models.CharField(choices=[('funder', 'the customer'), ('beneficiary', 'the merchant')], max_length=12, verbose_name='asked by')),
                ('asked_by', models.CharField(max_length=64)),
                ('asked_at', models.DateTimeField(verbose_name='asked')),
                ('answered_by', models.CharField(blank=True, default='', max_length=64)),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('ended_by', models.CharField(blank=True, default='', max_length=64)),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended early')),
            ],
            options={
                'verbose_name': 'pause',
                'verbose_name_plural': 'pauses',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='use',
            name='day',
            field=models.DateField(blank=True, null=True, verbose_name='day served'),
        ),
        migrations.AddConstraint(
            model_name='use',
            constraint=models.UniqueConstraint(condition=models.Q(('day__isnull', False), models.Q(('state', 'voided'), _negated=True)), fields=('agreement', 'day'), name='use_day_once'),
        ),
        migrations.AddField(
            model_name='accrual',
            name='beneficiary',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='escrow.beneficiary'),
        ),
        migrations.AddField(
            model_name='pause',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='escrow.agreement'),
        ),
        migrations.AddIndex(
            model_name='pause',
            index=models.Index(fields=['agreement', 'state'], name='escrow_paus_agreeme_15c304_idx'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'agreed', 'refused', 'withdrawn'])), name='pause_state_known'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(('until__gte', models.F('since'))), name='pause_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(('until__lte', models.F('asked_until'))), name='pause_only_gets_shorter'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['agreed', 'refused']), _negated=True), models.Q(('answered_by', ''), _negated=True), _connector='OR'), name='pause_has_both_parties'),
        ),
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('agreement',), name='pause_one_asked'),
        ),
    ]
