"""Single keys in the administration can be switched off."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0023_email_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='keyboard_shortcuts',
            field=models.BooleanField(default=True, verbose_name='keyboard shortcuts'),
        ),
    ]
