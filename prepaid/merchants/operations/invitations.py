"""Verbs of merchants that people miss here: anybody invites one, its regulator says what became of it."""

import unicodedata
from datetime import datetime

from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import NotFound, ReasonRequired
from escrow.models import blind_index
from escrow.states import check_transition
from escrow.transactions import transaction
from prepaid.merchants import queries
from prepaid.merchants.errors import MissingText, UnknownSector
from prepaid.merchants.models import Invitation, InvitedMerchant
from prepaid.merchants.operations.people import checked_district, checked_text
from prepaid.merchants.states import INVITED_TRANSITIONS, InvitedState

REASON_LENGTH = 200
MESSAGE_LENGTH = 500
#: Not letters, numbers or signs: blanks, punctuation, and what cannot be seen.
_NOT_COMPARED = {"Z", "P", "C"}


def name_key(name: str) -> str:
    """The name as it is compared: width, case, blanks and punctuation make no other merchant."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] not in _NOT_COMPARED)[:200]


def invite_merchant(
    *,
    name: str,
    district_code: str,
    sector_code: str,
    address: str,
    message: str,
    visitor: str,
    at: datetime,
    actor: str,
) -> tuple[InvitedMerchant, bool]:
    """Ask that a merchant's cards be filed here. Its regulator sees the name with how many asked. ``visitor`` is where the
    request comes from; whoever asks for the same merchant again that day is not counted again, and the second value is False.

    Raises:
        MissingText, UnknownDistrict, UnknownSector.
    """
    on = beijing_date(at)
    name = checked_text(" ".join(name.split()), "name", 100)
    key = name_key(name)
    if not key:
        raise MissingText("name", 100)
    address, message = " ".join(address.split()), message.strip()
    if len(address) > 200:
        raise MissingText("address", 200)
    if len(message) > MESSAGE_LENGTH:
        raise MissingText("message", MESSAGE_LENGTH)
    sector = queries.sectors(on=on).filter(code=sector_code).first()
    if sector is None:
        raise UnknownSector()
    district = checked_district(district_code, on)
    seen = blind_index(f"invitation:{on.isoformat()}:{visitor}")
    with transaction():
        known, _made = InvitedMerchant.objects.get_or_create(
            key=key,
            district=district,
            sector=sector,
            defaults={"name": name, "address": address, "first_at": at, "last_at": at},
        )
        invited = InvitedMerchant.objects.select_for_update(no_key=True).get(pk=known.pk)
        if Invitation.objects.filter(merchant=invited, visitor=seen).exists():
            return invited, False
        Invitation.objects.create(merchant=invited, visitor=seen, message=message, at=at)
        invited.times += 1
        invited.last_at = at
        invited.address = invited.address or address
        invited.save(update_fields=["times", "last_at", "address"])
        audit.record(
            actor=actor,
            action="merchants.invite_merchant",
            target=f"invitedmerchant:{invited.pk}",
            at=at,
            after={"times": invited.times},
        )
    return invited, True


def move_invited(*, invited_id: int, to: InvitedState, because: str, at: datetime, actor: str) -> InvitedMerchant:
    """The regulator has spoken to the merchant, it has joined, or it is none that has to.

    Raises:
        NotFound, ReasonRequired. WrongState: ``to`` does not follow.
    """
    because = because.strip()
    if not 1 <= len(because) <= REASON_LENGTH:
        raise ReasonRequired()
    with transaction():
        invited = InvitedMerchant.objects.select_for_update(no_key=True).filter(pk=invited_id).first()
        if invited is None:
            raise NotFound()
        check_transition(INVITED_TRANSITIONS, invited.state, to)
        before, invited.state = invited.state, to
        invited.save(update_fields=["state"])
        audit.record(
            actor=actor,
            action="merchants.move_invited",
            target=f"invitedmerchant:{invited.pk}",
            at=at,
            before={"state": before},
            after={"state": to, "because": because},
        )
    return invited
