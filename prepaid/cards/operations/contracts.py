"""A card's contract: written once when the card is ordered, printed once, read by those it concerns."""

import hashlib
from datetime import date, datetime

from escrow import audit
from escrow.errors import NotFound
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards.contract_text import TEMPLATE_VERSION, Sale, contract_text, fingerprint
from prepaid.cards.errors import ContractDamaged, ContractKept
from prepaid.cards.models import Card, Contract
from prepaid.merchants.queries import sector_rule
from prepaid.people.models import User

CONSTRAINT_ERRORS["contract_kept"] = ContractKept


def conclude(*, card: Card, custody_percent: int, on: date, at: datetime) -> Contract:
    """Write down the contract that was accepted for this card. Inside the transaction that makes the card.

    Raises:
        ContractKept: the card has its contract; it is never written again.
    """
    if Contract.objects.filter(card=card).exists():
        raise ContractKept()
    version = card.version
    text = contract_text(
        version.terms,
        Sale(
            number=card.number,
            version_number=version.number,
            filing_no=version.filing.number if version.filing.required else "",
            holder=_masked(card.holder),
            custody_percent=custody_percent,
            cooling_off_days=sector_rule(card.issuer.sector_id, on).cooling_off_days,
            concluded_at=at,
            last_day=card.expires_on,
        ),
        terms_sha256=card.contract_sha256,
    )
    return Contract.objects.create(
        card=card, template_version=TEMPLATE_VERSION, text=text, sha256=fingerprint(text), concluded_at=at
    )


def print_contract(*, contract_id: int, at: datetime, actor: str) -> Contract:
    """Make the PDF of the stored text, once and for all.

    Raises:
        NotFound. ContractKept: it is made; it is never made again. ContractDamaged: the text is not what was accepted.
    """
    from prepaid.cards.contract_pdf import contract_pdf  # loads for a second, and nothing else needs it

    with transaction():
        contract = Contract.objects.select_for_update().filter(pk=contract_id).first()
        if contract is None:
            raise NotFound()
        if contract.pdf is not None:
            raise ContractKept()
        _check_text(contract)
        contract.pdf = contract_pdf(contract.text, sha256=contract.sha256)
        contract.pdf_sha256 = hashlib.sha256(contract.pdf).hexdigest()
        contract.pdf_made_at = at
        contract.save(update_fields=["pdf", "pdf_sha256", "pdf_made_at"])
        audit.record(
            actor=actor,
            action="cards.print_contract",
            target=f"card:{contract.card_id}",
            after={"sha256": contract.sha256, "pdf_sha256": contract.pdf_sha256},
            at=at,
        )
    return contract


def printed(*, contract: Contract, at: datetime, actor: str) -> bytes:
    """The stored PDF, made now when it was not yet; compared with its fingerprint before it is given away.

    Raises:
        ContractDamaged.
    """
    _check_text(contract)
    if contract.pdf is None:
        try:
            contract = print_contract(contract_id=contract.pk, at=at, actor=actor)
        except ContractKept:  # somebody else asked at the same moment
            contract = Contract.objects.get(pk=contract.pk)
    pdf = bytes(contract.pdf or b"")
    if hashlib.sha256(pdf).hexdigest() != contract.pdf_sha256:
        raise ContractDamaged()
    return pdf


def inspect_contract(*, contract: Contract, at: datetime, actor: str) -> bytes:
    """The PDF for an official or an operator, who is no party to it: written into the audit trail. Raises as ``printed``."""
    pdf = printed(contract=contract, at=at, actor=actor)
    audit.record(
        actor=actor,
        action="cards.inspect_contract",
        target=f"contract:{contract.pk}",
        after={"sha256": contract.sha256},
        at=at,
    )
    return pdf


def _check_text(contract: Contract) -> None:
    if fingerprint(contract.text) != contract.sha256:
        raise ContractDamaged()


def _masked(holder: User) -> str:
    return (
        holder.phone_masked
        if holder.display_name == holder.phone_masked
        else f"{holder.display_name} {holder.phone_masked}"
    )
