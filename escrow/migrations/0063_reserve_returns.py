"""A merchant's reserve has a way back: each share is kept for so many days, by dated rule."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0062_refund_account'),
    ]

    operations = [
        migrations.AddField(
            model_name='reserverule',
            name='keep_days',
            field=models.PositiveIntegerField(db_default=365, default=365, verbose_name='each share is kept for (days)'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='reason',
            field=models.CharField(choices=[('fund', 'payment'), ('gift', 'gift'), ('reserve', 'charge waiting for confirmation'), ('release', 'use'), ('void', 'charge withdrawn'), ('expire', 'charge expired'), ('undo', 'charge undone'), ('refund', 'refund'), ('settle', 'final settlement'), ('forfeit', 'gift or sessions returned'), ('make_good', "refund out of the merchant's money"), ('claim', 'claim served'), ('reserved_share', 'share kept as reserve'), ('reserve_returned', 'reserve no longer needed'), ('block', 'blocked by order'), ('unblock', 'block lifted'), ('interest', 'interest'), ('fee', 'bank fee'), ('payout', 'payout'), ('payout_returned', 'payout returned'), ('late', 'late payment'), ('late_refund', 'late payment sent back'), ('custody_in', 'arrived at the custody bank'), ('custody_out', 'left the custody bank'), ('unexplained', 'line of the bank that nobody can explain yet'), ('assign', 'unexplained line assigned'), ('return', 'unidentified receipt sent back'), ('return_failed', 'receipt sent back, returned by the bank')], max_length=16, verbose_name='reason'),
        ),
    ]
