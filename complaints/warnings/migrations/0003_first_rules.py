"""The first rules of measures: those that the simulated years were judged with (docs/warnings.md); changed by later rows."""

from datetime import date

from django.db import migrations

RULES = [
    {
        "kind": "watch", "from_grade": "B", "evenings": 1, "needs_person": False, "term_days": 0,
        "calm_points": 15, "calm_days": 14, "again_days": 0,
        "source": "存管协议：提前释放以正常经营为条件。 / The custody agreement: early release is for who serves as usual.",
    },
    {
        "kind": "inspection", "from_grade": "C", "evenings": 1, "reporters": 2, "needs_person": True, "term_days": 3,
        "calm_points": None, "calm_days": None, "again_days": 21,
        "source": "属地街道现场核查，由主管部门决定。 / The street looks; the responsible department decides.",
    },
    {
        "kind": "hold", "from_grade": "D", "evenings": 2, "needs_person": True, "term_days": 5,
        "calm_points": 25, "calm_days": 14, "again_days": 28,
        "source": "存管协议：暂缓划付，退款不停；五个工作日内由主管部门确认，否则失效。"
        " / The custody agreement: payouts wait, refunds go on; the department confirms within five working days, or it lapses.",
    },
]  # fmt: skip


def add(apps, schema_editor):
    rules = apps.get_model("warnings", "MeasureRule").objects
    for rule in RULES:
        rules.create(valid_from=date(2022, 6, 1), mark="A", **rule)


class Migration(migrations.Migration):

    dependencies = [
        ("warnings", "0002_measures"),
    ]

    operations = [
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
