"""A card can be topped up: each further payment is a row of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0009_texts_encrypted'),
    ]

    operations = [
        migrations.AddField(
            model_name='card',
            name='tops_up',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='top_ups', to='cards.card', verbose_name='tops up'),
        ),
    ]
