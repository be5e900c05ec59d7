"""Contracts of sold cards: whose they are, and whether they still are what was accepted."""

from django.db import connection
from django.db.models import QuerySet

from escrow.errors import NotFound
from prepaid.cards.models import Contract
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User

#: Rows that break each promise; zero of every one is good.
CHECKS = {
    "texts that are not what was accepted": """
        SELECT count(*) FROM cards_contract WHERE sha256 <> encode(sha256(convert_to(text, 'UTF8')), 'hex')""",
    "PDFs that are not what was printed": """
        SELECT count(*) FROM cards_contract WHERE pdf IS NOT NULL AND pdf_sha256 <> encode(sha256(pdf), 'hex')""",
    "contracts of other terms than the card's": """
        SELECT count(*) FROM cards_contract k JOIN cards_card c ON c.id = k.card_id
        WHERE k.text::jsonb ->> 'terms_sha256' <> c.contract_sha256
           OR k.text::jsonb ->> 'number' <> c.number AND NOT EXISTS (  -- replaced since, after a loss
              SELECT 1 FROM cards_cardloss l
              WHERE l.card_id = c.id AND l.outcome = 'reissued' AND l.old_number = k.text::jsonb ->> 'number')
           AND NOT EXISTS (  -- or with another holder
              SELECT 1 FROM cards_cardtransfer t
              WHERE t.card_id = c.id AND t.state = 'accepted' AND t.old_number = k.text::jsonb ->> 'number')""",
}


def _contracts() -> QuerySet[Contract]:
    return Contract.objects.select_related("card__holder", "card__issuer", "card__version__product", "card__agreement")


def contract_of(*, user: User, number: str) -> Contract:
    """The holder's. Raises ``NotFound``, also for another person's card and for one sold before contracts were kept."""
    contract = _contracts().filter(card__holder=user, card__number=number).first()
    if contract is None:
        raise NotFound()
    return contract


def contract_with(*, staff: StaffMember, number: str) -> Contract:
    """The merchant's own. Raises ``NotFound``."""
    contract = _contracts().filter(card__issuer_id=staff.merchant_id, card__number=number).first()
    if contract is None:
        raise NotFound()
    return contract


def contracts_with(*, staff: StaffMember, number: str = "") -> QuerySet[Contract]:
    """The merchant's, newest first; ``number``: what a card number begins with."""
    rows = _contracts().filter(card__issuer_id=staff.merchant_id, card__agreement__funded_at__isnull=False)
    return rows.filter(card__number__startswith=number).defer("text", "pdf")


def contracts_to_print(*, most: int = 50) -> list[int]:
    """Of paid cards, not printed yet, the oldest first."""
    rows = Contract.objects.filter(pdf=None, card__agreement__funded_at__isnull=False).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:most])


def check_contracts() -> dict[str, int]:
    """Every promise with how many rows break it, counted by the database over what it stores."""
    with connection.cursor() as cursor:
        found = {}
        for name, sql in CHECKS.items():
            cursor.execute(sql)
            found[name] = cursor.fetchone()[0]
    return found
