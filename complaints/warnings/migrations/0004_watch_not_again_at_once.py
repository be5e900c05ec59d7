"""A watch that an official has ended does not begin again the next night."""

from datetime import date

from django.db import migrations


def change(apps, schema_editor):
    rules = apps.get_model("warnings", "MeasureRule").objects
    rules.filter(kind="watch", valid_from=date(2022, 6, 1), again_days=0).update(again_days=28)


class Migration(migrations.Migration):

    dependencies = [
        ("warnings", "0003_first_rules"),
    ]

    operations = [
        migrations.RunPython(change, migrations.RunPython.noop),
    ]
