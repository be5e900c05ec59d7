"""Who runs a merchant, or where it is paid, changes (主体变更): reported, and true once two officials have seen the documents."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from escrow.models import EncryptedTextField, PayoutHold, Stoppage
from prepaid.merchants.models.custody import Rating
from prepaid.merchants.models.merchant import Merchant, StaffMember
from prepaid.merchants.states import HandoverState


class HandoverQuerySet(models.QuerySet["Handover"]):
    def waiting(self) -> "HandoverQuerySet":
        """Those that two officials have not decided about."""
        return self.filter(state=HandoverState.OPEN)


class Handover(models.Model):
    """From the report on the merchant has no rating, sells nothing, gets no payout (``hold``) and nothing early, and silence
    confirms nothing there (``stoppage``: the one that began with it). Blank: that does not change. ``old_*``: what held when it
    was reported. The holders are told when it begins and when it ends (``told_up_to``: the last card so far)."""

    #: What may change, by a letter: its column, and its name.
    PARTS = {
        "r": ("new_representative", _("legal representative")),
        "c": ("new_controller", _("actual controller")),
        "a": ("new_account_no", _("payout account")),
    }

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="handovers", verbose_name=_("merchant"))
    state = models.CharField(_("state"), max_length=9, choices=HandoverState, default=HandoverState.OPEN)
    old_representative = EncryptedTextField(_("legal representative before"), blank=True, default="")
    new_representative = EncryptedTextField(_("new legal representative"), blank=True, default="")
    old_controller = EncryptedTextField(_("actual controller before"), blank=True, default="")
    new_controller = EncryptedTextField(_("new actual controller"), blank=True, default="")
    old_account_no = EncryptedTextField(_("payout account before"), blank=True, default="")
    new_account_no = EncryptedTextField(_("new payout account"), blank=True, default="")
    old_account_name = EncryptedTextField(_("account holder before"), blank=True, default="")
    new_account_name = EncryptedTextField(_("new account holder"), blank=True, default="")
    because = EncryptedTextField(_("reason"))
    reported_at = models.DateTimeField(_("reported"))
    reported_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reported by")
    )
    #: The owner said nothing: an official entered it.
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    rating_before = models.CharField(_("rating before"), max_length=1, choices=Rating, blank=True, default="")
    hold = models.OneToOneField(PayoutHold, models.PROTECT, related_name="handover", verbose_name=_("hold of payouts"))
    stoppage = models.ForeignKey(
        Stoppage, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("stoppage")
    )
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("first official"),
    )
    checked_at = models.DateTimeField(_("first check"), null=True, blank=True)
    checked_papers = EncryptedTextField(_("documents of the first check"), blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    #: The documents of the second check, or why it was rejected.
    decided_because = EncryptedTextField(_("documents of the second check, or reason"), blank=True, default="")
    told_up_to = models.BigIntegerField(default=0)
    told_at = models.DateTimeField(_("everybody told"), null=True, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of the operator")
        verbose_name_plural = _("changes of the operator")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="handover_state_known", condition=Q(state__in=HandoverState.values)),
            models.CheckConstraint(
                name="handover_changes_something",
                condition=~Q(new_representative="", new_controller="", new_account_no=""),
            ),
            models.CheckConstraint(
                name="handover_account_has_its_holder",
                condition=Q(new_account_no="", new_account_name="") | ~Q(new_account_no="") & ~Q(new_account_name=""),
            ),
            models.CheckConstraint(
                name="handover_reported_or_entered",
                condition=Q(reported_by__isnull=False, entered_by__isnull=True)
                | Q(reported_by__isnull=True, entered_by__isnull=False),
            ),
            models.CheckConstraint(
                name="handover_done_by_two_officials",
                condition=~Q(state=HandoverState.DONE)
                | Q(checked_by__isnull=False, decided_by__isnull=False) & ~Q(checked_by=F("decided_by")),
            ),
            models.CheckConstraint(
                name="handover_decided_when_over",
                condition=Q(state=HandoverState.OPEN, decided_at__isnull=True)
                | ~Q(state=HandoverState.OPEN) & Q(decided_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="handover_one_open", fields=["merchant"], condition=Q(state=HandoverState.OPEN)
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_open(self) -> bool:
        return self.state == HandoverState.OPEN

    @property
    def is_done(self) -> bool:
        return self.state == HandoverState.DONE

    @property
    def what(self) -> str:
        """What changes, in words."""
        return self.in_words(
            "".join(letter for letter, (column, _words) in self.PARTS.items() if getattr(self, column))
        )

    @classmethod
    def in_words(cls, letters: str) -> str:
        """What these letters of ``PARTS`` stand for."""
        return pgettext("between things that change", ", ").join(str(cls.PARTS[letter][1]) for letter in letters)
