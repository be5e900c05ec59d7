"""Cash that a beneficiary took is brought to custody by a day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0130_what_follows'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='deposit_due_on',
            field=models.DateField(blank=True, null=True, verbose_name='to be in custody by'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('channel', 'deposit'), ('state', 'created')), fields=['beneficiary', 'deposit_due_on'], name='payment_deposit_awaited'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', 'deposit'), ('deposit_due_on__isnull', False)), models.Q(models.Q(('channel', 'deposit'), _negated=True), ('deposit_due_on__isnull', True)), _connector='OR'), name='payment_deposit_has_its_day'),
        ),
    ]
