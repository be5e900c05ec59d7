"""A work order of another system that was taken: which complaint it led to."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models import Case
from complaints.hotline.models.files import WorkOrderLine
from complaints.hotline.models.key import ApiKey
from complaints.hotline.states import System, Urgency


class WorkOrder(models.Model):
    """Each number once. ``joined``: the same person's complaint about the same merchant was still undecided, so this order was added
    to it; both numbers are answered. It came by a ``line`` of a file or by a ``key``."""

    system = models.CharField(_("system"), max_length=16, choices=System)
    number = models.CharField(_("number"), max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, related_name="work_orders", verbose_name=_("complaint"))
    joined = models.BooleanField(_("added to an earlier complaint"), default=False)
    urgency = models.CharField(_("urgency"), max_length=12, choices=Urgency, default=Urgency.NORMAL)
    received_at = models.DateTimeField(_("received by the hotline"))
    taken_at = models.DateTimeField(_("taken"))
    line = models.OneToOneField(WorkOrderLine, models.PROTECT, null=True, blank=True, related_name="order")
    key = models.ForeignKey(
        ApiKey, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("by the key")
    )

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        ordering = ["-id"]
        indexes = [models.Index(fields=["system", "received_at", "id"], name="work_order_period")]
        constraints = [
            models.UniqueConstraint(name="work_order_number_once", fields=["system", "number"]),
            models.CheckConstraint(name="work_order_system_known", condition=Q(system__in=System.values)),
            models.CheckConstraint(name="work_order_numbered", condition=~Q(number="")),
            models.CheckConstraint(name="work_order_urgency_known", condition=Q(urgency__in=Urgency.values)),
            models.CheckConstraint(
                name="work_order_came_one_way",
                condition=Q(line__isnull=False, key__isnull=True) | Q(line__isnull=True, key__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.number}"
