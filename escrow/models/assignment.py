"""What is still owed of an agreement now belongs to somebody else."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Agreement
from escrow.models.approval import PERSON
from escrow.models.encrypted import EncryptedTextField
from escrow.models.payment import Payment


class Assignment(models.Model):
    """The agreement's money was assigned by one person and accepted by another (Civil Code 545, 551): from then on its refunds
    go to the account that the second one named, never back to who paid. Written once; the newest one counts."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="assignments", verbose_name=_("agreement"))
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="assignments", verbose_name=_("payment"))
    payee_account = EncryptedTextField(_("refund account"))
    payee_name = EncryptedTextField(_("holder of the refund account"))
    assigned_by = models.CharField(_("assigned by"), max_length=64)
    accepted_by = models.CharField(_("accepted by"), max_length=64)
    assigned_at = models.DateTimeField(_("assigned"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="assignment_between_two_people",
                condition=Q(assigned_by__startswith=PERSON, accepted_by__startswith=PERSON)
                & ~Q(assigned_by=F("accepted_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.assigned_at:%Y-%m-%d}"
