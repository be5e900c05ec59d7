"""The first card rule: assumptions of this platform, changed by a later row."""

from datetime import date

from django.db import migrations


def add(apps, schema_editor):
    apps.get_model("cards", "CardRule").objects.create(
        valid_from=date(2022, 6, 1),
        payment_minutes=30,
        confirm_hours=24,
        answer_working_days=5,
        basis="付款30分钟：通行的下单时限；确认24小时：让持卡人有一整天查看扣款；答复5个工作日：比照培训行业退费答复期限。"
        " / 30 minutes to pay: usual for orders; 24 hours to confirm: a whole day to look at a charge;"
        " 5 working days to answer: as the training sectors' rules have it.",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("cards", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
