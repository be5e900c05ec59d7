"""What was said to whom. The words are personal data: the database only sees them encrypted."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.notices import addresses, phones


class Channel(models.TextChoices):
    IN_APP = "in_app", _("in the app")
    SMS = "sms", _("SMS")
    EMAIL = "email", _("e-mail")


class Message(models.Model):
    """One message, in the recipient's language at the time. An SMS may go to a number that nobody registered, an e-mail to an
    address that its recipient has not confirmed yet."""

    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("recipient"),
    )
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, default="", db_index=True)
    address = EncryptedTextField(_("e-mail address"), blank=True, default="")
    kind = models.CharField(_("kind"), max_length=64)
    title = EncryptedTextField(_("title"), blank=True, default="")
    body = EncryptedTextField(_("text"))
    url = models.CharField(_("page"), max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(_("sent"))
    delivered_at = models.DateTimeField(
        _("delivered"), null=True, blank=True, help_text=_("It lies where its recipient can read it.")
    )
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    #: Of an SMS or e-mail on its way: when it is handed over next, how often it was, and until when it is of use.
    next_try_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    useful_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="message_waiting"),
            models.Index(fields=["recipient", "-id"], condition=Q(channel=Channel.IN_APP), name="message_mine"),
            models.Index(
                fields=["recipient"], condition=Q(channel=Channel.IN_APP, read_at__isnull=True), name="message_unread"
            ),
        ]
        constraints = [
            models.CheckConstraint(name="message_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="message_goes_somewhere",
                condition=Q(channel__in=[Channel.IN_APP, Channel.EMAIL], recipient__isnull=False)
                | (Q(channel=Channel.SMS) & ~Q(phone_index="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def to_masked(self) -> str:
        """The masked number or address it went to; the recipient's number for a message in the app."""
        if self.address:
            return addresses.masked(self.address)
        phone = self.phone or (self.recipient.phone if self.recipient else "")
        return phones.masked(phone) if phone else ""
