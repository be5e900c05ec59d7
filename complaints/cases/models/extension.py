"""An extension of a case's time limit: once, with a reason."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.case import Case
from escrow.models import EncryptedTextField


class Extension(models.Model):
    """By how many days (working days where the rule counts them) the lead moved the end of the limit, and why. One per case, also
    when it is reopened."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="extension", verbose_name=_("complaint"))
    days = models.PositiveSmallIntegerField(_("days"))
    reason = EncryptedTextField(_("reason"), max_length=500)
    was_due_on = models.DateField(_("was due"))
    due_on = models.DateField(_("due"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("extended by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="extension_gives_days", condition=Q(days__gt=0, due_on__gt=F("was_due_on"))),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.due_on}"
