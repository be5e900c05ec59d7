"""The tables of notices as of migration 0004, in one step for an empty database.

The migrations it replaces stay for databases that have some of them. Left out is what only brings rows from before up to date.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import escrow.models.encrypted


class Migration(migrations.Migration):
    replaces = [("notices", "0001_initial"), ("notices", "0002_delivered"), ("notices", "0003_sms_on_their_way"), ("notices", "0004_emails")]

    initial = True

    dependencies = [("people", "__first__")]

    operations = [
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("in_app", "in the app"), ("sms", "SMS"), ("email", "e-mail")], max_length=8, verbose_name="channel")),
                ("recipient", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="messages", to=settings.AUTH_USER_MODEL, verbose_name="recipient")),
                ("phone", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="phone")),
                ("phone_index", models.CharField(blank=True, db_index=True, default="", max_length=64)),
                ("address", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="e-mail address")),
                ("kind", models.CharField(max_length=64, verbose_name="kind")),
                ("title", escrow.models.encrypted.EncryptedTextField(blank=True, default="", verbose_name="title")),
                ("body", escrow.models.encrypted.EncryptedTextField(verbose_name="text")),
                ("url", models.CharField(blank=True, default="", max_length=200, verbose_name="page")),
                ("sent_at", models.DateTimeField(verbose_name="sent")),
                ("delivered_at", models.DateTimeField(blank=True, help_text="It lies where its recipient can read it.", null=True, verbose_name="delivered")),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("useful_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("channel", "in_app")), fields=["recipient", "-id"], name="message_mine"),
                    models.Index(condition=models.Q(("channel", "in_app"), ("read_at__isnull", True)), fields=["recipient"], name="message_unread"),
                    models.Index(condition=models.Q(("next_try_at__isnull", False)), fields=["next_try_at"], name="message_waiting"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("channel__in", ["in_app", "sms", "email"])), name="message_channel_known"),
                    models.CheckConstraint(condition=models.Q(models.Q(("channel__in", ["in_app", "email"]), ("recipient__isnull", False)), models.Q(("channel", "sms"), models.Q(("phone_index", ""), _negated=True)), _connector="OR"), name="message_goes_somewhere"),
                ],
            },
        )
    ]
