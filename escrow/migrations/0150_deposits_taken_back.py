"""The bank may undo the deposit of cash."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0140_deposits'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='frozen_meanwhile',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='payment',
            name='taken_back_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='taken back by the bank'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('taken_back_at__isnull', False)), fields=['beneficiary'], name='payment_deposit_taken_back'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('frozen_meanwhile', False), ('taken_back_at__isnull', True)), models.Q(('channel', 'deposit'), ('state', 'paid'), ('taken_back_at__isnull', False)), _connector='OR'), name='payment_taken_back_is_a_deposit'),
        ),
    ]
