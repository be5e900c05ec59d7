"""A visit may be paid when it was given."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0098_existing_card_rule'),
        ('products', '0070_paid_by_the_month'),
    ]

    operations = [
        migrations.AddField(
            model_name='productversion',
            name='after_use',
            field=models.BooleanField(default=False, verbose_name='paid after the visit'),
        ),
        migrations.AddConstraint(
            model_name='productversion',
            constraint=models.CheckConstraint(condition=models.Q(('after_use', False), models.Q(('kind', 'sessions'), ('months__isnull', True), ('sessions', 1)), _connector='OR'), name='product_version_after_use_is_one_visit'),
        ),
    ]
