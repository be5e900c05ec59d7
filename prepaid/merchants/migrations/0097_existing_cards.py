"""Cards sold before their merchants joined, and the plans by which they come to be backed."""

import django.db.models.deletion
import django.db.models.expressions
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0096_counter_pin'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ExistingCardRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(unique=True, verbose_name='valid from')),
                ('plan_within_days', models.PositiveSmallIntegerField(verbose_name='days to make a funding plan')),
                ('plan_most_days', models.PositiveSmallIntegerField(verbose_name='longest funding plan (days)')),
                ('basis', models.CharField(max_length=500, verbose_name='source or reason')),
                ('mark', models.CharField(help_text='T: text of the law, E: excerpt, A: assumption of this platform', max_length=1, verbose_name='mark')),
            ],
            options={
                'verbose_name': 'rule of existing cards',
                'verbose_name_plural': 'rules of existing cards',
                'ordering': ['-valid_from'],
            },
        ),
        migrations.CreateModel(
            name='FundingPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('total_fen', models.BigIntegerField(verbose_name='not backed (fen)')),
                ('last_card_id', models.BigIntegerField(editable=False)),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('replaced_at', models.DateTimeField(blank=True, null=True, verbose_name='replaced')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='made by')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='funding_plans', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'funding plan',
                'verbose_name_plural': 'funding plans',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Instalment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField(verbose_name='due')),
                ('amount_fen', models.BigIntegerField(verbose_name='sum (fen)')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='instalments', to='merchants.fundingplan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'instalment',
                'verbose_name_plural': 'instalments',
                'ordering': ['due_on'],
            },
        ),
        migrations.CreateModel(
            name='ExistingCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=64)),
                ('number', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name="the shop's card number")),
                ('phone', escrow.models.encrypted.EncryptedTextField(verbose_name='phone')),
                ('phone_index', models.CharField(editable=False, max_length=64)),
                ('name', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='name')),
                ('kind', models.CharField(choices=[('sessions', 'session card'), ('stored_value', 'stored-value card'), ('discount', 'discount card'), ('period', 'period card'), ('course', 'course')], max_length=16, verbose_name='kind')),
                ('product', models.CharField(max_length=80, verbose_name='card')),
                ('sold_on', models.DateField(verbose_name='sold on')),
                ('paid_fen', models.BigIntegerField(verbose_name='paid (fen)')),
                ('gift_fen', models.BigIntegerField(default=0, verbose_name='gift money (fen)')),
                ('units_total', models.BigIntegerField(verbose_name='units')),
                ('units_left', models.BigIntegerField(verbose_name='units left')),
                ('as_of', models.DateField(verbose_name='as of')),
                ('expires_on', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('state', models.CharField(choices=[('asked', 'waiting for the holder'), ('confirmed', 'confirmed by the holder'), ('contested', 'contested by the holder'), ('ended', 'nothing left')], default='asked', max_length=12, verbose_name='state')),
                ('proposed_left', models.BigIntegerField(blank=True, null=True, verbose_name='units left, as the merchant says since')),
                ('proposed_because', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='reason')),
                ('claimed_left', models.BigIntegerField(blank=True, null=True, verbose_name='units left, as the holder says')),
                ('claimed_because', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='what the holder says')),
                ('imported_at', models.DateTimeField(verbose_name='imported')),
                ('told_at', models.DateTimeField(blank=True, null=True, verbose_name='holder told')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('holder', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='existing_cards', to=settings.AUTH_USER_MODEL, verbose_name='holder')),
                ('imported_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='imported by')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='existing_cards', to='merchants.merchant', verbose_name='merchant')),
                ('told_closing', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.closing')),
            ],
            options={
                'verbose_name': 'existing card',
                'verbose_name_plural': 'existing cards',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['merchant', '-id'], name='existing_card_of_merchant'), models.Index(fields=['phone_index'], name='existing_card_phone'), models.Index(condition=models.Q(('told_at', None)), fields=['id'], name='existing_card_untold')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'key'), name='existing_card_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['sessions', 'stored_value', 'discount', 'period', 'course'])), name='existing_card_kind_known'), models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'confirmed', 'contested', 'ended'])), name='existing_card_state_known'), models.CheckConstraint(condition=models.Q(('gift_fen__gte', 0), ('paid_fen__gt', 0), ('units_left__gte', 0), ('units_total__gt', 0), ('units_left__lte', models.F('units_total')), models.Q(('kind', 'stored_value'), ('gift_fen', 0), _connector='OR'), models.Q(models.Q(('kind__in', ['discount', 'stored_value']), _negated=True), ('units_total', django.db.models.expressions.CombinedExpression(models.F('paid_fen'), '+', models.F('gift_fen'))), _connector='OR')), name='existing_card_figures'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('state', 'ended'), ('units_left', 0)), models.Q(models.Q(('state', 'ended'), _negated=True), ('ended_at', None)), _connector='OR'), name='existing_card_ended_with_nothing_left')],
            },
        ),
        migrations.AddConstraint(
            model_name='fundingplan',
            constraint=models.UniqueConstraint(condition=models.Q(('replaced_at', None)), fields=('merchant',), name='funding_plan_one_in_force'),
        ),
        migrations.AddConstraint(
            model_name='fundingplan',
            constraint=models.CheckConstraint(condition=models.Q(('total_fen__gt', 0)), name='funding_plan_sum_positive'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.UniqueConstraint(fields=('plan', 'due_on'), name='instalment_day_once'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='instalment_positive'),
        ),
    ]
