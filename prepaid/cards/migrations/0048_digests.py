"""Who was told about which week."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('cards', '0047_expiry_notices'),
    ]

    operations = [
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('monday', models.DateField(verbose_name='week before')),
                ('sent_at', models.DateTimeField(verbose_name='sent')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='digests', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'weekly digest',
                'verbose_name_plural': 'weekly digests',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'monday'), name='digest_once_a_week')],
            },
        ),
    ]
