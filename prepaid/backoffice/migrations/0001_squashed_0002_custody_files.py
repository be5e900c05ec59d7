"""The tables of the back office as of migration 0002, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from escrow.migrations._rendered_once import RenderedOnce

files = import_module("prepaid.backoffice.migrations.0002_custody_files")


class Migration(migrations.Migration):
    replaces = [("backoffice", "0001_initial"), ("backoffice", "0002_custody_files")]

    initial = True

    dependencies = [("escrow", "0001_squashed_0170_undone_deposit_given_up"), ("people", "__first__")]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="Assignment",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("lane", models.CharField(max_length=24, verbose_name="kind")),
                    ("ref", models.BigIntegerField(verbose_name="number")),
                    ("owner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="matters", to=settings.AUTH_USER_MODEL, verbose_name="responsible")),
                    ("assigned_at", models.DateTimeField(verbose_name="since")),
                ],
                options={"verbose_name": "open matter", "verbose_name_plural": "open matters", "constraints": [models.UniqueConstraint(fields=("lane", "ref"), name="assignment_one_owner")]},
            ),
            migrations.CreateModel(
                name="CustodyFile",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("day", models.DateField(unique=True, verbose_name="day")),
                    ("rows", models.PositiveIntegerField(verbose_name="rows")),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                    ("content", models.BinaryField()),
                    ("made_at", models.DateTimeField(verbose_name="made")),
                ],
                options={"verbose_name": "daily file for the city", "verbose_name_plural": "daily files for the city", "ordering": ["-day"]},
            ),
        ),
        migrations.RunSQL(files.KEPT, files.UNDO),
    ]
