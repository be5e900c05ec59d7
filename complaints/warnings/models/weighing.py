"""A merchant's days as figures, what the signs in them weigh today, and every change of its grade."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models import Merchant


class Grade(models.TextChoices):
    """By how many points (``grading.Steps``)."""

    A = "A", _("A · nothing seen")
    B = "B", _("B · a little")
    C = "C", _("C · somebody should look")
    D = "D", _("D · about to vanish")


class MerchantDay(models.Model):
    """One merchant's day (Beijing), sums in fen; the fields are those of ``facts.Day``, which says what each counts."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    cards = models.IntegerField(_("cards with something left"), default=0)
    uses = models.IntegerField(_("uses"), default=0)
    use_fen = models.BigIntegerField(_("used (fen)"), default=0)
    doubtful = models.IntegerField(_("doubtful uses"), default=0)
    sales = models.IntegerField(_("cards sold"), default=0)
    sales_fen = models.BigIntegerField(_("sold (fen)"), default=0)
    list_fen = models.BigIntegerField(_("at the filed price (fen)"), default=0)
    term_days = models.BigIntegerField(_("terms (days)"), default=0)
    refunds_asked = models.IntegerField(_("refunds asked for"), default=0)
    refunds_late = models.IntegerField(_("refunds open beyond their day"), default=0)
    disputes = models.IntegerField(_("disputed uses"), default=0)
    complaints = models.IntegerField(_("complaints"), default=0)

    class Meta:
        verbose_name = _("day of a merchant")
        verbose_name_plural = _("days of merchants")
        constraints = [models.UniqueConstraint(name="merchant_day_once", fields=["merchant", "day"])]
        indexes = [models.Index(fields=["day"], name="merchant_day_day")]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.day}"


class Weighed(models.Model):
    """What was seen and what it weighs. ``parts``: [sign, strength 0 … 1, points], the heaviest first; ``facts``: what the signs
    looked at (``facts.Facts`` as JSON), so that it can be said in anybody's language and recomputed."""

    points = models.FloatField(_("points"), default=0)
    parts = models.JSONField(_("signs"), default=list)
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        abstract = True


class Assessment(Weighed):
    """A merchant as of the last day that was weighed."""

    merchant = models.OneToOneField(
        Merchant, models.PROTECT, primary_key=True, related_name="assessment", verbose_name=_("merchant")
    )
    grade = models.CharField(_("grade"), max_length=1, choices=Grade)
    as_of = models.DateField(_("as of"))
    since = models.DateField(_("in this grade since"))

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["-points", "merchant"]
        indexes = [models.Index(fields=["grade", "-points"], name="assessment_worst_first")]
        constraints = [models.CheckConstraint(name="assessment_grade_known", condition=Q(grade__in=Grade.values))]

    def __str__(self) -> str:
        return f"{self.merchant.name} · {self.grade}"


class GradeChange(Weighed):
    """A merchant went from one grade to another. Never changed, never deleted: it is what a court is shown."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="grade_changes", verbose_name=_("merchant"))
    on = models.DateField(_("day"))
    before = models.CharField(_("before"), max_length=1, choices=Grade, blank=True, default="")
    after = models.CharField(_("after"), max_length=1, choices=Grade)
    weighed_at = models.DateTimeField(_("weighed"))

    class Meta:
        verbose_name = _("change of a grade")
        verbose_name_plural = _("changes of grades")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="grade_change_known",
                condition=Q(after__in=Grade.values, before__in=["", *Grade.values]) & ~Q(before=models.F("after")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.before or '–'} → {self.after}"
