"""Reading a CSV file that somebody chose: UTF-8 or GB 18030, as spreadsheets here write them."""

import csv
import io

from django.utils.translation import gettext as _

from escrow.errors import DomainError
from prepaid.merchants.csv_files import NotText, decoded

#: At most so many bytes are read.
MOST_BYTES = 1_000_000


def read_csv(content: bytes, *, most_rows: int, refusal: type[DomainError]) -> list[dict[str, str | None]]:
    """Its rows by the header's columns.

    Raises:
        refusal: with ``problem``: not a CSV file, too long, or without rows.
    """
    if len(content) > MOST_BYTES:
        raise refusal(problem=_("it is larger than 1 MB"))
    try:
        lines: list[dict[str, str | None]] = list(csv.DictReader(io.StringIO(decoded(content))))
    except NotText as error:
        raise refusal(problem=_("it is neither UTF-8 nor GB 18030")) from error
    except csv.Error as error:
        raise refusal(problem=_("it is not a CSV file")) from error
    if not lines:
        raise refusal(problem=_("it has no rows"))
    if len(lines) > most_rows:
        raise refusal(problem=_("it has more than %(most)s rows") % {"most": most_rows})
    return lines


def check_columns(found: set[str], wanted: tuple[str, ...], refusal: type[DomainError]) -> None:
    """Raises ``refusal`` where one is missing."""
    missing = [column for column in wanted if column not in found]
    if missing:
        raise refusal(problem=_("these columns are missing: %(columns)s") % {"columns": ", ".join(missing)})
