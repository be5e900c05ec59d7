"""Who wants the weekly letter."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0021_closed_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='weekly_digest',
            field=models.BooleanField(default=True, verbose_name='weekly digest'),
        ),
    ]
