"""Cash-flow certificates and who read them."""

import django.db.models.deletion
import escrow.models.encrypted
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0060_transfers'),
        ('merchants', '0096_counter_pin'),
    ]

    operations = [
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reader', escrow.models.encrypted.EncryptedTextField(max_length=80, verbose_name='for whom')),
                ('code', escrow.models.encrypted.EncryptedTextField()),
                ('code_index', models.CharField(editable=False, max_length=64, unique=True)),
                ('text', escrow.models.encrypted.EncryptedTextField(verbose_name='text')),
                ('pdf', escrow.models.encrypted.EncryptedBinaryField()),
                ('pdf_sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the PDF')),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='consent given by')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='merchants.merchant', verbose_name='merchant')),
            ],
            options={
                'verbose_name': 'cash-flow certificate',
                'verbose_name_plural': 'cash-flow certificates',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CertificateReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('page', 'page'), ('file', 'PDF')], max_length=4, verbose_name='what')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('certificate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='cards.certificate', verbose_name='cash-flow certificate')),
            ],
            options={
                'verbose_name': 'reading of a certificate',
                'verbose_name_plural': 'readings of certificates',
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='certificate',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('made_at'))), name='certificate_expires_later'),
        ),
        migrations.AddConstraint(
            model_name='certificatereading',
            constraint=models.CheckConstraint(condition=models.Q(('what__in', ['page', 'file'])), name='certificate_reading_known'),
        ),
    ]
