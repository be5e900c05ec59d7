"""The tables of people as of migration 0030, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date.
"""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import escrow.models.encrypted
from escrow.migrations._rendered_once import RenderedOnce


class Migration(migrations.Migration):
    replaces = [("people", "0001_initial"), ("people", "0002_factor_changes"), ("people", "0020_extra_posts"), ("people", "0021_closed_accounts"), ("people", "0022_weekly_digest"), ("people", "0023_email_addresses"), ("people", "0030_keyboard_shortcuts")]

    initial = True

    dependencies = [("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="User",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("password", models.CharField(max_length=128, verbose_name="password")),
                    ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                    ("is_superuser", models.BooleanField(default=False, help_text="Designates that this user has all permissions without explicitly assigning them.", verbose_name="superuser status")),
                    ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="id")),
                    ("phone", escrow.models.encrypted.EncryptedTextField(verbose_name="phone")),
                    ("phone_index", models.CharField(editable=False, max_length=64)),
                    ("phone_verified_at", models.DateTimeField(blank=True, null=True, verbose_name="phone verified")),
                    ("name", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="name")),
                    ("is_platform_operator", models.BooleanField(default=False, verbose_name="platform operator")),
                    ("is_staff", models.BooleanField(default=False, verbose_name="may open the administration")),
                    ("is_active", models.BooleanField(default=True, verbose_name="active")),
                    ("language", models.CharField(choices=[("zh-hans", "Simplified Chinese"), ("en", "English")], default="zh-hans", max_length=8, verbose_name="language")),
                    ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                    ("care_mode", models.BooleanField(default=False, verbose_name="care mode")),
                    ("keyboard_shortcuts", models.BooleanField(default=True, verbose_name="keyboard shortcuts")),
                    ("weekly_digest", models.BooleanField(default=True, verbose_name="weekly digest")),
                    ("email", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="e-mail address")),
                    ("email_wish", models.CharField(choices=[("all", "every message"), ("digest", "the weekly digest only"), ("none", "no e-mails")], default="all", max_length=8, verbose_name="by e-mail")),
                    ("email_refused_at", models.DateTimeField(blank=True, null=True)),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="registered")),
                    ("factor_changes", models.PositiveIntegerField(default=0, editable=False)),
                    ("groups", models.ManyToManyField(blank=True, help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.", related_name="user_set", related_query_name="user", to="auth.group", verbose_name="groups")),
                    ("user_permissions", models.ManyToManyField(blank=True, help_text="Specific permissions for this user.", related_name="user_set", related_query_name="user", to="auth.permission", verbose_name="user permissions")),
                ],
                options={
                    "verbose_name": "user",
                    "verbose_name_plural": "users",
                    "ordering": ["id"],
                    "constraints": [models.UniqueConstraint(fields=("phone_index",), name="user_phone_once"), models.CheckConstraint(condition=models.Q(("closed_at__isnull", True), ("is_active", False), _connector="OR"), name="user_closed_opens_nothing")],
                },
            ),
            migrations.CreateModel(
                name="Department",
                fields=[
                    ("name_zh", models.CharField(max_length=64, verbose_name="Chinese name")),
                    ("name_en", models.CharField(max_length=64, verbose_name="English name")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                    ("code", models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name="code")),
                    ("full_name_zh", models.CharField(max_length=64, verbose_name="full Chinese name")),
                ],
                options={
                    "verbose_name": "department",
                    "verbose_name_plural": "departments",
                    "ordering": ["code"],
                    "constraints": [models.UniqueConstraint(fields=("name_zh",), name="department_name_once"), models.CheckConstraint(condition=models.Q(("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"), name="department_dates_in_order")],
                },
            ),
            migrations.CreateModel(
                name="Division",
                fields=[
                    ("name_zh", models.CharField(max_length=64, verbose_name="Chinese name")),
                    ("name_en", models.CharField(max_length=64, verbose_name="English name")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                    ("code", models.CharField(max_length=12, primary_key=True, serialize=False, verbose_name="code")),
                    ("level", models.CharField(choices=[("district", "district"), ("subdistrict", "subdistrict"), ("community", "community")], max_length=12, verbose_name="level")),
                    ("parent", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="children", to="people.division", verbose_name="part of")),
                ],
                options={
                    "verbose_name": "division",
                    "verbose_name_plural": "divisions",
                    "ordering": ["code"],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("level__in", ["district", "subdistrict", "community"])), name="division_level_known"),
                        models.CheckConstraint(condition=models.Q(models.Q(("level", "district"), ("parent__isnull", True)), models.Q(models.Q(("level", "district"), _negated=True), ("parent__isnull", False)), _connector="OR"), name="division_only_a_district_has_no_parent"),
                        models.CheckConstraint(condition=models.Q(("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"), name="division_dates_in_order"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Post",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("user", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="posts", to=settings.AUTH_USER_MODEL, verbose_name="official")),
                    ("department", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="people.department", verbose_name="department")),
                    ("district", models.ForeignKey(blank=True, help_text="Empty for the whole city.", limit_choices_to={"level": "district"}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="people.division", verbose_name="district")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                    ("granted_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="granted by")),
                    ("because", models.CharField(blank=True, default="", max_length=200, verbose_name="reason")),
                ],
                options={
                    "verbose_name": "post",
                    "verbose_name_plural": "posts",
                    "ordering": ["-valid_from", "-id"],
                    "constraints": [
                        models.UniqueConstraint(condition=models.Q(("valid_until__isnull", True)), fields=("user",), name="post_one_open_per_user"),
                        models.CheckConstraint(condition=models.Q(("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"), name="post_dates_in_order"),
                        models.CheckConstraint(condition=models.Q(models.Q(("because", ""), ("granted_by__isnull", True)), models.Q(("granted_by__isnull", False), ("valid_until__isnull", False), models.Q(("because", ""), _negated=True)), _connector="OR"), name="post_extra_ends_and_says_why"),
                    ],
                },
            ),
        )
    ]
