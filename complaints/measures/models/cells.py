"""The rollups: what every case contributes, and the sums of it by month, place, department and sector."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.cases.models import Case
from complaints.measures.states import Span
from prepaid.merchants.models import Sector
from prepaid.people.models import Department, Division

#: What is counted of a case in a month.
COUNTS = (
    "received", "repeated", "reopened", "due", "contacted", "asked", "valid", "reached", "resolved", "satisfied",
)  # fmt: skip
#: Where a contribution keeps a time (in seconds, as ``formulas.kept``).
SPANS = {Span.DISPATCH: "dispatch_seconds", Span.CONTACT: "contact_seconds", Span.MONEY: "money_seconds"}

_PARTS = (
    Q(repeated__lte=F("received"))
    & Q(contacted__lte=F("due"))
    & Q(valid__lte=F("asked"))
    & Q(reached__lte=F("valid"), resolved__lte=F("valid"), satisfied__lte=F("valid"))
)


class Change(models.Model):
    """A case that something happened to since its contribution was last reckoned. Written by triggers in the transaction of the
    event itself (``migrations/0002_changes``), taken away by whoever has reckoned it: what is committed is never missed, in
    whatever order it is committed."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        verbose_name = _("change to reckon")
        verbose_name_plural = _("changes to reckon")

    def __str__(self) -> str:
        return f"{self.case_id}"


class Counts(models.Model):
    """What is counted; docs/measures.md defines each."""

    received = models.IntegerField(pgettext_lazy("measures", "received"), default=0)
    repeated = models.IntegerField(_("repeated"), default=0)
    reopened = models.IntegerField(pgettext_lazy("measures", "reopened"), default=0)
    due = models.IntegerField(_("contact due"), default=0)
    contacted = models.IntegerField(_("contacted in time"), default=0)
    asked = models.IntegerField(_("callbacks ended"), default=0)
    valid = models.IntegerField(_("valid callbacks"), default=0)
    reached = models.IntegerField(_("contacted, as the consumer says"), default=0)
    resolved = models.IntegerField(pgettext_lazy("measures", "resolved"), default=0)
    satisfied = models.IntegerField(pgettext_lazy("measures", "satisfied"), default=0)

    class Meta:
        abstract = True


class Cell(Counts):
    """The sums of one month, place, department and sector; each of them empty while a case has none. ``key`` spells them all,
    so that one row is found and written by one value."""

    key = models.CharField(_("key"), max_length=120, unique=True)
    month = models.DateField(_("month"))
    district = models.ForeignKey(
        Division, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("district")
    )
    subdistrict = models.ForeignKey(
        Division, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("subdistrict")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("lead department")
    )
    sector = models.ForeignKey(
        Sector, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("sector")
    )
    cases = models.IntegerField(_("cases"), default=0)

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ["-month", "key"]
        indexes = [models.Index(fields=["month", "district", "department"], name="measures_cell_month")]
        constraints = [
            models.CheckConstraint(name="measures_cell_of_a_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="measures_cell_counts",
                condition=Q(**{f"{name}__gte": 0 for name in (*COUNTS, "cases")}) & _PARTS,
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Contribution(Counts):
    """What one case adds to one cell. It is taken out and put in anew when something happens to the case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("complaint"))
    cell = models.ForeignKey(Cell, models.PROTECT, related_name="contributions", verbose_name=_("measure"))
    dispatch_seconds = models.IntegerField(_("seconds to dispatch"), null=True)
    contact_seconds = models.IntegerField(_("seconds to first contact"), null=True)
    money_seconds = models.IntegerField(_("seconds to the money back"), null=True)

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        constraints = [
            models.UniqueConstraint(name="measures_contribution_once", fields=["case", "cell"]),
            models.CheckConstraint(
                name="measures_contribution_counts", condition=Q(**{f"{name}__gte": 0 for name in COUNTS}) & _PARTS
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.cell_id}"


class Duration(models.Model):
    """How many cases of a cell took how long: from these medians are exact, whatever is added up."""

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="durations", db_index=False, verbose_name=_("measure"))
    span = models.CharField(_("time"), max_length=8, choices=Span)
    seconds = models.IntegerField(_("seconds"))
    number = models.IntegerField(_("cases"))

    class Meta:
        verbose_name = _("duration")
        verbose_name_plural = _("durations")
        constraints = [
            models.UniqueConstraint(name="measures_duration_once", fields=["cell", "span", "seconds"]),
            models.CheckConstraint(
                name="measures_duration_counts", condition=Q(seconds__gte=0, number__gt=0, span__in=Span.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.span} {self.seconds} s × {self.number}"
