"""What a case's file is made of: its timeline, what both sides said, the calls, the outcome."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.case import Case
from complaints.cases.models.group import Reply
from complaints.cases.models.outside import Repayment
from complaints.cases.states import CallResult, CaseState, EventKind, Result, Side
from escrow.models import EncryptedTextField, Refund
from escrow.states import RefundBasis
from prepaid.people.models import Department, Division


class Statement(models.Model):
    """What one side said, in its own words; ``recorded_by`` is the officer when it was said and not written.

    ``offer_fen``: what the merchant agrees to pay back, if it said so.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="statements")
    side = models.CharField(_("side"), max_length=8, choices=Side)
    text = EncryptedTextField(_("statement"), max_length=2000)
    offer_fen = models.BigIntegerField(_("offer (fen)"), null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="statement_side_known", condition=Q(side__in=Side.values)),
            models.CheckConstraint(
                name="statement_written_or_recorded",
                condition=Q(author__isnull=False, recorded_by__isnull=True)
                | Q(author__isnull=True, recorded_by__isnull=False),
            ),
            models.CheckConstraint(
                name="statement_offer_is_the_merchants",
                condition=Q(offer_fen__isnull=True) | Q(side=Side.MERCHANT, offer_fen__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.at:%Y-%m-%d %H:%M}"


class CaseEvent(models.Model):
    """One line of the timeline, written with the deed and never changed. ``from_state`` is empty for the first."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    kind = models.CharField(_("event"), max_length=16, choices=EventKind)
    from_state = models.CharField(max_length=12, choices=CaseState, blank=True, default="")
    to_state = models.CharField(max_length=12, choices=CaseState)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    district = models.ForeignKey(Division, models.PROTECT, null=True, related_name="+")
    statement = models.OneToOneField(Statement, models.PROTECT, null=True, related_name="event")
    reply = models.ForeignKey(Reply, models.PROTECT, null=True, related_name="events")
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("case event")
        verbose_name_plural = _("case events")
        ordering = ["id"]
        indexes = [models.Index(fields=["case", "id"], name="case_event_timeline")]
        constraints = [
            models.CheckConstraint(name="case_event_kind_known", condition=Q(kind__in=EventKind.values)),
            models.CheckConstraint(name="case_event_state_known", condition=Q(to_state__in=CaseState.values)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Call(models.Model):
    """One attempt of the officer to reach a side by telephone."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="calls")
    side = models.CharField(_("side"), max_length=8, choices=Side)
    result = models.CharField(_("result"), max_length=12, choices=CallResult)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="call_side_known", condition=Q(side__in=Side.values)),
            models.CheckConstraint(name="call_result_known", condition=Q(result__in=CallResult.values)),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.result}"


class Outcome(models.Model):
    """How the case was decided. A refund upheld: a sum, its basis, and the escrow refund that carries it out, in one
    transaction; outside custody the ``repayment`` that the merchant owes. A charge: how many ``units`` of it were used; upheld
    when that is less than was claimed.

    Of a case that was reopened the first outcome stays as its ``earlier_outcome``; the key allows no second one.
    """

    case = models.OneToOneField(Case, models.PROTECT, null=True, related_name="outcome")
    reopened_case = models.OneToOneField(Case, models.PROTECT, null=True, related_name="earlier_outcome")
    result = models.CharField(_("outcome"), max_length=12, choices=Result)
    amount_fen = models.BigIntegerField(_("refund (fen)"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=16, choices=RefundBasis, blank=True, default="")
    units = models.BigIntegerField(_("used of the charge"), null=True, blank=True)
    reasons = EncryptedTextField(_("evidence and reasons"), max_length=2000)
    refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="+")
    repayment = models.OneToOneField(Repayment, models.PROTECT, null=True, related_name="outcome")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        constraints = [
            models.CheckConstraint(
                name="outcome_stands_or_a_refusal_was_reopened",
                condition=Q(case__isnull=False, reopened_case__isnull=True)
                | Q(case__isnull=True, reopened_case__isnull=False, result=Result.NOT_UPHELD),
            ),
            models.CheckConstraint(
                name="outcome_upheld_has_sum_basis_refund",
                condition=Q(
                    result=Result.UPHELD,
                    amount_fen__gt=0,
                    basis__in=RefundBasis.values,
                    units__isnull=True,
                )
                & (Q(refund__isnull=False, repayment__isnull=True) | Q(refund__isnull=True, repayment__isnull=False))
                | Q(amount_fen__isnull=True, basis="", refund__isnull=True, repayment__isnull=True)
                & (Q(result__in=[Result.NOT_UPHELD, Result.OUT_OF_SCOPE]) | Q(units__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return self.get_result_display()
