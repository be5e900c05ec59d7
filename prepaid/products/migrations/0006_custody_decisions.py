"""What the city's regulator has decided on the custody of a product, written once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


GUARD = """
CREATE TRIGGER custody_decision_kept BEFORE UPDATE OR DELETE ON products_custodydecision
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0002_guards'),
        ('products', '0005_discounts_and_courses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustodyDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minimum', models.BooleanField(verbose_name='the legal minimum is enough')),
                ('because', models.CharField(max_length=500, verbose_name='reason')),
                ('decided_at', models.DateTimeField(verbose_name='decided')),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='custody_decisions', to='products.product', verbose_name='product')),
            ],
            options={
                'verbose_name': 'decision on custody',
                'verbose_name_plural': 'decisions on custody',
                'ordering': ['-id'],
            },
        ),
        migrations.RunSQL(GUARD, "DROP TRIGGER custody_decision_kept ON products_custodydecision"),
    ]
