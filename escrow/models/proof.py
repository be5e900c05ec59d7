"""What outsiders can check: sealed blocks of transfers, and each day's total with the trees under it (docs/proof.md).

Written once: triggers refuse every change. Hashes are SHA-256 in lower-case hex; ``verifier.py`` says of what.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Beneficiary


class Block(models.Model):
    """The beneficiary's transfers after the block before it up to ``last_id``, and that block's hash."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="blocks", verbose_name=_("beneficiary"))
    number = models.BigIntegerField(_("number"))
    first_id = models.BigIntegerField(_("first transfer"))
    last_id = models.BigIntegerField(_("last transfer"))
    count = models.IntegerField(_("transfers"))
    merkle_root = models.CharField(_("Merkle root"), max_length=64)
    previous_hash = models.CharField(_("hash of the one before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed"))

    class Meta:
        verbose_name = _("sealed block")
        verbose_name_plural = _("sealed blocks")
        constraints = [
            models.UniqueConstraint(name="block_once", fields=["beneficiary", "number"]),
            models.CheckConstraint(
                name="block_has_transfers",
                condition=Q(number__gte=1, count__gte=1, first_id__gte=1, last_id__gte=models.F("first_id")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beneficiary_id}/{self.number}"


class DailyRoot(models.Model):
    """One day's published total over all beneficiaries. ``seed`` is secret: the salts of the day's leaves come from it."""

    day = models.DateField(_("date"), primary_key=True)
    held_fen = models.BigIntegerField(_("held for consumers (fen)"))
    confirmed_fen = models.BigIntegerField(_("confirmed by the bank (fen)"))
    in_transit_fen = models.BigIntegerField(_("on its way to the bank (fen)"))
    agreements = models.BigIntegerField(_("agreements"))
    beneficiaries = models.BigIntegerField(_("beneficiaries"))
    tree_root = models.CharField(_("root of the tree"), max_length=64)
    previous_hash = models.CharField(_("hash of the one before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)
    seed = models.BinaryField(editable=False)
    nodes = models.BinaryField(editable=False, help_text=_("the city's tree, level by level, 40 bytes a node"))
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("published total")
        verbose_name_plural = _("published totals")
        ordering = ["-day"]
        constraints = [
            models.CheckConstraint(
                name="daily_root_not_negative",
                condition=Q(held_fen__gte=0, confirmed_fen__gte=0, in_transit_fen__gte=0, agreements__gte=0),
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class DailyTotal(models.Model):
    """One beneficiary's share of a day: a leaf of the city's tree and the tree over its agreements, two leaves each."""

    root = models.ForeignKey(DailyRoot, models.PROTECT, related_name="totals")
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="daily_totals")
    position = models.BigIntegerField()
    agreements = models.BigIntegerField(_("agreements"))
    held_fen = models.BigIntegerField(_("held for consumers (fen)"))
    confirmed_fen = models.BigIntegerField(_("confirmed by the bank (fen)"))
    in_transit_fen = models.BigIntegerField(_("on its way to the bank (fen)"))
    block_number = models.BigIntegerField(_("last sealed block"))
    block_hash = models.CharField(_("its hash"), max_length=64)
    tree_root = models.CharField(_("root of the tree"), max_length=64)
    leaves = models.BinaryField(
        editable=False, help_text=_("40 bytes each: first parts by hash, then second parts by hash")
    )
    nodes = models.BinaryField(editable=False, help_text=_("the levels above every 32 leaves"))

    class Meta:
        verbose_name = _("published share")
        verbose_name_plural = _("published shares")
        constraints = [models.UniqueConstraint(name="daily_total_once", fields=["beneficiary", "root"])]

    def __str__(self) -> str:
        return f"{self.root_id} {self.beneficiary_id}"
