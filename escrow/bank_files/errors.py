"""Why a bank's file is refused. Whatever is refused has changed nothing; ``where`` says which line or row."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class UnreadableBankFile(DomainError):
    """The file is not what it should be; ``where`` and ``what`` point at the place."""

    message = _("The file cannot be read (%(where)s: %(what)s). Ask the bank for it again; nothing was imported.")
    http_status = 400


class BankFileTooLarge(UnreadableBankFile):
    message = _("The file is larger than %(megabytes)s MB. Ask the bank for one file a day; nothing was imported.")
    http_status = 413


class HostileBankFile(UnreadableBankFile):
    """A DTD, an entity, a nesting or a compression that no bank sends (CWE-611, CWE-776, CWE-409)."""

    message = _(
        "The file holds what no bank statement holds (%(what)s) and may be an attack. Nothing was imported; "
        "check where it came from."
    )


class EmptyBankFile(UnreadableBankFile):
    message = _("The file holds no statement. Check that it is the right one; nothing was imported.")


class UnknownBankFormat(UnreadableBankFile):
    message = _("There is no column mapping for the bank “%(bank)s”. Save one first, or name another bank.")


class WrongFormat(UnreadableBankFile):
    message = _("This is not a %(wanted)s file. Choose the right format, or leave the choice to the system.")


class MissingColumns(UnreadableBankFile):
    message = _("The file has no column %(columns)s in row %(row)s. Correct the bank's column mapping.")


class AnotherBatch(UnreadableBankFile):
    message = _(
        "The results are not those of a file we made (%(batch)s): number, count, sum and every line must be the same. "
        "Nothing was recorded; ask the bank for the right file."
    )
    http_status = 422
