"""Who sells cards, where they are redeemed, and who works there."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import Beneficiary, EncryptedTextField
from prepaid.merchants.models.custody import Rating
from prepaid.merchants.models.sector import Sector
from prepaid.people.models import Division


class Merchant(models.Model):
    """An operator under one unified social credit code: it issues the cards, its stores redeem them."""

    name = models.CharField(_("registered name"), max_length=100)
    uscc = models.CharField(_("unified social credit code"), max_length=18, unique=True)
    legal_representative = EncryptedTextField(_("legal representative"))
    controller = EncryptedTextField(
        _("actual controller"),
        blank=True,
        default="",
        help_text=_("Who decides in fact. Empty: the legal representative, as far as is known."),
    )
    contact_phone = EncryptedTextField(_("contact phone"))
    sector = models.ForeignKey(Sector, models.PROTECT, related_name="merchants", verbose_name=_("sector"))
    district = models.ForeignKey(
        Division, models.PROTECT, related_name="merchants", verbose_name=_("district of the head office")
    )
    beneficiary = models.OneToOneField(
        Beneficiary, models.PROTECT, related_name="merchant", verbose_name=_("custody account")
    )
    rating = models.CharField(
        _("rating"),
        max_length=1,
        choices=Rating,
        blank=True,
        default="",
        help_text=_("Given by the regulator; empty: not rated."),
    )
    registered_at = models.DateTimeField(_("registered"))

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="merchant_rating_known", condition=Q(rating__in=["", *Rating.values])),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lead_regulator(self) -> str:
        """Who files its cards and hears complaints about it, by name: the sector's department in the head office's district."""
        return self.sector.lead_department.of(self.district)


class Store(models.Model):
    """A place that redeems the merchant's cards. The address is what people read; district and subdistrict decide
    who is responsible. ``lease_ends_on`` empty: the premises are the merchant's own."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="stores", verbose_name=_("merchant"))
    name = models.CharField(_("store"), max_length=100)
    address = models.CharField(_("address"), max_length=200)
    district = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name=_("district"))
    subdistrict = models.ForeignKey(Division, models.PROTECT, related_name="stores", verbose_name=_("subdistrict"))
    lease_ends_on = models.DateField(_("lease ends"), null=True, blank=True)
    is_open = models.BooleanField(_("open"), default=True)
    opened_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="store_name_once_per_merchant", fields=["merchant", "name"]),
        ]

    def __str__(self) -> str:
        return self.name

    def leased_through(self, day: date) -> bool:
        """Whether the premises are certain to be there on ``day``."""
        return self.lease_ends_on is None or day <= self.lease_ends_on


class StaffRole(models.TextChoices):
    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    CASHIER = "cashier", _("cashier")


class StaffMember(models.Model):
    """One person's place at one merchant. A cashier stands at one store; owners and managers see them all."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="workplaces", verbose_name=_("person")
    )
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="staff", verbose_name=_("merchant"))
    role = models.CharField(_("role"), max_length=8, choices=StaffRole)
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("store")
    )
    is_active = models.BooleanField(_("works here"), default=True)
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="staff_member_once_per_merchant", fields=["user", "merchant"]),
            models.CheckConstraint(name="staff_member_role_known", condition=Q(role__in=StaffRole.values)),
            models.CheckConstraint(
                name="staff_member_cashier_has_a_store",
                condition=Q(role=StaffRole.CASHIER, store__isnull=False)
                | (~Q(role=StaffRole.CASHIER) & Q(store__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.merchant_id}"

    @property
    def manages(self) -> bool:
        """Owners and managers run the merchant's pages; a cashier has the counter only."""
        return self.role in {StaffRole.OWNER, StaffRole.MANAGER}
