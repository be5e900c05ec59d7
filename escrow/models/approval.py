"""The second person: what one asks for, another releases. The database has the last word (migration 0030)."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Beneficiary
from escrow.models.encrypted import EncryptedTextField
from escrow.states import ApprovalKind, ApprovalState

#: A person in the audit trail: neither a task nor a channel asks or decides here.
PERSON = "user:"


class ApprovalRuleQuerySet(models.QuerySet["ApprovalRule"]):
    def current(self, kind: ApprovalKind, on: date) -> "ApprovalRule":
        """The rule of that kind on that day. Raises ``DoesNotExist``: the migration brings the first ones."""
        return self.filter(kind=kind, valid_from__lte=on).latest("valid_from")


class ApprovalRule(models.Model):
    """From which sum on two people are needed, and how long a request waits. A change is a new row from a later day."""

    kind = models.CharField(_("kind"), max_length=16, choices=ApprovalKind)
    valid_from = models.DateField(_("valid from"))
    over_fen = models.BigIntegerField(_("for sums above (fen)"))
    waits_days = models.PositiveSmallIntegerField(_("waits at most (days)"))
    source = models.CharField(_("source"), max_length=200)
    mark = models.CharField(
        _("mark"), max_length=1, choices=[("T", _("full text")), ("E", _("excerpt")), ("A", _("assumption"))]
    )

    objects = ApprovalRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule for the second person")
        verbose_name_plural = _("rules for the second person")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.UniqueConstraint(name="approval_rule_one_a_day", fields=["kind", "valid_from"]),
            models.CheckConstraint(name="approval_rule_kind_known", condition=Q(kind__in=ApprovalKind.values)),
            models.CheckConstraint(name="approval_rule_figures", condition=Q(over_fen__gte=0, waits_days__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.valid_from}"


class Approval(models.Model):
    """One request: ``open`` until another person approves or refuses it, its author withdraws it, or its time is over.

    ``target`` is what it is about, as the audit trail names it: ``instruction:<id>``, ``beneficiary:<id>``,
    ``agreement:<id>``, ``statement_line:<id>``. ``payload`` is the JSON of what will be done, encrypted since it may hold a bank account.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=ApprovalKind)
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="approvals")
    target = models.CharField(_("about"), max_length=64)
    amount_fen = models.BigIntegerField(_("amount (fen)"), null=True)
    payload = EncryptedTextField(_("what will be done"))
    because = models.CharField(_("why it is asked"), max_length=200)
    requested_by = models.CharField(_("asked by"), max_length=64)
    requested_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("waits until"))
    state = models.CharField(_("state"), max_length=12, choices=ApprovalState, default=ApprovalState.OPEN)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True, default="")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("approval by a second person")
        verbose_name_plural = _("approvals by a second person")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(state=ApprovalState.OPEN), name="approval_open"),
        ]
        constraints = [
            models.CheckConstraint(name="approval_kind_known", condition=Q(kind__in=ApprovalKind.values)),
            models.CheckConstraint(name="approval_state_known", condition=Q(state__in=ApprovalState.values)),
            models.CheckConstraint(name="approval_asked_by_a_person", condition=Q(requested_by__startswith=PERSON)),
            models.CheckConstraint(name="approval_second_person", condition=~Q(decided_by=F("requested_by"))),
            models.CheckConstraint(
                name="approval_decided_by_a_person",
                condition=~Q(state__in=[ApprovalState.APPROVED, ApprovalState.REFUSED])
                | Q(decided_by__startswith=PERSON, decided_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="approval_one_open", fields=["kind", "target"], condition=Q(state=ApprovalState.OPEN)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"
