"""The order of an undone deposit may be given up."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0160_deposit_end'),
    ]

    operations = [
        migrations.AlterField(
            model_name='transfer',
            name='reason',
            field=models.CharField(choices=[('fund', 'payment'), ('gift', 'gift'), ('reserve', 'charge waiting for confirmation'), ('release', 'use'), ('void', 'charge withdrawn'), ('expire', 'charge expired'), ('undo', 'charge undone'), ('refund', 'refund'), ('settle', 'final settlement'), ('fund_undone', 'undone deposit given up'), ('forfeit', 'gift, sessions or money released early: ended'), ('advance', 'released early'), ('make_good', "refund out of the merchant's money"), ('refund_interest', 'interest on a refund'), ('claim', 'claim served'), ('reserved_share', 'share kept as reserve'), ('reserve_returned', 'reserve no longer needed'), ('block', 'blocked by order'), ('unblock', 'block lifted'), ('interest', 'interest'), ('fee', 'bank fee'), ('payout', 'payout'), ('payout_returned', 'payout returned'), ('late', 'late payment'), ('late_refund', 'late payment sent back'), ('custody_in', 'arrived at the custody bank'), ('custody_out', 'left the custody bank'), ('unexplained', 'line of the bank that nobody can explain yet'), ('assign', 'unexplained line assigned'), ('return', 'unidentified receipt sent back'), ('return_failed', 'receipt sent back, returned by the bank')], max_length=16, verbose_name='reason'),
        ),
    ]
