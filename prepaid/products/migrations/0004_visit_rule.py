"""How much of what a stored value card holds one visit may be; the first row is an assumption of this platform."""

from datetime import date

from django.db import migrations, models


def add(apps, schema_editor):
    apps.get_model("products", "VisitRule").objects.create(
        valid_from=date(2022, 6, 1),
        most_percent=20,
        basis="单次到店金额至多为卡面价值的20%：出示一次卡码不得将卡用尽，更大的金额须持卡人确认；法律未定数额。"
        " / One visit is at most 20 % of what the card holds: showing the code once must not empty it, a larger sum takes the"
        " holder's yes; no article names a figure.",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("products", "0003_interest_rates")]
    operations = [
        migrations.CreateModel(
            name="VisitRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                (
                    "most_percent",
                    models.PositiveSmallIntegerField(verbose_name="one visit at most (percent of what the card holds)"),
                ),
                ("basis", models.CharField(max_length=500, verbose_name="source or reason")),
                (
                    "mark",
                    models.CharField(
                        choices=[
                            ("T", "read in the full text"),
                            ("E", "read in an excerpt or a news report"),
                            ("A", "assumption"),
                        ],
                        max_length=1,
                        verbose_name="certainty",
                    ),
                ),
            ],
            options={
                "verbose_name": "visit rule",
                "verbose_name_plural": "visit rules",
                "ordering": ["-valid_from"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mark__in", ["T", "E", "A"])), name="visit_rule_mark_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("most_percent__gt", 0), ("most_percent__lte", 100)),
                        name="visit_rule_percent",
                    ),
                ],
            },
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
