"""What people wrote, and the number a shop is called at, are encrypted: they may name anybody."""

import escrow.models.encrypted
from django.db import migrations

from escrow.models.encrypted import decrypt_columns, encrypt_columns


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0008_contracts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='redemption',
            name='insisted_because',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=200, verbose_name='why the merchant insists'),
        ),
        migrations.AlterField(
            model_name='redemption',
            name='note',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=80, verbose_name='note'),
        ),
        migrations.AlterField(
            model_name='refundrequest',
            name='answer_text',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=500, verbose_name='answer'),
        ),
        migrations.AlterField(
            model_name='refundrequest',
            name='reason',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', max_length=500, verbose_name='reason'),
        ),
        migrations.RunPython(
            encrypt_columns('cards_redemption', 'insisted_because', 'note'),
            decrypt_columns('cards_redemption', 'insisted_because', 'note'),
        ),
        migrations.RunPython(
            encrypt_columns('cards_refundrequest', 'answer_text', 'reason'),
            decrypt_columns('cards_refundrequest', 'answer_text', 'reason'),
        ),
    ]
