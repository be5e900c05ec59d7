"""Whose matter it is. The matters themselves are rows of the ledger (``queries.sources``)."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _Binary = models.BinaryField[bytes, bytes]
else:
    _Binary = models.BinaryField


class CustodyFile(models.Model):
    """What was told the city's custody platform of one day (BJ 23), as the bytes that were told. Written once: the database
    refuses to change it."""

    day = models.DateField(_("day"), unique=True)
    rows = models.PositiveIntegerField(_("rows"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    content = _Binary()
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("daily file for the city")
        verbose_name_plural = _("daily files for the city")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"custody-{self.day}.csv"


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
