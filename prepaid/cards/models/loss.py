"""A card that was reported lost, and how that ended."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.cards.models.card import Card


class LossOutcome(models.TextChoices):
    FOUND = "found", _("found again")
    REISSUED = "reissued", _("replaced")


class CardLoss(models.Model):
    """``since``: from when on the holder answers for no use of the card, by her own words. Once the card is replaced
    ``old_number`` is no card's any more; its secret is kept so that the counter can tell who shows the right old code that the
    card was replaced, and nobody else."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="losses", verbose_name=_("card"))
    old_number = models.CharField(_("number then"), max_length=8, db_index=True)
    old_secret = EncryptedTextField(blank=True, default="")
    since = models.DateTimeField(_("lost since"))
    reported_at = models.DateTimeField(_("reported"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=LossOutcome, blank=True, default="")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("lost card")
        verbose_name_plural = _("lost cards")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="card_loss_one_open", fields=["card"], condition=Q(ended_at=None)),
            models.UniqueConstraint(
                name="card_loss_number_once", fields=["old_number"], condition=Q(outcome="reissued")
            ),
            models.CheckConstraint(name="card_loss_not_in_the_future", condition=Q(since__lte=F("reported_at"))),
            models.CheckConstraint(
                name="card_loss_ends_with_an_outcome",
                condition=Q(outcome="", ended_at=None) | Q(ended_at__isnull=False) & ~Q(outcome=""),
            ),
            models.CheckConstraint(
                name="card_loss_replaced_keeps_its_secret", condition=~Q(outcome="reissued") | ~Q(old_secret="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_number[:4]} {self.old_number[4:]}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
