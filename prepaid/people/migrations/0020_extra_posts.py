"""A second post for some days."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0002_factor_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='because',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='reason'),
        ),
        migrations.AddField(
            model_name='post',
            name='granted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='granted by'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('because', ''), ('granted_by__isnull', True)), models.Q(('granted_by__isnull', False), ('valid_until__isnull', False), models.Q(('because', ''), _negated=True)), _connector='OR'), name='post_extra_ends_and_says_why'),
        ),
    ]
