import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

TYPE = """
-- What the interest adds to an agreement being settled (escrow/sql/settle.sql).
ALTER TYPE escrow_settling ADD ATTRIBUTE interest bigint, ADD ATTRIBUTE from_interest bigint, ADD ATTRIBUTE short bigint,
    ADD ATTRIBUTE paid bigint, ADD ATTRIBUTE interest_instruction bigint;
"""
BACK = """
ALTER TYPE escrow_settling DROP ATTRIBUTE interest, DROP ATTRIBUTE from_interest, DROP ATTRIBUTE short,
    DROP ATTRIBUTE paid, DROP ATTRIBUTE interest_instruction;
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0063_reserve_returns")]

    operations = [
        migrations.RunSQL(TYPE, BACK),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_money_has_an_instruction',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_amounts',
        ),
        migrations.AddField(
            model_name='refund',
            name='interest_fen',
            field=models.BigIntegerField(db_default=0, verbose_name='interest (fen)'),
        ),
        migrations.AddField(
            model_name='refund',
            name='interest_instruction',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='interest_of', to='escrow.instruction', verbose_name='order for the interest'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='reason',
            field=models.CharField(choices=[('fund', 'payment'), ('gift', 'gift'), ('reserve', 'charge waiting for confirmation'), ('release', 'use'), ('void', 'charge withdrawn'), ('expire', 'charge expired'), ('undo', 'charge undone'), ('refund', 'refund'), ('settle', 'final settlement'), ('forfeit', 'gift or sessions returned'), ('make_good', "refund out of the merchant's money"), ('refund_interest', 'interest on a refund'), ('claim', 'claim served'), ('reserved_share', 'share kept as reserve'), ('reserve_returned', 'reserve no longer needed'), ('block', 'blocked by order'), ('unblock', 'block lifted'), ('interest', 'interest'), ('fee', 'bank fee'), ('payout', 'payout'), ('payout_returned', 'payout returned'), ('late', 'late payment'), ('late_refund', 'late payment sent back'), ('custody_in', 'arrived at the custody bank'), ('custody_out', 'left the custody bank'), ('unexplained', 'line of the bank that nobody can explain yet'), ('assign', 'unexplained line assigned'), ('return', 'unidentified receipt sent back'), ('return_failed', 'receipt sent back, returned by the bank')], max_length=16, verbose_name='reason'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gte', 0), ('interest_fen__gte', 0), ('owed_fen__gte', 0), ('settled_fen__gte', 0), ('amount_fen__lte', django.db.models.expressions.CombinedExpression(models.F('owed_fen'), '+', models.F('interest_fen'))), models.Q(('interest_fen', 0), ('owed_fen__gt', 0), _connector='OR')), name='refund_amounts'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_fen', 0), ('instruction__isnull', True), ('interest_instruction__isnull', True)), models.Q(('amount_fen__gt', 0), ('instruction__isnull', False)), _connector='OR'), name='refund_money_has_an_instruction'),
        ),
    ]
