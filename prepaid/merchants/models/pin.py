"""The PIN by which one person takes over a counter from another."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models.merchant import StaffMember


class CounterPin(models.Model):
    """Of one person at one merchant; kept as Django keeps passwords. ``failures`` counts wrong ones since the last right one."""

    #: So many wrong ones in a row lock it, until its owner signs in and sets another.
    MOST_FAILURES = 5

    staff = models.OneToOneField(StaffMember, models.PROTECT, related_name="pin", verbose_name=_("staff member"))
    pin_hash = models.CharField(max_length=128)
    failures = models.PositiveSmallIntegerField(default=0)
    set_at = models.DateTimeField(_("set"))

    class Meta:
        verbose_name = _("counter PIN")
        verbose_name_plural = _("counter PINs")

    def __str__(self) -> str:
        return str(self.staff)

    @property
    def is_locked(self) -> bool:
        return self.failures >= self.MOST_FAILURES
