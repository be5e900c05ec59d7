"""A shop's own weeks in a CSV file: how many cards, at what price on average. Other columns are not looked at."""

import csv
import io
import unicodedata

from django.utils.translation import gettext as _

from escrow.errors import InvalidAmount
from escrow.money import yuan_to_fen
from prepaid.merchants.csv_files import NotText, decoded
from prepaid.merchants.errors import BadSalesFile
from prepaid.merchants.forecast import SalesWeek

MOST_BYTES, MOST_WEEKS, MOST_CARDS = 100_000, 104, 10_000
CARDS, PRICE = ("cards", "张数", "售卡数"), ("price", "均价", "价格")


def read_weeks(content: bytes) -> tuple[SalesWeek, ...]:
    """The weeks in their order. A week without a sale says 0 and needs no price.

    Raises:
        BadSalesFile: not a CSV file with these columns, too long, or a row that cannot be read, by its number.
    """
    if len(content) > MOST_BYTES:
        raise BadSalesFile(problem=_("it is larger than 100 KB"))
    try:
        lines = list(csv.reader(io.StringIO(decoded(content), newline="")))
    except NotText as error:
        raise BadSalesFile(problem=_("it is neither UTF-8 nor GB 18030")) from error
    except csv.Error as error:
        raise BadSalesFile(problem=_("it is not a CSV file")) from error
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    places = [next((header.index(name) for name in names if name in header), None) for names in (CARDS, PRICE)]
    if places[0] is None or places[1] is None:
        raise BadSalesFile(problem=_("these columns are missing: %(columns)s") % {"columns": "cards, price"})
    rows = [(number, row) for number, row in enumerate(lines[1:], start=2) if any(cell.strip() for cell in row)]
    if not rows:
        raise BadSalesFile(problem=_("it has no rows"))
    if len(rows) > MOST_WEEKS:
        raise BadSalesFile(problem=_("it has more than %(most)s rows") % {"most": MOST_WEEKS})
    return tuple(_week(number, row, places[0], places[1]) for number, row in rows)


def _week(number: int, row: list[str], cards_at: int, price_at: int) -> SalesWeek:
    cards = unicodedata.normalize("NFKC", row[cards_at]).strip() if cards_at < len(row) else ""
    price = row[price_at] if price_at < len(row) else ""
    if cards.isascii() and cards.isdigit() and len(cards) <= len(str(MOST_CARDS)) and int(cards) <= MOST_CARDS:
        if int(cards) == 0:
            return SalesWeek(cards=0, price_fen=0)
        try:
            return SalesWeek(cards=int(cards), price_fen=yuan_to_fen(price))
        except InvalidAmount:
            pass
    raise BadSalesFile(problem=_("row %(row)s is no number of cards and price in yuan") % {"row": number})
