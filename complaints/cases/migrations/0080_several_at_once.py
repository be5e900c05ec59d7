"""Deeds on several cases in one press, reminders by hand, and filters of the queue that an officer keeps."""

import django.db.models.deletion
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0110_cash_in_custody'),
        ('cases', '0070_money_late'),
        ('merchants', '0098_existing_card_rule'),
        ('people', '0030_keyboard_shortcuts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkDeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(editable=False)),
                ('kind', models.CharField(choices=[('accept', 'Take in charge'), ('assign', 'Put a colleague in charge'), ('urge', 'Send a reminder')], max_length=8, verbose_name='deed')),
                ('chosen', models.JSONField(editable=False)),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'deed on several complaints',
                'verbose_name_plural': 'deeds on several complaints',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='BulkLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tried_at', models.DateTimeField(blank=True, null=True, verbose_name='at')),
                ('refusal', models.CharField(blank=True, default='', max_length=500, verbose_name='refused because')),
            ],
            options={
                'verbose_name': 'line of a deed on several complaints',
                'verbose_name_plural': 'lines of deeds on several complaints',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=30, verbose_name='name')),
                ('query', escrow.models.encrypted.EncryptedTextField(max_length=400, verbose_name='search and filters')),
                ('is_default', models.BooleanField(default=False, verbose_name='the queue opens with it')),
            ],
            options={
                'verbose_name': 'saved filter',
                'verbose_name_plural': 'saved filters',
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='caseevent',
            name='case_event_kind_known',
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='kind',
            field=models.CharField(choices=[('received', 'Complaint received'), ('dispatched', 'Sent to the responsible authority'), ('undetermined', 'Sent to a person who determines the responsible authority'), ('accepted', 'Taken in charge'), ('assigned', 'Put in charge'), ('statement', 'Statement'), ('evidence', 'Photo or document added'), ('call', 'Call'), ('upheld', 'Complaint upheld: refund ordered from custody'), ('not_upheld', 'Complaint not upheld'), ('owed', 'Complaint upheld: the merchant is to pay back'), ('repaid', 'Money back received'), ('money_late', 'The money is not back by its day, reported'), ('unrepaid', 'The merchant has not paid back by its last day'), ('ended_unpaid', 'Closed; the debt stays open'), ('charge_decided', 'Decided how much of the charge was used'), ('conceded', 'The charge was withdrawn'), ('paid', 'The bank confirmed the refund'), ('withdrawn', 'Withdrawn by the consumer'), ('grouped', 'Handled together with others about the same merchant'), ('replied', 'Reply of the authority to all who complained about this merchant'), ('turned_away', 'Not a matter of prepaid consumption'), ('limited', 'Kind of time limit chosen'), ('extended', 'Time limit extended'), ('reminded', 'Reminder before the end of the time limit'), ('urged', 'Urged by a colleague of the post'), ('overdue', 'Time limit exceeded, reported'), ('objected', 'Objection to the dispatch'), ('dispatch_changed', 'Objection upheld: another authority is responsible'), ('dispatch_stands', 'Objection refused: the dispatch stands'), ('called_in', 'Another department called in'), ('reported', 'The department called in has reported'), ('helped', 'The department called in has answered'), ('call_ended', 'Call to a department withdrawn'), ('assist_late', 'The department called in has not answered in time'), ('asked_back', 'Callback: the consumer was asked how it ended'), ('answered_back', 'Callback answered'), ('unanswered', 'No valid callback: not answered in time'), ('reopened', 'Reopened by the consumer'), ('mediated', 'Mediation recorded'), ('confirmed', 'Mediation record confirmed'), ('agreed', 'Mediation agreement concluded'), ('issued', 'Document issued')], max_length=16, verbose_name='event'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['received', 'dispatched', 'undetermined', 'accepted', 'assigned', 'statement', 'evidence', 'call', 'upheld', 'not_upheld', 'owed', 'repaid', 'money_late', 'unrepaid', 'ended_unpaid', 'charge_decided', 'conceded', 'paid', 'withdrawn', 'grouped', 'replied', 'turned_away', 'limited', 'extended', 'reminded', 'urged', 'overdue', 'objected', 'dispatch_changed', 'dispatch_stands', 'called_in', 'reported', 'helped', 'call_ended', 'assist_late', 'asked_back', 'answered_back', 'unanswered', 'reopened', 'mediated', 'confirmed', 'agreed', 'issued'])), name='case_event_kind_known'),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, "DELETE FROM cases_caseevent WHERE kind = 'urged'"),
        migrations.AddField(
            model_name='bulkdeed',
            name='lead',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='officer in charge'),
        ),
        migrations.AddField(
            model_name='bulkdeed',
            name='officer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='officer'),
        ),
        migrations.AddField(
            model_name='bulkline',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case'),
        ),
        migrations.AddField(
            model_name='bulkline',
            name='deed',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='cases.bulkdeed'),
        ),
        migrations.AddField(
            model_name='savedfilter',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner'),
        ),
        migrations.AddConstraint(
            model_name='bulkdeed',
            constraint=models.UniqueConstraint(fields=('officer', 'key'), name='bulk_deed_once'),
        ),
        migrations.AddConstraint(
            model_name='bulkdeed',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['accept', 'assign', 'urge'])), name='bulk_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='bulkdeed',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'assign'), ('lead__isnull', False)), models.Q(models.Q(('kind', 'assign'), _negated=True), ('lead__isnull', True)), _connector='OR'), name='bulk_assigning_names_a_lead'),
        ),
        migrations.AddConstraint(
            model_name='bulkline',
            constraint=models.UniqueConstraint(fields=('deed', 'case'), name='bulk_line_once'),
        ),
        migrations.AddConstraint(
            model_name='bulkline',
            constraint=models.CheckConstraint(condition=models.Q(('refusal', ''), ('tried_at__isnull', False), _connector='OR'), name='bulk_refused_was_tried'),
        ),
        migrations.AddConstraint(
            model_name='savedfilter',
            constraint=models.UniqueConstraint(fields=('owner', 'name'), name='saved_filter_name_once'),
        ),
        migrations.AddConstraint(
            model_name='savedfilter',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('owner',), name='saved_filter_one_default'),
        ),
        migrations.AddConstraint(
            model_name='savedfilter',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_filter_named'),
        ),
    ]
