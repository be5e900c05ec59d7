"""The tables of complaints as of migration 0081, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

from importlib import import_module

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import escrow.models.encrypted
from escrow.migrations._rendered_once import RenderedOnce

documents = import_module("complaints.cases.migrations.0040_mediation_and_documents")


class Migration(migrations.Migration):
    replaces = [
        ("cases", "0001_initial"),
        ("cases", "0002_charges"),
        ("cases", "0003_charge_withdrawn"),
        ("cases", "0004_texts_encrypted"),
        ("cases", "0005_callback"),
        ("cases", "0006_outside_custody"),
        ("cases", "0007_groups"),
        ("cases", "0040_mediation_and_documents"),
        ("cases", "0050_order_life"),
        ("cases", "0060_evidence_event"),
        ("cases", "0070_money_late"),
        ("cases", "0080_several_at_once"),
        ("cases", "0081_queue_in_order"),
    ]

    initial = True

    dependencies = [
        ("cards", "0001_squashed_0110_cash_in_custody"),
        ("escrow", "0001_squashed_0170_undone_deposit_given_up"),
        ("merchants", "0001_squashed_0098_existing_card_rule"),
        ("people", "0001_squashed_0030_keyboard_shortcuts"),
        ("people", "__first__"),
    ]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="OutsidePurchase",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("merchant_name", models.CharField(max_length=100, verbose_name="merchant")),
                    ("name_key", models.CharField(editable=False, max_length=100)),
                    ("address", models.CharField(blank=True, default="", max_length=200, verbose_name="address")),
                    (
                        "lng",
                        models.DecimalField(
                            blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="longitude"
                        ),
                    ),
                    (
                        "lat",
                        models.DecimalField(
                            blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="latitude"
                        ),
                    ),
                    (
                        "store",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.store",
                            verbose_name="store",
                        ),
                    ),
                    (
                        "sector",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.sector",
                            verbose_name="sector as told",
                        ),
                    ),
                    ("paid_fen", models.BigIntegerField(blank=True, null=True, verbose_name="paid (fen)")),
                    ("left_fen", models.BigIntegerField(blank=True, null=True, verbose_name="wanted back (fen)")),
                    ("paid_on", models.DateField(blank=True, null=True, verbose_name="paid on")),
                ],
                options={
                    "verbose_name": "purchase outside custody",
                    "verbose_name_plural": "purchases outside custody",
                    "indexes": [models.Index(fields=["name_key"], name="outside_name_key")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("merchant_name", ""), _negated=True), name="outside_names_the_merchant"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("lat__isnull", True), ("lng__isnull", True)),
                                models.Q(("lat__isnull", False), ("lng__isnull", False)),
                                _connector="OR",
                            ),
                            name="outside_point_whole",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("paid_fen__isnull", True), ("paid_fen__gt", 0), _connector="OR"),
                                models.Q(("left_fen__isnull", True), ("left_fen__gt", 0), _connector="OR"),
                            ),
                            name="outside_sums_positive",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("paid_fen__isnull", True),
                                ("left_fen__isnull", True),
                                ("left_fen__lte", models.F("paid_fen")),
                                _connector="OR",
                            ),
                            name="outside_wants_at_most_what_was_paid",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="CaseGroup",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "merchant",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="case_groups",
                            to="merchants.merchant",
                            verbose_name="merchant",
                        ),
                    ),
                    ("name_key", models.CharField(blank=True, default="", editable=False, max_length=100)),
                    ("name", models.CharField(max_length=100, verbose_name="merchant")),
                    (
                        "department",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                            verbose_name="department",
                        ),
                    ),
                    (
                        "district",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="district",
                        ),
                    ),
                    ("opened_at", models.DateTimeField(verbose_name="since")),
                ],
                options={
                    "verbose_name": "group of complaints",
                    "verbose_name_plural": "groups of complaints",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("merchant__isnull", False), ("name_key", "")),
                                models.Q(("merchant__isnull", True), models.Q(("name_key", ""), _negated=True)),
                                _connector="OR",
                            ),
                            name="case_group_about_one_merchant",
                        ),
                        models.UniqueConstraint(
                            fields=("merchant", "name_key", "department", "district"),
                            name="case_group_once",
                            nulls_distinct=False,
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Case",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("number", models.CharField(max_length=20, unique=True, verbose_name="number")),
                    (
                        "complainant",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cases",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="complainant",
                        ),
                    ),
                    (
                        "source",
                        models.CharField(
                            choices=[
                                ("card", "from a card here"),
                                ("public", "written here about a purchase elsewhere"),
                                ("hotline", "work order of the hotline"),
                                ("api", "from another system"),
                            ],
                            default="card",
                            max_length=8,
                            verbose_name="came in",
                        ),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cases",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "refund_request",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="case",
                            to="cards.refundrequest",
                            verbose_name="refund request",
                        ),
                    ),
                    (
                        "redemption",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="case",
                            to="cards.redemption",
                            verbose_name="charge",
                        ),
                    ),
                    (
                        "outside",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="case",
                            to="cases.outsidepurchase",
                            verbose_name="purchase outside custody",
                        ),
                    ),
                    (
                        "merchant",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cases",
                            to="merchants.merchant",
                            verbose_name="merchant",
                        ),
                    ),
                    (
                        "group",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cases",
                            to="cases.casegroup",
                            verbose_name="group of complaints",
                        ),
                    ),
                    (
                        "foreign_system",
                        models.CharField(blank=True, default="", max_length=16, verbose_name="other system"),
                    ),
                    (
                        "foreign_number",
                        models.CharField(blank=True, default="", max_length=64, verbose_name="number there"),
                    ),
                    ("text", escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name="what happened")),
                    (
                        "wanted",
                        models.CharField(
                            choices=[
                                ("refund", "My money back"),
                                ("service", "The service as agreed"),
                                ("other", "Something else (as described)"),
                                ("charge", "Not to be charged what was not used"),
                            ],
                            max_length=12,
                            verbose_name="wanted",
                        ),
                    ),
                    (
                        "figures",
                        models.JSONField(
                            help_text="What the formulas gave for each cause on the day the refund was asked for.",
                            verbose_name="figures",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("received", "received"),
                                ("dispatched", "waiting for an officer"),
                                ("in_hand", "being handled"),
                                ("executing", "refund on its way"),
                                ("closed", "closed"),
                                ("withdrawn", "withdrawn"),
                                ("settled", "settled, the charge was withdrawn"),
                            ],
                            default="received",
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    (
                        "store",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.store",
                            verbose_name="store",
                        ),
                    ),
                    (
                        "sector",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.sector",
                            verbose_name="sector",
                        ),
                    ),
                    (
                        "district",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="district",
                        ),
                    ),
                    (
                        "subdistrict",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="subdistrict",
                        ),
                    ),
                    (
                        "place_reason",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("charge", "the store of the charge"),
                                ("last_use", "the store where the card was last used"),
                                ("only_store", "the only store that takes the card"),
                                ("first_store", "the first of the stores that take the card"),
                                ("head_office", "the merchant's head office"),
                                ("store", "the registered store that was named"),
                                ("address", "the address that was told"),
                                ("remembered", "what an officer determined for the same place before"),
                                ("person", "an officer who determined it"),
                                ("unknown", "nothing certain: an officer determines it"),
                                ("review", "the review of an objection"),
                            ],
                            default="",
                            max_length=12,
                            verbose_name="place found by",
                        ),
                    ),
                    (
                        "place_confidence",
                        models.FloatField(blank=True, null=True, verbose_name="certainty of the place"),
                    ),
                    (
                        "place_evidence",
                        models.CharField(blank=True, default="", max_length=200, verbose_name="evidence of the place"),
                    ),
                    ("undetermined", models.BooleanField(default=False, verbose_name="authority undetermined")),
                    (
                        "lead_department",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                            verbose_name="lead department",
                        ),
                    ),
                    (
                        "lead_district",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="lead district",
                        ),
                    ),
                    (
                        "coordinator",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                            verbose_name="coordinator",
                        ),
                    ),
                    (
                        "enforcer",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                            verbose_name="enforcer",
                        ),
                    ),
                    (
                        "lead_officer",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="officer in charge",
                        ),
                    ),
                    ("received_at", models.DateTimeField(verbose_name="received")),
                    ("dispatched_at", models.DateTimeField(blank=True, null=True, verbose_name="dispatched")),
                    ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted")),
                    (
                        "limit",
                        models.CharField(
                            choices=[
                                ("life_risk", "life or property at risk"),
                                ("utilities", "water, power, gas, heating"),
                                ("general", "general"),
                                ("complex", "complex"),
                                ("prepaid", "prepaid card"),
                            ],
                            default="prepaid",
                            max_length=12,
                            verbose_name="kind of time limit",
                        ),
                    ),
                    ("due_on", models.DateField(help_text="last day of the time limit", verbose_name="due")),
                    (
                        "due_at",
                        models.DateTimeField(
                            blank=True, help_text="of a limit in hours: its end", null=True, verbose_name="due at"
                        ),
                    ),
                    ("merchant_answer_due_on", models.DateField(verbose_name="merchant answers by")),
                    ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="reminder sent")),
                    ("escalated_at", models.DateTimeField(blank=True, null=True, verbose_name="reported as overdue")),
                    (
                        "city_told_at",
                        models.DateTimeField(blank=True, null=True, verbose_name="reported to the city's department"),
                    ),
                    (
                        "supervised_at",
                        models.DateTimeField(blank=True, null=True, verbose_name="on the supervision list since"),
                    ),
                    (
                        "money_due_on",
                        models.DateField(
                            blank=True,
                            help_text="of an upheld complaint: last day for the money to be back",
                            null=True,
                            verbose_name="money back by",
                        ),
                    ),
                    ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                    ("reopened_at", models.DateTimeField(blank=True, null=True, verbose_name="reopened")),
                ],
                options={
                    "verbose_name": "complaint",
                    "verbose_name_plural": "complaints",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(fields=["lead_department", "lead_district", "state", "due_on"], name="case_queue"),
                        models.Index(fields=["complainant", "-id"], name="case_complainant"),
                        models.Index(fields=["merchant", "-id"], name="case_merchant"),
                        models.Index(condition=models.Q(("state", "received")), fields=["id"], name="case_unrouted"),
                        models.Index(condition=models.Q(("state", "executing")), fields=["id"], name="case_executing"),
                        models.Index(
                            condition=models.Q(
                                ("escalated_at__isnull", True), ("state__in", ["dispatched", "in_hand", "received"])
                            ),
                            fields=["due_on"],
                            name="case_running",
                        ),
                        models.Index(
                            condition=models.Q(("closed_at__isnull", False)), fields=["closed_at"], name="case_ended"
                        ),
                        models.Index(
                            condition=models.Q(
                                ("reminded_at__isnull", True), ("state__in", ["dispatched", "in_hand", "received"])
                            ),
                            fields=["due_on"],
                            name="case_not_reminded",
                        ),
                        models.Index(
                            condition=models.Q(
                                ("city_told_at__isnull", True), ("state__in", ["dispatched", "in_hand", "received"])
                            ),
                            fields=["due_on"],
                            name="case_city_not_told",
                        ),
                        models.Index(
                            condition=models.Q(
                                ("state__in", ["dispatched", "in_hand", "received"]), ("supervised_at__isnull", True)
                            ),
                            fields=["due_on"],
                            name="case_not_supervised",
                        ),
                        models.Index(
                            condition=models.Q(("supervised_at__isnull", False)),
                            fields=["due_on"],
                            name="case_supervised",
                        ),
                        models.Index(
                            condition=models.Q(("state", "executing"), ("supervised_at__isnull", True)),
                            fields=["money_due_on"],
                            name="case_money_awaited",
                        ),
                        models.Index(
                            models.F("lead_department"),
                            models.F("lead_district"),
                            models.Case(
                                models.When(state__in=["dispatched", "in_hand", "received"], then=models.Value(0)),
                                models.When(state="executing", then=models.Value(1)),
                                default=models.Value(2),
                                output_field=models.IntegerField(),
                            ),
                            models.F("due_on"),
                            models.F("due_at"),
                            models.F("id"),
                            name="case_urgent_district",
                        ),
                        models.Index(
                            models.F("lead_department"),
                            models.Case(
                                models.When(state__in=["dispatched", "in_hand", "received"], then=models.Value(0)),
                                models.When(state="executing", then=models.Value(1)),
                                default=models.Value(2),
                                output_field=models.IntegerField(),
                            ),
                            models.F("due_on"),
                            models.F("due_at"),
                            models.F("id"),
                            name="case_urgent_city",
                        ),
                        models.Index(
                            models.Case(
                                models.When(state__in=["dispatched", "in_hand", "received"], then=models.Value(0)),
                                models.When(state="executing", then=models.Value(1)),
                                default=models.Value(2),
                                output_field=models.IntegerField(),
                            ),
                            models.F("due_on"),
                            models.F("due_at"),
                            models.F("id"),
                            name="case_urgent",
                        ),
                        models.Index(
                            condition=models.Q(("foreign_number", ""), _negated=True),
                            fields=["foreign_number"],
                            name="case_foreign_number",
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state__in", ["closed", "executing", "in_hand"]), _negated=True),
                                models.Q(("accepted_at__isnull", False), ("lead_officer__isnull", False)),
                                _connector="OR",
                            ),
                            name="case_led_has_its_lead",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "state__in",
                                    [
                                        "received",
                                        "dispatched",
                                        "in_hand",
                                        "executing",
                                        "closed",
                                        "withdrawn",
                                        "settled",
                                    ],
                                )
                            ),
                            name="case_state_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("state__in", ["received", "settled", "withdrawn"]),
                                models.Q(("dispatched_at__isnull", False), ("lead_department__isnull", False)),
                                _connector="OR",
                            ),
                            name="case_dispatched_has_a_department",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("closed_at__isnull", False), ("state__in", ["closed", "settled", "withdrawn"])
                                ),
                                models.Q(
                                    models.Q(("state__in", ["closed", "settled", "withdrawn"]), _negated=True),
                                    ("closed_at__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            name="case_ended_has_its_end",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("reopened_at__isnull", True),
                                models.Q(("lead_officer__isnull", False), ("refund_request__isnull", False)),
                                _connector="OR",
                            ),
                            name="case_reopened_is_about_a_refund_and_led",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("card__isnull", False),
                                    ("merchant__isnull", False),
                                    ("outside__isnull", True),
                                    models.Q(
                                        models.Q(("redemption__isnull", True), ("refund_request__isnull", False)),
                                        models.Q(("redemption__isnull", False), ("refund_request__isnull", True)),
                                        _connector="OR",
                                    ),
                                ),
                                models.Q(
                                    ("card__isnull", True),
                                    ("outside__isnull", False),
                                    ("redemption__isnull", True),
                                    ("refund_request__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            name="case_about_a_refund_a_charge_or_outside",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("source__in", ["card", "public", "hotline", "api"])),
                            name="case_source_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("foreign_number", ""), ("foreign_system", "")),
                                models.Q(
                                    models.Q(("foreign_system", ""), _negated=True),
                                    models.Q(("foreign_number", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="case_foreign_number_with_its_system",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("foreign_number", ""), _negated=True),
                            fields=("foreign_system", "foreign_number"),
                            name="case_foreign_number_once",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("limit__in", ["life_risk", "utilities", "general", "complex", "prepaid"])
                            ),
                            name="case_limit_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("city_told_at__isnull", True), ("supervised_at__isnull", True)),
                                models.Q(("city_told_at__isnull", False), ("escalated_at__isnull", False)),
                                _connector="OR",
                            ),
                            name="case_marked_level_by_level",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "executing"), _negated=True),
                                ("money_due_on__isnull", False),
                                _connector="OR",
                            ),
                            name="case_executing_has_a_day_for_the_money",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Call",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="cases.case"
                        ),
                    ),
                    (
                        "side",
                        models.CharField(
                            choices=[("consumer", "consumer"), ("merchant", "merchant")],
                            max_length=8,
                            verbose_name="side",
                        ),
                    ),
                    (
                        "result",
                        models.CharField(
                            choices=[
                                ("reached", "reached"),
                                ("not_reached", "not reached"),
                                ("refused", "refused to talk"),
                            ],
                            max_length=12,
                            verbose_name="result",
                        ),
                    ),
                    (
                        "officer",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "call",
                    "verbose_name_plural": "calls",
                    "ordering": ["id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("side__in", ["consumer", "merchant"])), name="call_side_known"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("result__in", ["reached", "not_reached", "refused"])),
                            name="call_result_known",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Repayment",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("amount_fen", models.BigIntegerField(verbose_name="owed (fen)")),
                    ("due_on", models.DateField(verbose_name="pays by")),
                    ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid back")),
                    ("evidence", models.CharField(blank=True, default="", max_length=200, verbose_name="proof")),
                    (
                        "unpaid_marked_at",
                        models.DateTimeField(blank=True, null=True, verbose_name="reported as unpaid"),
                    ),
                    ("given_up_at", models.DateTimeField(blank=True, null=True, verbose_name="left to the courts")),
                ],
                options={
                    "verbose_name": "repayment",
                    "verbose_name_plural": "repayments",
                    "indexes": [
                        models.Index(
                            condition=models.Q(("given_up_at__isnull", True), ("paid_at__isnull", True)),
                            fields=["due_on"],
                            name="repayment_open",
                        )
                    ],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="repayment_positive"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("paid_at__isnull", True), ("given_up_at__isnull", True), _connector="OR"
                            ),
                            name="repayment_has_one_end",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Outcome",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="outcome",
                            to="cases.case",
                        ),
                    ),
                    (
                        "reopened_case",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="earlier_outcome",
                            to="cases.case",
                        ),
                    ),
                    (
                        "result",
                        models.CharField(
                            choices=[
                                ("upheld", "upheld"),
                                ("not_upheld", "not upheld"),
                                ("out_of_scope", "not a matter of prepaid consumption"),
                            ],
                            max_length=12,
                            verbose_name="outcome",
                        ),
                    ),
                    ("amount_fen", models.BigIntegerField(blank=True, null=True, verbose_name="refund (fen)")),
                    (
                        "basis",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("cooling_off", "cooling-off right"),
                                ("consent", "merchant's consent"),
                                ("silence", "merchant's silence (contract)"),
                                ("mediation", "mediation agreement"),
                                ("judgment", "judgment or award"),
                                ("closure", "confirmed closure"),
                            ],
                            default="",
                            max_length=16,
                            verbose_name="basis",
                        ),
                    ),
                    ("units", models.BigIntegerField(blank=True, null=True, verbose_name="used of the charge")),
                    (
                        "reasons",
                        escrow.models.encrypted.EncryptedTextField(
                            max_length=2000, verbose_name="evidence and reasons"
                        ),
                    ),
                    (
                        "refund",
                        models.OneToOneField(
                            null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.refund"
                        ),
                    ),
                    (
                        "repayment",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="outcome",
                            to="cases.repayment",
                        ),
                    ),
                    (
                        "decided_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    ("decided_at", models.DateTimeField(verbose_name="decided")),
                ],
                options={
                    "verbose_name": "outcome",
                    "verbose_name_plural": "outcomes",
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("case__isnull", False), ("reopened_case__isnull", True)),
                                models.Q(
                                    ("case__isnull", True), ("reopened_case__isnull", False), ("result", "not_upheld")
                                ),
                                _connector="OR",
                            ),
                            name="outcome_stands_or_a_refusal_was_reopened",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("amount_fen__gt", 0),
                                    (
                                        "basis__in",
                                        ["cooling_off", "consent", "silence", "mediation", "judgment", "closure"],
                                    ),
                                    ("result", "upheld"),
                                    ("units__isnull", True),
                                    models.Q(
                                        models.Q(("refund__isnull", False), ("repayment__isnull", True)),
                                        models.Q(("refund__isnull", True), ("repayment__isnull", False)),
                                        _connector="OR",
                                    ),
                                ),
                                models.Q(
                                    ("amount_fen__isnull", True),
                                    ("basis", ""),
                                    ("refund__isnull", True),
                                    ("repayment__isnull", True),
                                    models.Q(
                                        ("result__in", ["not_upheld", "out_of_scope"]),
                                        ("units__gte", 0),
                                        _connector="OR",
                                    ),
                                ),
                                _connector="OR",
                            ),
                            name="outcome_upheld_has_sum_basis_refund",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Statement",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="cases.case"
                        ),
                    ),
                    (
                        "side",
                        models.CharField(
                            choices=[("consumer", "consumer"), ("merchant", "merchant")],
                            max_length=8,
                            verbose_name="side",
                        ),
                    ),
                    ("text", escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name="statement")),
                    ("offer_fen", models.BigIntegerField(blank=True, null=True, verbose_name="offer (fen)")),
                    (
                        "author",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "recorded_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "statement",
                    "verbose_name_plural": "statements",
                    "ordering": ["id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("side__in", ["consumer", "merchant"])), name="statement_side_known"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("author__isnull", False), ("recorded_by__isnull", True)),
                                models.Q(("author__isnull", True), ("recorded_by__isnull", False)),
                                _connector="OR",
                            ),
                            name="statement_written_or_recorded",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("offer_fen__isnull", True),
                                models.Q(("offer_fen__gt", 0), ("side", "merchant")),
                                _connector="OR",
                            ),
                            name="statement_offer_is_the_merchants",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Reply",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "group",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="replies",
                            to="cases.casegroup",
                            verbose_name="group of complaints",
                        ),
                    ),
                    ("text", escrow.models.encrypted.EncryptedTextField(max_length=2000, verbose_name="reply")),
                    (
                        "by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="replied by",
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "reply",
                    "verbose_name_plural": "replies",
                    "ordering": ["id"],
                },
            ),
            migrations.CreateModel(
                name="CaseEvent",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="events", to="cases.case"
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("received", "Complaint received"),
                                ("dispatched", "Sent to the responsible authority"),
                                ("undetermined", "Sent to a person who determines the responsible authority"),
                                ("accepted", "Taken in charge"),
                                ("assigned", "Put in charge"),
                                ("statement", "Statement"),
                                ("evidence", "Photo or document added"),
                                ("call", "Call"),
                                ("upheld", "Complaint upheld: refund ordered from custody"),
                                ("not_upheld", "Complaint not upheld"),
                                ("owed", "Complaint upheld: the merchant is to pay back"),
                                ("repaid", "Money back received"),
                                ("money_late", "The money is not back by its day, reported"),
                                ("unrepaid", "The merchant has not paid back by its last day"),
                                ("ended_unpaid", "Closed; the debt stays open"),
                                ("charge_decided", "Decided how much of the charge was used"),
                                ("conceded", "The charge was withdrawn"),
                                ("paid", "The bank confirmed the refund"),
                                ("withdrawn", "Withdrawn by the consumer"),
                                ("grouped", "Handled together with others about the same merchant"),
                                ("replied", "Reply of the authority to all who complained about this merchant"),
                                ("turned_away", "Not a matter of prepaid consumption"),
                                ("limited", "Kind of time limit chosen"),
                                ("extended", "Time limit extended"),
                                ("reminded", "Reminder before the end of the time limit"),
                                ("urged", "Urged by a colleague of the post"),
                                ("overdue", "Time limit exceeded, reported"),
                                ("objected", "Objection to the dispatch"),
                                ("dispatch_changed", "Objection upheld: another authority is responsible"),
                                ("dispatch_stands", "Objection refused: the dispatch stands"),
                                ("called_in", "Another department called in"),
                                ("reported", "The department called in has reported"),
                                ("helped", "The department called in has answered"),
                                ("call_ended", "Call to a department withdrawn"),
                                ("assist_late", "The department called in has not answered in time"),
                                ("asked_back", "Callback: the consumer was asked how it ended"),
                                ("answered_back", "Callback answered"),
                                ("unanswered", "No valid callback: not answered in time"),
                                ("reopened", "Reopened by the consumer"),
                                ("mediated", "Mediation recorded"),
                                ("confirmed", "Mediation record confirmed"),
                                ("agreed", "Mediation agreement concluded"),
                                ("issued", "Document issued"),
                            ],
                            max_length=16,
                            verbose_name="event",
                        ),
                    ),
                    (
                        "from_state",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("received", "received"),
                                ("dispatched", "waiting for an officer"),
                                ("in_hand", "being handled"),
                                ("executing", "refund on its way"),
                                ("closed", "closed"),
                                ("withdrawn", "withdrawn"),
                                ("settled", "settled, the charge was withdrawn"),
                            ],
                            default="",
                            max_length=12,
                        ),
                    ),
                    (
                        "to_state",
                        models.CharField(
                            choices=[
                                ("received", "received"),
                                ("dispatched", "waiting for an officer"),
                                ("in_hand", "being handled"),
                                ("executing", "refund on its way"),
                                ("closed", "closed"),
                                ("withdrawn", "withdrawn"),
                                ("settled", "settled, the charge was withdrawn"),
                            ],
                            max_length=12,
                        ),
                    ),
                    (
                        "by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "department",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                        ),
                    ),
                    (
                        "district",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                        ),
                    ),
                    (
                        "statement",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="event",
                            to="cases.statement",
                        ),
                    ),
                    (
                        "reply",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="events",
                            to="cases.reply",
                        ),
                    ),
                    ("data", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "case event",
                    "verbose_name_plural": "case events",
                    "ordering": ["id"],
                    "indexes": [models.Index(fields=["case", "id"], name="case_event_timeline")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "to_state__in",
                                    [
                                        "received",
                                        "dispatched",
                                        "in_hand",
                                        "executing",
                                        "closed",
                                        "withdrawn",
                                        "settled",
                                    ],
                                )
                            ),
                            name="case_event_state_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "kind__in",
                                    [
                                        "received",
                                        "dispatched",
                                        "undetermined",
                                        "accepted",
                                        "assigned",
                                        "statement",
                                        "evidence",
                                        "call",
                                        "upheld",
                                        "not_upheld",
                                        "owed",
                                        "repaid",
                                        "money_late",
                                        "unrepaid",
                                        "ended_unpaid",
                                        "charge_decided",
                                        "conceded",
                                        "paid",
                                        "withdrawn",
                                        "grouped",
                                        "replied",
                                        "turned_away",
                                        "limited",
                                        "extended",
                                        "reminded",
                                        "urged",
                                        "overdue",
                                        "objected",
                                        "dispatch_changed",
                                        "dispatch_stands",
                                        "called_in",
                                        "reported",
                                        "helped",
                                        "call_ended",
                                        "assist_late",
                                        "asked_back",
                                        "answered_back",
                                        "unanswered",
                                        "reopened",
                                        "mediated",
                                        "confirmed",
                                        "agreed",
                                        "issued",
                                    ],
                                )
                            ),
                            name="case_event_kind_known",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="TimeLimit",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("code", models.SlugField(max_length=32, verbose_name="code")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    (
                        "working_days",
                        models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="working days"),
                    ),
                    ("days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="days")),
                    ("hours", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="hours")),
                    ("source", models.CharField(max_length=200, verbose_name="source")),
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
                    "verbose_name": "time limit",
                    "verbose_name_plural": "time limits",
                    "ordering": ["code", "-valid_from"],
                    "constraints": [
                        models.UniqueConstraint(fields=("code", "valid_from"), name="time_limit_once_per_day"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("days__isnull", True),
                                    ("hours__isnull", True),
                                    ("working_days__gt", 0),
                                    ("working_days__isnull", False),
                                ),
                                models.Q(
                                    ("days__gt", 0),
                                    ("days__isnull", False),
                                    ("hours__isnull", True),
                                    ("working_days__isnull", True),
                                ),
                                models.Q(
                                    ("days__isnull", True),
                                    ("hours__gt", 0),
                                    ("hours__isnull", False),
                                    ("working_days__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            name="time_limit_positive",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Callback",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="callbacks",
                            to="cases.case",
                            verbose_name="complaint",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("asked", "asked"),
                                ("answered", "answered"),
                                ("unanswered", "not answered in time"),
                            ],
                            default="asked",
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    ("ended_at", models.DateTimeField(verbose_name="end of the complaint")),
                    ("asked_at", models.DateTimeField(verbose_name="asked")),
                    ("answers_until", models.DateField(verbose_name="answer by")),
                    ("reached", models.BooleanField(blank=True, null=True, verbose_name="contacted by the department")),
                    ("resolved", models.BooleanField(blank=True, null=True, verbose_name="resolved")),
                    ("satisfied", models.BooleanField(blank=True, null=True, verbose_name="satisfied")),
                    (
                        "words",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=500, verbose_name="in the consumer's words"
                        ),
                    ),
                    ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                    (
                        "channel",
                        models.CharField(
                            blank=True,
                            choices=[("link", "by the link"), ("hotline", "by telephone")],
                            default="",
                            max_length=8,
                            verbose_name="answered how",
                        ),
                    ),
                    (
                        "taken_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="taken down by",
                        ),
                    ),
                    ("lapsed_at", models.DateTimeField(blank=True, null=True, verbose_name="term ended unanswered")),
                ],
                options={
                    "verbose_name": "callback",
                    "verbose_name_plural": "callbacks",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(
                            condition=models.Q(("state", "asked")), fields=["answers_until"], name="callback_open"
                        )
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("case", "ended_at"), name="callback_once_per_end"),
                        models.UniqueConstraint(
                            condition=models.Q(("state", "asked")), fields=("case",), name="callback_one_open_per_case"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("channel", ""),
                                    ("lapsed_at__isnull", True),
                                    ("state", "asked"),
                                    ("taken_by__isnull", True),
                                    ("answered_at__isnull", True),
                                    ("reached__isnull", True),
                                    ("resolved__isnull", True),
                                    ("satisfied__isnull", True),
                                    ("words", ""),
                                ),
                                models.Q(
                                    ("channel", ""),
                                    ("lapsed_at__isnull", False),
                                    ("state", "unanswered"),
                                    ("taken_by__isnull", True),
                                    ("answered_at__isnull", True),
                                    ("reached__isnull", True),
                                    ("resolved__isnull", True),
                                    ("satisfied__isnull", True),
                                    ("words", ""),
                                ),
                                models.Q(
                                    ("answered_at__isnull", False),
                                    ("lapsed_at__isnull", True),
                                    ("reached__isnull", False),
                                    ("resolved__isnull", False),
                                    ("satisfied__isnull", False),
                                    ("state", "answered"),
                                    models.Q(
                                        models.Q(("channel", "link"), ("taken_by__isnull", True)),
                                        models.Q(("channel", "hotline"), ("taken_by__isnull", False)),
                                        _connector="OR",
                                    ),
                                ),
                                _connector="OR",
                            ),
                            name="callback_state_consistent",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="RememberedAuthority",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("key", models.CharField(max_length=301, unique=True)),
                    (
                        "district",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="district",
                        ),
                    ),
                    (
                        "sector",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.sector",
                            verbose_name="sector",
                        ),
                    ),
                    (
                        "by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="determined by",
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "determined authority",
                    "verbose_name_plural": "determined authorities",
                    "ordering": ["-at"],
                },
            ),
            migrations.CreateModel(
                name="Mediation",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="mediations",
                            to="cases.case",
                            verbose_name="complaint",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("open", "agreement to be confirmed"),
                                ("confirmed", "confirmed by both sides"),
                                ("failed", "no agreement"),
                            ],
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    ("held_at", models.DateTimeField(verbose_name="held")),
                    ("place", escrow.models.encrypted.EncryptedTextField(max_length=200, verbose_name="place")),
                    (
                        "manner",
                        models.CharField(
                            choices=[("in_person", "in person"), ("telephone", "by telephone"), ("online", "online")],
                            max_length=12,
                            verbose_name="how",
                        ),
                    ),
                    (
                        "consumer_by",
                        escrow.models.encrypted.EncryptedTextField(max_length=100, verbose_name="for the consumer"),
                    ),
                    (
                        "merchant_by",
                        escrow.models.encrypted.EncryptedTextField(max_length=100, verbose_name="for the merchant"),
                    ),
                    (
                        "consumer_said",
                        escrow.models.encrypted.EncryptedTextField(
                            max_length=2000, verbose_name="the consumer's statement"
                        ),
                    ),
                    (
                        "merchant_said",
                        escrow.models.encrypted.EncryptedTextField(
                            max_length=2000, verbose_name="the merchant's statement"
                        ),
                    ),
                    ("custody_fen", models.BigIntegerField(blank=True, null=True, verbose_name="out of custody (fen)")),
                    (
                        "direct_fen",
                        models.BigIntegerField(blank=True, null=True, verbose_name="paid by the merchant itself (fen)"),
                    ),
                    ("pay_by", models.DateField(blank=True, null=True, verbose_name="to be paid by")),
                    (
                        "terms",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=1000, verbose_name="what else was agreed"
                        ),
                    ),
                    (
                        "failed_because",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=1000, verbose_name="why there is no agreement"
                        ),
                    ),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the record")),
                    (
                        "held_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="officer",
                        ),
                    ),
                    ("written_at", models.DateTimeField(verbose_name="written down")),
                    (
                        "concluded_at",
                        models.DateTimeField(blank=True, null=True, verbose_name="confirmed by both sides"),
                    ),
                ],
                options={
                    "verbose_name": "mediation",
                    "verbose_name_plural": "mediations",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("manner__in", ["in_person", "telephone", "online"])),
                            name="mediation_manner_known",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("state", "failed"), _negated=True),
                            fields=("case",),
                            name="mediation_one_agreement_per_case",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("custody_fen__isnull", True),
                                    ("direct_fen__isnull", True),
                                    ("pay_by__isnull", True),
                                    ("state", "failed"),
                                ),
                                models.Q(
                                    ("failed_because", ""),
                                    ("state__in", ["open", "confirmed"]),
                                    ("custody_fen__gte", 0),
                                    ("direct_fen__gte", 0),
                                    models.Q(("custody_fen__gt", 0), ("direct_fen__gt", 0), _connector="OR"),
                                    models.Q(
                                        models.Q(("direct_fen", 0), ("pay_by__isnull", True)),
                                        models.Q(("direct_fen__gt", 0), ("pay_by__isnull", False)),
                                        _connector="OR",
                                    ),
                                ),
                                _connector="OR",
                            ),
                            name="mediation_agrees_on_a_sum_or_failed",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("concluded_at__isnull", False), ("state", "confirmed")),
                                models.Q(
                                    models.Q(("state", "confirmed"), _negated=True), ("concluded_at__isnull", True)
                                ),
                                _connector="OR",
                            ),
                            name="mediation_confirmed_has_its_day",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Confirmation",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "mediation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="confirmations",
                            to="cases.mediation",
                            verbose_name="mediation",
                        ),
                    ),
                    (
                        "side",
                        models.CharField(
                            choices=[("consumer", "consumer"), ("merchant", "merchant")],
                            max_length=8,
                            verbose_name="side",
                        ),
                    ),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the record")),
                    (
                        "by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "recorded_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("signed_on", models.DateField(blank=True, null=True, verbose_name="signed on")),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "confirmation of a record",
                    "verbose_name_plural": "confirmations of records",
                    "ordering": ["id"],
                    "constraints": [
                        models.UniqueConstraint(
                            fields=("mediation", "side", "sha256"), name="confirmation_once_per_text"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("side__in", ["consumer", "merchant"])), name="confirmation_side_known"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("by__isnull", False), ("recorded_by__isnull", True), ("signed_on__isnull", True)
                                ),
                                models.Q(
                                    ("by__isnull", True), ("recorded_by__isnull", False), ("signed_on__isnull", False)
                                ),
                                _connector="OR",
                            ),
                            name="confirmation_by_a_click_or_on_paper",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Document",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="documents",
                            to="cases.case",
                            verbose_name="complaint",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("acceptance", "Notice of acceptance"),
                                ("rejection", "Notice of non-acceptance"),
                                ("termination", "Notice that mediation has ended"),
                                ("agreement", "Mediation agreement"),
                            ],
                            max_length=16,
                            verbose_name="document",
                        ),
                    ),
                    (
                        "side",
                        models.CharField(
                            choices=[("consumer", "consumer"), ("merchant", "merchant")],
                            max_length=8,
                            verbose_name="copy for",
                        ),
                    ),
                    (
                        "mediation",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="documents",
                            to="cases.mediation",
                        ),
                    ),
                    ("number", models.CharField(max_length=32, verbose_name="number")),
                    ("text", escrow.models.encrypted.EncryptedTextField(verbose_name="text")),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the text")),
                    (
                        "issued_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("issued_at", models.DateTimeField(verbose_name="issued")),
                ],
                options={
                    "verbose_name": "document",
                    "verbose_name_plural": "documents",
                    "ordering": ["id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["acceptance", "rejection", "termination", "agreement"])),
                            name="document_kind_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("side__in", ["consumer", "merchant"])), name="document_side_known"
                        ),
                        models.UniqueConstraint(fields=("number", "side"), name="document_one_copy_per_side"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("kind__in", ["agreement", "termination"]), ("mediation__isnull", False)),
                                models.Q(("kind__in", ["acceptance", "rejection"]), ("mediation__isnull", True)),
                                _connector="OR",
                            ),
                            name="document_of_a_mediation_names_it",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Assist",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="assists",
                            to="cases.case",
                            verbose_name="complaint",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("called", "called in"),
                                ("reported", "reported"),
                                ("answered", "answered"),
                                ("withdrawn", "call withdrawn"),
                            ],
                            default="called",
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    (
                        "department",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                            verbose_name="department called in",
                        ),
                    ),
                    (
                        "district",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="district",
                        ),
                    ),
                    ("asked", escrow.models.encrypted.EncryptedTextField(max_length=500, verbose_name="what is asked")),
                    (
                        "called_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="called in by",
                        ),
                    ),
                    ("called_at", models.DateTimeField(verbose_name="called in at")),
                    ("answer_by", models.DateField(verbose_name="answer by")),
                    ("reported_at", models.DateTimeField(blank=True, null=True, verbose_name="reported at")),
                    (
                        "reported_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="reported by",
                        ),
                    ),
                    (
                        "answer",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=2000, verbose_name="answer"
                        ),
                    ),
                    ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered at")),
                    (
                        "answered_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="answered by",
                        ),
                    ),
                    ("late_at", models.DateTimeField(blank=True, null=True, verbose_name="marked as late")),
                    ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="call withdrawn at")),
                ],
                options={
                    "verbose_name": "call to a department",
                    "verbose_name_plural": "calls to departments",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(
                            condition=models.Q(("state__in", ["called", "reported"])),
                            fields=["answer_by"],
                            name="assist_open",
                        ),
                        models.Index(fields=["department", "district", "-id"], name="assist_of_department"),
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("state__in", ["called", "reported"])),
                            fields=("case", "department", "district"),
                            name="assist_one_open_call",
                            nulls_distinct=False,
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("reported_at__isnull", True), ("reported_by__isnull", True)),
                                models.Q(("reported_at__isnull", False), ("reported_by__isnull", False)),
                                _connector="OR",
                            ),
                            name="assist_reported_by_somebody",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("answer", ""),
                                    ("reported_at__isnull", True),
                                    ("state", "called"),
                                    ("withdrawn_at__isnull", True),
                                ),
                                models.Q(
                                    ("answer", ""),
                                    ("reported_at__isnull", False),
                                    ("state", "reported"),
                                    ("withdrawn_at__isnull", True),
                                ),
                                models.Q(
                                    ("answered_at__isnull", False),
                                    ("answered_by__isnull", False),
                                    ("reported_at__isnull", False),
                                    ("state", "answered"),
                                    ("withdrawn_at__isnull", True),
                                    models.Q(("answer", ""), _negated=True),
                                ),
                                models.Q(("answer", ""), ("state", "withdrawn"), ("withdrawn_at__isnull", False)),
                                _connector="OR",
                            ),
                            name="assist_state_consistent",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("state", "answered"),
                                models.Q(("answered_at__isnull", True), ("answered_by__isnull", True)),
                                _connector="OR",
                            ),
                            name="assist_answered_only_then",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Extension",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="extension",
                            to="cases.case",
                            verbose_name="complaint",
                        ),
                    ),
                    ("days", models.PositiveSmallIntegerField(verbose_name="days")),
                    ("reason", escrow.models.encrypted.EncryptedTextField(max_length=500, verbose_name="reason")),
                    ("was_due_on", models.DateField(verbose_name="was due")),
                    ("due_on", models.DateField(verbose_name="due")),
                    (
                        "by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="extended by",
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "extension",
                    "verbose_name_plural": "extensions",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("days__gt", 0), ("due_on__gt", models.F("was_due_on"))),
                            name="extension_gives_days",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Objection",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "case",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="objection",
                            to="cases.case",
                            verbose_name="complaint",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("open", "to be reviewed"),
                                ("upheld", "upheld, sent on"),
                                ("refused", "refused"),
                                ("lapsed", "not reviewed in time, so refused"),
                                ("dropped", "overtaken by the course of the case"),
                            ],
                            default="open",
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    (
                        "department",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.department",
                            verbose_name="objecting department",
                        ),
                    ),
                    (
                        "district",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="its district",
                        ),
                    ),
                    ("reason", escrow.models.encrypted.EncryptedTextField(max_length=500, verbose_name="reason")),
                    (
                        "sector",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.sector",
                            verbose_name="right sector",
                        ),
                    ),
                    (
                        "to_district",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="people.division",
                            verbose_name="right district",
                        ),
                    ),
                    (
                        "objected_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="objected by",
                        ),
                    ),
                    ("objected_at", models.DateTimeField(verbose_name="objected")),
                    ("review_by", models.DateField(verbose_name="review by")),
                    (
                        "reviewed_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="reviewed by",
                        ),
                    ),
                    (
                        "finding",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=500, verbose_name="finding"
                        ),
                    ),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ],
                options={
                    "verbose_name": "objection",
                    "verbose_name_plural": "objections",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(condition=models.Q(("state", "open")), fields=["review_by"], name="objection_open")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("sector__isnull", False), ("to_district__isnull", False), _connector="OR"
                            ),
                            name="objection_names_another_authority",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("ended_at__isnull", True), ("reviewed_by__isnull", True), ("state", "open")),
                                models.Q(
                                    ("ended_at__isnull", False),
                                    ("reviewed_by__isnull", False),
                                    ("state__in", ["upheld", "refused"]),
                                ),
                                models.Q(
                                    ("ended_at__isnull", False),
                                    ("reviewed_by__isnull", True),
                                    ("state__in", ["lapsed", "dropped"]),
                                ),
                                _connector="OR",
                            ),
                            name="objection_state_consistent",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="BulkDeed",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("key", models.UUIDField(editable=False)),
                    (
                        "officer",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="officer",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("accept", "Take in charge"),
                                ("assign", "Put a colleague in charge"),
                                ("urge", "Send a reminder"),
                            ],
                            max_length=8,
                            verbose_name="deed",
                        ),
                    ),
                    ("chosen", models.JSONField(editable=False)),
                    (
                        "lead",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="officer in charge",
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "deed on several complaints",
                    "verbose_name_plural": "deeds on several complaints",
                    "ordering": ["-id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("officer", "key"), name="bulk_deed_once"),
                        models.CheckConstraint(
                            condition=models.Q(("kind__in", ["accept", "assign", "urge"])), name="bulk_kind_known"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("kind", "assign"), ("lead__isnull", False)),
                                models.Q(models.Q(("kind", "assign"), _negated=True), ("lead__isnull", True)),
                                _connector="OR",
                            ),
                            name="bulk_assigning_names_a_lead",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="BulkLine",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "deed",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="cases.bulkdeed"
                        ),
                    ),
                    (
                        "case",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
                        ),
                    ),
                    ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="at")),
                    (
                        "refusal",
                        models.CharField(blank=True, default="", max_length=500, verbose_name="refused because"),
                    ),
                ],
                options={
                    "verbose_name": "line of a deed on several complaints",
                    "verbose_name_plural": "lines of deeds on several complaints",
                    "ordering": ["id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("deed", "case"), name="bulk_line_once"),
                        models.CheckConstraint(
                            condition=models.Q(("refusal", ""), ("tried_at__isnull", False), _connector="OR"),
                            name="bulk_refused_was_tried",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SavedFilter",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "owner",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="owner",
                        ),
                    ),
                    ("name", models.CharField(max_length=30, verbose_name="name")),
                    (
                        "query",
                        escrow.models.encrypted.EncryptedTextField(max_length=400, verbose_name="search and filters"),
                    ),
                    ("is_default", models.BooleanField(default=False, verbose_name="the queue opens with it")),
                ],
                options={
                    "verbose_name": "saved filter",
                    "verbose_name_plural": "saved filters",
                    "ordering": ["id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("owner", "name"), name="saved_filter_name_once"),
                        models.UniqueConstraint(
                            condition=models.Q(("is_default", True)), fields=("owner",), name="saved_filter_one_default"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("name", ""), _negated=True), name="saved_filter_named"
                        ),
                    ],
                },
            ),
        ),
        migrations.RunSQL(documents.KEPT, documents.UNDO),
    ]
