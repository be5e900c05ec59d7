"""The tables of merchants as of migration 0098, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date;
SQL that never changed is read from where it was first written.
"""

from importlib import import_module

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import escrow.models.encrypted
from escrow.migrations._rendered_once import RenderedOnce

existing_cards = import_module("prepaid.merchants.migrations.0098_existing_card_rule")


class Migration(migrations.Migration):
    replaces = [
        ("merchants", "0001_initial"),
        ("merchants", "0002_payable_after"),
        ("merchants", "0003_custody_by_rating"),
        ("merchants", "0004_standing_register"),
        ("merchants", "0054_invited"),
        ("merchants", "0055_closings"),
        ("merchants", "0056_found_closed"),
        ("merchants", "0057_texts_encrypted"),
        ("merchants", "0095_handovers"),
        ("merchants", "0096_counter_pin"),
        ("merchants", "0097_existing_cards"),
        ("merchants", "0098_existing_card_rule"),
    ]

    initial = True

    dependencies = [("escrow", "0001_squashed_0170_undone_deposit_given_up"), ("people", "0001_squashed_0030_keyboard_shortcuts"), ("people", "__first__")]

    operations = [
        RenderedOnce(
            migrations.CreateModel(
                name="Sector",
                fields=[
                    ("name_zh", models.CharField(max_length=64, verbose_name="Chinese name")),
                    ("name_en", models.CharField(max_length=64, verbose_name="English name")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("valid_until", models.DateField(blank=True, null=True, verbose_name="valid until")),
                    ("code", models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name="code")),
                    ("lead_department", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="sectors_led", to="people.department", verbose_name="lead regulator")),
                    ("enforcer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="sectors_enforced", to="people.department", verbose_name="enforcer")),
                ],
                options={"verbose_name": "sector", "verbose_name_plural": "sectors", "ordering": ["code"]},
            ),
            migrations.CreateModel(
                name="Merchant",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=100, verbose_name="registered name")),
                    ("uscc", models.CharField(max_length=18, unique=True, verbose_name="unified social credit code")),
                    ("legal_representative", escrow.models.encrypted.EncryptedTextField(verbose_name="legal representative")),
                    ("controller", escrow.models.encrypted.EncryptedTextField(blank=True, default="", help_text="Who decides in fact. Empty: the legal representative, as far as is known.", verbose_name="actual controller")),
                    ("contact_phone", escrow.models.encrypted.EncryptedTextField(verbose_name="contact phone")),
                    ("sector", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="merchants", to="merchants.sector", verbose_name="sector")),
                    ("district", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="merchants", to="people.division", verbose_name="district of the head office")),
                    ("beneficiary", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="merchant", to="escrow.beneficiary", verbose_name="custody account")),
                    ("rating", models.CharField(blank=True, choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")], default="", help_text="Given by the regulator; empty: not rated.", max_length=1, verbose_name="rating")),
                    ("registered_at", models.DateTimeField(verbose_name="registered")),
                ],
                options={"verbose_name": "merchant", "verbose_name_plural": "merchants", "ordering": ["id"], "constraints": [models.CheckConstraint(condition=models.Q(("rating__in", ["", "A", "B", "C", "D"])), name="merchant_rating_known")]},
            ),
            migrations.CreateModel(
                name="Store",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="stores", to="merchants.merchant", verbose_name="merchant")),
                    ("name", models.CharField(max_length=100, verbose_name="store")),
                    ("address", models.CharField(max_length=200, verbose_name="address")),
                    ("district", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.division", verbose_name="district")),
                    ("subdistrict", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="stores", to="people.division", verbose_name="subdistrict")),
                    ("lease_ends_on", models.DateField(blank=True, null=True, verbose_name="lease ends")),
                    ("is_open", models.BooleanField(default=True, verbose_name="open")),
                    ("opened_at", models.DateTimeField(verbose_name="added")),
                ],
                options={"verbose_name": "store", "verbose_name_plural": "stores", "ordering": ["id"], "constraints": [models.UniqueConstraint(fields=("merchant", "name"), name="store_name_once_per_merchant")]},
            ),
            migrations.CreateModel(
                name="StaffMember",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("user", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="workplaces", to=settings.AUTH_USER_MODEL, verbose_name="person")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="staff", to="merchants.merchant", verbose_name="merchant")),
                    ("role", models.CharField(choices=[("owner", "owner"), ("manager", "manager"), ("cashier", "cashier")], max_length=8, verbose_name="role")),
                    ("store", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="staff", to="merchants.store", verbose_name="store")),
                    ("is_active", models.BooleanField(default=True, verbose_name="works here")),
                    ("added_at", models.DateTimeField(verbose_name="added")),
                ],
                options={
                    "verbose_name": "staff member",
                    "verbose_name_plural": "staff",
                    "ordering": ["id"],
                    "constraints": [
                        models.UniqueConstraint(fields=("user", "merchant"), name="staff_member_once_per_merchant"),
                        models.CheckConstraint(condition=models.Q(("role__in", ["owner", "manager", "cashier"])), name="staff_member_role_known"),
                        models.CheckConstraint(condition=models.Q(models.Q(("role", "cashier"), ("store__isnull", False)), models.Q(models.Q(("role", "cashier"), _negated=True), ("store__isnull", True)), _connector="OR"), name="staff_member_cashier_has_a_store"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SectorRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("sector", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="rules", to="merchants.sector", verbose_name="sector")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("filing_balance_fen", models.BigIntegerField(blank=True, help_text="Filing is required once the operator's prepaid balance reaches this; empty or 0: always.", null=True, verbose_name="filing from a balance of (fen)")),
                    ("custody_percent", models.PositiveSmallIntegerField(help_text="The legal minimum; all of it stays unless the city allows less for a product.", verbose_name="custody (%)")),
                    ("max_price_fen", models.BigIntegerField(blank=True, null=True, verbose_name="highest sum per consumer (fen)")),
                    ("max_months", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="longest span (months)")),
                    ("max_sessions", models.PositiveIntegerField(blank=True, null=True, verbose_name="most sessions")),
                    ("either_cap_binds", models.BooleanField(default=False, help_text="The source names months or sessions: neither may be exceeded.", verbose_name="either cap binds")),
                    ("cooling_off_days", models.PositiveSmallIntegerField(verbose_name="cooling-off (days)")),
                    ("closing_notice_days", models.PositiveSmallIntegerField(verbose_name="notice before closing (days)")),
                    ("auto_confirm_working_days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="silence confirms a use after (working days)")),
                    ("refund_silence_agrees_working_days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="silence agrees to a refund after (working days)")),
                    ("payable_working_days", models.PositiveSmallIntegerField(default=1, help_text="Counted from the day the use is final.", verbose_name="a use is paid out after (working days)")),
                    ("basis", models.CharField(max_length=200, verbose_name="source")),
                    ("mark", models.CharField(choices=[("T", "read in the full text"), ("E", "read in an excerpt or a news report"), ("A", "assumption")], max_length=1, verbose_name="certainty")),
                ],
                options={
                    "verbose_name": "sector rule",
                    "verbose_name_plural": "sector rules",
                    "ordering": ["sector", "-valid_from"],
                    "constraints": [
                        models.UniqueConstraint(fields=("sector", "valid_from"), name="sector_rule_one_per_day"),
                        models.CheckConstraint(condition=models.Q(("mark__in", ["T", "E", "A"])), name="sector_rule_mark_known"),
                        models.CheckConstraint(condition=models.Q(("custody_percent__lte", 100)), name="sector_rule_custody_percent"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("max_price_fen__isnull", True), ("max_price_fen__gt", 0), _connector="OR"),
                                models.Q(("max_months__isnull", True), ("max_months__gt", 0), _connector="OR"),
                                models.Q(("max_sessions__isnull", True), ("max_sessions__gt", 0), _connector="OR"),
                                models.Q(("filing_balance_fen__isnull", True), ("filing_balance_fen__gte", 0), _connector="OR"),
                            ),
                            name="sector_rule_caps_positive",
                        ),
                        models.CheckConstraint(condition=models.Q(("payable_working_days__gte", 1)), name="sector_rule_payable_working_days"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="CustodyRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("sector", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="custody_rules", to="merchants.sector", verbose_name="sector")),
                    ("rating", models.CharField(blank=True, choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")], default="", max_length=1, verbose_name="rating")),
                    ("valid_from", models.DateField(verbose_name="valid from")),
                    ("percent", models.PositiveSmallIntegerField(verbose_name="stays in custody (%)")),
                    ("basis", models.CharField(max_length=200, verbose_name="source")),
                    ("mark", models.CharField(choices=[("T", "read in the full text"), ("E", "read in an excerpt or a news report"), ("A", "assumption")], max_length=1, verbose_name="certainty")),
                ],
                options={
                    "verbose_name": "custody rule",
                    "verbose_name_plural": "custody rules",
                    "ordering": ["sector", "rating", "-valid_from"],
                    "constraints": [models.UniqueConstraint(fields=("sector", "rating", "valid_from"), name="custody_rule_one_per_day"), models.CheckConstraint(condition=models.Q(("mark__in", ["T", "E", "A"]), ("percent__range", (10, 100)), ("rating__in", ["", "A", "B", "C", "D"])), name="custody_rule_figures")],
                },
            ),
            migrations.CreateModel(
                name="Listing",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("uscc", models.CharField(max_length=18, verbose_name="unified social credit code")),
                    (
                        "kind",
                        models.CharField(
                            choices=[("dishonest", "judgment debtor in default"), ("principal", "its representative or principal is listed for its violations"), ("abnormal", "list of abnormal operations"), ("deregistering", "deregistration filed"), ("major_risk", "major operating risk")],
                            max_length=16,
                            verbose_name="list",
                        ),
                    ),
                    ("number", models.CharField(max_length=64, verbose_name="document number")),
                    ("source", models.CharField(max_length=100, verbose_name="source")),
                    ("listed_on", models.DateField(verbose_name="listed on")),
                    ("removed_on", models.DateField(blank=True, null=True, verbose_name="removed on")),
                    ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                ],
                options={
                    "verbose_name": "entry of the standing register",
                    "verbose_name_plural": "standing register",
                    "ordering": ["-listed_on", "-pk"],
                    "constraints": [
                        models.UniqueConstraint(fields=("uscc", "kind", "number"), name="listing_once"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["dishonest", "principal", "abnormal", "deregistering", "major_risk"])), name="listing_kind_known"),
                        models.CheckConstraint(condition=models.Q(("removed_on__isnull", True), ("removed_on__gte", models.F("listed_on")), _connector="OR"), name="listing_ends_after_it_begins"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="InvitedMerchant",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=100, verbose_name="merchant")),
                    ("key", models.CharField(editable=False, max_length=200)),
                    ("district", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.division", verbose_name="district")),
                    ("sector", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.sector", verbose_name="sector")),
                    ("address", models.CharField(blank=True, default="", max_length=200, verbose_name="address")),
                    ("state", models.CharField(choices=[("new", "new"), ("contacted", "contacted"), ("joined", "joined"), ("dismissed", "dismissed")], default="new", max_length=12, verbose_name="state")),
                    ("times", models.PositiveIntegerField(default=0, verbose_name="invited")),
                    ("first_at", models.DateTimeField(verbose_name="first invited")),
                    ("last_at", models.DateTimeField(verbose_name="last invited")),
                ],
                options={
                    "verbose_name": "invited merchant",
                    "verbose_name_plural": "invited merchants",
                    "ordering": ["-times", "id"],
                    "indexes": [models.Index(condition=models.Q(("state__in", ["contacted", "new"])), fields=["sector", "district"], name="invited_still_missed")],
                    "constraints": [models.UniqueConstraint(fields=("key", "district", "sector"), name="invited_merchant_once"), models.CheckConstraint(condition=models.Q(("state__in", ["new", "contacted", "joined", "dismissed"])), name="invited_merchant_state_known")],
                },
            ),
            migrations.CreateModel(
                name="Invitation",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="merchants.invitedmerchant")),
                    ("visitor", models.CharField(editable=False, max_length=64)),
                    ("message", models.CharField(blank=True, default="", max_length=500, verbose_name="message")),
                    ("at", models.DateTimeField(verbose_name="at")),
                ],
                options={"verbose_name": "invitation", "verbose_name_plural": "invitations", "ordering": ["-id"], "constraints": [models.UniqueConstraint(fields=("merchant", "visitor"), name="invitation_once_a_day")]},
            ),
            migrations.CreateModel(
                name="Closing",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="closings", to="merchants.merchant", verbose_name="merchant")),
                    ("store", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="closings", to="merchants.store", verbose_name="store")),
                    ("kind", models.CharField(choices=[("close", "closes"), ("move", "moves")], max_length=8, verbose_name="what happens")),
                    ("last_day", models.DateField(verbose_name="last day of service")),
                    ("new_address", models.CharField(blank=True, default="", max_length=200, verbose_name="new address")),
                    ("because", models.CharField(max_length=200, verbose_name="reason")),
                    ("is_short", models.BooleanField(default=False, verbose_name="short notice")),
                    ("announced_at", models.DateTimeField(verbose_name="announced")),
                    ("announced_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.staffmember", verbose_name="announced by")),
                    ("found_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="found by")),
                    ("confirmed_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="confirmed by")),
                    ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                    ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                    ("told_up_to", models.BigIntegerField(default=0)),
                    ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="everybody told")),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="took place")),
                    ("refunded_at", models.DateTimeField(blank=True, null=True, verbose_name="everybody paid back")),
                ],
                options={
                    "verbose_name": "closing or move",
                    "verbose_name_plural": "closings and moves",
                    "ordering": ["-pk"],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("kind__in", ["close", "move"])), name="closing_kind_known"),
                        models.CheckConstraint(condition=models.Q(models.Q(("kind", "close"), ("new_address", "")), models.Q(("kind", "move"), ("store__isnull", False), models.Q(("new_address", ""), _negated=True)), _connector="OR"), name="closing_move_names_where"),
                        models.CheckConstraint(condition=models.Q(("withdrawn_at__isnull", True), ("ended_at__isnull", True), _connector="OR"), name="closing_withdrawn_before_it_took_place"),
                        models.UniqueConstraint(condition=models.Q(("ended_at__isnull", True), ("withdrawn_at__isnull", True)), fields=("merchant", "store"), name="closing_one_at_a_time", nulls_distinct=False),
                        models.CheckConstraint(condition=models.Q(models.Q(("announced_by__isnull", False), ("confirmed_by__isnull", True), ("found_by__isnull", True)), models.Q(("announced_by__isnull", True), ("found_by__isnull", False), ("kind", "close")), _connector="OR"), name="closing_announced_or_found"),
                        models.CheckConstraint(
                            condition=models.Q(models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)), models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False), models.Q(("confirmed_by", models.F("found_by")), _negated=True)), _connector="OR"), name="closing_confirmed_by_another"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Handover",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="handovers", to="merchants.merchant", verbose_name="merchant")),
                    ("state", models.CharField(choices=[("open", "being checked"), ("done", "in effect"), ("rejected", "rejected"), ("withdrawn", "withdrawn")], default="open", max_length=9, verbose_name="state")),
                    ("old_representative", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="legal representative before")),
                    ("new_representative", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="new legal representative")),
                    ("old_controller", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="actual controller before")),
                    ("new_controller", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="new actual controller")),
                    ("old_account_no", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="payout account before")),
                    ("new_account_no", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="new payout account")),
                    ("old_account_name", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="account holder before")),
                    ("new_account_name", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="new account holder")),
                    ("because", escrow.models.encrypted.EncryptedTextField(verbose_name="reason")),
                    ("reported_at", models.DateTimeField(verbose_name="reported")),
                    ("reported_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.staffmember", verbose_name="reported by")),
                    ("entered_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="entered by")),
                    ("rating_before", models.CharField(blank=True, choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")], default="", max_length=1, verbose_name="rating before")),
                    ("hold", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="handover", to="escrow.payouthold", verbose_name="hold of payouts")),
                    ("stoppage", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="escrow.stoppage", verbose_name="stoppage")),
                    ("checked_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="first official")),
                    ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="first check")),
                    ("checked_papers", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="documents of the first check")),
                    ("decided_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="decided by")),
                    ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                    ("decided_because", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="documents of the second check, or reason")),
                    ("told_up_to", models.BigIntegerField(default=0)),
                    ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="everybody told")),
                ],
                options={
                    "verbose_name": "change of the operator",
                    "verbose_name_plural": "changes of the operator",
                    "ordering": ["-pk"],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("state__in", ["open", "done", "rejected", "withdrawn"])), name="handover_state_known"),
                        models.CheckConstraint(condition=models.Q(("new_account_no", ""), ("new_controller", ""), ("new_representative", ""), _negated=True), name="handover_changes_something"),
                        models.CheckConstraint(condition=models.Q(models.Q(("new_account_name", ""), ("new_account_no", "")), models.Q(models.Q(("new_account_no", ""), _negated=True), models.Q(("new_account_name", ""), _negated=True)), _connector="OR"), name="handover_account_has_its_holder"),
                        models.CheckConstraint(condition=models.Q(models.Q(("entered_by__isnull", True), ("reported_by__isnull", False)), models.Q(("entered_by__isnull", False), ("reported_by__isnull", True)), _connector="OR"), name="handover_reported_or_entered"),
                        models.CheckConstraint(condition=models.Q(models.Q(("state", "done"), _negated=True), models.Q(("checked_by__isnull", False), ("decided_by__isnull", False), models.Q(("checked_by", models.F("decided_by")), _negated=True)), _connector="OR"), name="handover_done_by_two_officials"),
                        models.CheckConstraint(condition=models.Q(models.Q(("decided_at__isnull", True), ("state", "open")), models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)), _connector="OR"), name="handover_decided_when_over"),
                        models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("merchant",), name="handover_one_open"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="CounterPin",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("staff", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="pin", to="merchants.staffmember", verbose_name="staff member")),
                    ("pin_hash", models.CharField(max_length=128)),
                    ("failures", models.PositiveSmallIntegerField(default=0)),
                    ("set_at", models.DateTimeField(verbose_name="set")),
                ],
                options={"verbose_name": "counter PIN", "verbose_name_plural": "counter PINs"},
            ),
            migrations.CreateModel(
                name="ExistingCardRule",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("valid_from", models.DateField(unique=True, verbose_name="valid from")),
                    ("plan_within_days", models.PositiveSmallIntegerField(verbose_name="days to make a funding plan")),
                    ("plan_most_days", models.PositiveSmallIntegerField(verbose_name="longest funding plan (days)")),
                    ("basis", models.CharField(max_length=500, verbose_name="source or reason")),
                    ("mark", models.CharField(help_text="T: text of the law, E: excerpt, A: assumption of this platform", max_length=1, verbose_name="mark")),
                ],
                options={"verbose_name": "rule of existing cards", "verbose_name_plural": "rules of existing cards", "ordering": ["-valid_from"]},
            ),
            migrations.CreateModel(
                name="FundingPlan",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="funding_plans", to="merchants.merchant", verbose_name="merchant")),
                    ("total_fen", models.BigIntegerField(verbose_name="not backed (fen)")),
                    ("last_card_id", models.BigIntegerField(editable=False)),
                    ("made_at", models.DateTimeField(verbose_name="made")),
                    ("made_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.staffmember", verbose_name="made by")),
                    ("replaced_at", models.DateTimeField(blank=True, null=True, verbose_name="replaced")),
                ],
                options={
                    "verbose_name": "funding plan",
                    "verbose_name_plural": "funding plans",
                    "ordering": ["-id"],
                    "constraints": [models.UniqueConstraint(condition=models.Q(("replaced_at", None)), fields=("merchant",), name="funding_plan_one_in_force"), models.CheckConstraint(condition=models.Q(("total_fen__gt", 0)), name="funding_plan_sum_positive")],
                },
            ),
            migrations.CreateModel(
                name="Instalment",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="instalments", to="merchants.fundingplan", verbose_name="plan")),
                    ("due_on", models.DateField(verbose_name="due")),
                    ("amount_fen", models.BigIntegerField(verbose_name="sum (fen)")),
                ],
                options={"verbose_name": "instalment", "verbose_name_plural": "instalments", "ordering": ["due_on"], "constraints": [models.UniqueConstraint(fields=("plan", "due_on"), name="instalment_day_once"), models.CheckConstraint(condition=models.Q(("amount_fen__gt", 0)), name="instalment_positive")]},
            ),
            migrations.CreateModel(
                name="ExistingCard",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("merchant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="existing_cards", to="merchants.merchant", verbose_name="merchant")),
                    ("key", models.CharField(editable=False, max_length=64)),
                    ("number", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="the shop's card number")),
                    ("phone", escrow.models.encrypted.EncryptedTextField(verbose_name="phone")),
                    ("phone_index", models.CharField(editable=False, max_length=64)),
                    ("name", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="name")),
                    ("holder", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="existing_cards", to=settings.AUTH_USER_MODEL, verbose_name="holder")),
                    ("kind", models.CharField(choices=[("sessions", "session card"), ("stored_value", "stored-value card"), ("discount", "discount card"), ("period", "period card"), ("course", "course")], max_length=16, verbose_name="kind")),
                    ("product", models.CharField(max_length=80, verbose_name="card")),
                    ("sold_on", models.DateField(verbose_name="sold on")),
                    ("paid_fen", models.BigIntegerField(verbose_name="paid (fen)")),
                    ("gift_fen", models.BigIntegerField(default=0, verbose_name="gift money (fen)")),
                    ("units_total", models.BigIntegerField(verbose_name="units")),
                    ("units_left", models.BigIntegerField(verbose_name="units left")),
                    ("as_of", models.DateField(verbose_name="as of")),
                    ("expires_on", models.DateField(blank=True, null=True, verbose_name="last day")),
                    ("state", models.CharField(choices=[("asked", "waiting for the holder"), ("confirmed", "confirmed by the holder"), ("contested", "contested by the holder"), ("ended", "nothing left")], default="asked", max_length=12, verbose_name="state")),
                    ("proposed_left", models.BigIntegerField(blank=True, null=True, verbose_name="units left, as the merchant says since")),
                    ("proposed_because", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="reason")),
                    ("claimed_left", models.BigIntegerField(blank=True, null=True, verbose_name="units left, as the holder says")),
                    ("claimed_because", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="what the holder says")),
                    ("imported_at", models.DateTimeField(verbose_name="imported")),
                    ("imported_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.staffmember", verbose_name="imported by")),
                    ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="holder told")),
                    ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                    ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                    ("told_closing", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.closing")),
                ],
                options={
                    "verbose_name": "existing card",
                    "verbose_name_plural": "existing cards",
                    "ordering": ["-id"],
                    "indexes": [models.Index(fields=["merchant", "-id"], name="existing_card_of_merchant"), models.Index(fields=["phone_index"], name="existing_card_phone"), models.Index(condition=models.Q(("told_at", None)), fields=["id"], name="existing_card_untold")],
                    "constraints": [
                        models.UniqueConstraint(fields=("merchant", "key"), name="existing_card_once"),
                        models.CheckConstraint(condition=models.Q(("kind__in", ["sessions", "stored_value", "discount", "period", "course"])), name="existing_card_kind_known"),
                        models.CheckConstraint(condition=models.Q(("state__in", ["asked", "confirmed", "contested", "ended"])), name="existing_card_state_known"),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("gift_fen__gte", 0),
                                ("paid_fen__gt", 0),
                                ("units_left__gte", 0),
                                ("units_total__gt", 0),
                                ("units_left__lte", models.F("units_total")),
                                models.Q(("kind", "stored_value"), ("gift_fen", 0), _connector="OR"),
                                models.Q(models.Q(("kind__in", ["discount", "stored_value"]), _negated=True), ("units_total", django.db.models.expressions.CombinedExpression(models.F("paid_fen"), "+", models.F("gift_fen"))), _connector="OR"),
                            ),
                            name="existing_card_figures",
                        ),
                        models.CheckConstraint(condition=models.Q(models.Q(("ended_at__isnull", False), ("state", "ended"), ("units_left", 0)), models.Q(models.Q(("state", "ended"), _negated=True), ("ended_at", None)), _connector="OR"), name="existing_card_ended_with_nothing_left"),
                    ],
                },
            ),
        ),
        migrations.RunPython(existing_cards.add, migrations.RunPython.noop),
    ]
