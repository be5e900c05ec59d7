"""Dated reference data: the sectors of the Beijing regulations and the numbers that hold in each."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.people.models.places import Department, Named


class Mark(models.TextChoices):
    """How well a number is known."""

    TEXT = "T", _("read in the full text")
    EXCERPT = "E", _("read in an excerpt or a news report")
    ASSUMED = "A", _("assumption")


class Sector(Named):
    """A line of business. The lead regulator files and hears, the enforcer punishes: they may differ (BJ 6, 27)."""

    code = models.CharField(_("code"), max_length=32, primary_key=True)
    lead_department = models.ForeignKey(
        Department, models.PROTECT, related_name="sectors_led", verbose_name=_("lead regulator")
    )
    enforcer = models.ForeignKey(
        Department, models.PROTECT, related_name="sectors_enforced", verbose_name=_("enforcer")
    )

    class Meta:
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        ordering = ["code"]


class SectorRule(models.Model):
    """The numbers of one sector from ``valid_from`` until the next row. Money in fen; an empty cap means none is set."""

    sector = models.ForeignKey(Sector, models.PROTECT, related_name="rules", verbose_name=_("sector"))
    valid_from = models.DateField(_("valid from"))
    filing_balance_fen = models.BigIntegerField(
        _("filing from a balance of (fen)"),
        null=True,
        blank=True,
        help_text=_("Filing is required once the operator's prepaid balance reaches this; empty or 0: always."),
    )
    custody_percent = models.PositiveSmallIntegerField(
        _("custody (%)"), help_text=_("The legal minimum; all of it stays unless the city allows less for a product.")
    )
    max_price_fen = models.BigIntegerField(_("highest sum per consumer (fen)"), null=True, blank=True)
    max_months = models.PositiveSmallIntegerField(_("longest span (months)"), null=True, blank=True)
    max_sessions = models.PositiveIntegerField(_("most sessions"), null=True, blank=True)
    either_cap_binds = models.BooleanField(
        _("either cap binds"),
        default=False,
        help_text=_("The source names months or sessions: neither may be exceeded."),
    )
    cooling_off_days = models.PositiveSmallIntegerField(_("cooling-off (days)"))
    closing_notice_days = models.PositiveSmallIntegerField(_("notice before closing (days)"))
    auto_confirm_working_days = models.PositiveSmallIntegerField(
        _("silence confirms a use after (working days)"), null=True, blank=True
    )
    refund_silence_agrees_working_days = models.PositiveSmallIntegerField(
        _("silence agrees to a refund after (working days)"), null=True, blank=True
    )
    payable_working_days = models.PositiveSmallIntegerField(
        _("a use is paid out after (working days)"),
        default=1,
        help_text=_("Counted from the day the use is final."),
    )
    basis = models.CharField(_("source"), max_length=200)
    mark = models.CharField(_("certainty"), max_length=1, choices=Mark)

    class Meta:
        verbose_name = _("sector rule")
        verbose_name_plural = _("sector rules")
        ordering = ["sector", "-valid_from"]
        constraints = [
            models.UniqueConstraint(name="sector_rule_one_per_day", fields=["sector", "valid_from"]),
            models.CheckConstraint(name="sector_rule_mark_known", condition=Q(mark__in=Mark.values)),
            models.CheckConstraint(name="sector_rule_custody_percent", condition=Q(custody_percent__lte=100)),
            models.CheckConstraint(name="sector_rule_payable_working_days", condition=Q(payable_working_days__gte=1)),
            models.CheckConstraint(
                name="sector_rule_caps_positive",
                condition=(Q(max_price_fen__isnull=True) | Q(max_price_fen__gt=0))
                & (Q(max_months__isnull=True) | Q(max_months__gt=0))
                & (Q(max_sessions__isnull=True) | Q(max_sessions__gt=0))
                & (Q(filing_balance_fen__isnull=True) | Q(filing_balance_fen__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sector_id} {self.valid_from}"

    def filing_needed(self, balance_fen: int) -> bool:
        """Whether an operator holding ``balance_fen`` of prepaid money must have its cards filed (BJ 20)."""
        return not self.filing_balance_fen or balance_fen >= self.filing_balance_fen
