"""What may leave custody before it is earned: the dated rule, and what was released on which day."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Beneficiary


class EarlyReleaseRuleQuerySet(models.QuerySet["EarlyReleaseRule"]):
    def current(self, on: date) -> "EarlyReleaseRule | None":
        """The rule in force on that day; None: nothing is released early."""
        return self.filter(valid_from__lte=on).order_by("-valid_from").first()


class EarlyReleaseRule(models.Model):
    """How early release is earned, from a day on. A change is a new row.

    ``cooling_off_days``: whole days after the payment in which nothing of it leaves. ``proven_days``: since its first use, and
    since it changed hands, a beneficiary has served so long. What is out and not earned is at most the sum earned in
    ``cap_days`` days, on the average of the last ``window_days``.
    """

    valid_from = models.DateField(_("valid from"), unique=True)
    cooling_off_days = models.PositiveIntegerField(_("days after the payment before anything is released"))
    proven_days = models.PositiveIntegerField(_("days of proven use"))
    window_days = models.PositiveIntegerField(_("days the average is taken over"))
    cap_days = models.PositiveIntegerField(_("days of average use released at most"))
    basis = models.CharField(_("source or reason"), max_length=500)
    mark = models.CharField(
        _("mark"), max_length=1, help_text=_("T: text of the law, E: excerpt, A: assumption of this platform")
    )

    objects = EarlyReleaseRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule for early release")
        verbose_name_plural = _("rules for early release")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(name="early_release_rule_window", condition=Q(window_days__gt=0)),
        ]

    def __str__(self) -> str:
        return str(self.valid_from)


class EarlyRelease(models.Model):
    """What one beneficiary had released early on one day, with the figures it was weighed by. Written once, by the SQL function
    ``escrow_release_early`` alone; its transfers name it."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="early_releases")
    day = models.DateField(_("day"))
    rule = models.ForeignKey(EarlyReleaseRule, models.PROTECT, related_name="+", verbose_name=_("rule"))
    earned_fen = models.BigIntegerField(_("earned in the days before (fen)"))
    cap_fen = models.BigIntegerField(_("at most out at a time (fen)"))
    outstanding_fen = models.BigIntegerField(_("out before (fen)"))
    amount_fen = models.BigIntegerField(_("released early (fen)"))
    released_at = models.DateTimeField(_("released"))

    class Meta:
        verbose_name = _("early release")
        verbose_name_plural = _("early releases")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="early_release_once_a_day", fields=["beneficiary", "day"]),
            models.CheckConstraint(
                name="early_release_within_its_cap",
                condition=Q(amount_fen__gt=0, outstanding_fen__gte=0)
                & Q(amount_fen__lte=F("cap_fen") - F("outstanding_fen")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.amount_fen}"
