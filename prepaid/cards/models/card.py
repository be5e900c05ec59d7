"""A sold card. Its money and its state are its agreement's."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import Agreement, EncryptedTextField
from prepaid.cards.codes import NUMBER_DIGITS, new_secret
from prepaid.cards.states import Rights
from prepaid.merchants.models import Merchant, StaffMember
from prepaid.products.models import ProductVersion


def new_number() -> str:
    """Eight random digits that no card has or had; the unique constraint catches the race."""
    while True:
        number = str(10 ** (NUMBER_DIGITS - 1) + secrets.randbelow(9 * 10 ** (NUMBER_DIGITS - 1)))
        had = Card.objects.filter(models.Q(losses__old_number=number) | models.Q(transfers__old_number=number))
        if not Card.objects.filter(number=number).exists() and not had.exists():
            return number


class Card(models.Model):
    """An escrow agreement, the terms it was sold on, and its holder. Active means: the agreement is held.

    The version is frozen, so the stores that redeem the card are ``version.stores``.
    """

    number = models.CharField(_("card number"), max_length=NUMBER_DIGITS, unique=True, default=new_number)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="cards", verbose_name=_("holder"))
    version = models.ForeignKey(ProductVersion, models.PROTECT, related_name="cards", verbose_name=_("product"))
    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="card", verbose_name=_("agreement"))
    #: Since when it is its holder's, if another person had it before (``CardTransfer``); what was before is that person's to see.
    held_since = models.DateTimeField(_("taken over"), null=True, blank=True)
    issuer = models.ForeignKey(Merchant, models.PROTECT, related_name="cards", verbose_name=_("issuer"))
    code_secret = EncryptedTextField(default=new_secret)
    #: Since when its code does not work because its holder reported it lost (``CardLoss``).
    lost_at = models.DateTimeField(_("reported lost"), null=True, blank=True)
    order_token = models.UUIDField(help_text=_("one per shown order form: makes buying idempotent"))
    contract_sha256 = models.CharField(_("accepted contract"), max_length=64)
    knew_service = models.BooleanField(_("knew this service before buying"), default=False)
    #: Who of the merchant prepared the purchase at the till; the holder accepted and paid all the same.
    prepared_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("prepared by")
    )
    #: A further payment for that card: a row of its own with its statement and refund, used with the code of the first. A top-up
    #: has its own contract; a further month of a membership is under that of the first.
    tops_up = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="top_ups", verbose_name=_("tops up")
    )
    #: Of a card that is paid month by month: since when its holder goes on with no further month. The paid one runs to its end.
    ended_at = models.DateTimeField(_("ended by its holder"), null=True, blank=True)
    bought_at = models.DateTimeField(_("bought"))
    #: By the contract; pauses and days without service move it (``CardFace.last_day``).
    expires_on = models.DateField(_("last day"), null=True, blank=True)
    #: What whoever looks may do with it; set by the queries that ask for somebody's cards.
    rights: Rights | None = None

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["holder", "issuer"]),
            models.Index(fields=["issuer", "-id"], condition=Q(prepared_by__isnull=False), name="card_prepared"),
            models.Index(fields=["issuer", "expires_on"], condition=Q(expires_on__isnull=False), name="card_ends_at"),
            models.Index(fields=["expires_on"], condition=Q(expires_on__isnull=False), name="card_ends"),
        ]
        constraints = [models.UniqueConstraint(name="card_order_token_once", fields=["order_token"])]

    def __str__(self) -> str:
        return f"{self.number[:4]} {self.number[4:]}"

    @property
    def custody_percent(self) -> int:
        """Of what is not used stays in custody, as the contract says."""
        return 100 - self.agreement.free_percent
