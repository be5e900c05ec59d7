"""One use of an agreement: some of its units, reserved or final."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Agreement, Beneficiary
from escrow.states import OPEN_USES, Silence, UseState


class Use(models.Model):
    """``units`` of the agreement's units. ``amount_fen`` and ``bonus_fen`` are what it moved (or would, while reserved).

    ``day``: the calendar day that was served, of an agreement earned by the day; nobody but time decides such a use.

    Where silence confirms, ``confirm_until`` is empty until the notice of the reservation has been delivered: silence about
    what nobody was told is none (docs/ledger.md, "Silence").
    """

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    agreement = models.ForeignKey(Agreement, models.PROTECT, db_constraint=False, related_name="uses")
    #: One key, one effect (docs/ledger.md); what it was given for is told by the fingerprint. A day has no key: it is one.
    command_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 – none is not the same key as another none
    body_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    units = models.BigIntegerField(_("units"))
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    bonus_fen = models.BigIntegerField(_("gift part (fen)"), default=0)
    state = models.CharField(_("state"), max_length=12, choices=UseState)
    reference = models.CharField(_("reference"), max_length=64, blank=True, default="")
    place = models.CharField(
        _("place"), max_length=64, blank=True, default="", help_text=_("opaque id of where it was used")
    )
    silence = models.CharField(_("silence"), max_length=8, choices=Silence, blank=True, default="")
    silence_days = models.PositiveSmallIntegerField(_("working days of silence that confirm"), null=True, blank=True)
    silence_from = models.DateField(
        _("silence counts after"),
        null=True,
        blank=True,
        help_text=_("day of the delivered notice, or the last day of a stoppage since"),
    )
    confirm_until = models.DateTimeField(_("confirm until"), null=True, blank=True)
    day = models.DateField(_("day served"), null=True, blank=True)
    lesson = models.CharField(_("lesson"), max_length=64, null=True)  # noqa: DJ001 – most uses are of no lesson
    used_at = models.DateTimeField(_("used"))
    resolved_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("uses")
        indexes = [
            models.Index(
                fields=["confirm_until"], condition=Q(state=UseState.RESERVED), name="use_reserved_confirm_until"
            ),
            # What is still reserved of an agreement is asked at every use of it (escrow/sql/use.sql, escrow_standing).
            models.Index(fields=["agreement"], condition=Q(state__in=OPEN_USES), name="use_open_of_agreement"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="use_day_once",
                fields=["agreement", "day"],
                condition=Q(day__isnull=False) & ~Q(state=UseState.VOIDED),
            ),
            models.UniqueConstraint(name="use_key_once", fields=["beneficiary", "command_key"]),
            # What state, units and amounts may be is said by their types (docs/adr/0007).
            models.CheckConstraint(
                name="use_reserved_has_an_end",
                condition=Q(silence=Silence.CONFIRMS, silence_days__gt=0)
                | (
                    ~Q(silence=Silence.CONFIRMS)
                    & Q(silence_days__isnull=True, silence_from__isnull=True)
                    & (Q(confirm_until__isnull=False) | ~Q(state=UseState.RESERVED))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × #{self.agreement_id}"
