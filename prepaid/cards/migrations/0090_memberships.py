"""Cards paid month by month: ended by their holders, and told of before a paid month ends."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0070_certificates'),
        ('escrow', '0130_what_follows'),
        ('products', '0070_paid_by_the_month'),
    ]

    operations = [
        migrations.AddField(
            model_name='card',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended by its holder'),
        ),
        migrations.AddField(
            model_name='cardrule',
            name='month_notice_days',
            field=models.PositiveSmallIntegerField(default=3, verbose_name='days of notice before a paid month ends'),
        ),
        migrations.RemoveConstraint(
            model_name='expirynotice',
            name='expiry_notice_days_before',
        ),
    ]
