"""Charges that a counter stored while it had no network."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0043_paid_otherwise'),
    ]

    operations = [
        migrations.AddField(
            model_name='cardrule',
            name='stored_hours',
            field=models.PositiveSmallIntegerField(default=12, verbose_name='hours to send a stored charge'),
        ),
        migrations.AddField(
            model_name='cardrule',
            name='stored_a_day',
            field=models.PositiveSmallIntegerField(default=20, verbose_name='stored charges of a store on a day'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='scanned_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='scanned'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(condition=models.Q(('scanned_at__isnull', False)), fields=['store', 'at'], name='redemption_stored'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('scanned_at__isnull', True), models.Q(('by_roll_call', False), ('scanned_at__lt', models.F('at'))), _connector='OR'), name='redemption_scanned_before_it_was_sent'),
        ),
    ]
