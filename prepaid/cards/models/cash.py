"""An order that is paid in cash at the shop, and the money's way into custody."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.cards.models.card import Card
from prepaid.merchants.models import StaffMember


class CashSale(models.Model):
    """``asked_at``: its holder wants to pay in cash; ``taken_at``: the shop says that it has the money, and brings it to custody by
    ``deposit.deposit_due_on``. Only there is it the card's: until then nothing is held and the card cannot be used.
    ``payer``: who paid, whoever has the card by now. ``in_custody_at``: since when it is there; ``out_at``: since when the bank has undone
    that. ``back_at``: the shop says that it gave the money back; ``ended_at``: the holder says so too, or that she never paid, and the
    order is over."""

    card = models.OneToOneField(Card, models.PROTECT, related_name="cash_sale", verbose_name=_("card"))
    asked_at = models.DateTimeField(_("cash wanted"))
    taken_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("paid by")
    )
    in_custody_at = models.DateTimeField(_("in custody"), null=True, blank=True)
    out_at = models.DateTimeField(_("not in custody any more"), null=True, blank=True)
    back_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("given back by")
    )
    back_at = models.DateTimeField(_("given back, says the shop"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended by its holder"), null=True, blank=True)
    told_overdue_at = models.DateTimeField(_("holder told that it is overdue"), null=True, blank=True)

    class Meta:
        verbose_name = _("cash sale")
        verbose_name_plural = _("cash sales")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["card"],
                condition=Q(taken_at__isnull=False, in_custody_at__isnull=True),
                name="cash_sale_awaited",
            ),
            models.Index(fields=["card"], condition=Q(out_at__isnull=False), name="cash_sale_out"),
        ]
        constraints = [
            models.CheckConstraint(
                name="cash_sale_somebody_took_it",
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False, payer__isnull=False),
            ),
            models.CheckConstraint(
                name="cash_sale_nothing_back_before_it_is_taken",
                condition=Q(back_at__isnull=True, back_by__isnull=True)
                | Q(back_at__isnull=False, back_by__isnull=False, taken_at__isnull=False),
            ),
            models.CheckConstraint(
                name="cash_sale_ends_once_taken", condition=Q(ended_at__isnull=True) | Q(taken_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.card)
