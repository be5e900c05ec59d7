"""What people wrote, and the number a shop is called at, are encrypted: they may name anybody."""

import escrow.models.encrypted
from django.db import migrations

from escrow.models.encrypted import decrypt_columns, encrypt_columns


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0056_found_closed'),
    ]

    operations = [
        migrations.AlterField(
            model_name='merchant',
            name='contact_phone',
            field=escrow.models.encrypted.EncryptedTextField(verbose_name='contact phone'),
        ),
        migrations.RunPython(
            encrypt_columns('merchants_merchant', 'contact_phone'),
            decrypt_columns('merchants_merchant', 'contact_phone'),
        ),
    ]
