"""Who was told about which week."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Digest(models.Model):
    """One letter to one person about the week before ``monday``: the row makes it one, whoever sends it and however often."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="digests", verbose_name=_("person"))
    monday = models.DateField(_("week before"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("weekly digest")
        verbose_name_plural = _("weekly digests")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="digest_once_a_week", fields=["user", "monday"])]

    def __str__(self) -> str:
        return str(self.monday)
