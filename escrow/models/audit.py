"""Who did what, when, in the same transaction as the deed."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Never updated, never deleted: a trigger refuses. ``actor`` is opaque: ``user:<uuid>``, ``system:<task>``, ``channel:<code>``."""

    actor = models.CharField(_("actor"), max_length=64)
    action = models.CharField(_("action"), max_length=64)
    target = models.CharField(_("target"), max_length=64)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True, default="")
    at = models.DateTimeField(_("at"))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        indexes = [models.Index(fields=["target", "id"]), models.Index(fields=["actor", "id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
