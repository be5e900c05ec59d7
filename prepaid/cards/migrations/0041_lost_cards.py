"""A card can be reported lost, found again, or replaced by another number and code."""

import django.db.models.deletion
import escrow.models.encrypted
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0040_top_ups'),
    ]

    operations = [
        migrations.AddField(
            model_name='card',
            name='lost_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='reported lost'),
        ),
        migrations.CreateModel(
            name='CardLoss',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old_number', models.CharField(db_index=True, max_length=8, verbose_name='number then')),
                ('old_secret', escrow.models.encrypted.EncryptedTextField(blank=True, default='')),
                ('since', models.DateTimeField(verbose_name='lost since')),
                ('reported_at', models.DateTimeField(verbose_name='reported')),
                ('outcome', models.CharField(blank=True, choices=[('found', 'found again'), ('reissued', 'replaced')], default='', max_length=10, verbose_name='outcome')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='losses', to='cards.card', verbose_name='card')),
            ],
            options={
                'verbose_name': 'lost card',
                'verbose_name_plural': 'lost cards',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('card',), name='card_loss_one_open'), models.UniqueConstraint(condition=models.Q(('outcome', 'reissued')), fields=('old_number',), name='card_loss_number_once'), models.CheckConstraint(condition=models.Q(('since__lte', models.F('reported_at'))), name='card_loss_not_in_the_future'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', '')), models.Q(('ended_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='card_loss_ends_with_an_outcome'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'reissued'), _negated=True), models.Q(('old_secret', ''), _negated=True), _connector='OR'), name='card_loss_replaced_keeps_its_secret')],
            },
        ),
    ]
