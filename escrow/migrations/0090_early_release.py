"""Early release: the dated rule, and what was released on which day."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0080_values_by_type'),
    ]

    operations = [
        migrations.CreateModel(
            name='EarlyReleaseRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(unique=True, verbose_name='valid from')),
                ('cooling_off_days', models.PositiveIntegerField(verbose_name='days after the payment before anything is released')),
                ('proven_days', models.PositiveIntegerField(verbose_name='days of proven use')),
                ('window_days', models.PositiveIntegerField(verbose_name='days the average is taken over')),
                ('cap_days', models.PositiveIntegerField(verbose_name='days of average use released at most')),
                ('basis', models.CharField(max_length=500, verbose_name='source or reason')),
                ('mark', models.CharField(help_text='T: text of the law, E: excerpt, A: assumption of this platform', max_length=1, verbose_name='mark')),
            ],
            options={
                'verbose_name': 'rule for early release',
                'verbose_name_plural': 'rules for early release',
                'ordering': ['-valid_from'],
                'constraints': [models.CheckConstraint(condition=models.Q(('window_days__gt', 0)), name='early_release_rule_window')],
            },
        ),
        migrations.CreateModel(
            name='EarlyRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('earned_fen', models.BigIntegerField(verbose_name='earned in the days before (fen)')),
                ('cap_fen', models.BigIntegerField(verbose_name='at most out at a time (fen)')),
                ('outstanding_fen', models.BigIntegerField(verbose_name='out before (fen)')),
                ('amount_fen', models.BigIntegerField(verbose_name='released early (fen)')),
                ('released_at', models.DateTimeField(verbose_name='released')),
                ('beneficiary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='early_releases', to='escrow.beneficiary')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='escrow.earlyreleaserule', verbose_name='rule')),
            ],
            options={
                'verbose_name': 'early release',
                'verbose_name_plural': 'early releases',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('beneficiary', 'day'), name='early_release_once_a_day'), models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0), ('outstanding_fen__gte', 0), ('amount_fen__lte', django.db.models.expressions.CombinedExpression(models.F('cap_fen'), '-', models.F('outstanding_fen')))), name='early_release_within_its_cap')],
            },
        ),
    ]
