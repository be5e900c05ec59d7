"""Memberships: period cards that are paid month by month."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('products', '0060_filing_warnings'),
    ]

    operations = [
        migrations.AddField(
            model_name='productversion',
            name='months',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='paid month by month, months'),
        ),
        migrations.AddConstraint(
            model_name='productversion',
            constraint=models.CheckConstraint(condition=models.Q(('months__isnull', True), models.Q(('kind', 'period'), ('months__gte', 2), ('months__isnull', False), ('months__lte', 36)), _connector='OR'), name='product_version_months_of_a_period_card'),
        ),
    ]
