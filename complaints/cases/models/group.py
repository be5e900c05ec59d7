"""Many persons, one merchant: their cases handled together, each still a case of its own."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.outside import NAME_LENGTH
from escrow.models import EncryptedTextField
from prepaid.merchants.models import Merchant
from prepaid.people.models import Department, Division


class CaseGroup(models.Model):
    """The cases of several persons about one merchant in one queue: a registered one, or a name as it is compared."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, null=True, blank=True, related_name="case_groups", verbose_name=_("merchant")
    )
    name_key = models.CharField(max_length=NAME_LENGTH, blank=True, default="", editable=False)
    name = models.CharField(_("merchant"), max_length=NAME_LENGTH)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("department"))
    district = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("district")
    )
    opened_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("group of complaints")
        verbose_name_plural = _("groups of complaints")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="case_group_about_one_merchant",
                condition=Q(merchant__isnull=False, name_key="") | Q(merchant__isnull=True) & ~Q(name_key=""),
            ),
            models.UniqueConstraint(
                name="case_group_once",
                fields=["merchant", "name_key", "department", "district"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reply(models.Model):
    """What an officer told the consumers of a whole group at once."""

    group = models.ForeignKey(CaseGroup, models.PROTECT, related_name="replies", verbose_name=_("group of complaints"))
    text = EncryptedTextField(_("reply"), max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("replied by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.group} {self.at:%Y-%m-%d %H:%M}"
