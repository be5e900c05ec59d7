"""Goes backwards only while there are no groups, or complaints that were turned away: they could not be told without it."""

import django.db.models.deletion
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0006_outside_custody'),
        ('escrow', '0170_undone_deposit_given_up'),
        ('merchants', '0098_existing_card_rule'),
        ('people', '0023_email_addresses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_key', models.CharField(blank=True, default='', editable=False, max_length=100)),
                ('name', models.CharField(max_length=100, verbose_name='merchant')),
                ('opened_at', models.DateTimeField(verbose_name='since')),
            ],
            options={
                'verbose_name': 'group of complaints',
                'verbose_name_plural': 'groups of complaints',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name='reply')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'reply',
                'verbose_name_plural': 'replies',
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='caseevent',
            name='case_event_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='outcome',
            name='outcome_upheld_has_sum_basis_refund',
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='kind',
            field=models.CharField(choices=[('received', 'Complaint received'), ('dispatched', 'Sent to the responsible authority'), ('undetermined', 'Sent to a person who determines the responsible authority'), ('accepted', 'Taken in charge'), ('assigned', 'Put in charge'), ('statement', 'Statement'), ('call', 'Call'), ('upheld', 'Complaint upheld: refund ordered from custody'), ('not_upheld', 'Complaint not upheld'), ('owed', 'Complaint upheld: the merchant is to pay back'), ('repaid', 'Money back received'), ('unrepaid', 'The merchant has not paid back by its last day'), ('ended_unpaid', 'Closed; the debt stays open'), ('charge_decided', 'Decided how much of the charge was used'), ('conceded', 'The charge was withdrawn'), ('paid', 'The bank confirmed the refund'), ('withdrawn', 'Withdrawn by the consumer'), ('grouped', 'Handled together with others about the same merchant'), ('replied', 'Reply of the authority to all who complained about this merchant'), ('turned_away', 'Not a matter of prepaid consumption'), ('overdue', "Time limit exceeded, reported to the city's department"), ('asked_back', 'Callback: the consumer was asked how it ended'), ('answered_back', 'Callback answered'), ('unanswered', 'No valid callback: not answered in time'), ('reopened', 'Reopened by the consumer')], max_length=16, verbose_name='event'),
        ),
        migrations.AlterField(
            model_name='outcome',
            name='result',
            field=models.CharField(choices=[('upheld', 'upheld'), ('not_upheld', 'not upheld'), ('out_of_scope', 'not a matter of prepaid consumption')], max_length=12, verbose_name='outcome'),
        ),
        migrations.AddConstraint(
            model_name='outcome',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_fen__gt', 0), ('basis__in', ['cooling_off', 'consent', 'silence', 'mediation', 'judgment', 'closure']), ('result', 'upheld'), ('units__isnull', True), models.Q(models.Q(('refund__isnull', False), ('repayment__isnull', True)), models.Q(('refund__isnull', True), ('repayment__isnull', False)), _connector='OR')), models.Q(('amount_fen__isnull', True), ('basis', ''), ('refund__isnull', True), ('repayment__isnull', True), models.Q(('result__in', ['not_upheld', 'out_of_scope']), ('units__gte', 0), _connector='OR')), _connector='OR'), name='outcome_upheld_has_sum_basis_refund'),
        ),
        migrations.AddField(
            model_name='casegroup',
            name='department',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.department', verbose_name='department'),
        ),
        migrations.AddField(
            model_name='casegroup',
            name='district',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.division', verbose_name='district'),
        ),
        migrations.AddField(
            model_name='casegroup',
            name='merchant',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='case_groups', to='merchants.merchant', verbose_name='merchant'),
        ),
        migrations.AddField(
            model_name='case',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='cases.casegroup', verbose_name='group of complaints'),
        ),
        migrations.AddField(
            model_name='reply',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='replied by'),
        ),
        migrations.AddField(
            model_name='reply',
            name='group',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='cases.casegroup', verbose_name='group of complaints'),
        ),
        migrations.AddField(
            model_name='caseevent',
            name='reply',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='cases.reply'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['received', 'dispatched', 'undetermined', 'accepted', 'assigned', 'statement', 'call', 'upheld', 'not_upheld', 'owed', 'repaid', 'unrepaid', 'ended_unpaid', 'charge_decided', 'conceded', 'paid', 'withdrawn', 'grouped', 'replied', 'turned_away', 'overdue', 'asked_back', 'answered_back', 'unanswered', 'reopened'])), name='case_event_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='casegroup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('merchant__isnull', False), ('name_key', '')), models.Q(('merchant__isnull', True), models.Q(('name_key', ''), _negated=True)), _connector='OR'), name='case_group_about_one_merchant'),
        ),
        migrations.AddConstraint(
            model_name='casegroup',
            constraint=models.UniqueConstraint(fields=('merchant', 'name_key', 'department', 'district'), name='case_group_once', nulls_distinct=False),
        ),
    ]
