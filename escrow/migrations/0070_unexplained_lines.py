"""Lines of the bank that nobody can explain have accounts of their own: ``suspense`` and ``unexplained``."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


#: Every line that moved money until now was matched, under the reference of its transfer.
BOOKED = "UPDATE escrow_statementline SET booked_at = matched_at, booked_as = reference WHERE matched_at IS NOT NULL"


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0061_paid_when_whole'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='account',
            name='account_owes_at_least_zero',
        ),
        migrations.RemoveConstraint(
            model_name='account',
            name='account_owns_at_least_zero',
        ),
        migrations.RemoveConstraint(
            model_name='approval',
            name='approval_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='approvalrule',
            name='approval_rule_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='instruction',
            name='instruction_refund_has_its_payment',
        ),
        migrations.RemoveConstraint(
            model_name='statementline',
            name='statement_line_matches_alone',
        ),
        migrations.RemoveConstraint(
            model_name='statementline',
            name='statement_line_kind_known',
        ),
        migrations.AddField(
            model_name='instruction',
            name='receipt',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='escrow.statementline'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='booked_as',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='statementline',
            name='booked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='booked here'),
        ),
        migrations.AlterField(
            model_name='account',
            name='code',
            field=models.CharField(choices=[('custody', 'custody bank'), ('clearing', 'paid, on its way to custody'), ('held', 'held for the consumer'), ('payable', 'earned by the merchant'), ('payout', 'payout on its way'), ('refund', 'refund on its way'), ('reserve', "merchant's reserve"), ('blocked', 'blocked by a court or authority'), ('suspense', 'late or unidentified'), ('interest', 'interest earned'), ('fees', 'bank fees'), ('unexplained', 'taken by the bank, unexplained'), ('issued', 'issued'), ('consumed', 'consumed')], max_length=12, verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='approval',
            name='kind',
            field=models.CharField(choices=[('payout_release', 'release of a payout'), ('payout_account', 'change of a payout account'), ('manual_refund', 'refund by hand'), ('receipt_return', 'unidentified receipt sent back')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='approvalrule',
            name='kind',
            field=models.CharField(choices=[('payout_release', 'release of a payout'), ('payout_account', 'change of a payout account'), ('manual_refund', 'refund by hand'), ('receipt_return', 'unidentified receipt sent back')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='clearingalarm',
            name='code',
            field=models.CharField(choices=[('custody', 'custody bank'), ('clearing', 'paid, on its way to custody'), ('held', 'held for the consumer'), ('payable', 'earned by the merchant'), ('payout', 'payout on its way'), ('refund', 'refund on its way'), ('reserve', "merchant's reserve"), ('blocked', 'blocked by a court or authority'), ('suspense', 'late or unidentified'), ('interest', 'interest earned'), ('fees', 'bank fees'), ('unexplained', 'taken by the bank, unexplained'), ('issued', 'issued'), ('consumed', 'consumed')], max_length=12, verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='instruction',
            name='kind',
            field=models.CharField(choices=[('refund', 'refund'), ('payout', 'payout'), ('return', 'unidentified receipt sent back')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='instructionbatch',
            name='kind',
            field=models.CharField(choices=[('refund', 'refund'), ('payout', 'payout'), ('return', 'unidentified receipt sent back')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='kind',
            field=models.CharField(choices=[('payment', 'payment'), ('refund', 'refund'), ('payout', 'payout'), ('return', 'unidentified receipt sent back'), ('interest', 'interest'), ('fee', 'bank fee'), ('reversal', 'reversal'), ('returned', 'came back after it was done'), ('other', 'unexplained')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='reason',
            field=models.CharField(choices=[('fund', 'payment'), ('gift', 'gift'), ('reserve', 'charge waiting for confirmation'), ('release', 'use'), ('void', 'charge withdrawn'), ('expire', 'charge expired'), ('undo', 'charge undone'), ('refund', 'refund'), ('settle', 'final settlement'), ('forfeit', 'gift or sessions returned'), ('make_good', "refund out of the merchant's money"), ('claim', 'claim served'), ('reserved_share', 'share kept as reserve'), ('block', 'blocked by order'), ('unblock', 'block lifted'), ('interest', 'interest'), ('fee', 'bank fee'), ('payout', 'payout'), ('payout_returned', 'payout returned'), ('late', 'late payment'), ('late_refund', 'late payment sent back'), ('custody_in', 'arrived at the custody bank'), ('custody_out', 'left the custody bank'), ('unexplained', 'line of the bank that nobody can explain yet'), ('assign', 'unexplained line assigned'), ('return', 'unidentified receipt sent back'), ('return_failed', 'receipt sent back, returned by the bank')], max_length=16, verbose_name='reason'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('code__in', frozenset(['clearing', 'custody', 'fees', 'issued', 'unexplained'])), ('credits_posted__gte', django.db.models.expressions.CombinedExpression(models.F('debits_posted'), '+', models.F('debits_pending'))), _connector='OR'), name='account_owes_at_least_zero'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code__in', frozenset(['clearing', 'custody', 'fees', 'issued', 'unexplained'])), _negated=True), ('debits_posted__gte', django.db.models.expressions.CombinedExpression(models.F('credits_posted'), '+', models.F('credits_pending'))), _connector='OR'), name='account_owns_at_least_zero'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payout_release', 'payout_account', 'manual_refund', 'receipt_return'])), name='approval_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='approvalrule',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payout_release', 'payout_account', 'manual_refund', 'receipt_return'])), name='approval_rule_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='instruction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'refund'), ('payment__isnull', False), ('receipt__isnull', True)), models.Q(('kind', 'payout'), ('payment__isnull', True), ('receipt__isnull', True)), models.Q(('kind', 'return'), ('payment__isnull', True), ('receipt__isnull', False)), _connector='OR'), name='instruction_refund_has_its_payment'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['payment', 'refund', 'payout', 'return', 'returned']), ('matched_at__isnull', False)), fields=('beneficiary', 'kind', 'reference'), name='statement_line_matches_alone'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payment', 'refund', 'payout', 'return', 'interest', 'fee', 'reversal', 'returned', 'other'])), name='statement_line_kind_known'),
        ),
        migrations.RunSQL(BOOKED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('booked_at__isnull', False), models.Q(('booked_as', ''), _negated=True)), models.Q(('booked_as', ''), ('booked_at__isnull', True), ('matched_at__isnull', True)), _connector='OR'), name='statement_line_booked_before_matched'),
        ),
    ]
