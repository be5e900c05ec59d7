"""Calling a class's roll: the class, the cards on its roll, and who was there on a day."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.cards.models.card import Card
from prepaid.cards.models.lesson import Lesson
from prepaid.cards.models.redemption import Redemption
from prepaid.cards.states import CHARGED_MARKS, Mark
from prepaid.merchants.models import StaffMember, Store


class TaughtClass(models.Model):
    """A class that is taught at a store. ``name_key``: however its name is typed, it is the same class."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="classes", verbose_name=_("store"))
    name = models.CharField(_("class"), max_length=40)
    name_key = models.CharField(max_length=200)
    opened_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(name="taught_class_once_per_store", fields=["store", "name_key"])]

    def __str__(self) -> str:
        return self.name

    def lesson(self, on: date) -> Lesson:
        """Its lesson on that day."""
        return Lesson(self.name, on)


class Learner(models.Model):
    """A card on a class's roll: its code was shown there (``code_step``), so a lesson may be charged to it without one.
    ``only_on``: a guest of that day. ``name``: what the class calls the learner, who need not be the card's holder.
    ``left_at``: taken off by the store or the holder. Without ``code_step`` the place came with a card that was taken over."""

    taught_class = models.ForeignKey(TaughtClass, models.PROTECT, related_name="learners", verbose_name=_("class"))
    card = models.ForeignKey(Card, models.PROTECT, related_name="learners", verbose_name=_("card"))
    name = EncryptedTextField(_("learner"), max_length=20, blank=True, default="")
    only_on = models.DateField(_("only on"), null=True, blank=True)
    code_step = models.BigIntegerField(null=True, blank=True)
    added_at = models.DateTimeField(_("added"))
    added_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("added by"))
    left_at = models.DateTimeField(_("taken off"), null=True, blank=True)

    class Meta:
        verbose_name = _("learner")
        verbose_name_plural = _("learners")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="learner_once_per_class", fields=["taught_class", "card"], condition=Q(left_at__isnull=True)
            ),
            models.UniqueConstraint(name="learner_code_once", fields=["card", "code_step"]),
        ]

    def __str__(self) -> str:
        return self.name or self.card.holder.display_name


class Attendance(models.Model):
    """One card, one class, one day: what was marked. Who was absent is charged nothing, and the database has it so.
    ``revision`` counts how often it was marked: a form that has not seen the last one changes nothing."""

    taught_class = models.ForeignKey(TaughtClass, models.PROTECT, related_name="attendances", verbose_name=_("class"))
    learner = models.ForeignKey(Learner, models.PROTECT, related_name="attendances", verbose_name=_("learner"))
    card = models.ForeignKey(Card, models.PROTECT, related_name="attendances", verbose_name=_("card"))
    on = models.DateField(_("day of the lesson"))
    mark = models.CharField(_("marked"), max_length=8, choices=Mark)
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, null=True, blank=True, related_name="attendance", verbose_name=_("charge")
    )
    revision = models.PositiveSmallIntegerField(default=1)
    cashier = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("marked by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["-on", "id"]
        constraints = [
            models.UniqueConstraint(name="attendance_once", fields=["taught_class", "card", "on"]),
            models.CheckConstraint(
                name="attendance_absent_is_not_charged",
                condition=Q(mark__in=CHARGED_MARKS, redemption__isnull=False)
                | Q(mark__in=[Mark.ABSENT, Mark.LEAVE], redemption__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.get_mark_display()}"

    @property
    def is_charged(self) -> bool:
        """Whether a lesson was charged for it, whatever became of that charge."""
        return self.redemption_id is not None
