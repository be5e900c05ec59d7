"""The PIN by which one person takes over a counter from another."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0095_handovers'),
    ]

    operations = [
        migrations.CreateModel(
            name='CounterPin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pin_hash', models.CharField(max_length=128)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('set_at', models.DateTimeField(verbose_name='set')),
                ('staff', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='pin', to='merchants.staffmember', verbose_name='staff member')),
            ],
            options={
                'verbose_name': 'counter PIN',
                'verbose_name_plural': 'counter PINs',
            },
        ),
    ]
