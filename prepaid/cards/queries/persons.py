"""Who may do what with a card: the one place that answers. Whatever shows or moves something of a card asks here."""

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from escrow.errors import NotFound
from prepaid.cards.models import Beneficiary, Card, CardPerson
from prepaid.cards.states import HOLDER, NOBODY, ROLE_MAY, Deed, PersonRole, PersonState, Rights
from prepaid.people.models import User


def cards_with(*, user_id: int, deed: Deed) -> QuerySet[Any, Any]:
    """The ids of the cards with which this person may do that, for a condition: the person's own, those they are on in a role
    that may, and the top-ups of these. Written as a union, because PostgreSQL reads a table from end to end for an OR."""
    own = Card.objects.filter(holder_id=user_id).order_by().values("pk")
    roles = [role for role, deeds in ROLE_MAY.items() if deed in deeds]
    if not roles:
        return own
    on = CardPerson.objects.filter(user_id=user_id, state=PersonState.ACCEPTED, role__in=roles).order_by()
    of_top_ups = Card.objects.filter(tops_up__in=on.values("card")).order_by().values("pk")
    return own.union(on.values("card"), of_top_ups, all=True)


def may(*, user_id: int, card: Card, deed: Deed) -> bool:
    """Whether this person may do that with the card now."""
    return Card.objects.filter(pk=card.pk, pk__in=cards_with(user_id=user_id, deed=deed)).exists()


def role_of(user: User, *, card: str = "") -> Subquery:
    """For an annotation: the role in which the user is on the row's card. ``card``: the way from the row to it."""
    there = f"{card}__" if card else ""
    whole = Coalesce(OuterRef(f"{there}tops_up"), OuterRef(f"{there}pk"))
    on = CardPerson.objects.filter(user=user, state=PersonState.ACCEPTED, card=whole).order_by()
    return Subquery(on.values("role")[:1])


def with_rights(card: Card, *, user: User, role: str | None) -> None:
    """Set ``rights`` of the card to what the user may do with it, who is on it in that role (``role_of``)."""
    if card.holder_id == user.pk:
        card.rights = HOLDER
    else:
        card.rights = Rights(role=PersonRole(role), deeds=ROLE_MAY[PersonRole(role)]) if role else NOBODY


def people_of(*, card: Card) -> list[CardPerson]:
    """Who is on the card or invited to it, guardians first."""
    people = _of(card).exclude(state=PersonState.ENDED).select_related("user")
    return list(people.order_by("role", "pk"))


def people_told(*, card: Card) -> list[tuple[User, PersonRole]]:
    """Who is told of the card's charges besides its holder."""
    people = _of(card).filter(state=PersonState.ACCEPTED).select_related("user").order_by("pk")
    return [(person.user, PersonRole(person.role)) for person in people if person.user is not None]


def beneficiary_of(*, card: Card) -> Beneficiary | None:
    """The child that the card is for."""
    try:
        return (card.tops_up or card).beneficiary
    except Beneficiary.DoesNotExist:
        return None


def child_shown(*, card: Card) -> Beneficiary | None:
    """The child, to whoever asked for the card: its holder and the guardian see the name, relatives do not."""
    return beneficiary_of(card=card) if card.rights is not None and card.rights.may_confirm else None


def invitations_to(*, user: User, at: datetime) -> list[CardPerson]:
    """Invitations that wait for this person's answer. A number counts as theirs once they have proved it."""
    if user.phone_verified_at is None:
        return []
    return list(_invitations(user).filter(lapses_at__gt=at))


def invitation_to(*, user: User, person_id: int) -> CardPerson:
    """Raises ``NotFound``, also for somebody else's and for one that was answered or taken back."""
    person = _invitations(user).filter(pk=person_id).first() if user.phone_verified_at else None
    if person is None:
        raise NotFound()
    return person


def invitations_lapsed(*, at: datetime) -> list[int]:
    """Ids of invitations nobody answered in time, some of them."""
    rows = CardPerson.objects.filter(state=PersonState.INVITED, lapses_at__lte=at)
    return list(rows.order_by("lapses_at").values_list("pk", flat=True)[:500])


def _invitations(user: User) -> QuerySet[CardPerson]:
    rows = CardPerson.objects.filter(state=PersonState.INVITED, phone_index=user.phone_index).exclude(card__holder=user)
    return rows.select_related("card__holder", "card__issuer", "card__version__product").order_by("pk")


def _of(card: Card) -> QuerySet[CardPerson]:
    return CardPerson.objects.filter(card_id=card.tops_up_id or card.pk)
