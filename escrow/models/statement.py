"""What banks and channels say happened: their files, statements, lines and bills, and how those compare with the ledger."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.bank_files import tables
from escrow.models.agreement import Beneficiary
from escrow.models.encrypted import EncryptedBinaryField, EncryptedTextField
from escrow.states import ORDERED, AccountCode, BankFileKind, BillFinding, InstructionKind, LineKind


class BankFormat(models.Model):
    """How one bank's CSV or XLSX is to be read: what ``bank_files.tables.Mapping`` says, kept by the bank's code."""

    bank = models.SlugField(_("bank code"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=60)
    header_row = models.PositiveSmallIntegerField(_("header row"), default=1, help_text=_("counted from 1"))
    delimiter = models.CharField(
        _("delimiter"), max_length=1, default=",", choices=[(",", ","), (";", ";"), ("\t", _("tab")), ("|", "|")]
    )
    encoding = models.CharField(
        _("encoding"), max_length=8, default="gb18030", choices=[(code, code) for code in tables.ENCODINGS]
    )
    account = models.CharField(_("column: account"), max_length=60, blank=True, default="")
    account_label = models.CharField(
        _("words before the account"),
        max_length=60,
        blank=True,
        default="",
        help_text=_("if it stands above the header instead of in a column"),
    )
    day = models.CharField(_("column: date"), max_length=60)
    time = models.CharField(_("column: time"), max_length=60, blank=True, default="")
    day_format = models.CharField(_("date format"), max_length=40, default="%Y-%m-%d")
    time_format = models.CharField(_("time format"), max_length=40, default="%H:%M:%S")
    direction = models.CharField(_("column: direction"), max_length=60, blank=True, default="")
    words_in = models.CharField(_("words for in"), max_length=60, blank=True, default="贷,收入,C")
    words_out = models.CharField(_("words for out"), max_length=60, blank=True, default="借,支出,D")
    amount = models.CharField(_("column: amount"), max_length=60, blank=True, default="")
    credit = models.CharField(_("column: amount in"), max_length=60, blank=True, default="")
    debit = models.CharField(_("column: amount out"), max_length=60, blank=True, default="")
    thousands = models.CharField(
        _("thousands separator"),
        max_length=1,
        blank=True,
        default=",",
        choices=[(",", ","), (".", "."), (" ", _("space"))],
    )
    decimal = models.CharField(_("decimal mark"), max_length=1, default=".", choices=[(".", "."), (",", ",")])
    balance = models.CharField(_("column: balance"), max_length=60, blank=True, default="")
    line_no = models.CharField(_("column: the bank's line number"), max_length=60, blank=True, default="")
    reference = models.CharField(_("column: reference"), max_length=60, blank=True, default="")
    counterparty_name = models.CharField(_("column: counterparty"), max_length=60, blank=True, default="")
    counterparty_account = models.CharField(_("column: counterparty's account"), max_length=60, blank=True, default="")
    purpose = models.CharField(_("column: purpose"), max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("bank format")
        verbose_name_plural = _("bank formats")
        constraints = [
            models.CheckConstraint(
                name="bank_format_one_amount_or_two",
                condition=(~Q(amount="") & Q(credit="", debit="")) | (Q(amount="") & ~Q(credit="") & ~Q(debit="")),
                violation_error_message=_("Name either one amount column or two: one for in, one for out."),
            ),
            models.CheckConstraint(
                name="bank_format_names_the_account",
                condition=~Q(account="") | ~Q(account_label=""),
                violation_error_message=_("Name the column of the account, or the words that stand before it."),
            ),
            models.CheckConstraint(
                name="bank_format_tells_lines_apart",
                condition=~Q(line_no="") | ~Q(balance=""),
                violation_error_message=_(
                    "Name the column of the bank's line number or of the balance: without either, two identical lines "
                    "cannot be told from one line read twice."
                ),
            ),
            models.CheckConstraint(
                name="bank_format_marks_differ",
                condition=~Q(thousands=F("decimal")),
                violation_error_message=_("The thousands separator and the decimal mark cannot be the same."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.bank})"

    def mapping(self) -> tables.Mapping:
        """As the reader takes it."""
        fields = {name: getattr(self, name) for name in tables.Mapping.__dataclass_fields__ if hasattr(self, name)}
        fields |= {name: tuple(word for word in fields[name].split(",") if word) for name in ("words_in", "words_out")}
        return tables.Mapping(**fields)


class BankFile(models.Model):
    """A file somebody imported, known by its SHA-256: twice the same file has one effect.

    ``content`` is there only between the preview and the decision; afterwards the hash stays.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=BankFileKind)
    bank = models.CharField(_("bank"), max_length=16)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    name = models.CharField(_("name"), max_length=120)
    size = models.PositiveIntegerField(_("bytes"))
    content = EncryptedBinaryField(null=True)
    by = models.CharField(_("by"), max_length=60)
    uploaded_at = models.DateTimeField(_("uploaded"))
    imported_at = models.DateTimeField(_("imported"), null=True)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    new_lines = models.PositiveIntegerField(_("new lines"), default=0)

    class Meta:
        verbose_name = _("bank file")
        verbose_name_plural = _("bank files")
        constraints = [models.UniqueConstraint(name="bank_file_once", fields=["kind", "bank", "sha256"])]

    def __str__(self) -> str:
        return self.name


class Statement(models.Model):
    """One account over some days, as a file states it. ``closing − opening − sum`` is zero, or lines are missing."""

    file = models.ForeignKey(BankFile, models.PROTECT, related_name="statements")
    bank = models.CharField(_("bank"), max_length=16)
    custody_no = models.CharField(_("custody account"), max_length=64)
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, null=True, related_name="statements")
    number = models.CharField(_("number"), max_length=64, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3)
    from_day = models.DateField(_("from"))
    to_day = models.DateField(_("to"))
    opening_fen = models.BigIntegerField(_("opening (fen)"), null=True)
    closing_fen = models.BigIntegerField(_("closing (fen)"), null=True)
    sum_fen = models.BigIntegerField(_("net of the lines (fen)"))
    made_at = models.DateTimeField(_("made"), null=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.UniqueConstraint(
                name="statement_once",
                fields=["bank", "custody_no", "number", "from_day", "to_day", "opening_fen", "closing_fen", "sum_fen"],
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["beneficiary", "-to_day"], name="statement_of_a_day")]

    def __str__(self) -> str:
        return f"{self.custody_no} {self.to_day}"

    @property
    def off_fen(self) -> int:
        """How far it is from adding up."""
        if self.opening_fen is None or self.closing_fen is None:
            return 0
        return self.closing_fen - self.opening_fen - self.sum_fen


class StatementLine(models.Model):
    """One line of the custody bank's statement: booked when its money has moved here too, matched when it is known what for.

    ``booked_as`` is the reference of the transfer that booked it. Booked and not matched, its money is in suspense (in) or
    unexplained (out) until a person has assigned it or sent it back (``operations/receipts.py``).

    ``line_no`` numbers the bank's live feed, ``identity`` (``bank_files.identity``) is the same for one line in whatever
    file or feed it comes. ``references`` are what may be a number of ours; ``reference`` is the one that matched, or
    the likeliest.
    """

    channel = models.CharField(_("bank"), max_length=16)
    line_no = models.BigIntegerField(_("line"), null=True)
    identity = models.CharField(max_length=64)
    file = models.ForeignKey(BankFile, models.PROTECT, null=True, related_name="+")
    bank_ref = models.CharField(_("bank's number"), max_length=64, blank=True, default="")
    custody_no = models.CharField(_("custody account"), max_length=64)
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, null=True, related_name="statement_lines")
    direction = models.CharField(_("direction"), max_length=3, choices=[("in", _("in")), ("out", _("out"))])
    kind = models.CharField(_("kind"), max_length=16, choices=LineKind)
    reference = models.CharField(_("reference"), max_length=64, blank=True, default="")
    references = models.JSONField(default=list)
    purpose = EncryptedTextField(_("purpose"), blank=True, default="")
    counterparty_name = EncryptedTextField(_("counterparty"), blank=True, default="")
    counterparty_account = EncryptedTextField(_("counterparty's account"), blank=True, default="")
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    balance_after_fen = models.BigIntegerField(_("balance (fen)"), null=True)
    day = models.DateField(_("booked on"))
    at = models.DateTimeField(_("at"))
    booked_at = models.DateTimeField(_("booked here"), null=True, blank=True)
    booked_as = models.CharField(max_length=64, blank=True, default="")
    matched_at = models.DateTimeField(_("matched"), null=True, blank=True)

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        indexes = [
            models.Index(fields=["channel"], condition=Q(matched_at__isnull=True), name="statement_line_unmatched"),
            models.Index(fields=["beneficiary", "-day"], name="statement_line_of_a_day"),
        ]
        constraints = [
            models.UniqueConstraint(name="statement_line_once", fields=["channel", "line_no"]),
            models.UniqueConstraint(name="statement_line_identity", fields=["channel", "custody_no", "identity"]),
            models.UniqueConstraint(
                name="statement_line_matches_alone",
                fields=["beneficiary", "kind", "reference"],
                condition=Q(matched_at__isnull=False, kind__in=[*ORDERED, LineKind.RETURNED]),
            ),
            models.CheckConstraint(name="statement_line_kind_known", condition=Q(kind__in=LineKind.values)),
            models.CheckConstraint(
                name="statement_line_booked_before_matched",
                condition=Q(booked_at__isnull=False) & ~Q(booked_as="")
                | Q(booked_at__isnull=True, matched_at__isnull=True, booked_as=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.bank_ref or self.pk}"

    @property
    def signed_fen(self) -> int:
        """What it did to the account at the bank."""
        return self.amount_fen if self.direction == "in" else -self.amount_fen


class TieOut(models.Model):
    """One beneficiary on one day: what the ledger has in custody by the lines booked until then, and what the bank says.

    ``unmatched`` counts the lines nobody can explain yet, ``unmatched_fen`` is the net of those that are not even booked.
    ``bank_fen − ledger_fen = unmatched_fen`` when every difference is a listed line; what is left over is lines that
    the bank never sent.
    """

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="tie_outs")
    day = models.DateField(_("day"))
    ledger_fen = models.BigIntegerField(_("ledger (fen)"))
    bank_fen = models.BigIntegerField(_("bank (fen)"), null=True)
    bank_day = models.DateField(_("bank's balance of"), null=True)
    unmatched = models.PositiveIntegerField(_("unmatched lines"))
    unmatched_fen = models.BigIntegerField(_("unmatched (fen)"))
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        verbose_name = _("daily tie-out")
        verbose_name_plural = _("daily tie-outs")
        ordering = ["-day", "beneficiary_id"]
        constraints = [models.UniqueConstraint(name="tie_out_once", fields=["beneficiary", "day"])]
        indexes = [
            models.Index(
                fields=["-day"],
                condition=Q(bank_fen__isnull=True) | ~Q(bank_fen=F("ledger_fen")),
                name="tie_out_differing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.beneficiary_id} {self.day}"

    @property
    def off_fen(self) -> int:
        """Bank less ledger; the bank's silence counts as nothing there."""
        return (self.bank_fen or 0) - self.ledger_fen

    @property
    def unexplained_fen(self) -> int:
        """What no listed line accounts for."""
        return self.off_fen - self.unmatched_fen


class ClearingAlarm(models.Model):
    """An account that should return to zero and has not for too long; cleared when it does. One open alarm an account."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    code = models.CharField(_("account"), max_length=12, choices=AccountCode)
    channel = models.CharField(_("channel"), max_length=16, blank=True, default="")
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    since = models.DateTimeField(_("since"))
    raised_at = models.DateTimeField(_("raised"))
    cleared_at = models.DateTimeField(_("cleared"), null=True)

    class Meta:
        verbose_name = _("clearing alarm")
        verbose_name_plural = _("clearing alarms")
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                name="clearing_alarm_one_open",
                fields=["beneficiary", "code", "channel"],
                condition=Q(cleared_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.since:%Y-%m-%d}"


class ChannelBillLine(models.Model):
    """One line of the channel's daily bill: a payment or a refund as the channel counts it, and how it compares."""

    file = models.ForeignKey(BankFile, models.PROTECT, related_name="bill_lines")
    channel = models.CharField(_("channel"), max_length=16)
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8, choices=[("payment", _("payment")), ("refund", _("refund"))])
    number = models.CharField(_("our number"), max_length=64)
    channel_no = models.CharField(_("channel's number"), max_length=64, blank=True, default="")
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    fee_fen = models.BigIntegerField(_("channel's fee (fen)"), default=0)
    at = models.DateTimeField(_("at"))
    finding = models.CharField(_("result"), max_length=16, choices=BillFinding, default=BillFinding.UNKNOWN)

    class Meta:
        verbose_name = _("channel bill line")
        verbose_name_plural = _("channel bill lines")
        constraints = [
            models.UniqueConstraint(name="bill_line_once", fields=["channel", "kind", "number", "day"]),
            models.CheckConstraint(name="bill_line_finding_known", condition=Q(finding__in=BillFinding.values)),
        ]

    def __str__(self) -> str:
        return self.number


class InstructionBatch(models.Model):
    """Orders handed to a bank as a file: ``count`` lines of ``sum_fen`` together, and the file of its answers."""

    number = models.CharField(_("number"), max_length=32, unique=True)
    channel = models.CharField(_("bank"), max_length=16)
    kind = models.CharField(_("kind"), max_length=8, choices=InstructionKind)
    count = models.PositiveIntegerField(_("lines"))
    sum_fen = models.BigIntegerField(_("sum (fen)"))
    made_at = models.DateTimeField(_("made"))
    by = models.CharField(_("by"), max_length=60)

    class Meta:
        verbose_name = _("instruction file")
        verbose_name_plural = _("instruction files")
        constraints = [models.CheckConstraint(name="batch_not_empty", condition=Q(count__gt=0, sum_fen__gt=0))]

    def __str__(self) -> str:
        return self.number


class InstructionBatchLine(models.Model):
    """One order in a file. An order is in one file at most: then it is not sent any other way."""

    batch = models.ForeignKey(InstructionBatch, models.PROTECT, related_name="lines")
    line_no = models.PositiveIntegerField(_("line"))
    instruction = models.OneToOneField("escrow.Instruction", models.PROTECT, related_name="batch_line")

    class Meta:
        verbose_name = _("instruction file line")
        verbose_name_plural = _("instruction file lines")
        constraints = [models.UniqueConstraint(name="batch_line_once", fields=["batch", "line_no"])]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.line_no}"
