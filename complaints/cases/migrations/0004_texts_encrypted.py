"""What people wrote, and the number a shop is called at, are encrypted: they may name anybody."""

import escrow.models.encrypted
from django.db import migrations

from escrow.models.encrypted import decrypt_columns, encrypt_columns


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0003_charge_withdrawn'),
    ]

    operations = [
        migrations.AlterField(
            model_name='case',
            name='text',
            field=escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name='what happened'),
        ),
        migrations.AlterField(
            model_name='outcome',
            name='reasons',
            field=escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name='evidence and reasons'),
        ),
        migrations.AlterField(
            model_name='statement',
            name='text',
            field=escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name='statement'),
        ),
        migrations.RunPython(
            encrypt_columns('cases_case', 'text'),
            decrypt_columns('cases_case', 'text'),
        ),
        migrations.RunPython(
            encrypt_columns('cases_outcome', 'reasons'),
            decrypt_columns('cases_outcome', 'reasons'),
        ),
        migrations.RunPython(
            encrypt_columns('cases_statement', 'text'),
            decrypt_columns('cases_statement', 'text'),
        ),
    ]
