"""A card can be offered to another person, who takes it over."""

import django.db.models.deletion
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0048_digests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='card',
            name='held_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='taken over'),
        ),
        migrations.AddField(
            model_name='cardrule',
            name='transfer_days',
            field=models.PositiveIntegerField(default=7, verbose_name='days to take over an offered card'),
        ),
        migrations.AlterField(
            model_name='learner',
            name='code_step',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='CardTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone', escrow.models.encrypted.EncryptedTextField(verbose_name='offered to')),
                ('phone_index', models.CharField(db_index=True, max_length=64)),
                ('state', models.CharField(choices=[('offered', 'offered'), ('accepted', 'taken over'), ('refused', 'not wanted'), ('withdrawn', 'withdrawn'), ('lapsed', 'not answered in time')], default='offered', max_length=12, verbose_name='state')),
                ('offered_at', models.DateTimeField(verbose_name='offered')),
                ('lapses_at', models.DateTimeField(verbose_name='lapses')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('held_since', models.DateTimeField(blank=True, null=True)),
                ('old_number', models.CharField(blank=True, db_index=True, default='', max_length=8, verbose_name='number then')),
                ('old_secret', escrow.models.encrypted.EncryptedTextField(blank=True, default='')),
                ('accepted', models.JSONField(default=list, verbose_name='what was accepted')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transfers', to='cards.card', verbose_name='card')),
                ('holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offered_cards', to=settings.AUTH_USER_MODEL, verbose_name='offered by')),
                ('taker', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
            ],
            options={
                'verbose_name': 'card transfer',
                'verbose_name_plural': 'card transfers',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'offered')), fields=['lapses_at'], name='card_transfer_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['offered', 'accepted', 'refused', 'withdrawn', 'lapsed'])), name='card_transfer_state_known'), models.UniqueConstraint(condition=models.Q(('state', 'offered')), fields=('card',), name='card_transfer_one_open'), models.UniqueConstraint(condition=models.Q(('state', 'accepted')), fields=('old_number',), name='card_transfer_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'offered')), models.Q(models.Q(('state', 'offered'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='card_transfer_ends_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), models.Q(('taker__isnull', False), models.Q(('taker', models.F('holder')), _negated=True), models.Q(('old_number', ''), _negated=True), models.Q(('old_secret', ''), _negated=True)), _connector='OR'), name='card_transfer_taken_over_by_another')],
            },
        ),
    ]
