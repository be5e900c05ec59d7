"""The tables of products as of migration 0080, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

from importlib import import_module

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import prepaid.products.models.product
from escrow.migrations._rendered_once import RenderedOnce


def old(name):
    """One of the migrations replaced."""
    return import_module(f"prepaid.products.migrations.{name}")


terms, visits, custody = old("0002_frozen_terms"), old("0004_visit_rule"), old("0006_custody_decisions")
search, pairs = old("0057_searchable"), old("0059_search_by_pairs")


class Migration(migrations.Migration):
    replaces = [
        ("products", "0001_initial"),
        ("products", "0002_frozen_terms"),
        ("products", "0003_interest_rates"),
        ("products", "0004_visit_rule"),
        ("products", "0005_discounts_and_courses"),
        ("products", "0006_custody_decisions"),
        ("products", "0057_searchable"),
        ("products", "0058_texts_encrypted"),
        ("products", "0059_search_by_pairs"),
        ("products", "0060_filing_warnings"),
        ("products", "0070_paid_by_the_month"),
        ("products", "0080_paid_after_the_visit"),
    ]

    initial = True

    dependencies = [("escrow", "0001_squashed_0170_undone_deposit_given_up"), ("merchants", "0001_squashed_0098_existing_card_rule"), ("people", "0001_squashed_0030_keyboard_shortcuts"), ("people", "__first__")]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="Product",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="products", to="merchants.merchant", verbose_name="merchant")),
                    ("name", models.CharField(max_length=80, verbose_name="product")),
                ],
                options={"verbose_name": "product", "verbose_name_plural": "products", "ordering": ["id"], "constraints": [models.UniqueConstraint(fields=("merchant", "name"), name="product_name_once_per_merchant")]},
            ),
            migrations.CreateModel(
                name="ProductVersion",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("product", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="products.product", verbose_name="product")),
                    ("number", models.PositiveIntegerField(verbose_name="version")),
                    ("state", models.CharField(choices=[("draft", "draft"), ("filed", "waiting for the regulator"), ("returned", "returned by the regulator"), ("on_sale", "on sale"), ("withdrawn", "withdrawn from sale")], default="draft", max_length=12, verbose_name="state")),
                    ("kind", models.CharField(choices=[("sessions", "session card"), ("stored_value", "stored-value card"), ("discount", "discount card"), ("period", "period card"), ("course", "course")], max_length=16, verbose_name="kind")),
                    ("price_fen", models.BigIntegerField(verbose_name="price (fen)")),
                    ("bonus_fen", models.BigIntegerField(default=0, verbose_name="gift money (fen)")),
                    ("sessions", models.PositiveIntegerField(blank=True, null=True, verbose_name="sessions")),
                    ("days", models.PositiveIntegerField(blank=True, null=True, verbose_name="days")),
                    ("list_price_fen", models.BigIntegerField(blank=True, null=True, verbose_name="list price of one visit (fen)")),
                    ("visit_price_fen", models.BigIntegerField(blank=True, null=True, verbose_name="sold price of one visit (fen)")),
                    ("lowest_item_fen", models.BigIntegerField(blank=True, null=True, verbose_name="lowest-priced item (fen)")),
                    ("discount_bp", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="paid of the list price (0.01 %)")),
                    ("months", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="paid month by month, months")),
                    ("after_use", models.BooleanField(default=False, verbose_name="paid after the visit")),
                    ("service", models.TextField(max_length=2000, verbose_name="service and quantity")),
                    ("quality", models.TextField(max_length=2000, verbose_name="quality")),
                    ("deduction", models.TextField(max_length=2000, verbose_name="how a use is deducted")),
                    ("risk_warning", models.TextField(max_length=2000, verbose_name="risk warning")),
                    ("gift_terms", models.TextField(max_length=2000, verbose_name="gifts")),
                    ("change_terms", models.TextField(max_length=2000, verbose_name="change, suspension and end of business")),
                    ("refund_terms", models.TextField(max_length=2000, verbose_name="refund method, channel and fee")),
                    ("loss_terms", models.TextField(max_length=2000, verbose_name="loss, reissue and transfer")),
                    ("breach_terms", models.TextField(max_length=2000, verbose_name="breach")),
                    ("dispute_terms", models.TextField(max_length=2000, verbose_name="disputes")),
                    ("frozen_terms", prepaid.products.models.product.TermsField(blank=True, editable=False, null=True, verbose_name="terms as filed")),
                    ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="filed")),
                    ("created_at", models.DateTimeField(verbose_name="drafted")),
                    ("stores", models.ManyToManyField(related_name="+", to="merchants.store", verbose_name="redeemed at")),
                ],
                options={
                    "verbose_name": "product version",
                    "verbose_name_plural": "product versions",
                    "ordering": ["product", "-number"],
                    "constraints": [
                        models.UniqueConstraint(fields=("product", "number"), name="product_version_number_once"),
                        models.UniqueConstraint(condition=models.Q(("state", "on_sale")), fields=("product",), name="product_version_one_on_sale"),
                        models.UniqueConstraint(condition=models.Q(("state__in", ["draft", "filed"])), fields=("product",), name="product_version_one_in_preparation"),
                        models.CheckConstraint(condition=models.Q(("state__in", ["draft", "filed", "returned", "on_sale", "withdrawn"])), name="product_version_state_known"),
                        models.CheckConstraint(
                            condition=models.Q(models.Q(("frozen_at__isnull", True), ("frozen_terms__isnull", True), ("state", "draft")), models.Q(models.Q(("state", "draft"), _negated=True), ("frozen_at__isnull", False), ("frozen_terms__isnull", False)), _connector="OR"), name="product_version_only_drafts_are_open"
                        ),
                        models.CheckConstraint(condition=models.Q(("price_fen__gt", 0)), name="product_version_price_positive"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["sessions", "stored_value", "discount", "period", "course"])), name="product_version_kind_known"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("bonus_fen", 0),
                                    ("discount_bp__isnull", True),
                                    ("kind__in", ["sessions", "course"]),
                                    ("list_price_fen__gt", 0),
                                    ("list_price_fen__isnull", False),
                                    ("lowest_item_fen__isnull", True),
                                    ("sessions__gt", 0),
                                    ("sessions__isnull", False),
                                    ("visit_price_fen", django.db.models.expressions.CombinedExpression(models.F("price_fen"), "/", models.F("sessions"))),
                                    ("visit_price_fen__isnull", False),
                                ),
                                models.Q(("bonus_fen__gte", 0), ("discount_bp__isnull", True), ("kind", "stored_value"), ("list_price_fen__isnull", True), ("lowest_item_fen__gt", 0), ("lowest_item_fen__isnull", False), ("sessions__isnull", True), ("visit_price_fen__gt", 0), ("visit_price_fen__isnull", False)),
                                models.Q(
                                    ("bonus_fen", 0),
                                    ("discount_bp__gte", 100),
                                    ("discount_bp__isnull", False),
                                    ("discount_bp__lte", 9999),
                                    ("kind", "discount"),
                                    ("list_price_fen__gt", 0),
                                    ("list_price_fen__isnull", False),
                                    ("lowest_item_fen__isnull", True),
                                    ("sessions__isnull", True),
                                    ("visit_price_fen", django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F("list_price_fen"), "*", models.F("discount_bp")), "/", models.Value(10000))),
                                    ("visit_price_fen__gt", 0),
                                    ("visit_price_fen__isnull", False),
                                ),
                                models.Q(("bonus_fen", 0), ("days__gt", 0), ("days__isnull", False), ("discount_bp__isnull", True), ("kind", "period"), ("list_price_fen__isnull", True), ("lowest_item_fen__isnull", True), ("sessions__isnull", True), ("visit_price_fen__isnull", True)),
                                _connector="OR",
                            ),
                            name="product_version_figures_of_its_kind",
                        ),
                        models.CheckConstraint(condition=models.Q(("months__isnull", True), models.Q(("kind", "period"), ("months__gte", 2), ("months__isnull", False), ("months__lte", 36)), _connector="OR"), name="product_version_months_of_a_period_card"),
                        models.CheckConstraint(condition=models.Q(("after_use", False), models.Q(("kind", "sessions"), ("months__isnull", True), ("sessions", 1)), _connector="OR"), name="product_version_after_use_is_one_visit"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Filing",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("version", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="filing", to="products.productversion", verbose_name="product version")),
                    ("state", models.CharField(choices=[("submitted", "waiting for a decision"), ("approved", "approved"), ("returned", "returned"), ("exempt", "not required"), ("withdrawn", "taken back by the merchant")], max_length=12, verbose_name="state")),
                    ("balance_fen", models.BigIntegerField(verbose_name="prepaid balance (fen)")),
                    ("department", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="filings", to="people.department", verbose_name="lead regulator")),
                    ("district", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="filings", to="people.division", verbose_name="district")),
                    ("submitted_at", models.DateTimeField(verbose_name="submitted")),
                    ("submitted_by", models.CharField(max_length=64, verbose_name="submitted by")),
                    ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                    ("decided_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="filings_decided", to=settings.AUTH_USER_MODEL, verbose_name="decided by")),
                    ("reason", models.CharField(blank=True, default="", max_length=500, verbose_name="reason")),
                ],
                options={
                    "verbose_name": "filing",
                    "verbose_name_plural": "filings",
                    "ordering": ["-submitted_at", "-id"],
                    "indexes": [models.Index(condition=models.Q(("state", "submitted")), fields=["department", "district"], name="filing_waiting")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("state__in", ["submitted", "approved", "returned", "exempt", "withdrawn"])), name="filing_state_known"),
                        models.CheckConstraint(
                            condition=models.Q(models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("state__in", ["submitted", "exempt", "withdrawn"])), models.Q(("decided_at__isnull", False), ("decided_by__isnull", False), ("state__in", ["approved", "returned"])), _connector="OR"),
                            name="filing_decision_is_complete",
                        ),
                        models.CheckConstraint(condition=models.Q(models.Q(("state", "returned"), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"), name="filing_return_has_a_reason"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="InterestRate",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("kind", models.CharField(choices=[("lpr_1y", "one-year LPR"), ("deposit_1y", "one-year deposit benchmark"), ("custody", "earned by money in custody")], max_length=16, verbose_name="kind")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("rate_bp", models.PositiveIntegerField(verbose_name="rate per year (0.01 %)")),
                    ("source", models.CharField(max_length=200, verbose_name="source")),
                    ("mark", models.CharField(choices=[("T", "read in the full text"), ("E", "read in an excerpt or a news report"), ("A", "assumption")], max_length=1, verbose_name="certainty")),
                ],
                options={
                    "verbose_name": "interest rate",
                    "verbose_name_plural": "interest rates",
                    "ordering": ["kind", "-valid_from"],
                    "constraints": [
                        models.UniqueConstraint(fields=("kind", "valid_from"), name="interest_rate_one_per_day"),
                        models.CheckConstraint(condition=models.Q(("mark__in", ["T", "E", "A"])), name="interest_rate_mark_known"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["lpr_1y", "deposit_1y", "custody"])), name="interest_rate_kind_known"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="VisitRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("most_percent", models.PositiveSmallIntegerField(verbose_name="one visit at most (percent of what the card holds)")),
                    ("basis", models.CharField(max_length=500, verbose_name="source or reason")),
                    ("mark", models.CharField(choices=[("T", "read in the full text"), ("E", "read in an excerpt or a news report"), ("A", "assumption")], max_length=1, verbose_name="certainty")),
                ],
                options={
                    "verbose_name": "visit rule",
                    "verbose_name_plural": "visit rules",
                    "ordering": ["-valid_from"],
                    "constraints": [models.CheckConstraint(condition=models.Q(("mark__in", ["T", "E", "A"])), name="visit_rule_mark_known"), models.CheckConstraint(condition=models.Q(("most_percent__gt", 0), ("most_percent__lte", 100)), name="visit_rule_percent")],
                },
            ),
            migrations.CreateModel(
                name="CustodyDecision",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("product", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="custody_decisions", to="products.product", verbose_name="product")),
                    ("minimum", models.BooleanField(verbose_name="the legal minimum is enough")),
                    ("because", models.CharField(max_length=500, verbose_name="reason")),
                    ("decided_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="decided by")),
                    ("decided_at", models.DateTimeField(verbose_name="decided")),
                ],
                options={"verbose_name": "decision on custody", "verbose_name_plural": "decisions on custody", "ordering": ["-id"]},
            ),
            migrations.CreateModel(
                name="Searchable",
                fields=[
                    ("merchant", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="searchable", serialize=False, to="merchants.merchant")),
                    ("document", models.TextField()),
                    ("tokens", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ],
                options={"indexes": [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["tokens"], name="searchable_tokens")]},
            ),
            migrations.CreateModel(
                name="FilingWarning",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="filing_warnings", to="merchants.merchant", verbose_name="merchant")),
                    ("threshold_fen", models.BigIntegerField(verbose_name="filing sum (fen)")),
                    ("balance_fen", models.BigIntegerField(verbose_name="unused money (fen)")),
                    ("passes_on", models.DateField(verbose_name="passes on")),
                    ("told_at", models.DateTimeField(verbose_name="told")),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ],
                options={"verbose_name": "filing warning", "verbose_name_plural": "filing warnings", "ordering": ["-id"], "constraints": [models.UniqueConstraint(condition=models.Q(("ended_at", None)), fields=("merchant",), name="filing_warning_one_open")]},
            ),
        ),
        migrations.RunSQL(terms.FORWARD, terms.BACKWARD),
        migrations.RunSQL(custody.GUARD, "DROP TRIGGER custody_decision_kept ON products_custodydecision"),
        migrations.RunSQL(search.FORWARD, search.BACKWARD),
        migrations.RunSQL(pairs.FORWARD, "DROP FUNCTION products_search_wanted(text)"),
        migrations.RunPython(visits.add, migrations.RunPython.noop),
    ]
