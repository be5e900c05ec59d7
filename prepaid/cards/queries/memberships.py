"""Cards that are paid month by month: which months are paid, when the next one can be, and who is to be told."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef, Q

from escrow.clock import end_of_day
from escrow.models import Agreement, Stoppage, Use
from escrow.states import OPEN_USES, AgreementState, StoppageKind
from prepaid.cards.models import Card, CardRule, ExpiryNotice
from prepaid.cards.queries.expiry import expiring
from prepaid.cards.queries.wallet import CardFace, faces_of

#: Days that a stop leaves are paid back as soon as no day waits, which takes some weeks at most.
STOP_LOOKED_BACK, MOST_AT_ONCE = timedelta(days=90), 500


def may_go_on(months: list[Card]) -> bool:
    """Whether another month may follow these paid ones, by the contract and by its holder's will."""
    first = months[0]
    return first.ended_at is None and len(months) < (first.version.months or 0)


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Its first payment ``first`` is the card, with its code and its contract; every further month is a payment of its own.

    ``months``: what was paid, the oldest first. ``order``: the next month, ordered and not paid yet.
    """

    first: Card
    months: list[CardFace]
    order: Card | None
    today: date

    @property
    def last(self) -> CardFace:
        """The month paid last; the order itself while nothing is paid."""
        return self.months[-1]

    @property
    def face(self) -> CardFace:
        """The card with the month that counts now: the one that can be used, else the one paid last."""
        now = next((face for face in self.months if face.is_usable), self.last)
        return replace(now, card=self.first, lot=now.card, rests=self.rests)

    @property
    def paid_until(self) -> date | None:
        return self.last.last_day

    @property
    def goes_on(self) -> bool:
        """Whether its holder may pay another month, now or later."""
        return self.last.is_active and may_go_on([face.card for face in self.months])

    @property
    def can_end(self) -> bool:
        """Whether there is a further month to be free of."""
        living = self.last.is_active or self.last.is_frozen
        return living and may_go_on([face.card for face in self.months])

    @property
    def is_due(self) -> bool:
        """Whether the next month can be paid: from the last day of the one before, so that one month at most is prepaid."""
        return self.goes_on and self.paid_until is not None and self.today >= self.paid_until

    @property
    def can_pay(self) -> bool:
        """Whether there is a month to pay now, ordered already or not."""
        return self.order is not None or self.is_due

    @property
    def rests(self) -> bool:
        """Whether it waits for the next month's payment, and its code means nothing until then."""
        return self.goes_on and self.last.has_expired


def membership_of(*, card: Card, today: date) -> Membership:
    """Of the card that its first payment made."""
    over = [AgreementState.CANCELLED, AgreementState.EXPIRED]
    further = Card.objects.filter(tops_up=card).exclude(agreement__state__in=over).order_by("pk")
    further = further.select_related("agreement", "issuer__sector", "version__product", "holder")
    return _membership(card, faces_of(cards=[card, *further], today=today), today)


def with_memberships(faces: Iterable[CardFace], *, today: date) -> list[CardFace]:
    """The same cards in order, each membership once, with the month that counts now."""
    shown: list[CardFace] = []
    parts: dict[int, list[CardFace]] = {}
    for face in faces:
        if face.card.version.months is None:
            shown.append(face)
            continue
        first = face.card.tops_up_id or face.card.pk
        if first not in parts:
            parts[first] = []
            shown.append(face)
        parts[first].append(face)
    return [
        _whole(parts.pop(face.card.tops_up_id or face.card.pk), today) if face.card.version.months else face
        for face in shown
    ]


def _whole(parts: list[CardFace], today: date) -> CardFace:
    parts = sorted(parts, key=lambda face: face.card.pk)
    return _membership(parts[0].card, parts, today).face


def _membership(first: Card, faces: list[CardFace], today: date) -> Membership:
    """The order of the first payment is no next month: it is the card, not paid yet."""
    months = [face for face in faces if face.card.pk == first.pk or not face.is_unpaid]
    order = next((face.card for face in faces if face.card.pk != first.pk and face.is_unpaid), None)
    return Membership(first=first, months=months, order=order, today=today)


def months_to_tell(*, today: date) -> list[int]:
    """Ids of paid months whose end their holder is to be told of now: some days before, and on the last day."""
    before = CardRule.objects.current(today).month_notice_days
    told = ExpiryNotice.objects.filter(card=OuterRef("pk"), last_day__gte=today)
    cards = expiring(today=today, within=before).filter(
        version__months__isnull=False, agreement__state=AgreementState.HELD
    )
    soon = Q(ends_on__gt=today) & ~Exists(told)
    now = Q(ends_on=today) & ~Exists(told.filter(days_before=0))
    return list(cards.filter(soon | now).values_list("pk", flat=True))


def months_to_return(*, today: date) -> list[int]:
    """Ids of paid months with days to be paid back (``has_days_to_return``), some of them: the next is paid, no day waits, and days
    are left, or a stop that was recorded lately may have left some."""
    next_paid = Agreement.objects.filter(follows=OuterRef("agreement_id"), funded_at__isnull=False)
    waits = Use.objects.filter(agreement=OuterRef("agreement_id"), state__in=OPEN_USES)
    stopped = Stoppage.objects.filter(
        beneficiary=OuterRef("agreement__beneficiary_id"),
        kind=StoppageKind.DARK,
        created_at__gte=OuterRef("bought_at"),
    ).filter(created_at__gte=end_of_day(today - STOP_LOOKED_BACK))
    unearned = Q(agreement__accrual__days_final__lt=F("agreement__units_total"))
    months = Card.objects.filter(
        Exists(next_paid), ~Exists(waits), unearned | Exists(stopped), agreement__state=AgreementState.HELD
    )
    faces = faces_of(cards=months.select_related("agreement").order_by("?")[:MOST_AT_ONCE], today=today)
    return [face.card.pk for face in faces if has_days_to_return(face)]


def has_days_to_return(face: CardFace) -> bool:
    """Whether days of a month are left that cannot be used, since the next one is paid, and no day of it waits any more."""
    left = face.is_active and face.term is not None and face.term.left > 0 and not face.holding.units_reserved
    return left and face.card.agreement.followed_by.filter(funded_at__isnull=False).exists()
