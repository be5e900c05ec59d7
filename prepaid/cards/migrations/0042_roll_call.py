"""Classes, their rolls and who was there; a lesson that was marked on a roll has no shown code."""

import django.db.models.deletion
import escrow.models.encrypted
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0041_lost_cards'),
        ('merchants', '0057_texts_encrypted'),
    ]

    operations = [
        migrations.AddField(
            model_name='redemption',
            name='by_roll_call',
            field=models.BooleanField(default=False, verbose_name='by roll-call'),
        ),
        migrations.AlterField(
            model_name='redemption',
            name='code_step',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('by_roll_call', False), ('lesson_on__isnull', False), _connector='OR'), name='redemption_only_lessons_by_roll_call'),
        ),
        migrations.CreateModel(
            name='TaughtClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, verbose_name='class')),
                ('name_key', models.CharField(max_length=200)),
                ('opened_at', models.DateTimeField(verbose_name='added')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='classes', to='merchants.store', verbose_name='store')),
            ],
            options={
                'verbose_name': 'class',
                'verbose_name_plural': 'classes',
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('store', 'name_key'), name='taught_class_once_per_store')],
            },
        ),
        migrations.CreateModel(
            name='Learner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=20, verbose_name='learner')),
                ('only_on', models.DateField(blank=True, null=True, verbose_name='only on')),
                ('code_step', models.BigIntegerField()),
                ('added_at', models.DateTimeField(verbose_name='added')),
                ('left_at', models.DateTimeField(blank=True, null=True, verbose_name='taken off')),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='added by')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='learners', to='cards.card', verbose_name='card')),
                ('taught_class', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='learners', to='cards.taughtclass', verbose_name='class')),
            ],
            options={
                'verbose_name': 'learner',
                'verbose_name_plural': 'learners',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('left_at__isnull', True)), fields=('taught_class', 'card'), name='learner_once_per_class'), models.UniqueConstraint(fields=('card', 'code_step'), name='learner_code_once')],
            },
        ),
        migrations.CreateModel(
            name='Attendance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='day of the lesson')),
                ('mark', models.CharField(choices=[('present', 'present'), ('absent', 'absent'), ('leave', 'leave'), ('make_up', 'make-up')], max_length=8, verbose_name='marked')),
                ('revision', models.PositiveSmallIntegerField(default=1)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('card', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='cards.card', verbose_name='card')),
                ('cashier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='marked by')),
                ('learner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='cards.learner', verbose_name='learner')),
                ('redemption', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attendance', to='cards.redemption', verbose_name='charge')),
                ('taught_class', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='cards.taughtclass', verbose_name='class')),
            ],
            options={
                'verbose_name': 'attendance',
                'verbose_name_plural': 'attendances',
                'ordering': ['-on', 'id'],
                'constraints': [models.UniqueConstraint(fields=('taught_class', 'card', 'on'), name='attendance_once'), models.CheckConstraint(condition=models.Q(models.Q(('mark__in', ('present', 'make_up')), ('redemption__isnull', False)), models.Q(('mark__in', ['absent', 'leave']), ('redemption__isnull', True)), _connector='OR'), name='attendance_absent_is_not_charged')],
            },
        ),
    ]
