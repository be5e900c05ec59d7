"""Where value stands and how it moved. Rows here are written by the SQL function ``escrow_post`` alone."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Agreement, Beneficiary
from escrow.models.use import Use
from escrow.states import DEBIT_NORMAL, AccountCode, Asset, Reason, TransferKind


class Account(models.Model):
    """Four counters, not one signed number (fen, or units of a VISIT account). A guarded balance is a row, never a sum over history."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="accounts")
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="accounts")
    code = models.CharField(_("account"), max_length=12, choices=AccountCode)
    channel = models.CharField(_("channel"), max_length=16, blank=True, default="")
    asset = models.CharField(_("asset"), max_length=8, choices=Asset)
    debits_posted = models.BigIntegerField(default=0)
    credits_posted = models.BigIntegerField(default=0)
    debits_pending = models.BigIntegerField(default=0)
    credits_pending = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    #: +1: the balance is debits − credits (``DEBIT_NORMAL``), −1: credits − debits. Set by a trigger.
    side = models.SmallIntegerField(default=-1, editable=False)
    #: Of a held account: where what is used of it goes.
    earned = models.ForeignKey("self", models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+")
    #: Of an append-only account: the last transfer its counters tell of, and the last before which every line is paid out.
    folded_to = models.BigIntegerField(default=0, db_default=0)
    paid_to = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                name="account_one_of_a_kind",
                fields=["beneficiary", "agreement", "code", "channel", "asset"],
                nulls_distinct=False,
            ),
            # Counters below zero and an agreement's accounts that are not ``held`` are refused as well (docs/adr/0007).
            models.CheckConstraint(
                name="account_at_least_zero",
                condition=Q(
                    debits_pending__lte=F("side") * (F("debits_posted") - F("credits_posted")) - F("credits_pending")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.asset}"

    @property
    def balance(self) -> int:
        """Posted balance on the account's own side: never negative."""
        net = self.debits_posted - self.credits_posted
        return net if self.code in DEBIT_NORMAL else -net

    @property
    def pending(self) -> int:
        """What reservations keep from the balance."""
        return self.credits_pending if self.code in DEBIT_NORMAL else self.debits_pending

    @property
    def available(self) -> int:
        """Balance less reservations."""
        return self.balance - self.pending


def _named(to: Any, **options: Any) -> Any:
    """A row named by what only the SQL functions write: they join it, so the database checks no key again."""
    return models.ForeignKey(to, models.PROTECT, db_constraint=False, db_index=False, **options)


class Transfer(models.Model):
    """One movement between two accounts of one beneficiary in one asset. Never updated, never deleted: a trigger refuses.

    ``posted`` moves ``amount``; ``pending`` reserves ``amount``; ``resolved`` ends the reservation it names, once, and
    moves ``amount``: nothing when voided, else the cumulative share, which may exceed the reservation by one fen
    (docs/ledger.md, "Shares and reservations").
    """

    beneficiary = _named(Beneficiary, related_name="+")
    agreement = _named(Agreement, null=True, related_name="transfers")
    use = _named(Use, null=True, related_name="transfers")
    debit_account = _named(Account, related_name="debits")
    credit_account = _named(Account, related_name="credits")
    asset = models.CharField(_("asset"), max_length=8, choices=Asset)
    kind = models.CharField(_("kind"), max_length=8, choices=TransferKind)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    amount = models.BigIntegerField(_("amount"))
    pending = _named("self", null=True, related_name="resolutions")
    corrects = _named("self", null=True, related_name="corrections")
    reference = models.CharField(_("reference"), max_length=64, blank=True, default="")
    at = models.DateTimeField(_("at"))
    payable_on = models.DateField(_("payable on"), null=True)
    #: Of an appended credit unknown, and not needed: nothing was taken.
    debit_balance_after = models.BigIntegerField(null=True)
    credit_balance_after = models.BigIntegerField(null=True)
    debit_version = models.BigIntegerField(null=True)
    credit_version = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        # The table, its partitions, keys and checks are made by escrow/sql/transfers.sql.
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")

    def __str__(self) -> str:
        return f"{self.reason} {self.amount} {self.asset}"
