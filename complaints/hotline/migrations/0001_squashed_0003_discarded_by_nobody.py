"""The tables of the hotline's work orders as of migration 0003, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import escrow.models.encrypted
from escrow.migrations._rendered_once import RenderedOnce


class Migration(migrations.Migration):
    replaces = [("hotline", "0001_work_orders"), ("hotline", "0002_tries"), ("hotline", "0003_discarded_by_nobody")]

    initial = True

    dependencies = [("cases", "0001_squashed_0081_queue_in_order"), ("people", "__first__")]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="ApiKey",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=60, verbose_name="name")),
                    ("system", models.CharField(choices=[("12345", "12345, the city's hotline"), ("12315", "12315, market regulation")], max_length=16, verbose_name="system")),
                    ("token_sha256", models.CharField(editable=False, max_length=64, unique=True)),
                    ("per_minute", models.PositiveIntegerField(verbose_name="requests a minute")),
                    ("valid_until", models.DateField(help_text="The last day.", verbose_name="valid until")),
                    ("issued_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="issued by")),
                    ("issued_at", models.DateTimeField(verbose_name="issued")),
                    ("revoked_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="revoked by")),
                    ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ],
                options={
                    "verbose_name": "key of a system",
                    "verbose_name_plural": "keys of systems",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("system__in", ["12345", "12315"])), name="api_key_system_known"),
                        models.CheckConstraint(condition=models.Q(("per_minute__gte", 1)), name="api_key_rate_positive"),
                        models.CheckConstraint(condition=models.Q(models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)), models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)), _connector="OR"), name="api_key_revoked_by_somebody"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="WorkOrderFile",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("system", models.CharField(choices=[("12345", "12345, the city's hotline"), ("12315", "12315, market regulation")], max_length=16, verbose_name="system")),
                    ("name", models.CharField(max_length=120, verbose_name="file")),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                    ("left_out", models.JSONField(default=list, verbose_name="columns left out")),
                    ("state", models.CharField(choices=[("read", "read, waits for you to confirm"), ("taking", "being imported"), ("done", "imported"), ("discarded", "discarded")], default="read", max_length=12, verbose_name="state")),
                    ("lines_count", models.PositiveIntegerField(verbose_name="lines")),
                    ("read_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="read by")),
                    ("read_at", models.DateTimeField(verbose_name="read")),
                    ("decided_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="confirmed or discarded by")),
                    ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed or discarded")),
                    ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                    ("turn", models.PositiveIntegerField(default=0, editable=False)),
                    ("moved_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ],
                options={
                    "verbose_name": "file of work orders",
                    "verbose_name_plural": "files of work orders",
                    "ordering": ["-id"],
                    "indexes": [models.Index(condition=models.Q(("state", "taking")), fields=["id"], name="work_order_file_taking")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("system__in", ["12345", "12315"])), name="work_order_file_system_known"),
                        models.CheckConstraint(condition=models.Q(("state__in", ["read", "taking", "done", "discarded"])), name="work_order_file_state_known"),
                        models.UniqueConstraint(condition=models.Q(("state", "discarded"), _negated=True), fields=("system", "sha256"), name="work_order_file_once"),
                        models.CheckConstraint(condition=models.Q(models.Q(("done_at__isnull", False), ("state", "done")), models.Q(models.Q(("state", "done"), _negated=True), ("done_at__isnull", True)), _connector="OR"), name="work_order_file_done_has_its_end"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "read")),
                                models.Q(models.Q(("state", "read"), _negated=True), ("decided_at__isnull", False), ("decided_by__isnull", False)),
                                models.Q(("decided_at__isnull", False), ("decided_by__isnull", True), ("state", "discarded")),
                                _connector="OR",
                            ),
                            name="work_order_file_decided_by_somebody",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="WorkOrderLine",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="hotline.workorderfile")),
                    ("row", models.PositiveIntegerField(verbose_name="line")),
                    ("number", models.CharField(blank=True, max_length=64, verbose_name="number")),
                    ("state", models.CharField(choices=[("new", "new"), ("known", "known already"), ("wrong", "wrong"), ("taken", "a complaint of its own"), ("joined", "added to the same person's complaint"), ("refused", "refused")], max_length=8, verbose_name="state")),
                    ("content", escrow.models.encrypted.EncryptedTextField(blank=True, default="")),
                    ("problems", models.JSONField(default=list)),
                    ("tries", models.PositiveSmallIntegerField(default=0)),
                    ("case", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case", verbose_name="complaint")),
                ],
                options={
                    "verbose_name": "line of work orders",
                    "verbose_name_plural": "lines of work orders",
                    "ordering": ["id"],
                    "indexes": [models.Index(fields=["file", "state", "tries", "id"], name="work_order_line_queue")],
                    "constraints": [
                        models.UniqueConstraint(fields=("file", "row"), name="work_order_line_once"),
                        models.CheckConstraint(condition=models.Q(("state__in", ["new", "known", "wrong", "taken", "joined", "refused"])), name="work_order_line_state_known"),
                        models.CheckConstraint(condition=models.Q(models.Q(("state", "new"), models.Q(("content", ""), _negated=True)), models.Q(models.Q(("state", "new"), _negated=True), ("content", "")), _connector="OR"), name="work_order_line_new_has_content"),
                        models.CheckConstraint(condition=models.Q(models.Q(("state__in", ["joined", "taken"]), _negated=True), ("case__isnull", False), _connector="OR"), name="work_order_line_taken_has_its_case"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="WorkOrder",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("system", models.CharField(choices=[("12345", "12345, the city's hotline"), ("12315", "12315, market regulation")], max_length=16, verbose_name="system")),
                    ("number", models.CharField(max_length=64, verbose_name="number")),
                    ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="work_orders", to="cases.case", verbose_name="complaint")),
                    ("joined", models.BooleanField(default=False, verbose_name="added to an earlier complaint")),
                    ("urgency", models.CharField(choices=[("normal", "normal"), ("urgent", "urgent"), ("emergency", "emergency")], default="normal", max_length=12, verbose_name="urgency")),
                    ("received_at", models.DateTimeField(verbose_name="received by the hotline")),
                    ("taken_at", models.DateTimeField(verbose_name="taken")),
                    ("line", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="order", to="hotline.workorderline")),
                    ("key", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="hotline.apikey", verbose_name="by the key")),
                ],
                options={
                    "verbose_name": "work order",
                    "verbose_name_plural": "work orders",
                    "ordering": ["-id"],
                    "indexes": [models.Index(fields=["system", "received_at", "id"], name="work_order_period")],
                    "constraints": [
                        models.UniqueConstraint(fields=("system", "number"), name="work_order_number_once"),
                        models.CheckConstraint(condition=models.Q(("system__in", ["12345", "12315"])), name="work_order_system_known"),
                        models.CheckConstraint(condition=models.Q(("number", ""), _negated=True), name="work_order_numbered"),
                        models.CheckConstraint(condition=models.Q(("urgency__in", ["normal", "urgent", "emergency"])), name="work_order_urgency_known"),
                        models.CheckConstraint(condition=models.Q(models.Q(("key__isnull", True), ("line__isnull", False)), models.Q(("key__isnull", False), ("line__isnull", True)), _connector="OR"), name="work_order_came_one_way"),
                    ],
                },
            ),
        )
    ]
