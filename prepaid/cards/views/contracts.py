"""The contract of a sold card: its text as a page, its PDF; for the holder and for the merchant's managers."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from escrow import clock
from prepaid.cards import operations, queries
from prepaid.cards.contract_text import BINDING, READING_COPY
from prepaid.cards.models import Contract
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember
from prepaid.people.access import consumer_required, me, shows_domain_errors

PAGE_LENGTH = 25


@consumer_required
@require_GET
@shows_domain_errors
def card_contract(request: HttpRequest, number: str) -> HttpResponse:
    """The holder's own contract, in the reader's language; the Chinese text is one tap away."""
    contract = queries.contract_of(user=me(request), number=number)
    return render(request, "consumer/contract.html", shown(request, contract))


@consumer_required
@require_GET
@shows_domain_errors
def card_contract_file(request: HttpRequest, number: str) -> HttpResponse:
    """The stored PDF."""
    contract = queries.contract_of(user=me(request), number=number)
    return as_file(contract, operations.printed(contract=contract, at=clock.now(), actor=me(request).actor))


@require_GET
@manager_page
def shop_contracts(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Contracts of the merchant's cards, newest first; ``?number=`` finds one."""
    number = "".join(filter(str.isdigit, request.GET.get("number", "")))[:8]
    page = Paginator(queries.contracts_with(staff=staff, number=number), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "merchant/contracts.html", {"staff": staff, "page": page, "number": number})


@require_GET
@manager_page
def shop_contract(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """One of the merchant's contracts."""
    contract = queries.contract_with(staff=staff, number=number)
    return render(request, "merchant/contract.html", {"staff": staff, **shown(request, contract)})


@require_GET
@manager_page
def shop_contract_file(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """The stored PDF."""
    contract = queries.contract_with(staff=staff, number=number)
    return as_file(contract, operations.printed(contract=contract, at=clock.now(), actor=me(request).actor))


def shown(request: HttpRequest, contract: Contract) -> dict[str, object]:
    """What the text is shown with."""
    asked = request.GET.get("text")
    language = asked if asked in dict(settings.LANGUAGES) else get_language()
    language = language if language in contract.content else BINDING
    return {
        "contract": contract,
        "card": contract.card,
        "text": contract.content[language],
        "text_language": language,
        "other_language": READING_COPY if language == BINDING else BINDING,
    }


def as_file(contract: Contract, pdf: bytes) -> HttpResponse:
    """A PDF that the browser may show; its name tells nothing of the person."""
    name = f"contract-{contract.content['number']}.pdf"
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "X-Content-SHA256": contract.pdf_sha256},
    )
