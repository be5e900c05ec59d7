"""Mediations, who confirmed their records, and the documents of a case: an agreement that both confirmed, every confirmation and
every document issued are kept as they are by triggers."""

import django.db.models.deletion
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE TRIGGER document_kept BEFORE UPDATE OR DELETE ON cases_document FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER document_not_truncated BEFORE TRUNCATE ON cases_document EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER confirmation_kept BEFORE UPDATE OR DELETE ON cases_confirmation FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER mediation_kept BEFORE UPDATE ON cases_mediation FOR EACH ROW
    WHEN (OLD.state = 'confirmed') EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER mediation_not_deleted BEFORE DELETE ON cases_mediation FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
"""
UNDO = """
DROP TRIGGER mediation_not_deleted ON cases_mediation;
DROP TRIGGER mediation_kept ON cases_mediation;
DROP TRIGGER confirmation_kept ON cases_confirmation;
DROP TRIGGER document_not_truncated ON cases_document;
DROP TRIGGER document_kept ON cases_document;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0007_groups'),
        ('escrow', '0002_guards'),
        ('people', '0023_email_addresses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('consumer', 'consumer'), ('merchant', 'merchant')], max_length=8, verbose_name='side')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the record')),
                ('signed_on', models.DateField(blank=True, null=True, verbose_name='signed on')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'confirmation of a record',
                'verbose_name_plural': 'confirmations of records',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('acceptance', 'Notice of acceptance'), ('rejection', 'Notice of non-acceptance'), ('termination', 'Notice that mediation has ended'), ('agreement', 'Mediation agreement')], max_length=16, verbose_name='document')),
                ('side', models.CharField(choices=[('consumer', 'consumer'), ('merchant', 'merchant')], max_length=8, verbose_name='copy for')),
                ('number', models.CharField(max_length=32, verbose_name='number')),
                ('text', escrow.models.encrypted.EncryptedTextField(verbose_name='text')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the text')),
                ('issued_at', models.DateTimeField(verbose_name='issued')),
            ],
            options={
                'verbose_name': 'document',
                'verbose_name_plural': 'documents',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Mediation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'agreement to be confirmed'), ('confirmed', 'confirmed by both sides'), ('failed', 'no agreement')], max_length=12, verbose_name='state')),
                ('held_at', models.DateTimeField(verbose_name='held')),
                ('place', escrow.models.encrypted.EncryptedTextField(max_length=200, verbose_name='place')),
                ('manner', models.CharField(choices=[('in_person', 'in person'), ('telephone', 'by telephone'), ('online', 'online')], max_length=12, verbose_name='how')),
                ('consumer_by', escrow.models.encrypted.EncryptedTextField(max_length=100, verbose_name='for the consumer')),
                ('merchant_by', escrow.models.encrypted.EncryptedTextField(max_length=100, verbose_name='for the merchant')),
                ('consumer_said', escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name="the consumer's statement")),
                ('merchant_said', escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name="the merchant's statement")),
                ('custody_fen', models.BigIntegerField(blank=True, null=True, verbose_name='out of custody (fen)')),
                ('direct_fen', models.BigIntegerField(blank=True, null=True, verbose_name='paid by the merchant itself (fen)')),
                ('pay_by', models.DateField(blank=True, null=True, verbose_name='to be paid by')),
                ('terms', escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=1000, verbose_name='what else was agreed')),
                ('failed_because', escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=1000, verbose_name='why there is no agreement')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the record')),
                ('written_at', models.DateTimeField(verbose_name='written down')),
                ('concluded_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed by both sides')),
            ],
            options={
                'verbose_name': 'mediation',
                'verbose_name_plural': 'mediations',
                'ordering': ['-id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='caseevent',
            name='case_event_kind_known',
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='kind',
            field=models.CharField(choices=[('received', 'Complaint received'), ('dispatched', 'Sent to the responsible authority'), ('undetermined', 'Sent to a person who determines the responsible authority'), ('accepted', 'Taken in charge'), ('assigned', 'Put in charge'), ('statement', 'Statement'), ('call', 'Call'), ('upheld', 'Complaint upheld: refund ordered from custody'), ('not_upheld', 'Complaint not upheld'), ('owed', 'Complaint upheld: the merchant is to pay back'), ('repaid', 'Money back received'), ('unrepaid', 'The merchant has not paid back by its last day'), ('ended_unpaid', 'Closed; the debt stays open'), ('charge_decided', 'Decided how much of the charge was used'), ('conceded', 'The charge was withdrawn'), ('paid', 'The bank confirmed the refund'), ('withdrawn', 'Withdrawn by the consumer'), ('grouped', 'Handled together with others about the same merchant'), ('replied', 'Reply of the authority to all who complained about this merchant'), ('turned_away', 'Not a matter of prepaid consumption'), ('overdue', "Time limit exceeded, reported to the city's department"), ('asked_back', 'Callback: the consumer was asked how it ended'), ('answered_back', 'Callback answered'), ('unanswered', 'No valid callback: not answered in time'), ('reopened', 'Reopened by the consumer'), ('mediated', 'Mediation recorded'), ('confirmed', 'Mediation record confirmed'), ('agreed', 'Mediation agreement concluded'), ('issued', 'Document issued')], max_length=16, verbose_name='event'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['received', 'dispatched', 'undetermined', 'accepted', 'assigned', 'statement', 'call', 'upheld', 'not_upheld', 'owed', 'repaid', 'unrepaid', 'ended_unpaid', 'charge_decided', 'conceded', 'paid', 'withdrawn', 'grouped', 'replied', 'turned_away', 'overdue', 'asked_back', 'answered_back', 'unanswered', 'reopened', 'mediated', 'confirmed', 'agreed', 'issued'])), name='case_event_kind_known'),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='document',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='cases.case', verbose_name='complaint'),
        ),
        migrations.AddField(
            model_name='document',
            name='issued_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mediation',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mediations', to='cases.case', verbose_name='complaint'),
        ),
        migrations.AddField(
            model_name='mediation',
            name='held_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='officer'),
        ),
        migrations.AddField(
            model_name='document',
            name='mediation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='cases.mediation'),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='mediation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='cases.mediation', verbose_name='mediation'),
        ),
        migrations.AddConstraint(
            model_name='mediation',
            constraint=models.CheckConstraint(condition=models.Q(('manner__in', ['in_person', 'telephone', 'online'])), name='mediation_manner_known'),
        ),
        migrations.AddConstraint(
            model_name='mediation',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'failed'), _negated=True), fields=('case',), name='mediation_one_agreement_per_case'),
        ),
        migrations.AddConstraint(
            model_name='mediation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('custody_fen__isnull', True), ('direct_fen__isnull', True), ('pay_by__isnull', True), ('state', 'failed')), models.Q(('failed_because', ''), ('state__in', ['open', 'confirmed']), ('custody_fen__gte', 0), ('direct_fen__gte', 0), models.Q(('custody_fen__gt', 0), ('direct_fen__gt', 0), _connector='OR'), models.Q(models.Q(('direct_fen', 0), ('pay_by__isnull', True)), models.Q(('direct_fen__gt', 0), ('pay_by__isnull', False)), _connector='OR')), _connector='OR'), name='mediation_agrees_on_a_sum_or_failed'),
        ),
        migrations.AddConstraint(
            model_name='mediation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('concluded_at__isnull', False), ('state', 'confirmed')), models.Q(models.Q(('state', 'confirmed'), _negated=True), ('concluded_at__isnull', True)), _connector='OR'), name='mediation_confirmed_has_its_day'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['acceptance', 'rejection', 'termination', 'agreement'])), name='document_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['consumer', 'merchant'])), name='document_side_known'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('number', 'side'), name='document_one_copy_per_side'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['agreement', 'termination']), ('mediation__isnull', False)), models.Q(('kind__in', ['acceptance', 'rejection']), ('mediation__isnull', True)), _connector='OR'), name='document_of_a_mediation_names_it'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.UniqueConstraint(fields=('mediation', 'side', 'sha256'), name='confirmation_once_per_text'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['consumer', 'merchant'])), name='confirmation_side_known'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('by__isnull', False), ('recorded_by__isnull', True), ('signed_on__isnull', True)), models.Q(('by__isnull', True), ('recorded_by__isnull', False), ('signed_on__isnull', False)), _connector='OR'), name='confirmation_by_a_click_or_on_paper'),
        ),
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "DELETE FROM cases_caseevent WHERE kind IN ('mediated', 'confirmed', 'agreed', 'issued')",
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
