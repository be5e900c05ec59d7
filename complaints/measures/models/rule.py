"""How a score is made of the rates, and classes of the scores: dated rows with a source."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models import Mark


class ScoreRule(models.Model):
    """Holds for the months from ``valid_from`` (a first day) on, until a later row. Weights in per cent, together 100."""

    valid_from = models.DateField(_("valid from"), unique=True)
    response_weight = models.PositiveSmallIntegerField(_("weight of the response rate (%)"))
    resolved_weight = models.PositiveSmallIntegerField(_("weight of the resolution rate (%)"))
    satisfied_weight = models.PositiveSmallIntegerField(_("weight of the satisfaction rate (%)"))
    first_percent = models.PositiveSmallIntegerField(_("share of the class “advanced” (%)"))
    last_percent = models.PositiveSmallIntegerField(_("share of the class “under treatment” (%)"))
    least_valid = models.PositiveSmallIntegerField(_("valid callbacks needed to be ranked"))
    basis = models.CharField(_("source"), max_length=300)
    mark = models.CharField(_("certainty"), max_length=1, choices=Mark)

    class Meta:
        verbose_name = _("rule of the score")
        verbose_name_plural = _("rules of the score")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(name="measures_rule_from_a_first_day", condition=Q(valid_from__day=1)),
            models.CheckConstraint(
                name="measures_rule_weights_are_whole",
                condition=Q(response_weight=100 - F("resolved_weight") - F("satisfied_weight")),
            ),
            models.CheckConstraint(
                name="measures_rule_classes_do_not_overlap", condition=Q(first_percent__lte=100 - F("last_percent"))
            ),
            models.CheckConstraint(name="measures_rule_least_valid", condition=Q(least_valid__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from:%Y-%m}"
