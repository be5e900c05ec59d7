"""A card that its holder offers to another person, and how that ended."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.cards.models.card import Card
from prepaid.cards.states import TransferState
from prepaid.notices import phones


class CardTransfer(models.Model):
    """``card`` is the one whose code serves its top-ups too; they all go along. It is offered to a phone number, whether somebody
    has registered it or not: whoever signs in with it may take the card over (``taker``).

    Once taken over, ``accepted`` says what was on it and the SHA-256 of each contract that was accepted, ``old_number`` is no
    card's any more, and its secret is kept so that the counter can tell who shows the right old code. ``held_since``: from when on
    ``holder`` had it (None: since it was bought), so that both see their own time."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="transfers", verbose_name=_("card"))
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="offered_cards", verbose_name=_("offered by")
    )
    phone = EncryptedTextField(_("offered to"))
    phone_index = models.CharField(max_length=64, db_index=True)
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    state = models.CharField(_("state"), max_length=12, choices=TransferState, default=TransferState.OFFERED)
    offered_at = models.DateTimeField(_("offered"))
    lapses_at = models.DateTimeField(_("lapses"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    held_since = models.DateTimeField(null=True, blank=True)
    old_number = models.CharField(_("number then"), max_length=8, blank=True, default="", db_index=True)
    old_secret = EncryptedTextField(blank=True, default="")
    accepted = models.JSONField(_("what was accepted"), default=list)

    class Meta:
        verbose_name = _("card transfer")
        verbose_name_plural = _("card transfers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["lapses_at"], condition=Q(state=TransferState.OFFERED), name="card_transfer_waiting")
        ]
        constraints = [
            models.CheckConstraint(name="card_transfer_state_known", condition=Q(state__in=TransferState.values)),
            models.UniqueConstraint(
                name="card_transfer_one_open", fields=["card"], condition=Q(state=TransferState.OFFERED)
            ),
            models.UniqueConstraint(
                name="card_transfer_number_once", fields=["old_number"], condition=Q(state=TransferState.ACCEPTED)
            ),
            models.CheckConstraint(
                name="card_transfer_ends_once",
                condition=Q(state=TransferState.OFFERED, ended_at=None)
                | ~Q(state=TransferState.OFFERED) & Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="card_transfer_taken_over_by_another",
                condition=~Q(state=TransferState.ACCEPTED)
                | Q(taker__isnull=False) & ~Q(taker=F("holder")) & ~Q(old_number="") & ~Q(old_secret=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card} · {self.get_state_display()}"

    @property
    def to_masked(self) -> str:
        """The masked number it was offered to."""
        return phones.masked(self.phone)

    @property
    def number_then(self) -> str:
        """As the card was called while it was the first holder's."""
        number = self.old_number or self.card.number
        return f"{number[:4]} {number[4:]}"

    def waits(self, at: datetime) -> bool:
        """Whether it may still be answered."""
        return self.state == TransferState.OFFERED and at < self.lapses_at
