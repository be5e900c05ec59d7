"""The standing register: operators that may not take prepayments now, as the public lists say."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ListKind(models.TextChoices):
    """Why no card may be issued, renewed or topped up: BJ 11, and CR 22 for the last."""

    DISHONEST = "dishonest", _("judgment debtor in default")
    PRINCIPAL = "principal", _("its representative or principal is listed for its violations")
    ABNORMAL = "abnormal", _("list of abnormal operations")
    DEREGISTERING = "deregistering", _("deregistration filed")
    MAJOR_RISK = "major_risk", _("major operating risk")


class ListingQuerySet(models.QuerySet["Listing"]):
    def current(self, on: date) -> "ListingQuerySet":
        """Those that hold on that day: from the day of listing to the day before the removal."""
        return self.filter(Q(removed_on=None) | Q(removed_on__gt=on), listed_on__lte=on)


class Listing(models.Model):
    """One entry of a public list about one operator, whether it is a merchant here yet or not. Never deleted."""

    uscc = models.CharField(_("unified social credit code"), max_length=18)
    kind = models.CharField(_("list"), max_length=16, choices=ListKind)
    number = models.CharField(_("document number"), max_length=64)
    source = models.CharField(_("source"), max_length=100)
    listed_on = models.DateField(_("listed on"))
    removed_on = models.DateField(_("removed on"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the standing register")
        verbose_name_plural = _("standing register")
        ordering = ["-listed_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="listing_once", fields=["uscc", "kind", "number"]),
            models.CheckConstraint(name="listing_kind_known", condition=Q(kind__in=ListKind.values)),
            models.CheckConstraint(
                name="listing_ends_after_it_begins",
                condition=Q(removed_on__isnull=True) | Q(removed_on__gte=F("listed_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.kind} {self.number}"

    @property
    def article(self) -> str:
        """The rule that forbids the sale."""
        if self.kind == ListKind.MAJOR_RISK:
            return str(_("Regulations implementing the consumer protection law, art. 22"))
        return str(_("Beijing regulations on single-purpose prepaid cards, art. 11"))
