"""What of a price was above what the card held, and was paid at the till."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0042_roll_call'),
    ]

    operations = [
        migrations.AddField(
            model_name='redemption',
            name='paid_otherwise_fen',
            field=models.BigIntegerField(default=0, verbose_name='paid at the till (fen)'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('paid_otherwise_fen', 0), models.Q(('paid_otherwise_fen__gt', 0), ('use__isnull', False)), _connector='OR'), name='redemption_paid_otherwise_beside_a_charge'),
        ),
    ]
