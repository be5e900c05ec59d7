"""The filing (备案) of a product version with the lead regulator of its sector (BJ 20)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.people.models import Department, Division
from prepaid.products.models.product import ProductVersion
from prepaid.products.states import FilingState


class Filing(models.Model):
    """One version is filed once; after a return the merchant files the next version, so this is the history too.

    ``balance_fen`` is the operator's prepaid balance that decided whether filing was required: what escrow held
    then, what was ordered and not paid yet, and the product's price.
    """

    version = models.OneToOneField(
        ProductVersion, models.PROTECT, related_name="filing", verbose_name=_("product version")
    )
    state = models.CharField(_("state"), max_length=12, choices=FilingState)
    balance_fen = models.BigIntegerField(_("prepaid balance (fen)"))
    department = models.ForeignKey(Department, models.PROTECT, related_name="filings", verbose_name=_("lead regulator"))
    district = models.ForeignKey(Division, models.PROTECT, related_name="filings", verbose_name=_("district"))
    submitted_at = models.DateTimeField(_("submitted"))
    submitted_by = models.CharField(_("submitted by"), max_length=64)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="filings_decided",
        verbose_name=_("decided by"),
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("filing")
        verbose_name_plural = _("filings")
        ordering = ["-submitted_at", "-id"]
        indexes = [
            models.Index(
                fields=["department", "district"], condition=Q(state=FilingState.SUBMITTED), name="filing_waiting"
            )
        ]
        constraints = [
            models.CheckConstraint(name="filing_state_known", condition=Q(state__in=FilingState.values)),
            models.CheckConstraint(
                name="filing_decision_is_complete",
                condition=Q(
                    state__in=[FilingState.SUBMITTED, FilingState.EXEMPT, FilingState.WITHDRAWN],
                    decided_at__isnull=True,
                    decided_by__isnull=True,
                )
                | Q(
                    state__in=[FilingState.APPROVED, FilingState.RETURNED],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="filing_return_has_a_reason", condition=~Q(state=FilingState.RETURNED) | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def authority(self) -> str:
        """Who decides, by name."""
        return self.department.of(self.district)

    @property
    def number(self) -> str:
        """The number the public may quote."""
        return f"BA{self.submitted_at:%Y}{self.pk:06d}"

    @property
    def required(self) -> bool:
        """False: the operator's balance was below the sector's threshold."""
        return self.state != FilingState.EXEMPT
