"""What a merchant sells, in versions whose content never changes once filed."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from escrow.models.encrypted import decrypt, encrypt
from escrow.states import Plan
from prepaid.merchants.models import Merchant, Store
from prepaid.products.states import ProductKind, VersionState
from prepaid.products.terms import (
    CLAUSES,
    LEAST_DISCOUNT_BP,
    LEAST_MONTHS,
    MOST_DISCOUNT_BP,
    MOST_MONTHS,
    Issuer,
    Premises,
    Terms,
    percent,
    sha256_of,
)


class Product(models.Model):
    """The thing that keeps its identity while its price and terms get new versions."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="products", verbose_name=_("merchant"))
    name = models.CharField(_("product"), max_length=80)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="product_name_once_per_merchant", fields=["merchant", "name"]),
        ]

    def __str__(self) -> str:
        return self.name


class TermsField(models.JSONField):
    """Terms as JSON; the column holds the number that the issuer is called at encrypted."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_with_phone(value, encrypt), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return _with_phone(super().from_db_value(value, expression, connection), decrypt)


def _with_phone(terms: Any, write: Callable[[str], str]) -> Any:
    if not isinstance(terms, dict) or "issuer" not in terms:
        return terms
    return {**terms, "issuer": {**terms["issuer"], "contact_phone": write(terms["issuer"]["contact_phone"])}}


class ProductVersion(models.Model):
    """One set of terms. While a draft it may change; filing writes ``frozen_terms`` and from then on a trigger
    lets only ``state`` move. A new price is a new version; cards sold under this one keep it.

    ``days`` is a period card's length, for the other kinds the validity (empty: no expiry). ``visit_price_fen`` is
    one visit at the sold price: the largest charge that a scanned code makes final at once. ``discount_bp`` is what the
    holder of a discount card pays of the list price (8,000: 80 %). ``sessions`` and ``list_price_fen`` of a course are its
    lessons and the list price of one. ``months``: a period card that is paid month by month for so many; ``price_fen`` and
    ``days`` are then those of one month.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="versions", verbose_name=_("product"))
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=12, choices=VersionState, default=VersionState.DRAFT)

    kind = models.CharField(_("kind"), max_length=16, choices=ProductKind)
    price_fen = models.BigIntegerField(_("price (fen)"))
    bonus_fen = models.BigIntegerField(_("gift money (fen)"), default=0)
    sessions = models.PositiveIntegerField(_("sessions"), null=True, blank=True)
    days = models.PositiveIntegerField(_("days"), null=True, blank=True)
    list_price_fen = models.BigIntegerField(_("list price of one visit (fen)"), null=True, blank=True)
    visit_price_fen = models.BigIntegerField(_("sold price of one visit (fen)"), null=True, blank=True)
    lowest_item_fen = models.BigIntegerField(_("lowest-priced item (fen)"), null=True, blank=True)
    discount_bp = models.PositiveSmallIntegerField(_("paid of the list price (0.01 %)"), null=True, blank=True)
    months = models.PositiveSmallIntegerField(_("paid month by month, months"), null=True, blank=True)
    after_use = models.BooleanField(_("paid after the visit"), default=False)
    stores = models.ManyToManyField(Store, related_name="+", verbose_name=_("redeemed at"))

    service = models.TextField(_("service and quantity"), max_length=2000)
    quality = models.TextField(_("quality"), max_length=2000)
    deduction = models.TextField(_("how a use is deducted"), max_length=2000)
    risk_warning = models.TextField(_("risk warning"), max_length=2000)
    gift_terms = models.TextField(_("gifts"), max_length=2000)
    change_terms = models.TextField(_("change, suspension and end of business"), max_length=2000)
    refund_terms = models.TextField(_("refund method, channel and fee"), max_length=2000)
    loss_terms = models.TextField(_("loss, reissue and transfer"), max_length=2000)
    breach_terms = models.TextField(_("breach"), max_length=2000)
    dispute_terms = models.TextField(_("disputes"), max_length=2000)

    frozen_terms = TermsField(_("terms as filed"), null=True, blank=True, editable=False)
    frozen_at = models.DateTimeField(_("filed"), null=True, blank=True)
    created_at = models.DateTimeField(_("drafted"))

    class Meta:
        verbose_name = _("product version")
        verbose_name_plural = _("product versions")
        ordering = ["product", "-number"]
        constraints = [
            models.UniqueConstraint(name="product_version_number_once", fields=["product", "number"]),
            models.UniqueConstraint(
                name="product_version_one_on_sale", fields=["product"], condition=Q(state=VersionState.ON_SALE)
            ),
            models.UniqueConstraint(
                name="product_version_one_in_preparation",
                fields=["product"],
                condition=Q(state__in=[VersionState.DRAFT, VersionState.FILED]),
            ),
            models.CheckConstraint(name="product_version_state_known", condition=Q(state__in=VersionState.values)),
            models.CheckConstraint(name="product_version_kind_known", condition=Q(kind__in=ProductKind.values)),
            models.CheckConstraint(
                name="product_version_only_drafts_are_open",
                condition=Q(state=VersionState.DRAFT, frozen_at__isnull=True, frozen_terms__isnull=True)
                | (~Q(state=VersionState.DRAFT) & Q(frozen_at__isnull=False, frozen_terms__isnull=False)),
            ),
            models.CheckConstraint(name="product_version_price_positive", condition=Q(price_fen__gt=0)),
            models.CheckConstraint(
                name="product_version_months_of_a_period_card",
                condition=Q(months__isnull=True)
                | Q(kind=Plan.PERIOD, months__isnull=False, months__gte=LEAST_MONTHS, months__lte=MOST_MONTHS),
            ),
            models.CheckConstraint(
                name="product_version_after_use_is_one_visit",
                condition=Q(after_use=False) | Q(kind=Plan.SESSIONS, sessions=1, months__isnull=True),
            ),
            models.CheckConstraint(
                name="product_version_figures_of_its_kind",  # a comparison with NULL would pass: hence isnull=False
                condition=Q(
                    kind__in=[Plan.SESSIONS, Plan.COURSE],
                    bonus_fen=0,
                    sessions__isnull=False,
                    sessions__gt=0,
                    list_price_fen__isnull=False,
                    list_price_fen__gt=0,
                    visit_price_fen__isnull=False,
                    visit_price_fen=F("price_fen") / F("sessions"),
                    lowest_item_fen__isnull=True,
                    discount_bp__isnull=True,
                )
                | Q(
                    kind=Plan.STORED_VALUE,
                    bonus_fen__gte=0,
                    sessions__isnull=True,
                    list_price_fen__isnull=True,
                    visit_price_fen__isnull=False,
                    visit_price_fen__gt=0,
                    lowest_item_fen__isnull=False,
                    lowest_item_fen__gt=0,
                    discount_bp__isnull=True,
                )
                | Q(
                    kind=Plan.DISCOUNT,
                    bonus_fen=0,
                    sessions__isnull=True,
                    list_price_fen__isnull=False,
                    list_price_fen__gt=0,
                    visit_price_fen__isnull=False,
                    visit_price_fen__gt=0,
                    visit_price_fen=F("list_price_fen") * F("discount_bp") / 10_000,
                    lowest_item_fen__isnull=True,
                    discount_bp__isnull=False,
                    discount_bp__gte=LEAST_DISCOUNT_BP,
                    discount_bp__lte=MOST_DISCOUNT_BP,
                )
                | Q(
                    kind=Plan.PERIOD,
                    bonus_fen=0,
                    sessions__isnull=True,
                    days__isnull=False,
                    days__gt=0,
                    list_price_fen__isnull=True,
                    visit_price_fen__isnull=True,
                    lowest_item_fen__isnull=True,
                    discount_bp__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} v{self.number}"

    @property
    def kind_label(self) -> str:
        """What kind of card it is, in words."""
        if self.after_use:
            return gettext("one visit, paid afterwards")
        return gettext("membership paid by the month") if self.months else self.get_kind_display()

    @property
    def plan(self) -> Plan:
        """How the money of a card sold under this version is earned."""
        return Plan(self.kind)

    @property
    def units_total(self) -> int:
        """Visits, lessons, fen of face value or of discounted prices, or days: what ``escrow`` counts of one payment."""
        match self.plan:
            case Plan.SESSIONS | Plan.COURSE:
                return self.sessions or 0
            case Plan.STORED_VALUE | Plan.DISCOUNT:
                return self.price_fen + self.bonus_fen
            case Plan.PERIOD:
                return self.days or 0

    def discounted(self, list_fen: int) -> int:
        """What a discount card gives for that list price (fen), rounded down: the odd fen is the holder's."""
        return list_fen * (self.discount_bp or 10_000) // 10_000

    def list_fen_for(self, fen: int) -> int:
        """The highest list price (fen) that a discount card pays with so much."""
        return ((fen + 1) * 10_000 - 1) // (self.discount_bp or 10_000)

    @property
    def discount(self) -> str:
        """What a discount card's holder pays of the list price: ``80%``."""
        return percent(self.discount_bp or 10_000)

    @property
    def terms(self) -> Terms:
        """The frozen terms of a filed version; a draft's as they stand."""
        if self.frozen_terms is not None:
            return Terms.from_json(self.frozen_terms)
        merchant = self.product.merchant
        return Terms(
            name=self.product.name,
            kind=self.kind,
            price_fen=self.price_fen,
            bonus_fen=self.bonus_fen,
            sessions=self.sessions,
            days=self.days,
            list_price_fen=self.list_price_fen,
            visit_price_fen=self.visit_price_fen,
            lowest_item_fen=self.lowest_item_fen,
            discount_bp=self.discount_bp,
            months=self.months,
            after_use=self.after_use,
            **{clause: getattr(self, clause) for clause in CLAUSES},
            issuer=Issuer(
                name=merchant.name,
                uscc=merchant.uscc,
                contact_phone=merchant.contact_phone,
                custody_no=merchant.beneficiary.custody_no,
            ),
            stores=tuple(
                Premises(store_id=store.pk, name=store.name, address=store.address, lease_ends_on=store.lease_ends_on)
                for store in sorted(self.stores.all(), key=lambda store: store.pk)
            ),
        )

    @property
    def terms_sha256(self) -> str:
        """The fingerprint a consumer accepts at purchase."""
        return sha256_of(self.frozen_terms if self.frozen_terms is not None else self.terms.to_json())
