"""Several cases in one press: what was asked for, and what came of each case."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.case import Case
from complaints.cases.states import BulkKind


class BulkDeed(models.Model):
    """One press over several cases. ``key`` is made with the page that asks whether to go on: pressed twice, it is the same deed."""

    key = models.UUIDField(editable=False)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("officer"))
    kind = models.CharField(_("deed"), max_length=8, choices=BulkKind)
    #: The ids as they were sent, in order: those that are not in the officer's queue have no line.
    chosen = models.JSONField(editable=False)
    #: Who is put in charge.
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("officer in charge"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("deed on several complaints")
        verbose_name_plural = _("deeds on several complaints")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="bulk_deed_once", fields=["officer", "key"]),
            models.CheckConstraint(name="bulk_kind_known", condition=Q(kind__in=BulkKind.values)),
            models.CheckConstraint(
                name="bulk_assigning_names_a_lead",
                condition=Q(kind=BulkKind.ASSIGN, lead__isnull=False) | ~Q(kind=BulkKind.ASSIGN) & Q(lead__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class BulkLine(models.Model):
    """One case of it. ``tried_at`` empty: not yet; ``refusal`` empty after that: done."""

    deed = models.ForeignKey(BulkDeed, models.PROTECT, related_name="lines")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    tried_at = models.DateTimeField(_("at"), null=True, blank=True)
    refusal = models.CharField(_("refused because"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("line of a deed on several complaints")
        verbose_name_plural = _("lines of deeds on several complaints")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="bulk_line_once", fields=["deed", "case"]),
            models.CheckConstraint(name="bulk_refused_was_tried", condition=Q(refusal="") | Q(tried_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.deed} {self.case_id}"

    @property
    def is_done(self) -> bool:
        return self.tried_at is not None and not self.refusal
