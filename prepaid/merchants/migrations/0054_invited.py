"""Merchants that people miss here, and who asked for them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0004_standing_register'),
        ('people', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='InvitedMerchant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='merchant')),
                ('key', models.CharField(editable=False, max_length=200)),
                ('address', models.CharField(blank=True, default='', max_length=200, verbose_name='address')),
                ('state', models.CharField(choices=[('new', 'new'), ('contacted', 'contacted'), ('joined', 'joined'), ('dismissed', 'dismissed')], default='new', max_length=12, verbose_name='state')),
                ('times', models.PositiveIntegerField(default=0, verbose_name='invited')),
                ('first_at', models.DateTimeField(verbose_name='first invited')),
                ('last_at', models.DateTimeField(verbose_name='last invited')),
                ('district', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.division', verbose_name='district')),
                ('sector', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.sector', verbose_name='sector')),
            ],
            options={
                'verbose_name': 'invited merchant',
                'verbose_name_plural': 'invited merchants',
                'ordering': ['-times', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visitor', models.CharField(editable=False, max_length=64)),
                ('message', models.CharField(blank=True, default='', max_length=500, verbose_name='message')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='merchants.invitedmerchant')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-id'],
            },
        ),
        migrations.AddIndex(
            model_name='invitedmerchant',
            index=models.Index(condition=models.Q(('state__in', ['contacted', 'new'])), fields=['sector', 'district'], name='invited_still_missed'),
        ),
        migrations.AddConstraint(
            model_name='invitedmerchant',
            constraint=models.UniqueConstraint(fields=('key', 'district', 'sector'), name='invited_merchant_once'),
        ),
        migrations.AddConstraint(
            model_name='invitedmerchant',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['new', 'contacted', 'joined', 'dismissed'])), name='invited_merchant_state_known'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(fields=('merchant', 'visitor'), name='invitation_once_a_day'),
        ),
    ]
