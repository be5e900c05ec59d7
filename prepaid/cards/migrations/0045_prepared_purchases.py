"""Who at the till prepared a purchase."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0096_counter_pin'),
        ('cards', '0044_stored_charges'),
    ]

    operations = [
        migrations.AddField(
            model_name='card',
            name='prepared_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='prepared by'),
        ),
        migrations.AddIndex(
            model_name='card',
            index=models.Index(condition=models.Q(('prepared_by__isnull', False)), fields=['issuer', '-id'], name='card_prepared'),
        ),
    ]
