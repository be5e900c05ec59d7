"""What the hotline's imports and its API refuse, each refusal with a sentence that says what to do next."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError, WrongState


class BadFile(DomainError):
    """The file as a whole cannot be read; ``details["problem"]`` says why."""

    message = _("This file cannot be read: %(problem)s. Correct it and choose it again; nothing was imported.")
    http_status = 400
    field = "file"


class UnknownColumns(DomainError):
    message = _(
        "These columns are not known here: %(columns)s. Correct their names, or choose to leave unknown columns out, and send "
        "the file again; nothing was imported."
    )
    http_status = 400
    field = "file"


class SameFile(DomainError):
    """Byte for byte; ``details["file"]`` is the earlier one."""

    message = _(
        "This very file was read on %(day)s already. Open it in the list to see what became of each line; nothing was imported."
    )
    field = "file"


class FileReadMeanwhile(WrongState):
    """The same file twice at the same moment."""

    message = _("This file is being read already. Open the list to see it.")


class FileDecided(WrongState):
    message = _("This file has been imported or discarded already. Reload the page to see what became of it.")


class TakenMeanwhile(WrongState):
    """Two requests with one number at the same moment."""

    message = _("A work order with this number has just been taken. Send it again to learn its complaint.")


class KeyFacts(DomainError):
    message = _(
        "Enter a name of at most 60 characters, 1 to 6,000 requests a minute, and a last day within the next two years."
    )
    http_status = 400


class BadPeriod(DomainError):
    message = _("Choose a first and a last day in their order, at most 366 days apart.")
    http_status = 400
