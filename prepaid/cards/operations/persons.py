"""Who is around a card: its holder names a child, invites a second guardian and relatives, and takes them off again.

Every change is in the audit trail and told to the holder. What each may do is ``queries.persons``.
"""

from datetime import datetime, timedelta
from typing import Any

from escrow import audit
from escrow.errors import NotFound
from escrow.models import blind_index
from escrow.states import check_transition
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards import codes, queries
from prepaid.cards.errors import (
    AlreadyOnCard,
    ChildNameMissing,
    ChildNeeded,
    GuardianWorksThere,
    InvitationLapsed,
    OwnNumber,
    PeopleOfPaidCards,
    SecondGuardianOnce,
    TooManyInvitations,
    TooManyRelatives,
)
from prepaid.cards.models import Beneficiary, Card, CardPerson, Relation
from prepaid.cards.operations import letters
from prepaid.cards.states import PERSON_TRANSITIONS, PersonEnd, PersonRole, PersonState
from prepaid.merchants.models import StaffMember
from prepaid.notices import phones
from prepaid.people.models import User

#: How long an invitation waits, how many relatives a card has, how many invitations one holder sends in 24 hours.
INVITATION = timedelta(days=7)
MOST_RELATIVES = 5
MOST_INVITATIONS = 10
CHILD_NAME_LENGTH = 20
CONSTRAINT_ERRORS["card_person_one_guardian"] = SecondGuardianOnce
CONSTRAINT_ERRORS["card_person_once"] = AlreadyOnCard
CONSTRAINT_ERRORS["card_person_invited_once"] = AlreadyOnCard


def name_child(*, holder_id: int, number: str, name: str, relation: Relation, at: datetime, actor: str) -> Beneficiary:
    """The child that the card is for; a name given before is replaced. Contract and money stay the holder's.

    Raises:
        NotFound: no card of theirs. ChildNameMissing, PeopleOfPaidCards.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= CHILD_NAME_LENGTH:
        raise ChildNameMissing()
    with transaction():
        card = _in_use(holder_id, number)
        values = {"name": name, "relation": relation, "named_at": at}
        child, _made = Beneficiary.objects.update_or_create(card=card, defaults=values)
        _note(card, "cards.name_child", at=at, actor=actor)
        letters.child_named(card, at=at)
    return child


def forget_child(*, holder_id: int, number: str, at: datetime, actor: str) -> None:
    """The name is deleted; a second guardian's part ends with it.

    Raises:
        NotFound: no card of theirs, or no child named.
    """
    with transaction():
        card = _owned(holder_id, number)
        gone, _models = Beneficiary.objects.filter(card=card).delete()
        if not gone:
            raise NotFound()
        _note(card, "cards.forget_child", at=at, actor=actor)
        letters.child_forgotten(card, at=at)
        for guardian in card.people.filter(role=PersonRole.GUARDIAN).exclude(state=PersonState.ENDED):
            _end(guardian, PersonEnd.REMOVED, at=at, actor=actor)


def invite_person(*, holder_id: int, number: str, role: PersonRole, phone: str, at: datetime, actor: str) -> CardPerson:
    """Ask whoever has that number to be on the card. An SMS goes to it, whether or not it has an account.

    Raises:
        NotFound: no card of theirs. InvalidPhone, OwnNumber, PeopleOfPaidCards, ChildNeeded, SecondGuardianOnce,
        TooManyRelatives, AlreadyOnCard, TooManyInvitations; SmsUnavailable.
    """
    phone = phones.e164(phone)
    index = blind_index(phone)
    with transaction():
        # One holder's invitations come one after the other, so that their number is bounded.
        holder = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=holder_id).first()
        if holder is None:
            raise NotFound()
        card = _in_use(holder_id, number)
        if index == holder.phone_index:
            raise OwnNumber()
        _end_lapsed(card, at, actor)
        _check_room(card, role, index)
        sent = CardPerson.objects.filter(card__holder=holder, invited_at__gt=at - timedelta(days=1)).count()
        if sent >= MOST_INVITATIONS:
            raise TooManyInvitations()
        person = CardPerson.objects.create(
            card=card, role=role, phone=phone, phone_index=index, invited_at=at, lapses_at=at + INVITATION
        )
        _note(card, "cards.invite_person", person, at=at, actor=actor)
        letters.person_invited(person, to=User.objects.by_phone(phone), at=at)
    return person


def accept_invitation(*, by: User, person_id: int, at: datetime, actor: str) -> CardPerson:
    """The invited person takes the part, in their own session.

    Raises:
        NotFound: not theirs, answered or taken back. InvitationLapsed; AlreadyOnCard. GuardianWorksThere: a guardian confirms
        what the merchant charges.
    """
    with transaction():
        person = _invited(by, person_id)
        if person.has_lapsed(at):
            raise InvitationLapsed()
        if (
            person.is_guardian
            and StaffMember.objects.filter(user=by, merchant_id=person.card.issuer_id, is_active=True).exists()
        ):
            raise GuardianWorksThere()
        _move(person, PersonState.ACCEPTED, user=by, accepted_at=at)
        _note(person.card, "cards.accept_invitation", person, at=at, actor=actor)
        letters.person_accepted(person, at=at)
    return person


def decline_invitation(*, by: User, person_id: int, at: datetime, actor: str) -> CardPerson:
    """The invited person does not want the part. Raises ``NotFound`` as ``accept_invitation``."""
    with transaction():
        return _end(_invited(by, person_id), PersonEnd.DECLINED, at=at, actor=actor)


def remove_person(*, holder_id: int, person_id: int, at: datetime, actor: str) -> CardPerson:
    """The holder takes somebody off, or an invitation back, at any time.

    Raises:
        NotFound: nobody on a card of theirs.
    """
    with transaction():
        person = _locked(person_id, card__holder_id=holder_id)
        return _end(person, PersonEnd.REMOVED, at=at, actor=actor)


def leave_card(*, by: User, number: str, at: datetime, actor: str) -> CardPerson:
    """Somebody on a card leaves it. Raises ``NotFound``: not on it."""
    with transaction():
        person_id = (
            CardPerson.objects.filter(card__number=number, user=by, state=PersonState.ACCEPTED)
            .values_list("pk", flat=True)
            .first()
        )
        return _end(_locked(person_id or 0, user=by), PersonEnd.LEFT, at=at, actor=actor)


def lapse_invitation(*, person_id: int, at: datetime, actor: str) -> None:
    """Nobody answered in time: the number is forgotten. Raises ``NotFound``: answered meanwhile."""
    with transaction():
        person = _locked(person_id, lapses_at__lte=at, state=PersonState.INVITED)
        _end(person, PersonEnd.LAPSED, at=at, actor=actor)


def forget_people(*, card: Card, at: datetime, actor: str) -> None:
    """Around this card, which has another holder or none from now on, nobody is named any more, and no code sent to its holder is
    good. Called within that deed, while the card still has the holder who named them."""
    with transaction():
        for person_id in list(card.people.exclude(state=PersonState.ENDED).values_list("pk", flat=True)):
            _end(_locked(person_id), PersonEnd.REMOVED, at=at, actor=actor)
        Beneficiary.objects.filter(card=card).delete()
        card.sms_codes.filter(redemption=None, replaced_at=None).update(replaced_at=at)


def forget_person(*, user: User, at: datetime, actor: str) -> None:
    """Somebody closes their account, and this is part of it: they leave the cards they are on, invitations to them are declined,
    and around their own cards nobody is named any more."""
    people = CardPerson.objects.exclude(state=PersonState.ENDED)
    parts = {PersonEnd.LEFT: people.filter(user=user), PersonEnd.DECLINED: people.filter(phone_index=user.phone_index)}
    with transaction():
        for end, rows in parts.items():
            for person_id in list(rows.values_list("pk", flat=True)):
                _end(_locked(person_id), end, at=at, actor=actor)
        for card in Card.objects.filter(holder=user, tops_up=None).order_by("pk"):
            forget_people(card=card, at=at, actor=actor)


def _owned(holder_id: int, number: str) -> Card:
    """Under a row lock, which answers to charges take too. A top-up has the people of the card it belongs to."""
    card = (
        Card.objects.select_for_update(of=("self",), no_key=True)
        .select_related("holder", "issuer", "version__product")
        .filter(holder_id=holder_id, number=number, tops_up=None)
        .first()
    )
    if card is None:
        raise NotFound()
    return card


def _in_use(holder_id: int, number: str) -> Card:
    card = _owned(holder_id, number)
    if not queries.is_in_use(card=card):
        raise PeopleOfPaidCards()
    return card


def _check_room(card: Card, role: PersonRole, index: str) -> None:
    people = queries.people_of(card=card)
    if any(index in {person.phone_index, person.user and person.user.phone_index} for person in people):
        raise AlreadyOnCard()
    taken = sum(person.role == role for person in people)
    if role == PersonRole.GUARDIAN:
        if queries.beneficiary_of(card=card) is None:
            raise ChildNeeded()
        if taken:
            raise SecondGuardianOnce()
    elif taken >= MOST_RELATIVES:
        raise TooManyRelatives(most=MOST_RELATIVES)


def _end_lapsed(card: Card, at: datetime, actor: str) -> None:
    for person in card.people.filter(state=PersonState.INVITED, lapses_at__lte=at).select_related("card__holder"):
        _end(person, PersonEnd.LAPSED, at=at, actor=actor)


def _invited(by: User, person_id: int) -> CardPerson:
    found = queries.invitation_to(user=by, person_id=person_id)
    return _locked(found.pk, state=PersonState.INVITED)


def _locked(person_id: int, **facts: Any) -> CardPerson:
    """With the card's row locked, so that nobody answers a charge while they are taken off."""
    people = CardPerson.objects.exclude(state=PersonState.ENDED).filter(pk=person_id, **facts)
    card_id = people.values_list("card_id", flat=True).first()
    Card.objects.select_for_update(of=("self",), no_key=True).filter(pk=card_id or 0).first()
    person = people.select_related("card__holder", "card__issuer", "card__version__product", "user").first()
    if person is None:
        raise NotFound()
    return person


def _end(person: CardPerson, end: PersonEnd, *, at: datetime, actor: str) -> CardPerson:
    shown_as = person.shown_as
    told = person.user or (User.objects.by_phone(person.phone) if person.phone else None)
    knew_code = person.is_guardian and not person.is_invited
    _move(person, PersonState.ENDED, ended_at=at, end=end)
    if knew_code:
        # Their phone carries the secret and makes codes without network: from now on those are wrong.
        person.card.code_secret = codes.new_secret()
        person.card.save(update_fields=["code_secret"])
    _note(person.card, "cards.end_person", person, at=at, actor=actor, end=end)
    letters.person_ended(person, shown_as, told, knew_code=knew_code, at=at)
    return person


def _move(person: CardPerson, new: PersonState, **facts: Any) -> None:
    """The number goes: from here on there is a user, or nobody."""
    check_transition(PERSON_TRANSITIONS, PersonState(person.state), new)
    for name, value in {**facts, "state": new, "phone": "", "phone_index": ""}.items():
        setattr(person, name, value)
    person.save(update_fields=["state", "phone", "phone_index", *facts])


def _note(card: Card, action: str, person: CardPerson | None = None, *, at: datetime, actor: str, **more: Any) -> None:
    after = {"person": person.pk, "role": person.role, **more} if person else None
    audit.record(actor=actor, action=action, target=f"card:{card.pk}", after=after, at=at)
