"""What is done about a merchant before anybody complains: by which dated rule, or by whom, and how it ended."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.warnings.errors import RuleIncomplete, RuleThere
from complaints.warnings.models.weighing import Grade, Weighed
from complaints.warnings.states import (
    DONE_ONCE,
    HOLDING,
    LASTING,
    OPEN,
    TO_DO,
    AppealState,
    MeasureKind,
    MeasureResult,
    MeasureState,
)
from escrow.models import EncryptedTextField, PayoutHold, Stoppage
from prepaid.merchants.models import Closing, Merchant, StaffMember, Store

KINDS = MeasureKind.choices


class MeasureRuleQuerySet(models.QuerySet["MeasureRule"]):
    def current(self, on: date) -> "list[MeasureRule]":
        """The newest of each kind that holds on that day."""
        rows = self.filter(valid_from__lte=on).order_by("kind", "-valid_from").distinct("kind")
        return [rule for rule in rows if rule.is_applied]


class MeasureRule(models.Model):
    """From which grade on a measure begins by itself, or is proposed; a change is a new row.

    ``evenings``: so many in a row in that grade or worse. ``reporters``: or so many holders say that it is shut, while nobody is
    served. ``needs_person``: an official decides within ``term_days`` working days;
    what stops something is in force meanwhile and lapses then, anything else is a proposal. It ends by itself after ``calm_days``
    evenings in a row below ``calm_points``, and does not begin again in ``again_days`` days. Not ``is_applied``: the rule of
    before ends.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    valid_from = models.DateField(_("valid from"))
    is_applied = models.BooleanField(_("applied"), default=True)
    from_grade = models.CharField(_("from grade"), max_length=1, choices=Grade)
    evenings = models.PositiveSmallIntegerField(_("evenings in a row"))
    reporters = models.PositiveSmallIntegerField(_("or so many holders say it is shut"), null=True, blank=True)
    needs_person = models.BooleanField(_("an official decides"))
    term_days = models.PositiveSmallIntegerField(_("working days to decide"))
    calm_points = models.FloatField(_("ends below these points"), null=True, blank=True)
    calm_days = models.PositiveSmallIntegerField(_("for so many evenings"), null=True, blank=True)
    again_days = models.PositiveSmallIntegerField(_("days until it may begin again"))
    source = models.CharField(_("source or reason"), max_length=300)
    mark = models.CharField(_("mark"), max_length=1)

    objects = MeasureRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule of a measure")
        verbose_name_plural = _("rules of measures")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                name="measure_rule_once_a_day",
                fields=["kind", "valid_from"],
                violation_error_message=RuleThere.message,
            ),
            models.CheckConstraint(
                name="measure_rule_known",
                condition=Q(kind__in=MeasureKind.values, from_grade__in=["B", "C", "D"], evenings__gt=0),
            ),
            models.CheckConstraint(
                name="measure_rule_lasting_ends",
                violation_error_message=RuleIncomplete.message,
                condition=Q(kind__in=sorted(LASTING), calm_points__isnull=False, calm_days__gt=0)
                | Q(kind__in=sorted(DONE_ONCE), calm_points__isnull=True, calm_days__isnull=True, needs_person=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.valid_from}"


class MeasureQuerySet(models.QuerySet["Measure"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN)


class Measure(Weighed):
    """One measure about one merchant: by a ``rule`` or by an official (``placed_by``), with what was seen on that evening.
    ``because``: the official's words. ``due_on``: the last day on which
    somebody decides or does it, or the merchant is to answer. ``calm_since``: the first evening in a row below the rule's points.
    ``paper``: the letter, order or summons as JSON in both languages, exactly as issued.
    """

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="measures", verbose_name=_("merchant"))
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store"))
    number = models.CharField(_("number"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    state = models.CharField(_("state"), max_length=12, choices=MeasureState)
    rule = models.ForeignKey(MeasureRule, models.PROTECT, null=True, related_name="+", verbose_name=_("rule"))
    because = EncryptedTextField(_("reason"), max_length=500, blank=True, default="")
    begun_at = models.DateTimeField(_("begun"))
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ordered by")
    )
    due_on = models.DateField(_("due"), null=True)
    calm_since = models.DateField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    paper = models.TextField(blank=True, default="", editable=False)
    sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    answer = EncryptedTextField(_("the merchant's answer"), max_length=2000, blank=True, default="")
    answered_at = models.DateTimeField(_("answered"), null=True)
    result = models.CharField(_("result"), max_length=12, choices=MeasureResult, blank=True, default="")
    findings = EncryptedTextField(_("what was found"), max_length=2000, blank=True, default="")
    closing = models.ForeignKey(
        Closing, models.PROTECT, null=True, related_name="+", verbose_name=_("closing that followed")
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    ended_because = EncryptedTextField(_("why it ended"), max_length=500, blank=True, default="")
    hold = models.OneToOneField(PayoutHold, models.PROTECT, null=True, related_name="+")
    stoppage = models.ForeignKey(Stoppage, models.PROTECT, null=True, related_name="+")

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("supervision", "measure")
        verbose_name_plural = pgettext_lazy("supervision", "measures")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["merchant", "kind", "-id"], name="measure_of_merchant"),
            models.Index(fields=["due_on"], condition=Q(state__in=sorted(TO_DO)), name="measure_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="measure_lasting_once", fields=["merchant", "kind"], condition=Q(state__in=sorted(HOLDING))
            ),
            models.UniqueConstraint(
                name="measure_proposed_once",
                fields=["merchant", "kind"],
                condition=Q(state=MeasureState.PROPOSED),
            ),
            models.CheckConstraint(
                name="measure_known",
                condition=Q(kind__in=MeasureKind.values, state__in=MeasureState.values),
            ),
            models.CheckConstraint(
                name="measure_by_rule_or_official",
                condition=Q(rule__isnull=False) | Q(placed_by__isnull=False) & ~Q(because=""),
            ),
            models.CheckConstraint(
                name="measure_done_with_its_result",
                condition=Q(state=MeasureState.DONE, decided_by__isnull=False) & ~Q(result="") & ~Q(findings="")
                | ~Q(state=MeasureState.DONE) & Q(result="", findings=""),
            ),
            models.CheckConstraint(
                name="measure_holds_what_it_holds",
                condition=~Q(state__in=sorted(HOLDING))
                | Q(kind=MeasureKind.HOLD, hold__isnull=False)
                | Q(kind__in=sorted(set(LASTING) - {MeasureKind.HOLD}), stoppage__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_holding(self) -> bool:
        return self.state in HOLDING

    @property
    def waits_for_answer(self) -> bool:
        """The merchant is to answer a letter."""
        return self.kind == MeasureKind.LETTER and self.state == MeasureState.ORDERED and self.answered_at is None

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return "bad" if self.is_holding else "warn" if self.is_open else "plain"

    @property
    def may_be_appealed(self) -> bool:
        """The merchant may ask another official to end it."""
        return self.is_holding or (self.kind == MeasureKind.LETTER and self.state == MeasureState.ORDERED)


class Appeal(models.Model):
    """The merchant says that a measure is wrong; an official who had no part in it decides."""

    measure = models.ForeignKey(
        Measure, models.PROTECT, related_name="appeals", verbose_name=pgettext_lazy("supervision", "measure")
    )
    by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("appealed by"))
    because = EncryptedTextField(_("what the merchant says"), max_length=2000)
    made_at = models.DateTimeField(_("appealed"))
    due_on = models.DateField(_("due"))
    state = models.CharField(_("state"), max_length=8, choices=AppealState, default=AppealState.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    reasons = EncryptedTextField(_("reasons"), max_length=2000, blank=True, default="")

    class Meta:
        verbose_name = _("appeal against a measure")
        verbose_name_plural = _("appeals against measures")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="appeal_one_open", fields=["measure"], condition=Q(state=AppealState.OPEN)),
            models.CheckConstraint(
                name="appeal_decided_with_reasons",
                condition=Q(state=AppealState.OPEN, decided_by__isnull=True, reasons="")
                | Q(state__in=[AppealState.UPHELD, AppealState.REFUSED], decided_by__isnull=False) & ~Q(reasons=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure_id} {self.state}"
