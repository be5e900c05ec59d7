"""The first rule of cards from before joining: assumptions of this platform, changed by a later row."""

from datetime import date

from django.db import migrations


def add(apps, schema_editor):
    apps.get_model("merchants", "ExistingCardRule").objects.create(
        valid_from=date(2022, 6, 1),
        plan_within_days=30,
        plan_most_days=365,
        basis="导入后30日内定出补存计划、一年内补足：法规未规定存量卡，本平台给商户时间，也给持卡人期限。"
        " / 30 days to make a plan, a year to carry it out: the law is silent on earlier cards; the merchant gets time,"
        " its customers a date.",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("merchants", "0097_existing_cards")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
