"""Why a beneficiary's payouts stop: one row a reason, none overwrites another."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Beneficiary
from escrow.models.payment import Instruction


class PayoutHold(models.Model):
    """``Beneficiary.payouts_held`` says that there is at least one that nobody has released. ``instruction``: the payout
    that the bank returned or that a second person did not release. ``is_kept``: only the deed that placed it ends it."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="holds")
    instruction = models.ForeignKey(Instruction, models.PROTECT, null=True, related_name="holds")
    because = models.CharField(_("reason"), max_length=200)
    is_kept = models.BooleanField(_("ended where it was decided"), default=False)
    placed_by = models.CharField(_("placed by"), max_length=64)
    placed_at = models.DateTimeField(_("placed"))
    released_by = models.CharField(_("released by"), max_length=64, blank=True, default="")
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    released_because = models.CharField(_("released because"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("payout hold")
        verbose_name_plural = _("payout holds")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["beneficiary"], condition=Q(released_at__isnull=True), name="payout_hold_open"),
        ]

    def __str__(self) -> str:
        return self.because
