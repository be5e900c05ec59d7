"""A complaint from intake to the money back."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Case as SqlCase
from django.db.models import IntegerField, Q, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.group import CaseGroup
from complaints.cases.models.outside import OutsidePurchase
from complaints.cases.states import ENDED, ENDED_EARLY, LED, UNDECIDED, CaseState, Limit, PlaceReason, Source, Wanted
from escrow.clock import beijing_date, end_of_day
from escrow.models import EncryptedTextField
from escrow.money import yuan
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.merchants.models import Merchant, Sector, Store
from prepaid.people.models import Department, Division

if TYPE_CHECKING:
    from complaints.cases.models.file import Statement


def urgency() -> SqlCase:
    """0: undecided, 1: the refund is on its way, 2: over. Written always alike, because the queue's indexes begin with it."""
    return SqlCase(
        When(state__in=sorted(UNDECIDED), then=Value(0)),
        When(state=CaseState.EXECUTING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )


class CaseQuerySet(models.QuerySet["Case"]):
    def undecided(self) -> Self:
        return self.filter(state__in=UNDECIDED)

    def overdue(self, *, at: datetime) -> Self:
        """Undecided after the end of the time limit."""
        today = beijing_date(at)
        ended = Q(due_at__lte=at) | Q(due_at__isnull=True, due_on__lt=today)
        return self.undecided().filter(ended, due_on__lte=today)  # the last is what the index reads

    def money_late(self, *, at: datetime) -> Self:
        """Decided for the consumer, and the money is not back by its day."""
        return self.filter(state=CaseState.EXECUTING, money_due_on__lt=beijing_date(at))

    def supervised(self) -> Self:
        """On the supervision list (督办): there until they end."""
        return self.filter(supervised_at__isnull=False).exclude(state__in=ENDED)


class Case(models.Model):
    """One complaint on one refund request, on one charge, or on something bought outside custody (``outside``: no card here, and
    often no merchant that ever joined). While the case is undecided the card stays frozen, or the charge reserved.

    ``lead_department`` and ``lead_district`` (null: the city's) are the queue it lies in; the first officer who accepts it
    leads it to the end. ``coordinator`` and ``enforcer`` may be other departments (BJ 6, 27).
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    complainant = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="cases", verbose_name=_("complainant")
    )
    source = models.CharField(_("came in"), max_length=8, choices=Source, default=Source.CARD)
    card = models.ForeignKey(Card, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("card"))
    refund_request = models.OneToOneField(
        RefundRequest, models.PROTECT, null=True, blank=True, related_name="case", verbose_name=_("refund request")
    )
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, null=True, blank=True, related_name="case", verbose_name=_("charge")
    )
    outside = models.OneToOneField(
        OutsidePurchase,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="case",
        verbose_name=_("purchase outside custody"),
    )
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("merchant")
    )
    group = models.ForeignKey(
        CaseGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("group of complaints"),
    )
    #: The number of the same order in the hotline's own system (12345, 12315), and which system that is.
    foreign_system = models.CharField(_("other system"), max_length=16, blank=True, default="")
    foreign_number = models.CharField(_("number there"), max_length=64, blank=True, default="")
    text = EncryptedTextField(_("what happened"), max_length=2000)
    wanted = models.CharField(_("wanted"), max_length=12, choices=Wanted)
    figures = models.JSONField(
        _("figures"), help_text=_("What the formulas gave for each cause on the day the refund was asked for.")
    )
    state = models.CharField(_("state"), max_length=12, choices=CaseState, default=CaseState.RECEIVED)

    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store"))
    sector = models.ForeignKey(
        Sector, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sector")
    )
    district = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("district")
    )
    subdistrict = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("subdistrict")
    )
    place_reason = models.CharField(_("place found by"), max_length=12, choices=PlaceReason, blank=True, default="")
    #: How sure the router was of an address, from 0 to 1, and by what evidence; empty when a store decided.
    place_confidence = models.FloatField(_("certainty of the place"), null=True, blank=True)
    place_evidence = models.CharField(_("evidence of the place"), max_length=200, blank=True, default="")
    undetermined = models.BooleanField(_("authority undetermined"), default=False)
    lead_department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lead department")
    )
    lead_district = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lead district")
    )
    coordinator = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("coordinator")
    )
    enforcer = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("enforcer")
    )
    lead_officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("officer in charge"),
    )

    received_at = models.DateTimeField(_("received"))
    dispatched_at = models.DateTimeField(_("dispatched"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    limit = models.CharField(_("kind of time limit"), max_length=12, choices=Limit, default=Limit.PREPAID)
    due_on = models.DateField(_("due"), help_text=_("last day of the time limit"))
    due_at = models.DateTimeField(_("due at"), null=True, blank=True, help_text=_("of a limit in hours: its end"))
    merchant_answer_due_on = models.DateField(_("merchant answers by"))
    reminded_at = models.DateTimeField(_("reminder sent"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("reported as overdue"), null=True, blank=True)
    city_told_at = models.DateTimeField(_("reported to the city's department"), null=True, blank=True)
    supervised_at = models.DateTimeField(_("on the supervision list since"), null=True, blank=True)
    money_due_on = models.DateField(
        _("money back by"),
        null=True,
        blank=True,
        help_text=_("of an upheld complaint: last day for the money to be back"),
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    reopened_at = models.DateTimeField(_("reopened"), null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["lead_department", "lead_district", "state", "due_on"], name="case_queue"),
            # The queue as it is read: of a district, of the city, of everybody.
            models.Index(
                "lead_department", "lead_district", urgency(), "due_on", "due_at", "id", name="case_urgent_district"
            ),
            models.Index("lead_department", urgency(), "due_on", "due_at", "id", name="case_urgent_city"),
            models.Index(urgency(), "due_on", "due_at", "id", name="case_urgent"),
            models.Index(fields=["foreign_number"], condition=~Q(foreign_number=""), name="case_foreign_number"),
            models.Index(fields=["complainant", "-id"], name="case_complainant"),
            models.Index(fields=["merchant", "-id"], name="case_merchant"),
            models.Index(fields=["id"], condition=Q(state=CaseState.RECEIVED), name="case_unrouted"),
            models.Index(fields=["id"], condition=Q(state=CaseState.EXECUTING), name="case_executing"),
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="case_ended"),
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=sorted(UNDECIDED), escalated_at__isnull=True),
                name="case_running",
            ),
            # Of each mark of the time limit: those that do not bear it yet.
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=sorted(UNDECIDED), reminded_at__isnull=True),
                name="case_not_reminded",
            ),
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=sorted(UNDECIDED), city_told_at__isnull=True),
                name="case_city_not_told",
            ),
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=sorted(UNDECIDED), supervised_at__isnull=True),
                name="case_not_supervised",
            ),
            models.Index(fields=["due_on"], condition=Q(supervised_at__isnull=False), name="case_supervised"),
            models.Index(
                fields=["money_due_on"],
                condition=Q(state=CaseState.EXECUTING, supervised_at__isnull=True),
                name="case_money_awaited",
            ),
        ]
        constraints = [
            models.CheckConstraint(name="case_state_known", condition=Q(state__in=CaseState.values)),
            models.CheckConstraint(name="case_limit_known", condition=Q(limit__in=Limit.values)),
            models.CheckConstraint(
                name="case_marked_level_by_level",
                condition=Q(city_told_at__isnull=True, supervised_at__isnull=True)
                | Q(escalated_at__isnull=False, city_told_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_dispatched_has_a_department",
                condition=Q(state__in=sorted({CaseState.RECEIVED} | ENDED_EARLY))
                | Q(lead_department__isnull=False, dispatched_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_led_has_its_lead",
                condition=~Q(state__in=sorted(LED)) | Q(lead_officer__isnull=False, accepted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_executing_has_a_day_for_the_money",
                condition=~Q(state=CaseState.EXECUTING) | Q(money_due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="case_ended_has_its_end",
                condition=Q(state__in=sorted(ENDED), closed_at__isnull=False)
                | (~Q(state__in=sorted(ENDED)) & Q(closed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="case_reopened_is_about_a_refund_and_led",
                condition=Q(reopened_at__isnull=True) | Q(refund_request__isnull=False, lead_officer__isnull=False),
            ),
            models.CheckConstraint(
                name="case_about_a_refund_a_charge_or_outside",
                condition=Q(card__isnull=False, merchant__isnull=False, outside__isnull=True)
                & (
                    Q(refund_request__isnull=False, redemption__isnull=True)
                    | Q(refund_request__isnull=True, redemption__isnull=False)
                )
                | Q(
                    card__isnull=True,
                    refund_request__isnull=True,
                    redemption__isnull=True,
                    outside__isnull=False,
                ),
            ),
            models.CheckConstraint(name="case_source_known", condition=Q(source__in=Source.values)),
            models.CheckConstraint(
                name="case_foreign_number_with_its_system",
                condition=Q(foreign_system="", foreign_number="") | ~Q(foreign_system="") & ~Q(foreign_number=""),
            ),
            models.UniqueConstraint(
                name="case_foreign_number_once",
                fields=["foreign_system", "foreign_number"],
                condition=~Q(foreign_number=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @cached_property
    def offers(self) -> "list[Statement]":
        """What the merchant offered to pay back (only it can), the newest first."""
        return list(self.statements.filter(offer_fen__isnull=False).order_by("-id"))

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def ends_at(self) -> datetime:
        """The end of the time limit: the hour, else the midnight (Beijing) after the last day."""
        return self.due_at or end_of_day(self.due_on)

    @property
    def due(self) -> date | datetime:
        """What is shown of the end: the hour, where the limit has one, else the last day."""
        return self.due_at or self.due_on

    def is_overdue(self, *, at: datetime) -> bool:
        return self.is_undecided and self.ends_at <= at

    def is_late(self, *, at: datetime) -> bool:
        """Overdue or, once it is decided, without the money after its day."""
        if self.state == CaseState.EXECUTING and self.money_due_on is not None:
            return self.money_due_on < beijing_date(at)
        return self.is_overdue(at=at)

    @property
    def is_supervised(self) -> bool:
        return self.supervised_at is not None and self.state not in ENDED

    @property
    def against(self) -> str:
        """The name of the merchant; of one that never joined, as it was told."""
        if self.merchant is not None:
            return self.merchant.name
        return self.outside.merchant_name if self.outside else ""

    @property
    def place_by_person(self) -> bool:
        """Whether an officer said where it belongs; what the router found then is beside the point."""
        return self.place_reason in {PlaceReason.PERSON, PlaceReason.REVIEW}

    @property
    def stage(self) -> str:
        """The state in a word; what nobody holds in custody is paid back by the merchant."""
        if self.outside_id is not None and self.state == CaseState.EXECUTING:
            return gettext("the merchant is to pay")
        return self.get_state_display()

    @property
    def own_card(self) -> Card:
        """The card of a case about one. (A constraint: only a purchase outside custody has none.)"""
        assert self.card is not None
        return self.card

    @property
    def asked(self) -> str:
        """What it is about, as a figure: the refund asked for, or what the merchant claims."""
        if self.outside is not None:
            return f"¥{yuan(self.outside.left_fen)}" if self.outside.left_fen else ""
        if self.redemption is not None:
            return self.redemption.claimed or self.redemption.figure
        return f"¥{yuan(self.refund_request.asked_fen)}" if self.refund_request else ""
