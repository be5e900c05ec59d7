"""The callback (回访) of a case that has ended: whether its department was heard of, whether it is resolved, whether well (JS 23)."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.cases.models.case import Case
from complaints.cases.states import CallbackChannel, CallbackState
from escrow.models import EncryptedTextField

_NO_ANSWER = Q(reached__isnull=True, resolved__isnull=True, satisfied__isnull=True, answered_at__isnull=True, words="")


class CallbackQuerySet(models.QuerySet["Callback"]):
    def open(self) -> Self:
        """Neither answered nor given up."""
        return self.filter(state=CallbackState.ASKED)

    def late(self, *, today: date) -> Self:
        """Open after the last day to answer."""
        return self.open().filter(answers_until__lt=today)


class Callback(models.Model):
    """What the consumer was asked about one end of a case (``ended_at``), and the one answer: by the signed link, or told to
    the hotline, whose person (``taken_by``) wrote it down. Without an answer by ``answers_until`` it counts as no valid callback.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="callbacks", verbose_name=_("complaint"))
    state = models.CharField(_("state"), max_length=12, choices=CallbackState, default=CallbackState.ASKED)
    ended_at = models.DateTimeField(_("end of the complaint"))
    asked_at = models.DateTimeField(pgettext_lazy("callback", "asked"))
    answers_until = models.DateField(_("answer by"))
    reached = models.BooleanField(_("contacted by the department"), null=True, blank=True)
    resolved = models.BooleanField(_("resolved"), null=True, blank=True)
    satisfied = models.BooleanField(_("satisfied"), null=True, blank=True)
    words = EncryptedTextField(_("in the consumer's words"), max_length=500, blank=True, default="")
    answered_at = models.DateTimeField(pgettext_lazy("callback", "answered"), null=True, blank=True)
    channel = models.CharField(_("answered how"), max_length=8, choices=CallbackChannel, blank=True, default="")
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken down by"),
    )
    lapsed_at = models.DateTimeField(_("term ended unanswered"), null=True, blank=True)

    objects = CallbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["answers_until"], condition=Q(state=CallbackState.ASKED), name="callback_open"),
        ]
        constraints = [
            models.UniqueConstraint(name="callback_once_per_end", fields=["case", "ended_at"]),
            models.UniqueConstraint(
                name="callback_one_open_per_case", fields=["case"], condition=Q(state=CallbackState.ASKED)
            ),
            models.CheckConstraint(
                name="callback_state_consistent",
                condition=Q(state=CallbackState.ASKED, channel="", taken_by__isnull=True, lapsed_at__isnull=True)
                & _NO_ANSWER
                | Q(state=CallbackState.UNANSWERED, channel="", taken_by__isnull=True, lapsed_at__isnull=False)
                & _NO_ANSWER
                | Q(
                    state=CallbackState.ANSWERED,
                    reached__isnull=False,
                    resolved__isnull=False,
                    satisfied__isnull=False,
                    answered_at__isnull=False,
                    lapsed_at__isnull=True,
                )
                & (
                    Q(channel=CallbackChannel.LINK, taken_by__isnull=True)
                    | Q(channel=CallbackChannel.HOTLINE, taken_by__isnull=False)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_state_display()}"

    @property
    def is_answered(self) -> bool:
        return self.state == CallbackState.ANSWERED

    def takes_answers(self, *, today: date) -> bool:
        """Whether it may still be answered on that day."""
        return self.state == CallbackState.ASKED and today <= self.answers_until
