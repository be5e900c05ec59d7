"""Whose matter it is. The matters themselves are rows of the ledger (``queries.sources``)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Assignment(models.Model):
    """One matter, named by its source and the id of its row there, and the operator who sees to it."""

    lane = models.CharField(_("kind"), max_length=24)
    ref = models.BigIntegerField(_("number"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="matters", verbose_name=_("responsible")
    )
    assigned_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("open matter")
        verbose_name_plural = _("open matters")
        constraints = [models.UniqueConstraint(name="assignment_one_owner", fields=["lane", "ref"])]

    def __str__(self) -> str:
        return f"{self.lane} {self.ref}"
