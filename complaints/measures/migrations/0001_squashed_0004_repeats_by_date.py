"""The tables of the measures as of migration 0004, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

from importlib import import_module

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from escrow.migrations._rendered_once import RenderedOnce

changes = import_module("complaints.measures.migrations.0002_changes")
rule = import_module("complaints.measures.migrations.0003_first_rule")
repeats = import_module("complaints.measures.migrations.0004_repeats_by_date")


class Migration(migrations.Migration):
    replaces = [("measures", "0001_initial"), ("measures", "0002_changes"), ("measures", "0003_first_rule"), ("measures", "0004_repeats_by_date")]

    initial = True

    dependencies = [("cases", "0001_squashed_0081_queue_in_order"), ("merchants", "0001_squashed_0098_existing_card_rule"), ("people", "0001_squashed_0030_keyboard_shortcuts"), ("people", "__first__")]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="Cell",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("received", models.IntegerField(default=0, verbose_name="received")),
                    ("repeated", models.IntegerField(default=0, verbose_name="repeated")),
                    ("reopened", models.IntegerField(default=0, verbose_name="reopened")),
                    ("due", models.IntegerField(default=0, verbose_name="contact due")),
                    ("contacted", models.IntegerField(default=0, verbose_name="contacted in time")),
                    ("asked", models.IntegerField(default=0, verbose_name="callbacks ended")),
                    ("valid", models.IntegerField(default=0, verbose_name="valid callbacks")),
                    ("reached", models.IntegerField(default=0, verbose_name="contacted, as the consumer says")),
                    ("resolved", models.IntegerField(default=0, verbose_name="resolved")),
                    ("satisfied", models.IntegerField(default=0, verbose_name="satisfied")),
                    ("key", models.CharField(max_length=120, unique=True, verbose_name="key")),
                    ("month", models.DateField(verbose_name="month")),
                    ("district", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.division", verbose_name="district")),
                    ("subdistrict", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.division", verbose_name="subdistrict")),
                    ("department", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.department", verbose_name="lead department")),
                    ("sector", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.sector", verbose_name="sector")),
                    ("cases", models.IntegerField(default=0, verbose_name="cases")),
                ],
                options={
                    "verbose_name": "measure",
                    "verbose_name_plural": "measures",
                    "ordering": ["-month", "key"],
                    "indexes": [models.Index(fields=["month", "district", "department"], name="measures_cell_month")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("month__day", 1)), name="measures_cell_of_a_month"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("asked__gte", 0),
                                ("cases__gte", 0),
                                ("contacted__gte", 0),
                                ("due__gte", 0),
                                ("reached__gte", 0),
                                ("received__gte", 0),
                                ("reopened__gte", 0),
                                ("repeated__gte", 0),
                                ("resolved__gte", 0),
                                ("satisfied__gte", 0),
                                ("valid__gte", 0),
                                ("repeated__lte", models.F("received")),
                                ("contacted__lte", models.F("due")),
                                ("valid__lte", models.F("asked")),
                                ("reached__lte", models.F("valid")),
                                ("resolved__lte", models.F("valid")),
                                ("satisfied__lte", models.F("valid")),
                            ),
                            name="measures_cell_counts",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Change",
                fields=[("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("case", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case"))],
                options={"verbose_name": "change to reckon", "verbose_name_plural": "changes to reckon"},
            ),
            migrations.CreateModel(
                name="Contribution",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("received", models.IntegerField(default=0, verbose_name="received")),
                    ("repeated", models.IntegerField(default=0, verbose_name="repeated")),
                    ("reopened", models.IntegerField(default=0, verbose_name="reopened")),
                    ("due", models.IntegerField(default=0, verbose_name="contact due")),
                    ("contacted", models.IntegerField(default=0, verbose_name="contacted in time")),
                    ("asked", models.IntegerField(default=0, verbose_name="callbacks ended")),
                    ("valid", models.IntegerField(default=0, verbose_name="valid callbacks")),
                    ("reached", models.IntegerField(default=0, verbose_name="contacted, as the consumer says")),
                    ("resolved", models.IntegerField(default=0, verbose_name="resolved")),
                    ("satisfied", models.IntegerField(default=0, verbose_name="satisfied")),
                    ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case", verbose_name="complaint")),
                    ("cell", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contributions", to="measures.cell", verbose_name="measure")),
                    ("dispatch_seconds", models.IntegerField(null=True, verbose_name="seconds to dispatch")),
                    ("contact_seconds", models.IntegerField(null=True, verbose_name="seconds to first contact")),
                    ("money_seconds", models.IntegerField(null=True, verbose_name="seconds to the money back")),
                ],
                options={
                    "verbose_name": "contribution",
                    "verbose_name_plural": "contributions",
                    "constraints": [
                        models.UniqueConstraint(fields=("case", "cell"), name="measures_contribution_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("asked__gte", 0),
                                ("contacted__gte", 0),
                                ("due__gte", 0),
                                ("reached__gte", 0),
                                ("received__gte", 0),
                                ("reopened__gte", 0),
                                ("repeated__gte", 0),
                                ("resolved__gte", 0),
                                ("satisfied__gte", 0),
                                ("valid__gte", 0),
                                ("repeated__lte", models.F("received")),
                                ("contacted__lte", models.F("due")),
                                ("valid__lte", models.F("asked")),
                                ("reached__lte", models.F("valid")),
                                ("resolved__lte", models.F("valid")),
                                ("satisfied__lte", models.F("valid")),
                            ),
                            name="measures_contribution_counts",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Duration",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("cell", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="durations", to="measures.cell", verbose_name="measure")),
                    ("span", models.CharField(choices=[("dispatch", "to dispatch"), ("contact", "to first contact"), ("money", "to the money back")], max_length=8, verbose_name="time")),
                    ("seconds", models.IntegerField(verbose_name="seconds")),
                    ("number", models.IntegerField(verbose_name="cases")),
                ],
                options={
                    "verbose_name": "duration",
                    "verbose_name_plural": "durations",
                    "constraints": [models.UniqueConstraint(fields=("cell", "span", "seconds"), name="measures_duration_once"), models.CheckConstraint(condition=models.Q(("number__gt", 0), ("seconds__gte", 0), ("span__in", ["dispatch", "contact", "money"])), name="measures_duration_counts")],
                },
            ),
            migrations.CreateModel(
                name="OfficialImport",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("imported_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="imported by")),
                    ("imported_at", models.DateTimeField(verbose_name="imported")),
                    ("sha256", models.CharField(max_length=64, verbose_name="fingerprint of the file")),
                    ("rows", models.PositiveIntegerField(verbose_name="lines that counted")),
                ],
                options={"verbose_name": "import of official figures", "verbose_name_plural": "imports of official figures", "ordering": ["-id"]},
            ),
            migrations.CreateModel(
                name="OfficialFigure",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("month", models.DateField(verbose_name="month")),
                    ("division", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.division", verbose_name="division")),
                    ("response", models.PositiveSmallIntegerField(verbose_name="response rate")),
                    ("resolved", models.PositiveSmallIntegerField(verbose_name="resolution rate")),
                    ("satisfied", models.PositiveSmallIntegerField(verbose_name="satisfaction rate")),
                    ("score", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="score")),
                    ("unit_class", models.CharField(blank=True, choices=[("advanced", "advanced"), ("progress", "progressing"), ("rectify", "to put right"), ("govern", "under treatment")], default="", max_length=8, verbose_name="class")),
                    ("source", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="figures", to="measures.officialimport", verbose_name="import of official figures")),
                ],
                options={
                    "verbose_name": "official figure",
                    "verbose_name_plural": "official figures",
                    "ordering": ["-month", "division"],
                    "constraints": [
                        models.UniqueConstraint(fields=("month", "division"), name="measures_official_once"),
                        models.CheckConstraint(condition=models.Q(("month__day", 1)), name="measures_official_of_a_month"),
                        models.CheckConstraint(condition=models.Q(("resolved__lte", 10000), ("response__lte", 10000), ("satisfied__lte", 10000), models.Q(("score__isnull", True), ("score__lte", 10000), _connector="OR")), name="measures_official_rates"),
                        models.CheckConstraint(condition=models.Q(("unit_class__in", ["", "advanced", "progress", "rectify", "govern"])), name="measures_official_class_known"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ScoreRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("response_weight", models.PositiveSmallIntegerField(verbose_name="weight of the response rate (%)")),
                    ("resolved_weight", models.PositiveSmallIntegerField(verbose_name="weight of the resolution rate (%)")),
                    ("satisfied_weight", models.PositiveSmallIntegerField(verbose_name="weight of the satisfaction rate (%)")),
                    ("first_percent", models.PositiveSmallIntegerField(verbose_name="share of the class “advanced” (%)")),
                    ("last_percent", models.PositiveSmallIntegerField(verbose_name="share of the class “under treatment” (%)")),
                    ("least_valid", models.PositiveSmallIntegerField(verbose_name="valid callbacks needed to be ranked")),
                    ("basis", models.CharField(max_length=300, verbose_name="source")),
                    ("mark", models.CharField(choices=[("T", "read in the full text"), ("E", "read in an excerpt or a news report"), ("A", "assumption")], max_length=1, verbose_name="certainty")),
                ],
                options={
                    "verbose_name": "rule of the score",
                    "verbose_name_plural": "rules of the score",
                    "ordering": ["-valid_from"],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("valid_from__day", 1)), name="measures_rule_from_a_first_day"),
                        models.CheckConstraint(condition=models.Q(("response_weight", django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Value(100), "-", models.F("resolved_weight")), "-", models.F("satisfied_weight")))), name="measures_rule_weights_are_whole"),
                        models.CheckConstraint(condition=models.Q(("first_percent__lte", django.db.models.expressions.CombinedExpression(models.Value(100), "-", models.F("last_percent")))), name="measures_rule_classes_do_not_overlap"),
                        models.CheckConstraint(condition=models.Q(("least_valid__gt", 0)), name="measures_rule_least_valid"),
                    ],
                },
            ),
        ),
        migrations.RunSQL(changes.FORWARDS, changes.BACKWARDS),
        migrations.RunSQL(repeats.TRIGGER, repeats.BEFORE),
        migrations.RunPython(rule.add, migrations.RunPython.noop),
    ]
