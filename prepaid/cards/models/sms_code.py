"""A code sent by SMS for one charge at a counter, to a holder without a smartphone."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.cards.models.card import Card
from prepaid.cards.models.redemption import Redemption
from prepaid.merchants.models import StaffMember, Store


class SmsCode(models.Model):
    """It is good for the one charge it names, once, for minutes: ``units`` as the card counts (0: a check-in), of a discount
    card with the list price. ``digits_index`` finds nothing and shows nothing: the digits are in the SMS alone."""

    #: Wrong tries after which a new code is needed.
    MOST_WRONG = 5

    card = models.ForeignKey(Card, models.PROTECT, related_name="sms_codes", verbose_name=_("card"))
    staff = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"))
    units = models.BigIntegerField(_("units"))
    list_fen = models.BigIntegerField(_("list price (fen)"), null=True, blank=True)
    lesson_on = models.DateField(_("day of the lesson"), null=True, blank=True)
    lesson_class = models.CharField(_("class"), max_length=40, blank=True, default="")
    note = EncryptedTextField(_("note"), max_length=80, blank=True, default="")
    digits_index = models.CharField(max_length=64)
    sent_at = models.DateTimeField(_("sent"))
    valid_until = models.DateTimeField(_("valid until"))
    wrong = models.PositiveSmallIntegerField(_("wrong tries"), default=0)
    #: A newer code took its place.
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, null=True, blank=True, related_name="sms_code", verbose_name=_("charge")
    )

    class Meta:
        verbose_name = _("code by SMS")
        verbose_name_plural = _("codes by SMS")
        ordering = ["-id"]
        indexes = [models.Index(fields=["card", "-sent_at"], name="sms_code_of_card")]
        constraints = [
            models.CheckConstraint(name="sms_code_tries_bounded", condition=Q(wrong__gte=0, wrong__lte=5)),
            models.CheckConstraint(name="sms_code_not_negative", condition=Q(units__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.card} {self.sent_at:%Y-%m-%d %H:%M}"

    def is_over(self, at: datetime) -> bool:
        """Whether it charges nothing any more."""
        used = self.redemption_id is not None or self.replaced_at is not None
        return used or at >= self.valid_until or self.wrong >= self.MOST_WRONG

    @property
    def figure(self) -> str:
        """What it would charge, in words."""
        if not self.units:
            return str(_("check-in"))
        facts = {"list_fen": self.list_fen, "lesson_on": self.lesson_on, "lesson_class": self.lesson_class}
        return Redemption(card=self.card, units=self.units, **facts).figure_of(self.units)

    @property
    def phone_end(self) -> str:
        """The last digits of the number it went to: so many the customer may hear at the till."""
        return self.card.holder.phone[-4:]

    @property
    def tries_left(self) -> int:
        return self.MOST_WRONG - self.wrong
