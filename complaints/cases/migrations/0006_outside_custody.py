"""Goes backwards only while there are no purchases outside custody: they could not be told without it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0110_cash_in_custody'),
        ('cases', '0005_callback'),
        ('escrow', '0170_undone_deposit_given_up'),
        ('merchants', '0098_existing_card_rule'),
        ('people', '0023_email_addresses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OutsidePurchase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('merchant_name', models.CharField(max_length=100, verbose_name='merchant')),
                ('name_key', models.CharField(editable=False, max_length=100)),
                ('address', models.CharField(blank=True, default='', max_length=200, verbose_name='address')),
                ('lng', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name='longitude')),
                ('lat', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name='latitude')),
                ('paid_fen', models.BigIntegerField(blank=True, null=True, verbose_name='paid (fen)')),
                ('left_fen', models.BigIntegerField(blank=True, null=True, verbose_name='wanted back (fen)')),
                ('paid_on', models.DateField(blank=True, null=True, verbose_name='paid on')),
            ],
            options={
                'verbose_name': 'purchase outside custody',
                'verbose_name_plural': 'purchases outside custody',
            },
        ),
        migrations.CreateModel(
            name='RememberedAuthority',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=301, unique=True)),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'determined authority',
                'verbose_name_plural': 'determined authorities',
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='Repayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_fen', models.BigIntegerField(verbose_name='owed (fen)')),
                ('due_on', models.DateField(verbose_name='pays by')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid back')),
                ('evidence', models.CharField(blank=True, default='', max_length=200, verbose_name='proof')),
                ('unpaid_marked_at', models.DateTimeField(blank=True, null=True, verbose_name='reported as unpaid')),
                ('given_up_at', models.DateTimeField(blank=True, null=True, verbose_name='left to the courts')),
            ],
            options={
                'verbose_name': 'repayment',
                'verbose_name_plural': 'repayments',
            },
        ),
        migrations.RemoveConstraint(
            model_name='case',
            name='case_about_a_refund_or_a_charge',
        ),
        migrations.RemoveConstraint(
            model_name='caseevent',
            name='case_event_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='outcome',
            name='outcome_upheld_has_sum_basis_refund',
        ),
        migrations.AddField(
            model_name='case',
            name='foreign_number',
            field=models.CharField(blank=True, default='', max_length=64, verbose_name='number there'),
        ),
        migrations.AddField(
            model_name='case',
            name='foreign_system',
            field=models.CharField(blank=True, default='', max_length=16, verbose_name='other system'),
        ),
        migrations.AddField(
            model_name='case',
            name='place_confidence',
            field=models.FloatField(blank=True, null=True, verbose_name='certainty of the place'),
        ),
        migrations.AddField(
            model_name='case',
            name='place_evidence',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='evidence of the place'),
        ),
        migrations.AddField(
            model_name='case',
            name='source',
            field=models.CharField(choices=[('card', 'from a card here'), ('public', 'written here about a purchase elsewhere'), ('hotline', 'work order of the hotline'), ('api', 'from another system')], default='card', max_length=8, verbose_name='came in'),
        ),
        migrations.AlterField(
            model_name='case',
            name='card',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='cards.card', verbose_name='card'),
        ),
        migrations.AlterField(
            model_name='case',
            name='merchant',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='merchants.merchant', verbose_name='merchant'),
        ),
        migrations.AlterField(
            model_name='case',
            name='place_reason',
            field=models.CharField(blank=True, choices=[('charge', 'the store of the charge'), ('last_use', 'the store where the card was last used'), ('only_store', 'the only store that takes the card'), ('first_store', 'the first of the stores that take the card'), ('head_office', "the merchant's head office"), ('store', 'the registered store that was named'), ('address', 'the address that was told'), ('remembered', 'what an officer determined for the same place before'), ('person', 'an officer who determined it'), ('unknown', 'nothing certain: an officer determines it')], default='', max_length=12, verbose_name='place found by'),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='kind',
            field=models.CharField(choices=[('received', 'Complaint received'), ('dispatched', 'Sent to the responsible authority'), ('undetermined', 'Sent to a person who determines the responsible authority'), ('accepted', 'Taken in charge'), ('assigned', 'Put in charge'), ('statement', 'Statement'), ('call', 'Call'), ('upheld', 'Complaint upheld: refund ordered from custody'), ('not_upheld', 'Complaint not upheld'), ('owed', 'Complaint upheld: the merchant is to pay back'), ('repaid', 'Money back received'), ('unrepaid', 'The merchant has not paid back by its last day'), ('ended_unpaid', 'Closed; the debt stays open'), ('charge_decided', 'Decided how much of the charge was used'), ('conceded', 'The charge was withdrawn'), ('paid', 'The bank confirmed the refund'), ('withdrawn', 'Withdrawn by the consumer'), ('overdue', "Time limit exceeded, reported to the city's department"), ('asked_back', 'Callback: the consumer was asked how it ended'), ('answered_back', 'Callback answered'), ('unanswered', 'No valid callback: not answered in time'), ('reopened', 'Reopened by the consumer')], max_length=16, verbose_name='event'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['received', 'dispatched', 'undetermined', 'accepted', 'assigned', 'statement', 'call', 'upheld', 'not_upheld', 'owed', 'repaid', 'unrepaid', 'ended_unpaid', 'charge_decided', 'conceded', 'paid', 'withdrawn', 'overdue', 'asked_back', 'answered_back', 'unanswered', 'reopened'])), name='case_event_kind_known'),
        ),
        migrations.AddField(
            model_name='outsidepurchase',
            name='sector',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.sector', verbose_name='sector as told'),
        ),
        migrations.AddField(
            model_name='outsidepurchase',
            name='store',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.store', verbose_name='store'),
        ),
        migrations.AddField(
            model_name='case',
            name='outside',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='case', to='cases.outsidepurchase', verbose_name='purchase outside custody'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('card__isnull', False), ('merchant__isnull', False), ('outside__isnull', True), models.Q(models.Q(('redemption__isnull', True), ('refund_request__isnull', False)), models.Q(('redemption__isnull', False), ('refund_request__isnull', True)), _connector='OR')), models.Q(('card__isnull', True), ('outside__isnull', False), ('redemption__isnull', True), ('refund_request__isnull', True)), _connector='OR'), name='case_about_a_refund_a_charge_or_outside'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['card', 'public', 'hotline', 'api'])), name='case_source_known'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('foreign_number', ''), ('foreign_system', '')), models.Q(models.Q(('foreign_system', ''), _negated=True), models.Q(('foreign_number', ''), _negated=True)), _connector='OR'), name='case_foreign_number_with_its_system'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('foreign_number', ''), _negated=True), fields=('foreign_system', 'foreign_number'), name='case_foreign_number_once'),
        ),
        migrations.AddField(
            model_name='rememberedauthority',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='determined by'),
        ),
        migrations.AddField(
            model_name='rememberedauthority',
            name='district',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.division', verbose_name='district'),
        ),
        migrations.AddField(
            model_name='rememberedauthority',
            name='sector',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.sector', verbose_name='sector'),
        ),
        migrations.AddIndex(
            model_name='repayment',
            index=models.Index(condition=models.Q(('given_up_at__isnull', True), ('paid_at__isnull', True)), fields=['due_on'], name='repayment_open'),
        ),
        migrations.AddConstraint(
            model_name='repayment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='repayment_positive'),
        ),
        migrations.AddConstraint(
            model_name='repayment',
            constraint=models.CheckConstraint(condition=models.Q(('paid_at__isnull', True), ('given_up_at__isnull', True), _connector='OR'), name='repayment_has_one_end'),
        ),
        migrations.AddField(
            model_name='outcome',
            name='repayment',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='outcome', to='cases.repayment'),
        ),
        migrations.AddConstraint(
            model_name='outcome',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_fen__gt', 0), ('basis__in', ['cooling_off', 'consent', 'silence', 'mediation', 'judgment', 'closure']), ('result', 'upheld'), ('units__isnull', True), models.Q(models.Q(('refund__isnull', False), ('repayment__isnull', True)), models.Q(('refund__isnull', True), ('repayment__isnull', False)), _connector='OR')), models.Q(('amount_fen__isnull', True), ('basis', ''), ('refund__isnull', True), ('repayment__isnull', True), models.Q(('result', 'not_upheld'), ('units__gte', 0), _connector='OR')), _connector='OR'), name='outcome_upheld_has_sum_basis_refund'),
        ),
        migrations.AddIndex(
            model_name='outsidepurchase',
            index=models.Index(fields=['name_key'], name='outside_name_key'),
        ),
        migrations.AddConstraint(
            model_name='outsidepurchase',
            constraint=models.CheckConstraint(condition=models.Q(('merchant_name', ''), _negated=True), name='outside_names_the_merchant'),
        ),
        migrations.AddConstraint(
            model_name='outsidepurchase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lat__isnull', True), ('lng__isnull', True)), models.Q(('lat__isnull', False), ('lng__isnull', False)), _connector='OR'), name='outside_point_whole'),
        ),
        migrations.AddConstraint(
            model_name='outsidepurchase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_fen__isnull', True), ('paid_fen__gt', 0), _connector='OR'), models.Q(('left_fen__isnull', True), ('left_fen__gt', 0), _connector='OR')), name='outside_sums_positive'),
        ),
        migrations.AddConstraint(
            model_name='outsidepurchase',
            constraint=models.CheckConstraint(condition=models.Q(('paid_fen__isnull', True), ('left_fen__isnull', True), ('left_fen__lte', models.F('paid_fen')), _connector='OR'), name='outside_wants_at_most_what_was_paid'),
        ),
    ]
