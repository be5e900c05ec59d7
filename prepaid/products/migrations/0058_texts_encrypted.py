"""The number that the issuer is called at is encrypted in the terms as filed. Their fingerprint is that of the clear text."""

import json

from django.db import migrations

import prepaid.products.models.product
from escrow.models.encrypted import decrypt, encrypt


def rewritten(write):
    def run(apps, schema_editor):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT id, frozen_terms #>> '{issuer,contact_phone}' FROM products_productversion")
            rows = [(json.dumps(write(phone)), pk) for pk, phone in cursor.fetchall() if phone]
            # What was filed stays what it was; how its column is kept is the owner's to change.
            cursor.execute("ALTER TABLE products_productversion DISABLE TRIGGER product_version_frozen")
            cursor.executemany(
                "UPDATE products_productversion SET frozen_terms ="
                " jsonb_set(frozen_terms, '{issuer,contact_phone}', %s::jsonb) WHERE id = %s",
                rows,
            )
            cursor.execute("ALTER TABLE products_productversion ENABLE TRIGGER product_version_frozen")

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('products', '0057_searchable'),
    ]

    operations = [
        migrations.AlterField(
            model_name='productversion',
            name='frozen_terms',
            field=prepaid.products.models.product.TermsField(blank=True, editable=False, null=True, verbose_name='terms as filed'),
        ),
        migrations.RunPython(rewritten(encrypt), rewritten(decrypt)),
    ]
