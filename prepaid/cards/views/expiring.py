"""The merchant's cards that end soon, with what is left on each: a list, and the same as a file."""

from collections.abc import Iterator

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from escrow import clock
from escrow.bank_files.writing import Cell, yuan
from prepaid.cards import queries
from prepaid.cards.models import Card
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember
from prepaid.people.exports import written

PAGE_LENGTH = 25
#: Within so many days; the first is asked for when nothing is.
WITHIN = (30, 7, 60, 90)
#: Cards of the file that are reckoned at a time.
AT_ONCE = 1000


@require_GET
@manager_page
def shop_expiring(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The next last day first; ``?within=`` days, ``?q=`` a card number's beginning or a product."""
    cards, within, words = _asked(request, staff)
    page = Paginator(cards, PAGE_LENGTH).get_page(request.GET.get("page"))
    context = {
        "staff": staff,
        "page": page,
        "faces": queries.faces_of(cards=page, today=clock.today()),
        "within": within,
        "choices": sorted(WITHIN),
        "words": words,
    }
    return render(request, "merchant/expiring.html", context)


@require_GET
@manager_page
def shop_expiring_file(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """All that the list finds, as XLSX or (``?kind=csv``) CSV; customers are masked as they are there."""
    cards, within, _words = _asked(request, staff)
    kind = "csv" if request.GET.get("kind") == "csv" else "xlsx"
    raw, media_type = written(kind, _("Cards that end soon"), _rows(cards))
    name = f"cards-ending-{clock.today().isoformat()}-{within}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(raw, content_type=media_type, headers=headers)


def _asked(request: HttpRequest, staff: StaffMember) -> tuple[QuerySet[Card], int, str]:
    asked = request.GET.get("within", "")
    within = next((days for days in WITHIN if str(days) == asked), WITHIN[0])
    words = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    return queries.expiring_with(staff=staff, today=clock.today(), within=within, words=words), within, words


def _rows(cards: QuerySet[Card]) -> Iterator[list[Cell]]:
    yield [
        _("Card"), _("Customer"), _("Product"), _("Last day"), _("Days until then"), _("Left"), _("Money left (yuan)"),
        _("Gift left (yuan)"), _("Refund requested"),
    ]  # fmt: skip
    today, found = clock.today(), list(cards)
    for start in range(0, len(found), AT_ONCE):
        for face in queries.faces_of(cards=found[start : start + AT_ONCE], today=today):
            last_day = face.last_day or today  # the list has none without
            yield [
                str(face.card.tops_up or face.card), face.card.holder.display_name, face.card.version.product.name, last_day,
                (last_day - today).days, face.left, yuan(face.spendable_fen), yuan(face.gift_fen),
                _("yes") if face.is_frozen else _("no"),
            ]  # fmt: skip
