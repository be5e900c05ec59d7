"""The first rule of the score: assumptions of this platform, changed by a later row."""

from datetime import date

from django.db import migrations


def add(apps, schema_editor):
    apps.get_model("measures", "ScoreRule").objects.create(
        valid_from=date(2022, 6, 1),
        response_weight=10,
        resolved_weight=45,
        satisfied_weight=45,
        first_percent=25,
        last_percent=25,
        least_valid=5,
        basis="平台设定：条例第三十二条规定按响应率、解决率、满意率考评，未规定权重和分类界限"
        " / set by the platform: JS 32 names the three rates, not their weights nor the limits of the classes",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("measures", "0002_changes")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
