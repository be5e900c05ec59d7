"""Who is around a card, and codes by SMS for charges without a smartphone."""


import django.db.models.deletion
import escrow.models.encrypted
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0045_prepared_purchases'),
        ('merchants', '0096_counter_pin'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Beneficiary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', escrow.models.encrypted.EncryptedTextField(max_length=20, verbose_name='name')),
                ('relation', escrow.models.encrypted.EncryptedTextField(choices=[('child', 'my child'), ('grandchild', 'my grandchild'), ('ward', 'a child in my care')], max_length=10, verbose_name='relation')),
                ('named_at', models.DateTimeField(verbose_name='named')),
                ('card', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='beneficiary', to='cards.card', verbose_name='card')),
            ],
            options={
                'verbose_name': 'child',
                'verbose_name_plural': 'children',
            },
        ),
        migrations.CreateModel(
            name='CardPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('guardian', 'guardian'), ('relative', 'relative')], max_length=10, verbose_name='role')),
                ('state', models.CharField(choices=[('invited', 'invited'), ('accepted', 'on the card'), ('ended', 'not on the card any more')], default='invited', max_length=10, verbose_name='state')),
                ('phone', escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='invited number')),
                ('phone_index', models.CharField(blank=True, default='', max_length=64)),
                ('invited_at', models.DateTimeField(verbose_name='invited')),
                ('lapses_at', models.DateTimeField(verbose_name='invitation lapses')),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('end', models.CharField(blank=True, choices=[('removed', 'removed by the holder'), ('left', 'left'), ('declined', 'declined'), ('lapsed', 'not answered in time')], default='', max_length=10, verbose_name='how it ended')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='people', to='cards.card', verbose_name='card')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='on_cards', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'person on a card',
                'verbose_name_plural': 'people on cards',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'accepted')), fields=['user'], name='card_person_on'), models.Index(condition=models.Q(('state', 'invited')), fields=['phone_index'], name='card_person_invited'), models.Index(condition=models.Q(('state', 'invited')), fields=['lapses_at'], name='card_person_lapses')],
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['guardian', 'relative']), ('state__in', ['invited', 'accepted', 'ended'])), name='card_person_known'), models.CheckConstraint(condition=models.Q(models.Q(('accepted_at', None), ('end', ''), ('ended_at', None), ('state', 'invited'), ('user', None), models.Q(('phone_index', ''), _negated=True)), models.Q(('accepted_at__isnull', False), ('end', ''), ('ended_at', None), ('state', 'accepted'), ('user__isnull', False), ('phone_index', '')), models.Q(('ended_at__isnull', False), ('phone_index', ''), ('state', 'ended'), models.Q(('end', ''), _negated=True)), _connector='OR'), name='card_person_is_what_it_says'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'invited'), models.Q(('phone', ''), _negated=True)), models.Q(models.Q(('state', 'invited'), _negated=True), ('phone', '')), _connector='OR'), name='card_person_number_only_while_invited'), models.UniqueConstraint(condition=models.Q(('role', 'guardian'), ('state__in', ['invited', 'accepted'])), fields=('card',), name='card_person_one_guardian'), models.UniqueConstraint(condition=models.Q(('state', 'accepted')), fields=('card', 'user'), name='card_person_once'), models.UniqueConstraint(condition=models.Q(('state', 'invited')), fields=('card', 'phone_index'), name='card_person_invited_once')],
            },
        ),
        migrations.CreateModel(
            name='SmsCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.BigIntegerField(verbose_name='units')),
                ('list_fen', models.BigIntegerField(blank=True, null=True, verbose_name='list price (fen)')),
                ('lesson_on', models.DateField(blank=True, null=True, verbose_name='day of the lesson')),
                ('lesson_class', models.CharField(blank=True, default='', max_length=40, verbose_name='class')),
                ('note', escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=80, verbose_name='note')),
                ('digits_index', models.CharField(max_length=64)),
                ('sent_at', models.DateTimeField(verbose_name='sent')),
                ('valid_until', models.DateTimeField(verbose_name='valid until')),
                ('wrong', models.PositiveSmallIntegerField(default=0, verbose_name='wrong tries')),
                ('replaced_at', models.DateTimeField(blank=True, null=True, verbose_name='replaced')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sms_codes', to='cards.card', verbose_name='card')),
                ('redemption', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sms_code', to='cards.redemption', verbose_name='charge')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='asked by')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.store', verbose_name='store')),
            ],
            options={
                'verbose_name': 'code by SMS',
                'verbose_name_plural': 'codes by SMS',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['card', '-sent_at'], name='sms_code_of_card')],
                'constraints': [models.CheckConstraint(condition=models.Q(('wrong__gte', 0), ('wrong__lte', 5)), name='sms_code_tries_bounded'), models.CheckConstraint(condition=models.Q(('units__gte', 0)), name='sms_code_not_negative')],
            },
        ),
    ]
