"""What was bought outside custody: from a merchant that never joined, or past the platform (体外收款)."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models import Sector, Store
from prepaid.people.models import Division

NAME_LENGTH, ADDRESS_LENGTH = 100, 200


class OutsidePurchase(models.Model):
    """As it was told: whom the money was paid to, where, how much (fen), and how much of it is not used.

    ``lng``, ``lat``: GCJ-02. ``store``: a registered one, when the teller came from its page. ``name_key``: the name as it is
    compared, for duplicates and for many who complain about one.
    """

    merchant_name = models.CharField(_("merchant"), max_length=NAME_LENGTH)
    name_key = models.CharField(max_length=NAME_LENGTH, editable=False)
    address = models.CharField(_("address"), max_length=ADDRESS_LENGTH, blank=True, default="")
    lng = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    lat = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store"))
    sector = models.ForeignKey(
        Sector, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sector as told")
    )
    paid_fen = models.BigIntegerField(_("paid (fen)"), null=True, blank=True)
    left_fen = models.BigIntegerField(_("wanted back (fen)"), null=True, blank=True)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)

    class Meta:
        verbose_name = _("purchase outside custody")
        verbose_name_plural = _("purchases outside custody")
        indexes = [models.Index(fields=["name_key"], name="outside_name_key")]
        constraints = [
            models.CheckConstraint(name="outside_names_the_merchant", condition=~Q(merchant_name="")),
            models.CheckConstraint(
                name="outside_point_whole",
                condition=Q(lng__isnull=True, lat__isnull=True) | Q(lng__isnull=False, lat__isnull=False),
            ),
            models.CheckConstraint(
                name="outside_sums_positive",
                condition=(Q(paid_fen__isnull=True) | Q(paid_fen__gt=0))
                & (Q(left_fen__isnull=True) | Q(left_fen__gt=0)),
            ),
            models.CheckConstraint(
                name="outside_wants_at_most_what_was_paid",
                condition=Q(paid_fen__isnull=True) | Q(left_fen__isnull=True) | Q(left_fen__lte=F("paid_fen")),
            ),
        ]

    def __str__(self) -> str:
        return self.merchant_name

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude in degrees, GCJ-02."""
        return None if self.lng is None or self.lat is None else (float(self.lng), float(self.lat))


class RepaymentQuerySet(models.QuerySet["Repayment"]):
    def open(self) -> Self:
        """Neither paid nor left to the courts."""
        return self.filter(paid_at__isnull=True, given_up_at__isnull=True)


class Repayment(models.Model):
    """What a merchant owes after a decision and pays itself, for nothing of it is in custody. Paid once the consumer says so
    or the officer has seen the proof (``evidence``). ``given_up_at``: the case ended unpaid, the debt is for the courts."""

    amount_fen = models.BigIntegerField(_("owed (fen)"))
    due_on = models.DateField(_("pays by"))
    paid_at = models.DateTimeField(_("paid back"), null=True, blank=True)
    evidence = models.CharField(_("proof"), max_length=200, blank=True, default="")
    unpaid_marked_at = models.DateTimeField(_("reported as unpaid"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("left to the courts"), null=True, blank=True)

    objects = RepaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=Q(paid_at__isnull=True, given_up_at__isnull=True),
                name="repayment_open",
            )
        ]
        constraints = [
            models.CheckConstraint(name="repayment_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="repayment_has_one_end", condition=Q(paid_at__isnull=True) | Q(given_up_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_fen} {self.due_on}"

    @property
    def is_open(self) -> bool:
        return self.paid_at is None and self.given_up_at is None


class RememberedAuthority(models.Model):
    """Where an officer sent a case that the router could not place: the same name at the same address goes there next time."""

    key = models.CharField(max_length=NAME_LENGTH + ADDRESS_LENGTH + 1, unique=True)
    district = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name=_("district"))
    sector = models.ForeignKey(Sector, models.PROTECT, related_name="+", verbose_name=_("sector"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("determined by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("determined authority")
        verbose_name_plural = _("determined authorities")
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.key
