"""Which closing paid a card back, and which cards it could not."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0001_squashed_0110_cash_in_custody'),
        ('merchants', '0001_squashed_0098_existing_card_rule'),
    ]

    operations = [
        migrations.AddField(
            model_name='refundrequest',
            name='closing',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refund_requests', to='merchants.closing', verbose_name='closing or move'),
        ),
        migrations.CreateModel(
            name='PayBackFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64, verbose_name='reason')),
                ('at', models.DateTimeField(verbose_name='last tried')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cards.card', verbose_name='card')),
                ('closing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.closing', verbose_name='closing or move')),
            ],
            options={
                'verbose_name': 'card that could not be paid back',
                'verbose_name_plural': 'cards that could not be paid back',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('closing', 'card'), name='pay_back_fault_once')],
            },
        ),
    ]
