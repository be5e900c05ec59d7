"""Agreements earned by the day: how far each has come, when it rests, and the dated rules of both."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.errors import AccrualRuleMissing
from escrow.models.agreement import Agreement, Beneficiary
from escrow.states import Party, PauseState


class AccrualRuleQuerySet(models.QuerySet["AccrualRule"]):
    def current(self, on: date) -> "AccrualRule":
        """The rule in force on that day. Raises ``AccrualRuleMissing``."""
        rule = self.filter(valid_from__lte=on).order_by("-valid_from").first()
        if rule is None:
            raise AccrualRuleMissing()
        return rule


class AccrualRule(models.Model):
    """``lag_days``: whole days a served day stays reserved after it is over, by the rule of that day."""

    valid_from = models.DateField(_("valid from"), unique=True)
    lag_days = models.PositiveIntegerField(_("days a served day stays reserved"))
    pause_days_a_year = models.PositiveIntegerField(_("days of pause in a year at most"))
    basis = models.CharField(_("source or reason"), max_length=500)
    mark = models.CharField(
        _("mark"), max_length=1, help_text=_("T: text of the law, E: excerpt, A: assumption of this platform")
    )

    objects = AccrualRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("accrual rule")
        verbose_name_plural = _("accrual rules")
        ordering = ["-valid_from"]

    def __str__(self) -> str:
        return str(self.valid_from)


class Accrual(models.Model):
    """How far a period agreement has come. Written by the SQL function ``escrow_accrue`` alone.

    ``paid_on`` does not count (Civil Code 201). Every served day up to ``accrued_to`` has its use; ``days_final`` of them are
    final.
    """

    agreement = models.OneToOneField(Agreement, models.PROTECT, primary_key=True, related_name="accrual")
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, db_constraint=False, related_name="+")
    paid_on = models.DateField()
    accrued_to = models.DateField()
    days_final = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("accrual")
        verbose_name_plural = _("accruals")

    def __str__(self) -> str:
        return f"#{self.agreement_id} {self.accrued_to}"


class Pause(models.Model):
    """From the start of day ``since`` to the end of day ``until`` (Beijing) nothing is served nor earned, once the other party
    has agreed. An end before its time shortens ``until``; ``asked_until`` keeps what was agreed."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="pauses")
    state = models.CharField(_("state"), max_length=12, choices=PauseState, default=PauseState.ASKED)
    since = models.DateField(_("from"))
    until = models.DateField(_("through"))
    asked_until = models.DateField(_("asked through"))
    because = models.CharField(_("reason"), max_length=200)
    asked_side = models.CharField(_("asked by"), max_length=12, choices=Party)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField(_("asked"))
    answered_by = models.CharField(max_length=64, blank=True, default="")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_by = models.CharField(max_length=64, blank=True, default="")
    ended_at = models.DateTimeField(_("ended early"), null=True, blank=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["-id"]
        indexes = [models.Index(fields=["agreement", "state"])]
        constraints = [
            models.CheckConstraint(name="pause_state_known", condition=Q(state__in=PauseState.values)),
            models.CheckConstraint(name="pause_ends_after_it_begins", condition=Q(until__gte=F("since"))),
            models.CheckConstraint(name="pause_only_gets_shorter", condition=Q(until__lte=F("asked_until"))),
            models.CheckConstraint(
                name="pause_has_both_parties",
                condition=~Q(state__in=[PauseState.AGREED, PauseState.REFUSED]) | ~Q(answered_by=""),
            ),
            models.UniqueConstraint(name="pause_one_asked", fields=["agreement"], condition=Q(state=PauseState.ASKED)),
        ]

    def __str__(self) -> str:
        return f"{self.since} – {self.until}"
