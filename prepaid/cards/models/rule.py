"""The terms this platform sets where the law leaves them open: dated, each with its reason."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class CardRuleQuerySet(models.QuerySet["CardRule"]):
    def current(self, on: date) -> "CardRule":
        """The rule in force on that day."""
        return self.filter(valid_from__lte=on).latest("valid_from")


class CardRule(models.Model):
    valid_from = models.DateField(_("valid from"), unique=True)
    payment_minutes = models.PositiveIntegerField(_("minutes to pay an order"))
    confirm_hours = models.PositiveIntegerField(_("hours to confirm a charge"))
    answer_working_days = models.PositiveIntegerField(_("working days to answer a refund request"))
    #: After the last day of a place that closes or moves its customers may still take the refund it offered.
    closing_offer_days = models.PositiveIntegerField(_("days to take a closing merchant's refund"), default=30)
    #: While a counter has no network: how long after the scan its charges are taken, and how many a store may send on a day.
    stored_hours = models.PositiveSmallIntegerField(_("hours to send a stored charge"), default=12)
    stored_a_day = models.PositiveSmallIntegerField(_("stored charges of a store on a day"), default=20)
    #: How long another person may answer to a card that is offered to them.
    transfer_days = models.PositiveIntegerField(_("days to take over an offered card"), default=7)
    #: Before a paid month ends its holder is told; and again on its last day, from which the next can be paid.
    month_notice_days = models.PositiveSmallIntegerField(_("days of notice before a paid month ends"), default=3)
    #: What the shop takes in cash is in custody by the end of so many working days.
    deposit_working_days = models.PositiveSmallIntegerField(_("working days to bring cash to custody"), default=2)
    basis = models.CharField(_("source or reason"), max_length=500)
    mark = models.CharField(
        _("mark"), max_length=1, help_text=_("T: text of the law, E: excerpt, A: assumption of this platform")
    )

    objects = CardRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("card rule")
        verbose_name_plural = _("card rules")
        ordering = ["-valid_from"]

    def __str__(self) -> str:
        return str(self.valid_from)
