"""What another system shows to send and read work orders."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.hotline.states import System


class ApiKey(models.Model):
    """A key of one system: it sends and reads that system's work orders, nothing else. Of the token, which was shown once, only its
    SHA-256 is kept: it is 256 bits of chance, so nothing can be tried."""

    name = models.CharField(_("name"), max_length=60)
    system = models.CharField(_("system"), max_length=16, choices=System)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    per_minute = models.PositiveIntegerField(_("requests a minute"))
    valid_until = models.DateField(_("valid until"), help_text=_("The last day."))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("issued by")
    )
    issued_at = models.DateTimeField(_("issued"))
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("revoked by")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("key of a system")
        verbose_name_plural = _("keys of systems")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="api_key_system_known", condition=Q(system__in=System.values)),
            models.CheckConstraint(name="api_key_rate_positive", condition=Q(per_minute__gte=1)),
            models.CheckConstraint(
                name="api_key_revoked_by_somebody",
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> str:
        """How the audit trail names it."""
        return f"key:{self.pk}"

    def opens(self, *, today: date) -> bool:
        """Neither revoked nor past its last day."""
        return self.revoked_at is None and today <= self.valid_until
