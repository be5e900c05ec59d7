"""Times in which a beneficiary, or one of its places, does not count as serving, or something else of it is stopped."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Beneficiary
from escrow.states import StoppageKind


class Stoppage(models.Model):
    """From the start of day ``since`` to the end of day ``until`` (Beijing; open while None). ``place`` is opaque and the same
    as in ``Use.place`` and ``Agreement.places``; blank: every place of the beneficiary."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="stoppages")
    place = models.CharField(_("place"), max_length=64, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=16, choices=StoppageKind)
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    because = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("stoppage")
        verbose_name_plural = _("stoppages")
        indexes = [models.Index(fields=["beneficiary", "since"])]
        constraints = [
            models.CheckConstraint(name="stoppage_kind_known", condition=Q(kind__in=StoppageKind.values)),
            models.CheckConstraint(
                name="stoppage_ends_after_it_begins", condition=Q(until__isnull=True) | Q(until__gte=F("since"))
            ),
            models.UniqueConstraint(
                name="stoppage_one_open_of_a_kind",
                fields=["beneficiary", "place", "kind"],
                condition=Q(until__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.since}"
