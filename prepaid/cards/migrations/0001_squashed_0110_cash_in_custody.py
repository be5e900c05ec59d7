"""The tables of cards as of migration 0110, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import escrow.models.encrypted
import prepaid.cards.codes
import prepaid.cards.models.card
from escrow.migrations._rendered_once import RenderedOnce

rule = import_module("prepaid.cards.migrations.0002_first_rule")
contracts = import_module("prepaid.cards.migrations.0008_contracts")


class Migration(migrations.Migration):
    replaces = [
        ("cards", "0001_initial"),
        ("cards", "0002_first_rule"),
        ("cards", "0003_charges_insisted_on"),
        ("cards", "0004_undone_check_ins"),
        ("cards", "0005_interest_granted"),
        ("cards", "0006_list_prices_and_lessons"),
        ("cards", "0007_closing_offer_days"),
        ("cards", "0008_contracts"),
        ("cards", "0009_texts_encrypted"),
        ("cards", "0040_top_ups"),
        ("cards", "0041_lost_cards"),
        ("cards", "0042_roll_call"),
        ("cards", "0043_paid_otherwise"),
        ("cards", "0044_stored_charges"),
        ("cards", "0045_prepared_purchases"),
        ("cards", "0046_people_and_sms_codes"),
        ("cards", "0047_expiry_notices"),
        ("cards", "0048_digests"),
        ("cards", "0060_transfers"),
        ("cards", "0070_certificates"),
        ("cards", "0090_memberships"),
        ("cards", "0100_cash_sales"),
        ("cards", "0110_cash_in_custody"),
    ]

    initial = True

    dependencies = [
        ("escrow", "0001_squashed_0170_undone_deposit_given_up"),
        ("merchants", "0001_squashed_0098_existing_card_rule"),
        ("people", "__first__"),
        ("products", "0001_squashed_0080_paid_after_the_visit"),
    ]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="CardRule",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("payment_minutes", models.PositiveIntegerField(verbose_name="minutes to pay an order")),
                    ("confirm_hours", models.PositiveIntegerField(verbose_name="hours to confirm a charge")),
                    (
                        "answer_working_days",
                        models.PositiveIntegerField(verbose_name="working days to answer a refund request"),
                    ),
                    (
                        "closing_offer_days",
                        models.PositiveIntegerField(
                            default=30, verbose_name="days to take a closing merchant's refund"
                        ),
                    ),
                    (
                        "stored_hours",
                        models.PositiveSmallIntegerField(default=12, verbose_name="hours to send a stored charge"),
                    ),
                    (
                        "stored_a_day",
                        models.PositiveSmallIntegerField(default=20, verbose_name="stored charges of a store on a day"),
                    ),
                    (
                        "transfer_days",
                        models.PositiveIntegerField(default=7, verbose_name="days to take over an offered card"),
                    ),
                    (
                        "month_notice_days",
                        models.PositiveSmallIntegerField(
                            default=3, verbose_name="days of notice before a paid month ends"
                        ),
                    ),
                    (
                        "deposit_working_days",
                        models.PositiveSmallIntegerField(
                            default=2, verbose_name="working days to bring cash to custody"
                        ),
                    ),
                    ("basis", models.CharField(max_length=500, verbose_name="source or reason")),
                    (
                        "mark",
                        models.CharField(
                            help_text="T: text of the law, E: excerpt, A: assumption of this platform",
                            max_length=1,
                            verbose_name="mark",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "card rule",
                    "verbose_name_plural": "card rules",
                    "ordering": ["-valid_from"],
                },
            ),
            migrations.CreateModel(
                name="Card",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "number",
                        models.CharField(
                            default=prepaid.cards.models.card.new_number,
                            max_length=8,
                            unique=True,
                            verbose_name="card number",
                        ),
                    ),
                    (
                        "holder",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cards",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="holder",
                        ),
                    ),
                    (
                        "version",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cards",
                            to="products.productversion",
                            verbose_name="product",
                        ),
                    ),
                    (
                        "agreement",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="card",
                            to="escrow.agreement",
                            verbose_name="agreement",
                        ),
                    ),
                    ("held_since", models.DateTimeField(blank=True, null=True, verbose_name="taken over")),
                    (
                        "issuer",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cards",
                            to="merchants.merchant",
                            verbose_name="issuer",
                        ),
                    ),
                    ("code_secret", escrow.models.encrypted.EncryptedTextField(default=prepaid.cards.codes.new_secret)),
                    ("lost_at", models.DateTimeField(blank=True, null=True, verbose_name="reported lost")),
                    ("order_token", models.UUIDField(help_text="one per shown order form: makes buying idempotent")),
                    ("contract_sha256", models.CharField(max_length=64, verbose_name="accepted contract")),
                    (
                        "knew_service",
                        models.BooleanField(default=False, verbose_name="knew this service before buying"),
                    ),
                    (
                        "prepared_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="prepared by",
                        ),
                    ),
                    (
                        "tops_up",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="top_ups",
                            to="cards.card",
                            verbose_name="tops up",
                        ),
                    ),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended by its holder")),
                    ("bought_at", models.DateTimeField(verbose_name="bought")),
                    ("expires_on", models.DateField(blank=True, null=True, verbose_name="last day")),
                ],
                options={
                    "verbose_name": "card",
                    "verbose_name_plural": "cards",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(fields=["holder", "issuer"], name="cards_card_holder__15fa95_idx"),
                        models.Index(
                            condition=models.Q(("prepared_by__isnull", False)),
                            fields=["issuer", "-id"],
                            name="card_prepared",
                        ),
                        models.Index(
                            condition=models.Q(("expires_on__isnull", False)),
                            fields=["issuer", "expires_on"],
                            name="card_ends_at",
                        ),
                        models.Index(
                            condition=models.Q(("expires_on__isnull", False)), fields=["expires_on"], name="card_ends"
                        ),
                    ],
                    "constraints": [models.UniqueConstraint(fields=("order_token",), name="card_order_token_once")],
                },
            ),
            migrations.CreateModel(
                name="Redemption",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="redemptions",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "use",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="redemption",
                            to="escrow.use",
                            verbose_name="use",
                        ),
                    ),
                    (
                        "store",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="redemptions",
                            to="merchants.store",
                            verbose_name="store",
                        ),
                    ),
                    (
                        "cashier",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="redemptions",
                            to="merchants.staffmember",
                            verbose_name="charged by",
                        ),
                    ),
                    ("units", models.BigIntegerField(verbose_name="units")),
                    (
                        "note",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=80, verbose_name="note"
                        ),
                    ),
                    ("list_fen", models.BigIntegerField(blank=True, null=True, verbose_name="list price (fen)")),
                    ("lesson_on", models.DateField(blank=True, null=True, verbose_name="day of the lesson")),
                    ("lesson_class", models.CharField(blank=True, default="", max_length=40, verbose_name="class")),
                    ("paid_otherwise_fen", models.BigIntegerField(default=0, verbose_name="paid at the till (fen)")),
                    ("by_roll_call", models.BooleanField(default=False, verbose_name="by roll-call")),
                    ("scanned_at", models.DateTimeField(blank=True, null=True, verbose_name="scanned")),
                    ("code_step", models.BigIntegerField(blank=True, null=True)),
                    ("key", models.CharField(help_text="who charged, and their idempotency key", max_length=100)),
                    ("body_sha256", models.CharField(max_length=64)),
                    ("at", models.DateTimeField(verbose_name="at")),
                    ("insisted_at", models.DateTimeField(blank=True, null=True, verbose_name="insisted on")),
                    (
                        "insisted_because",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=200, verbose_name="why the merchant insists"
                        ),
                    ),
                    ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
                ],
                options={
                    "verbose_name": "redemption",
                    "verbose_name_plural": "redemptions",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(fields=["store", "-id"], name="cards_redem_store_i_6f6a80_idx"),
                        models.Index(
                            condition=models.Q(("scanned_at__isnull", False)),
                            fields=["store", "at"],
                            name="redemption_stored",
                        ),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("card", "code_step"), name="redemption_code_once"),
                        models.UniqueConstraint(fields=("key",), name="redemption_key_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("units", 0), ("use__isnull", True)),
                                models.Q(("units__gt", 0), ("use__isnull", False)),
                                _connector="OR",
                            ),
                            name="redemption_charges_or_checks_in",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("insisted_at__isnull", True), ("insisted_because", "")),
                                models.Q(
                                    ("insisted_at__isnull", False), models.Q(("insisted_because", ""), _negated=True)
                                ),
                                _connector="OR",
                            ),
                            name="redemption_insisted_with_a_reason",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("undone_at__isnull", True), ("use__isnull", True), _connector="OR"),
                            name="redemption_undone_check_in",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("list_fen__isnull", True),
                                models.Q(("list_fen__gte", models.F("units")), ("use__isnull", False)),
                                _connector="OR",
                            ),
                            name="redemption_list_price_not_below_charge",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("lesson_class", ""), ("lesson_on__isnull", True)),
                                models.Q(
                                    ("lesson_on__isnull", False),
                                    ("units", 1),
                                    ("use__isnull", False),
                                    models.Q(("lesson_class", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="redemption_lesson_has_day_and_class",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("by_roll_call", False), ("lesson_on__isnull", False), _connector="OR"),
                            name="redemption_only_lessons_by_roll_call",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("paid_otherwise_fen", 0),
                                models.Q(("paid_otherwise_fen__gt", 0), ("use__isnull", False)),
                                _connector="OR",
                            ),
                            name="redemption_paid_otherwise_beside_a_charge",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("scanned_at__isnull", True),
                                models.Q(("by_roll_call", False), ("scanned_at__lt", models.F("at"))),
                                _connector="OR",
                            ),
                            name="redemption_scanned_before_it_was_sent",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="RefundRequest",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="refund_requests",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("requested", "waiting for the merchant's answer"),
                                ("offered", "the merchant offers another sum"),
                                ("refused", "refused by the merchant"),
                                ("silent", "not answered in time"),
                                ("complained", "with the regulator"),
                                ("granted", "granted, the money is on its way"),
                                ("paid", "paid back"),
                                ("withdrawn", "withdrawn"),
                                ("dismissed", "closed without a refund"),
                            ],
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    (
                        "cause",
                        models.CharField(
                            choices=[
                                (
                                    "operator",
                                    "The merchant closed, moved, stopped or changed the service, or did not keep the contract",
                                ),
                                ("neither", "Neither of us, for example illness or moving away"),
                                ("consumer", "I changed my mind"),
                            ],
                            max_length=12,
                            verbose_name="cause",
                        ),
                    ),
                    (
                        "reason",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=500, verbose_name="reason"
                        ),
                    ),
                    ("stopped_on", models.DateField(blank=True, null=True, verbose_name="service stopped on")),
                    ("asked_fen", models.BigIntegerField(verbose_name="asked (fen)")),
                    ("quote", models.JSONField(verbose_name="calculation")),
                    ("requested_at", models.DateTimeField(verbose_name="requested")),
                    ("answer_due_on", models.DateField(blank=True, null=True, verbose_name="answer due")),
                    ("silence_agrees", models.BooleanField(default=False, verbose_name="silence is consent")),
                    ("lapsed_at", models.DateTimeField(blank=True, null=True, verbose_name="term ended unanswered")),
                    ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                    (
                        "answered_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="answered by",
                        ),
                    ),
                    (
                        "answer_text",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=500, verbose_name="answer"
                        ),
                    ),
                    ("offered_fen", models.BigIntegerField(blank=True, null=True, verbose_name="offered (fen)")),
                    ("granted_fen", models.BigIntegerField(blank=True, null=True, verbose_name="granted (fen)")),
                    ("interest", models.JSONField(blank=True, null=True, verbose_name="interest")),
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
                    ("complained_at", models.DateTimeField(blank=True, null=True, verbose_name="complained")),
                    ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ],
                options={
                    "verbose_name": "refund request",
                    "verbose_name_plural": "refund requests",
                    "ordering": ["-id"],
                    "indexes": [models.Index(fields=["state", "answer_due_on"], name="cards_refun_state_249a78_idx")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "state__in",
                                    [
                                        "requested",
                                        "offered",
                                        "refused",
                                        "silent",
                                        "complained",
                                        "granted",
                                        "paid",
                                        "withdrawn",
                                        "dismissed",
                                    ],
                                )
                            ),
                            name="refund_request_state_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("asked_fen__gt", 0)), name="refund_request_asks_for_money"
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(
                                ("state__in", ["requested", "offered", "refused", "silent", "complained", "granted"])
                            ),
                            fields=("card",),
                            name="refund_request_one_open_per_card",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("granted_fen__isnull", False),
                                    ("state__in", ["granted", "paid"]),
                                    models.Q(("basis", ""), _negated=True),
                                ),
                                models.Q(
                                    models.Q(("state__in", ["granted", "paid"]), _negated=True),
                                    ("basis", ""),
                                    ("granted_fen__isnull", True),
                                ),
                                _connector="OR",
                            ),
                            name="refund_request_granted_on_a_basis",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Contract",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="contract",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    ("template_version", models.PositiveSmallIntegerField(verbose_name="template")),
                    ("text", models.TextField(verbose_name="text")),
                    ("sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the text")),
                    ("concluded_at", models.DateTimeField(verbose_name="concluded")),
                    ("pdf", models.BinaryField(blank=True, null=True)),
                    (
                        "pdf_sha256",
                        models.CharField(blank=True, default="", max_length=64, verbose_name="SHA-256 of the PDF"),
                    ),
                    ("pdf_made_at", models.DateTimeField(blank=True, null=True, verbose_name="PDF made")),
                ],
                options={
                    "verbose_name": "contract",
                    "verbose_name_plural": "contracts",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(condition=models.Q(("pdf", None)), fields=["id"], name="contract_without_pdf")
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("pdf", None), ("pdf_made_at", None), ("pdf_sha256", "")),
                                models.Q(
                                    ("pdf__isnull", False),
                                    ("pdf_made_at__isnull", False),
                                    models.Q(("pdf_sha256", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="contract_pdf_with_its_fingerprint",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="CardLoss",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="losses",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    ("old_number", models.CharField(db_index=True, max_length=8, verbose_name="number then")),
                    ("old_secret", escrow.models.encrypted.EncryptedTextField(blank=True, default="")),
                    ("since", models.DateTimeField(verbose_name="lost since")),
                    ("reported_at", models.DateTimeField(verbose_name="reported")),
                    (
                        "outcome",
                        models.CharField(
                            blank=True,
                            choices=[("found", "found again"), ("reissued", "replaced")],
                            default="",
                            max_length=10,
                            verbose_name="outcome",
                        ),
                    ),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ],
                options={
                    "verbose_name": "lost card",
                    "verbose_name_plural": "lost cards",
                    "ordering": ["-id"],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("ended_at", None)), fields=("card",), name="card_loss_one_open"
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("outcome", "reissued")),
                            fields=("old_number",),
                            name="card_loss_number_once",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("since__lte", models.F("reported_at"))),
                            name="card_loss_not_in_the_future",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("ended_at", None), ("outcome", "")),
                                models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                                _connector="OR",
                            ),
                            name="card_loss_ends_with_an_outcome",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("outcome", "reissued"), _negated=True),
                                models.Q(("old_secret", ""), _negated=True),
                                _connector="OR",
                            ),
                            name="card_loss_replaced_keeps_its_secret",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="TaughtClass",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "store",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="classes",
                            to="merchants.store",
                            verbose_name="store",
                        ),
                    ),
                    ("name", models.CharField(max_length=40, verbose_name="class")),
                    ("name_key", models.CharField(max_length=200)),
                    ("opened_at", models.DateTimeField(verbose_name="added")),
                ],
                options={
                    "verbose_name": "class",
                    "verbose_name_plural": "classes",
                    "ordering": ["name", "id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("store", "name_key"), name="taught_class_once_per_store")
                    ],
                },
            ),
            migrations.CreateModel(
                name="Learner",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "taught_class",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="learners",
                            to="cards.taughtclass",
                            verbose_name="class",
                        ),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="learners",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "name",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=20, verbose_name="learner"
                        ),
                    ),
                    ("only_on", models.DateField(blank=True, null=True, verbose_name="only on")),
                    ("code_step", models.BigIntegerField(blank=True, null=True)),
                    ("added_at", models.DateTimeField(verbose_name="added")),
                    (
                        "added_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="added by",
                        ),
                    ),
                    ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="taken off")),
                ],
                options={
                    "verbose_name": "learner",
                    "verbose_name_plural": "learners",
                    "ordering": ["id"],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("left_at__isnull", True)),
                            fields=("taught_class", "card"),
                            name="learner_once_per_class",
                        ),
                        models.UniqueConstraint(fields=("card", "code_step"), name="learner_code_once"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Attendance",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "taught_class",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attendances",
                            to="cards.taughtclass",
                            verbose_name="class",
                        ),
                    ),
                    (
                        "learner",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attendances",
                            to="cards.learner",
                            verbose_name="learner",
                        ),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attendances",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    ("on", models.DateField(verbose_name="day of the lesson")),
                    (
                        "mark",
                        models.CharField(
                            choices=[
                                ("present", "present"),
                                ("absent", "absent"),
                                ("leave", "leave"),
                                ("make_up", "make-up"),
                            ],
                            max_length=8,
                            verbose_name="marked",
                        ),
                    ),
                    (
                        "redemption",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attendance",
                            to="cards.redemption",
                            verbose_name="charge",
                        ),
                    ),
                    ("revision", models.PositiveSmallIntegerField(default=1)),
                    (
                        "cashier",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="marked by",
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={
                    "verbose_name": "attendance",
                    "verbose_name_plural": "attendances",
                    "ordering": ["-on", "id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("taught_class", "card", "on"), name="attendance_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("mark__in", ("present", "make_up")), ("redemption__isnull", False)),
                                models.Q(("mark__in", ["absent", "leave"]), ("redemption__isnull", True)),
                                _connector="OR",
                            ),
                            name="attendance_absent_is_not_charged",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Beneficiary",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="beneficiary",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    ("name", escrow.models.encrypted.EncryptedTextField(max_length=20, verbose_name="name")),
                    (
                        "relation",
                        escrow.models.encrypted.EncryptedTextField(
                            choices=[
                                ("child", "my child"),
                                ("grandchild", "my grandchild"),
                                ("ward", "a child in my care"),
                            ],
                            max_length=10,
                            verbose_name="relation",
                        ),
                    ),
                    ("named_at", models.DateTimeField(verbose_name="named")),
                ],
                options={
                    "verbose_name": "child",
                    "verbose_name_plural": "children",
                },
            ),
            migrations.CreateModel(
                name="CardPerson",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="people",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "role",
                        models.CharField(
                            choices=[("guardian", "guardian"), ("relative", "relative")],
                            max_length=10,
                            verbose_name="role",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("invited", "invited"),
                                ("accepted", "on the card"),
                                ("ended", "not on the card any more"),
                            ],
                            default="invited",
                            max_length=10,
                            verbose_name="state",
                        ),
                    ),
                    (
                        "phone",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", verbose_name="invited number"
                        ),
                    ),
                    ("phone_index", models.CharField(blank=True, default="", max_length=64)),
                    (
                        "user",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="on_cards",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="person",
                        ),
                    ),
                    ("invited_at", models.DateTimeField(verbose_name="invited")),
                    ("lapses_at", models.DateTimeField(verbose_name="invitation lapses")),
                    ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted")),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                    (
                        "end",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("removed", "removed by the holder"),
                                ("left", "left"),
                                ("declined", "declined"),
                                ("lapsed", "not answered in time"),
                            ],
                            default="",
                            max_length=10,
                            verbose_name="how it ended",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "person on a card",
                    "verbose_name_plural": "people on cards",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(condition=models.Q(("state", "accepted")), fields=["user"], name="card_person_on"),
                        models.Index(
                            condition=models.Q(("state", "invited")), fields=["phone_index"], name="card_person_invited"
                        ),
                        models.Index(
                            condition=models.Q(("state", "invited")), fields=["lapses_at"], name="card_person_lapses"
                        ),
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("role__in", ["guardian", "relative"]), ("state__in", ["invited", "accepted", "ended"])
                            ),
                            name="card_person_known",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("accepted_at", None),
                                    ("end", ""),
                                    ("ended_at", None),
                                    ("state", "invited"),
                                    ("user", None),
                                    models.Q(("phone_index", ""), _negated=True),
                                ),
                                models.Q(
                                    ("accepted_at__isnull", False),
                                    ("end", ""),
                                    ("ended_at", None),
                                    ("state", "accepted"),
                                    ("user__isnull", False),
                                    ("phone_index", ""),
                                ),
                                models.Q(
                                    ("ended_at__isnull", False),
                                    ("phone_index", ""),
                                    ("state", "ended"),
                                    models.Q(("end", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="card_person_is_what_it_says",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "invited"), models.Q(("phone", ""), _negated=True)),
                                models.Q(models.Q(("state", "invited"), _negated=True), ("phone", "")),
                                _connector="OR",
                            ),
                            name="card_person_number_only_while_invited",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("role", "guardian"), ("state__in", ["invited", "accepted"])),
                            fields=("card",),
                            name="card_person_one_guardian",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("state", "accepted")), fields=("card", "user"), name="card_person_once"
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("state", "invited")),
                            fields=("card", "phone_index"),
                            name="card_person_invited_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SmsCode",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="sms_codes",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "staff",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="asked by",
                        ),
                    ),
                    (
                        "store",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.store",
                            verbose_name="store",
                        ),
                    ),
                    ("units", models.BigIntegerField(verbose_name="units")),
                    ("list_fen", models.BigIntegerField(blank=True, null=True, verbose_name="list price (fen)")),
                    ("lesson_on", models.DateField(blank=True, null=True, verbose_name="day of the lesson")),
                    ("lesson_class", models.CharField(blank=True, default="", max_length=40, verbose_name="class")),
                    (
                        "note",
                        escrow.models.encrypted.EncryptedTextField(
                            blank=True, default="", max_length=80, verbose_name="note"
                        ),
                    ),
                    ("digits_index", models.CharField(max_length=64)),
                    ("sent_at", models.DateTimeField(verbose_name="sent")),
                    ("valid_until", models.DateTimeField(verbose_name="valid until")),
                    ("wrong", models.PositiveSmallIntegerField(default=0, verbose_name="wrong tries")),
                    ("replaced_at", models.DateTimeField(blank=True, null=True, verbose_name="replaced")),
                    (
                        "redemption",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="sms_code",
                            to="cards.redemption",
                            verbose_name="charge",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "code by SMS",
                    "verbose_name_plural": "codes by SMS",
                    "ordering": ["-id"],
                    "indexes": [models.Index(fields=["card", "-sent_at"], name="sms_code_of_card")],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("wrong__gte", 0), ("wrong__lte", 5)), name="sms_code_tries_bounded"
                        ),
                        models.CheckConstraint(condition=models.Q(("units__gte", 0)), name="sms_code_not_negative"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ExpiryNotice",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="expiry_notices",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    ("days_before", models.PositiveSmallIntegerField(verbose_name="days before")),
                    ("last_day", models.DateField(verbose_name="last day")),
                    ("sent_at", models.DateTimeField(verbose_name="sent")),
                ],
                options={
                    "verbose_name": "notice of a card's last day",
                    "verbose_name_plural": "notices of cards' last days",
                    "ordering": ["-id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("card", "days_before", "last_day"), name="expiry_notice_once")
                    ],
                },
            ),
            migrations.CreateModel(
                name="Digest",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="digests",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="person",
                        ),
                    ),
                    ("monday", models.DateField(verbose_name="week before")),
                    ("sent_at", models.DateTimeField(verbose_name="sent")),
                ],
                options={
                    "verbose_name": "weekly digest",
                    "verbose_name_plural": "weekly digests",
                    "ordering": ["-id"],
                    "constraints": [models.UniqueConstraint(fields=("user", "monday"), name="digest_once_a_week")],
                },
            ),
            migrations.CreateModel(
                name="CardTransfer",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="transfers",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    (
                        "holder",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="offered_cards",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="offered by",
                        ),
                    ),
                    ("phone", escrow.models.encrypted.EncryptedTextField(verbose_name="offered to")),
                    ("phone_index", models.CharField(db_index=True, max_length=64)),
                    (
                        "taker",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="answered by",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("offered", "offered"),
                                ("accepted", "taken over"),
                                ("refused", "not wanted"),
                                ("withdrawn", "withdrawn"),
                                ("lapsed", "not answered in time"),
                            ],
                            default="offered",
                            max_length=12,
                            verbose_name="state",
                        ),
                    ),
                    ("offered_at", models.DateTimeField(verbose_name="offered")),
                    ("lapses_at", models.DateTimeField(verbose_name="lapses")),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                    ("held_since", models.DateTimeField(blank=True, null=True)),
                    (
                        "old_number",
                        models.CharField(
                            blank=True, db_index=True, default="", max_length=8, verbose_name="number then"
                        ),
                    ),
                    ("old_secret", escrow.models.encrypted.EncryptedTextField(blank=True, default="")),
                    ("accepted", models.JSONField(default=list, verbose_name="what was accepted")),
                ],
                options={
                    "verbose_name": "card transfer",
                    "verbose_name_plural": "card transfers",
                    "ordering": ["-id"],
                    "indexes": [
                        models.Index(
                            condition=models.Q(("state", "offered")), fields=["lapses_at"], name="card_transfer_waiting"
                        )
                    ],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("state__in", ["offered", "accepted", "refused", "withdrawn", "lapsed"])
                            ),
                            name="card_transfer_state_known",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("state", "offered")), fields=("card",), name="card_transfer_one_open"
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("state", "accepted")),
                            fields=("old_number",),
                            name="card_transfer_number_once",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("ended_at", None), ("state", "offered")),
                                models.Q(models.Q(("state", "offered"), _negated=True), ("ended_at__isnull", False)),
                                _connector="OR",
                            ),
                            name="card_transfer_ends_once",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("state", "accepted"), _negated=True),
                                models.Q(
                                    ("taker__isnull", False),
                                    models.Q(("taker", models.F("holder")), _negated=True),
                                    models.Q(("old_number", ""), _negated=True),
                                    models.Q(("old_secret", ""), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="card_transfer_taken_over_by_another",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Certificate",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "merchant",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="certificates",
                            to="merchants.merchant",
                            verbose_name="merchant",
                        ),
                    ),
                    (
                        "made_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="consent given by",
                        ),
                    ),
                    ("reader", escrow.models.encrypted.EncryptedTextField(max_length=80, verbose_name="for whom")),
                    ("code", escrow.models.encrypted.EncryptedTextField()),
                    ("code_index", models.CharField(editable=False, max_length=64, unique=True)),
                    ("text", escrow.models.encrypted.EncryptedTextField(verbose_name="text")),
                    ("pdf", escrow.models.encrypted.EncryptedBinaryField()),
                    ("pdf_sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the PDF")),
                    ("made_at", models.DateTimeField(verbose_name="made")),
                    ("expires_at", models.DateTimeField(verbose_name="valid until")),
                    ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                ],
                options={
                    "verbose_name": "cash-flow certificate",
                    "verbose_name_plural": "cash-flow certificates",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("expires_at__gt", models.F("made_at"))),
                            name="certificate_expires_later",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="CertificateReading",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "certificate",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="readings",
                            to="cards.certificate",
                            verbose_name="cash-flow certificate",
                        ),
                    ),
                    (
                        "what",
                        models.CharField(
                            choices=[("page", "page"), ("file", "PDF")], max_length=4, verbose_name="what"
                        ),
                    ),
                    ("at", models.DateTimeField(verbose_name="when")),
                ],
                options={
                    "verbose_name": "reading of a certificate",
                    "verbose_name_plural": "readings of certificates",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(("what__in", ["page", "file"])), name="certificate_reading_known"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="CashSale",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "card",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="cash_sale",
                            to="cards.card",
                            verbose_name="card",
                        ),
                    ),
                    ("asked_at", models.DateTimeField(verbose_name="cash wanted")),
                    (
                        "taken_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="taken by",
                        ),
                    ),
                    ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="taken")),
                    (
                        "payer",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                            verbose_name="paid by",
                        ),
                    ),
                    ("in_custody_at", models.DateTimeField(blank=True, null=True, verbose_name="in custody")),
                    ("out_at", models.DateTimeField(blank=True, null=True, verbose_name="not in custody any more")),
                    (
                        "back_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="merchants.staffmember",
                            verbose_name="given back by",
                        ),
                    ),
                    ("back_at", models.DateTimeField(blank=True, null=True, verbose_name="given back, says the shop")),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended by its holder")),
                    (
                        "told_overdue_at",
                        models.DateTimeField(blank=True, null=True, verbose_name="holder told that it is overdue"),
                    ),
                ],
                options={
                    "verbose_name": "cash sale",
                    "verbose_name_plural": "cash sales",
                    "ordering": ["-id"],
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("back_at__isnull", True), ("back_by__isnull", True)),
                                models.Q(
                                    ("back_at__isnull", False), ("back_by__isnull", False), ("taken_at__isnull", False)
                                ),
                                _connector="OR",
                            ),
                            name="cash_sale_nothing_back_before_it_is_taken",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("ended_at__isnull", True), ("taken_at__isnull", False), _connector="OR"
                            ),
                            name="cash_sale_ends_once_taken",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("taken_at__isnull", True), ("taken_by__isnull", True)),
                                models.Q(
                                    ("payer__isnull", False), ("taken_at__isnull", False), ("taken_by__isnull", False)
                                ),
                                _connector="OR",
                            ),
                            name="cash_sale_somebody_took_it",
                        ),
                    ],
                    "indexes": [
                        models.Index(
                            condition=models.Q(("in_custody_at__isnull", True), ("taken_at__isnull", False)),
                            fields=["card"],
                            name="cash_sale_awaited",
                        ),
                        models.Index(
                            condition=models.Q(("out_at__isnull", False)), fields=["card"], name="cash_sale_out"
                        ),
                    ],
                },
            ),
        ),
        migrations.RunSQL(contracts.KEPT, contracts.UNDO),
        migrations.RunPython(rule.add, migrations.RunPython.noop),
    ]
