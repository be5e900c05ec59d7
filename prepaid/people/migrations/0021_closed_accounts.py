"""Accounts that their owners closed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0020_extra_posts'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='closed'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), ('is_active', False), _connector='OR'), name='user_closed_opens_nothing'),
        ),
    ]
