"""Changes of who runs a merchant, or where it is paid."""

import django.db.models.deletion
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0100_open_uses'),
        ('merchants', '0057_texts_encrypted'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='merchant',
            name='controller',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', help_text='Who decides in fact. Empty: the legal representative, as far as is known.', verbose_name='actual controller'),
        ),
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'being checked'), ('done', 'in effect'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn')], default='open', max_length=9, verbose_name='state')),
                ('old_representative', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='legal representative before')),
                ('new_representative', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='new legal representative')),
                ('old_controller', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='actual controller before')),
                ('new_controller', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='new actual controller')),
                ('old_account_no', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='payout account before')),
                ('new_account_no', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='new payout account')),
                ('old_account_name', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='account holder before')),
                ('new_account_name', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='new account holder')),
                ('because', escrow.models.encrypted.EncryptedTextField(verbose_name='reason')),
                ('reported_at', models.DateTimeField(verbose_name='reported')),
                ('rating_before', models.CharField(blank=True, choices=[('A', 'A'), ('B', 'B'), ('C', 'C'), ('D', 'D')], default='', max_length=1, verbose_name='rating before')),
                ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='first check')),
                ('checked_papers', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='documents of the first check')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('decided_because', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='documents of the second check, or reason')),
                ('told_up_to', models.BigIntegerField(default=0)),
                ('told_at', models.DateTimeField(blank=True, null=True, verbose_name='everybody told')),
                ('checked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='first official')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('entered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('hold', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='handover', to='escrow.payouthold', verbose_name='hold of payouts')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='handovers', to='merchants.merchant', verbose_name='merchant')),
                ('reported_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='reported by')),
                ('stoppage', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='escrow.stoppage', verbose_name='stoppage')),
            ],
            options={
                'verbose_name': 'change of the operator',
                'verbose_name_plural': 'changes of the operator',
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['open', 'done', 'rejected', 'withdrawn'])), name='handover_state_known'), models.CheckConstraint(condition=models.Q(('new_account_no', ''), ('new_controller', ''), ('new_representative', ''), _negated=True), name='handover_changes_something'), models.CheckConstraint(condition=models.Q(models.Q(('new_account_name', ''), ('new_account_no', '')), models.Q(models.Q(('new_account_no', ''), _negated=True), models.Q(('new_account_name', ''), _negated=True)), _connector='OR'), name='handover_account_has_its_holder'), models.CheckConstraint(condition=models.Q(models.Q(('entered_by__isnull', True), ('reported_by__isnull', False)), models.Q(('entered_by__isnull', False), ('reported_by__isnull', True)), _connector='OR'), name='handover_reported_or_entered'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('checked_by__isnull', False), ('decided_by__isnull', False), models.Q(('checked_by', models.F('decided_by')), _negated=True)), _connector='OR'), name='handover_done_by_two_officials'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='handover_decided_when_over'), models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('merchant',), name='handover_one_open')],
            },
        ),
    ]
