"""What people are told about their cards. One place for the words; every figure and date is named."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from escrow.clock import BEIJING, beijing_date
from escrow.models import ClaimPayment, Pause, Payment, Refund
from escrow.money import yuan
from escrow.states import Party, PauseState, Plan, UseState
from prepaid.cards.models import (
    Card,
    CardLoss,
    CardPerson,
    CardTransfer,
    CashSale,
    Learner,
    Redemption,
    RefundRequest,
)
from prepaid.cards.queries import CardFace, claim_of, is_cash_outside, people_told, waits_for_account
from prepaid.cards.states import PersonEnd, PersonRole
from prepaid.merchants.models import Closing, Handover, StaffMember, StaffRole
from prepaid.notices import operations as notices
from prepaid.notices.models import Message
from prepaid.people.models import User


def card_active(card: Card, *, at: datetime) -> None:
    """The payment arrived: the card can be used."""
    notices.send(
        to=card.holder,
        kind="cards.active",
        title=_active_title(card),
        body=_(
            "Your payment of ¥%(price)s for “%(product)s” has arrived and is held in custody. "
            "%(merchant)s receives it only as you use the card."
        ),
        details={
            "card": card,
            "first": card.tops_up or card,
            "price": yuan(card.agreement.price_fen),
            "product": card.version.product.name,
            "merchant": card.issuer.name,
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def cash_taken(sale: CashSale, deposit: Payment, *, at: datetime) -> None:
    """The holder's receipt."""
    body = _(
        "%(merchant)s says that it took ¥%(price)s in cash for “%(product)s”. It brings the money to your custody account by %(day)s; "
        "until the bank shows it there it is not protected and the card cannot be used. Never paid it? Say so on the card's page."
    )
    _about_cash(sale, "taken", _("Receipt: ¥%(price)s in cash"), body, deposit.deposit_due_on, at)


def cash_given_back(sale: CashSale, *, at: datetime) -> None:
    """The shop says so; the holder has the word."""
    body = _(
        "%(merchant)s says that you have the ¥%(price)s for “%(product)s” back. Only if that is true, say so on the card's page: it "
        "ends the order."
    )
    _about_cash(sale, "given_back", _("Do you have your cash back?"), body, None, at)


def cash_overdue(sale: CashSale, due_on: date, *, at: datetime) -> None:
    """What happens now, and what the holder can do."""
    body = _(
        "%(merchant)s did not bring your ¥%(price)s for “%(product)s” to custody by %(day)s. It may sell no card until it has, and the "
        "platform is looking into it. Ask the shop for the money back, or call 12345 and show your receipt."
    )
    _about_cash(sale, "overdue", _("Your cash is not in custody yet"), body, due_on, at)


def _about_cash(sale: CashSale, event: str, title: Promise, body: Promise, day: date | None, at: datetime) -> None:
    card = sale.card
    notices.send(
        to=card.holder,
        kind=f"cards.cash_{event}",
        title=title,
        body=body,
        details={
            "merchant": card.issuer.name,
            "product": card.version.product.name,
            "price": yuan(card.agreement.price_fen),
            "day": day,
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def _active_title(card: Card) -> Promise:
    if card.tops_up is None:
        return _("Your card %(card)s is ready")
    return (
        _("The next month of your card %(first)s is paid")
        if card.version.months
        else _("Your card %(first)s is topped up")
    )


def month_ends(face: CardFace, *, last_day: date, goes_on: bool, now: bool, at: datetime) -> None:
    """A paid month of a membership ends; ``now``: today, and the next can be paid."""
    if not goes_on:
        title = _("Your membership %(card)s ends on %(day)s")
        body = _(
            "“%(product)s” of %(merchant)s can be used until then. No further month is paid and nothing is owed. To go on "
            "afterwards, buy a new card."
        )
    elif now:
        title = _("The paid month of your card %(card)s ends today")
        body = _(
            "You can pay the next month of “%(product)s” of %(merchant)s, ¥%(price)s, on the card's page from today. Nothing is "
            "debited by itself. Not paid, the card rests from tomorrow on and you owe nothing."
        )
    else:
        title = _("The paid month of your card %(card)s ends on %(day)s")
        body = _(
            "From that day on you can pay the next month of “%(product)s” of %(merchant)s, ¥%(price)s, on the card's page. "
            "Nothing is debited by itself. Not paid, the card rests and you owe nothing; you can also end it there with one tap."
        )
    _of_membership(face, "month_ends", title, body, last_day, at)


def days_returned(face: CardFace, *, first: Card, at: datetime) -> None:
    """Of a month that is over; what is paid for them the letter about the refund says."""
    notices.send(
        to=first.holder,
        kind="cards.days_returned",
        title=_("Days of your membership %(card)s are paid back"),
        body=_(
            "On %(days)s of the days you paid for, “%(product)s” of %(merchant)s was not to be had, and this was found when the "
            "next month was paid already. They are paid back without your asking."
        ),
        details={
            "card": first,
            "days": face.days_left,
            "product": first.version.product.name,
            "merchant": first.issuer.name,
        },
        url=reverse("card_detail", args=[first.number]),
        at=at,
    )


def membership_ended(face: CardFace, *, last_day: date | None, at: datetime) -> None:
    """To the holder, who may not be the one who pressed."""
    body = _(
        "“%(product)s” of %(merchant)s can be used until %(day)s, which is paid. No further month follows and nothing is owed."
    )
    _of_membership(face, "membership_ended", _("You ended your membership %(card)s"), body, last_day, at)


def _of_membership(
    face: CardFace, event: str, title: Promise, body: Promise, last_day: date | None, at: datetime
) -> None:
    card = face.card
    notices.send(
        to=card.holder,
        kind=f"cards.{event}",
        title=title,
        body=body,
        details={
            "card": card,
            "day": last_day,
            "product": card.version.product.name,
            "merchant": card.issuer.name,
            "price": yuan(card.version.price_fen),
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def card_expires(face: CardFace, *, at: datetime) -> None:
    """The last day comes: what is left, and what the holder can do; a guardian, who takes the child there, learns the day."""
    card = face.card
    if face.holding.plan == Plan.PERIOD:
        body = _(
            "On “%(product)s” of %(merchant)s you have %(left)s left, today among them; each counts whether you come or not. "
            "Come, ask for a pause, or ask for a refund of the days that are left: all three are on the card's page."
        )
    elif face.spendable_fen or face.waiting_fen:
        body = _(
            "On “%(product)s” of %(merchant)s you have %(left)s left. Use it by that day, or ask for the refund on the card's "
            "page. What you paid and did not use stays yours: you can ask for it after that day too. Gifts end with the card."
        )
    else:
        body = _(
            "On “%(product)s” of %(merchant)s only a gift is left: %(left)s. Use it by that day; a gift ends with the card and "
            "is not paid back."
        )
    guardians = [user for user, role in people_told(card=card) if role == PersonRole.GUARDIAN]
    theirs = _(
        "On “%(product)s” of %(merchant)s %(left)s are left. Use it by that day; a pause or a refund is for its holder to ask for."
    )
    for to, title, words in (
        (card.holder, _("Your card %(card)s can be used until %(day)s"), body),
        *((user, _("The child's card %(card)s can be used until %(day)s"), theirs) for user in guardians),
    ):
        notices.send(
            to=to,
            kind="cards.expires",
            title=title,
            body=words,
            details={
                "card": card.tops_up or card,
                "day": face.last_day,
                "product": card.version.product.name,
                "merchant": card.issuer.name,
                "left": lazy(lambda: face.left, str)(),
            },
            url=reverse("card_detail", args=[card.number]),
            at=at,
        )


def card_lost(card: Card, *, at: datetime) -> None:
    """To the holder, who may not be the one who reported it."""
    _of_loss(
        card,
        "lost",
        _("Your card %(card)s is blocked"),
        _(
            "It was reported lost, and its code charges nothing any more. Was it not you, or have you found it? Open the card."
        ),
        at,
    )


def card_found(card: Card, *, at: datetime) -> None:
    """The block is over."""
    body = _("It was found again: its code works as before. Was this not you? Report it lost again.")
    _of_loss(card, "found", _("Your card %(card)s can be used again"), body, at)


def card_reissued(card: Card, loss: CardLoss, *, at: datetime) -> None:
    """The number that counts now."""
    body = _(
        "It replaces %(old)s, whose code is over. Everything on the card, its contract and its history stay as they were."
    )
    _of_loss(card, "reissued", _("Your card's new number is %(card)s"), body, at, old=loss)


def _of_loss(card: Card, event: str, title: Promise, body: Promise, at: datetime, **details: Any) -> None:
    url = reverse("card_loss", args=[card.number])
    details["card"] = card
    notices.send(to=card.holder, kind=f"cards.{event}", title=title, body=body, details=details, url=url, at=at)


def card_offered(transfer: CardTransfer, *, known: User | None, at: datetime) -> None:
    """To its holder, who may not be the one who pressed, and by SMS to the number, whether somebody has registered it or not; who
    has, finds it among their notices too."""
    card = transfer.card
    facts = {
        "card": card,
        "to": transfer.to_masked,
        "person": transfer.holder.display_name,
        "product": card.version.product.name,
        "merchant": card.issuer.name,
        "until": f"{transfer.lapses_at.astimezone(BEIJING):%Y-%m-%d %H:%M}",
        "page": settings.PUBLIC_URL + reverse("card_taking", args=[transfer.pk]),
    }
    _of_transfer(
        transfer.holder,
        "transfer_offered",
        _("You offered your card %(card)s to %(to)s"),
        _(
            "It stays yours until it is taken over, by %(until)s. Was it not you? Withdraw the offer, and report the card lost."
        ),
        reverse("card_transfer", args=[card.number]),
        at,
        **facts,
    )
    text = _(
        "%(person)s offers you a prepaid card: “%(product)s” of %(merchant)s. Look at it and answer by %(until)s: sign in with this "
        "number at %(page)s . You do not know this person? Then do nothing."
    )
    with override(known.language if known else settings.LANGUAGE_CODE):
        notices.send_sms(
            phone=transfer.phone,
            text=str(text) % facts,
            kind="cards.transfer_offer",
            to=known,
            useful_for=transfer.lapses_at - at,
            at=at,
        )
    if known is not None:
        _of_transfer(
            known,
            "transfer_offer",
            _("%(person)s offers you a card"),
            _(
                "“%(product)s” of %(merchant)s. Look at what is on it and answer by %(until)s; without an answer nothing happens."
            ),
            reverse("card_taking", args=[transfer.pk]),
            at,
            **facts,
        )


def offer_withdrawn(transfer: CardTransfer, *, known: User | None, at: datetime) -> None:
    """To both: also where a refund request or a loss report withdrew it."""
    body = _("It was not taken over, and stays what it was.")
    holder, url = transfer.holder, reverse("card_detail", args=[transfer.card.number])
    title = _("The offer of your card %(card)s is withdrawn")
    _of_transfer(holder, "transfer_withdrawn", title, body, url, at, card=transfer.card)
    if known is not None:
        title = _("%(person)s withdrew the offer of a card")
        taking = reverse("card_taking", args=[transfer.pk])
        _of_transfer(known, "transfer_withdrawn", title, body, taking, at, person=holder.display_name)


def offer_refused(transfer: CardTransfer, *, at: datetime) -> None:
    """To the holder."""
    _of_offer(transfer, "transfer_refused", _("%(to)s does not want your card %(card)s"), at)


def offer_lapsed(transfer: CardTransfer, *, at: datetime) -> None:
    """To the holder."""
    _of_offer(transfer, "transfer_lapsed", _("%(to)s did not answer: your card %(card)s stays yours"), at)


def card_taken_over(transfer: CardTransfer, *, taker: User, was: str, at: datetime) -> None:
    """To both, and to those who answer for the merchant: their duty is to the new holder from now on (SPC 11)."""
    card = transfer.card
    facts = {
        "card": card,
        "was": was,
        "to": transfer.to_masked,
        "taker": taker.display_name,
        "merchant": card.issuer.name,
    }
    _of_transfer(
        transfer.holder,
        "transfer_accepted",
        _("Your card %(was)s has passed to %(to)s"),
        _(
            "Its old code is over. What happened on it until now stays yours to see, and refunds of what is left go to the other person."
        ),
        reverse("card_given", args=[transfer.pk]),
        at,
        **facts,
    )
    _of_transfer(
        taker,
        "transfer_taken",
        _("Card %(card)s is yours"),
        _(
            "Everything on it is yours, on the contract that you accepted. A refund would go to the account that you named."
        ),
        reverse("card_detail", args=[card.number]),
        at,
        **facts,
    )
    for member in _managers(card.issuer_id):
        _of_transfer(
            member.user,
            "transfer_notified",
            _("Card %(was)s has another holder"),
            _(
                "It is now %(taker)s's, with the number %(card)s. Contract, term and balance stay as they were; its place on the rolls of "
                "classes goes along. The old code charges nothing any more."
            ),
            reverse("shop_contract", args=[card.number]),
            at,
            **facts,
        )


def _of_offer(transfer: CardTransfer, event: str, title: Promise, at: datetime) -> None:
    body = _("Nothing has changed. You can use it, or offer it again.")
    url = reverse("card_detail", args=[transfer.card.number])
    _of_transfer(transfer.holder, event, title, body, url, at, card=transfer.card, to=transfer.to_masked)


def _of_transfer(
    reader: User,
    event: str,
    title: Promise,
    body: Promise,
    url: str,
    at: datetime,
    **details: object,
) -> None:
    notices.send(to=reader, kind=f"cards.{event}", title=title, body=body, details=details, url=url, at=at)


_CHARGE_TITLES: dict[str, Promise] = {
    UseState.RESERVED: _("Confirm a charge of %(figure)s"),
    UseState.DISPUTED: _("A charge of %(figure)s is disputed"),
    UseState.FINAL: _("%(figure)s charged"),
    UseState.VOIDED: _("A charge of %(figure)s was taken back"),
    UseState.EXPIRED: _("A charge of %(figure)s expired"),
    UseState.UNDONE: _("A charge of %(figure)s was undone"),
}
_CHARGE_BODIES: dict[str, Promise] = {
    UseState.RESERVED: _(
        "%(store)s wants to charge %(figure)s to your card %(card)s. Confirm or dispute it by %(until)s; "
        "without an answer nothing is charged."
    ),
    UseState.DISPUTED: _(
        "%(figure)s stay reserved on your card %(card)s: %(store)s does not receive them unless the regulator decides so."
    ),
    UseState.FINAL: _("%(store)s charged %(figure)s to your card %(card)s. Was this not you? Tell the store today."),
    UseState.VOIDED: _("%(figure)s stay on your card %(card)s; %(store)s received nothing."),
    UseState.EXPIRED: _("Nobody confirmed it in time. %(figure)s stay on your card %(card)s."),
    UseState.UNDONE: _("%(store)s undid its charge. %(figure)s are back on your card %(card)s."),
}


_SILENCE_CONFIRMS = _(
    "%(store)s wants to charge %(figure)s to your card %(card)s. Confirm it, or say that it is wrong. Not answering for "
    "%(days)s working days counts as yes; the last day stands in your wallet."
)


_TO_OTHERS = _("Card %(card)s of %(holder)s at %(store)s. The statement shows every line of it.")
_TO_GUARDIANS = _(
    "%(store)s wants to charge %(figure)s to card %(card)s of %(holder)s. Confirm or dispute it by %(until)s; without an answer "
    "nothing is charged."
)
_TO_GUARDIANS_SILENCE = _(
    "%(store)s wants to charge %(figure)s to card %(card)s of %(holder)s. Confirm it, or say that it is wrong. Not answering for "
    "%(days)s working days counts as yes."
)
_TO_RELATIVES = _(
    "%(store)s wants to charge %(figure)s to card %(card)s of %(holder)s. If that is wrong you can dispute it; only %(holder)s or "
    "a guardian can confirm it."
)


def charge_recorded(redemption: Redemption, *, at: datetime) -> Message | None:
    """Every charge, and everything that becomes of it, to the holder, whose message it gives, and to everybody on the card."""
    use = redemption.use
    if use is None:
        return None
    card = redemption.card
    waiting = use.state == UseState.RESERVED
    until = timezone.localtime(use.confirm_until) if use.confirm_until else None
    details = {
        "figure": _Figure(redemption),
        "store": redemption.store.name,
        "card": card,
        "holder": card.holder.display_name,
        "until": f"{until:%Y-%m-%d %H:%M}" if until else "",
        "days": use.silence_days,
    }
    kind, url = f"cards.charge_{use.state}", reverse("card_statement", args=[card.number])
    for user, role in people_told(card=card):
        title, body = _CHARGE_TITLES[use.state], _TO_OTHERS
        if waiting and role == PersonRole.RELATIVE:
            title, body = _("A charge of %(figure)s waits for an answer"), _TO_RELATIVES
        elif waiting:
            body = _TO_GUARDIANS_SILENCE if redemption.silence_confirms else _TO_GUARDIANS
        page = reverse("wallet") if waiting else url
        notices.send(to=user, kind=kind, title=title, body=body, details=details, url=page, at=at)
    return notices.send(
        to=card.holder,
        kind=kind,
        title=_CHARGE_TITLES[use.state],
        body=_SILENCE_CONFIRMS if redemption.silence_confirms else _CHARGE_BODIES[use.state],
        details=details,
        url=reverse("wallet") if waiting else url,
        at=at,
    )


def put_on_roll(learner: Learner, *, at: datetime) -> None:
    """To the holder, whose code was shown: what the roll means, and how to leave it."""
    card = learner.card
    notices.send(
        to=card.holder,
        kind="cards.put_on_roll",
        title=_("Your card is on the roll of %(class)s at %(store)s"),
        body=_(
            "When the store marks the learner as present it charges one lesson to card %(card)s without a code. Each lesson still "
            "waits for your answer, and absence charges nothing. You can take the card off the roll on its page."
        ),
        details={"class": learner.taught_class.name, "store": learner.taught_class.store.name, "card": card},
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def charge_insisted(redemption: Redemption, *, at: datetime) -> None:
    """The no of the holder, or of somebody on the card, would be a complaint now."""
    card = redemption.card
    for to in (card.holder, *(user for user, _role in people_told(card=card))):
        notices.send(
            to=to,
            kind="cards.charge_insisted",
            title=_("%(store)s insists on its charge of %(figure)s"),
            body=_(
                "It says: %(because)s. Confirm the charge, or say what is wrong: the sector's regulator then decides, and nothing "
                "is charged before."
            ),
            details={
                "store": redemption.store.name,
                "figure": _Figure(redemption),
                "because": redemption.insisted_because,
            },
            url=reverse("wallet"),
            at=at,
        )


def charge_returned(redemption: Redemption, *, at: datetime) -> None:
    """To those who answer for the merchant: its charge ended with the card, which the customer may give up in these days."""
    for member in _managers(redemption.card.issuer_id):
        notices.send(
            to=member.user,
            kind="cards.charge_returned",
            title=_("A charge of %(figure)s ended with its card"),
            body=_(
                "The customer gave up card %(card)s within the cooling-off period, and a charge that nobody has confirmed "
                "does not hold that up. If it was used, ask the customer for it; keep your record of the visit."
            ),
            details={"figure": _Figure(redemption), "card": redemption.card},
            url=reverse("shop_refunds"),
            at=at,
        )


class _Figure:
    """The charge's figure, written in the language of whoever reads it."""

    def __init__(self, redemption: Redemption) -> None:
        self.redemption = redemption

    def __str__(self) -> str:
        return self.redemption.figure


def refund_requested(request: RefundRequest, *, at: datetime) -> None:
    """To those who answer for the merchant."""
    for member in _managers(request.card.issuer_id):
        notices.send(
            to=member.user,
            kind="cards.refund_requested",
            title=_("A customer asks for a refund of ¥%(sum)s"),
            body=_("%(person)s asks for the rest of card %(card)s. Answer by %(due)s."),
            details={
                "sum": yuan(request.asked_fen),
                "person": request.card.holder.display_name,
                "card": request.card,
                "due": request.answer_due_on,
            },
            url=reverse("shop_refunds"),
            at=at,
        )


def pause_asked(pause: Pause, card: Card, *, at: datetime) -> None:
    """To the other side, which may agree."""
    body = _("Card %(card)s is to rest from %(since)s through %(until)s: “%(because)s”. Agree, or refuse.")
    _to_side(pause, card, Party(pause.asked_side).other, "asked", _("You are asked to agree to a pause"), body, at)


def pause_answered(pause: Pause, card: Card, *, at: datetime) -> None:
    """To whoever asked."""
    if pause.state == PauseState.AGREED:
        title = _("The pause is agreed")
        body = _("Card %(card)s rests from %(since)s through %(until)s. These days do not count; its last day moves.")
    else:
        title = _("The pause is refused")
        body = _("Card %(card)s does not rest from %(since)s through %(until)s: its days count as before.")
    _to_side(pause, card, Party(pause.asked_side), "answered", title, body, at)


def pause_ended(pause: Pause, card: Card, *, by: Party, at: datetime) -> None:
    """Taken back, called off, or ended before its time."""
    body = _("The pause of card %(card)s is over or does not take place: its days count again.")
    _to_side(pause, card, by.other, "ended", _("A pause has ended"), body, at)


def _to_side(pause: Pause, card: Card, side: Party, event: str, title: Promise, body: Promise, at: datetime) -> None:
    if side == Party.FUNDER:
        to, url = [card.holder], reverse("card_pause", args=[card.number])
    else:
        to, url = [member.user for member in _managers(card.issuer_id)], reverse("shop_pauses")
    details = {"card": card, "since": pause.since, "until": pause.until, "because": pause.because}
    for person in to:
        notices.send(to=person, kind=f"cards.pause_{event}", title=title, body=body, details=details, url=url, at=at)


def _managers(merchant_id: int) -> QuerySet[StaffMember]:
    """Those who answer for the merchant."""
    return StaffMember.objects.filter(
        merchant_id=merchant_id, role__in=[StaffRole.OWNER, StaffRole.MANAGER], is_active=True
    ).select_related("user")


def refund_offered(request: RefundRequest, *, at: datetime) -> None:
    """The merchant agrees to less than was asked."""
    _to_holder(
        request,
        "offered",
        _("The merchant offers ¥%(offered)s"),
        _("You asked for ¥%(asked)s. Take the offer, withdraw, or complain to the regulator: you decide."),
        at,
    )


def refund_refused(request: RefundRequest, *, at: datetime) -> None:
    """With the merchant's reason on the page."""
    _to_holder(
        request,
        "refused",
        _("The merchant refuses your refund of ¥%(asked)s"),
        _("Your money stays frozen. Read the reason; you can complain to the regulator, or withdraw the request."),
        at,
    )


def refund_unanswered(request: RefundRequest, *, at: datetime) -> None:
    """The term passed and silence is no consent in this sector."""
    _to_holder(
        request,
        "unanswered",
        _("The merchant did not answer in time"),
        _("Your money stays frozen. You can now complain to the regulator about your refund of ¥%(asked)s."),
        at,
    )


def refund_granted(request: RefundRequest, refund: Refund, *, at: datetime) -> None:
    """Decided, on whatever basis; what cannot be paid now is a claim and is said to be one."""
    claim = claim_of(refund)
    if claim is None:
        body = _("¥%(now)s go back %(where)s. We tell you when the bank has paid.")
    elif refund.amount_fen:
        body = _(
            "¥%(now)s go back %(where)s now. ¥%(open)s are claim %(claim)s: the merchant has earned too "
            "little to pay them now, and its later payouts pay claims first."
        )
    else:
        body = _(
            "The merchant has earned too little to pay it now: ¥%(open)s are claim %(claim)s, and its later payouts pay "
            "claims first."
        )
    _to_holder(
        request,
        "granted",
        _("Refund granted: ¥%(granted)s and ¥%(interest)s interest")
        if refund.interest_fen
        else _("Refund granted: ¥%(granted)s"),
        body,
        at,
        interest=yuan(refund.interest_fen),
        now=yuan(refund.amount_fen),
        where=_where(request.card),
        open=yuan(claim.open_fen) if claim else "",
        claim=claim or "",
    )


def _where(card: Card) -> Promise:
    """Where the money of a refund goes: a card that was taken over was paid by somebody else, and cash has no way back."""
    if card.held_since:
        return _("to the account that you named when you took the card over")
    if waits_for_account(card):
        return _("to the bank account that you name on the request's page, since you paid in cash")
    return _("to where you paid from")


def refund_paid(refund: Refund, card: Card, *, url: str, at: datetime) -> None:
    """The bank says so: the sum actually paid back, and what is still open."""
    claim = claim_of(refund)
    notices.send(
        to=card.holder,
        kind="cards.refund_paid",
        title=_("¥%(sum)s paid back"),
        body=_(
            "The first part of your refund of ¥%(owed)s for card %(card)s has been paid back %(where)s. "
            "¥%(open)s are still open as claim %(claim)s; the merchant's later payouts pay it first. The card is closed."
        )
        if claim is not None and claim.open_fen
        else _("The refund of card %(card)s has been paid back %(where)s. The card is closed."),
        details={
            "where": _where(card),
            "sum": yuan(refund.first_fen),
            "owed": yuan(refund.total_fen),
            "card": card,
            "open": yuan(claim.open_fen) if claim else "",
            "claim": claim or "",
        },
        url=url,
        at=at,
    )


def claim_paid(part: ClaimPayment, card: Card, *, url: str, at: datetime) -> None:
    """The bank says a later payout of the merchant has paid a part of what was open."""
    claim = part.claim
    notices.send(
        to=card.holder,
        kind="cards.claim_paid",
        title=_("¥%(sum)s paid back on claim %(claim)s"),
        body=_(
            "It is of card %(card)s and went %(where)s. ¥%(open)s are still open; the merchant's later payouts pay "
            "them first."
        )
        if claim.open_fen
        else _("It is of card %(card)s and went %(where)s. Nothing of the claim is left open."),
        details={
            "where": _where(card),
            "sum": yuan(part.amount_fen),
            "claim": claim,
            "card": card,
            "open": yuan(claim.open_fen),
        },
        url=url,
        at=at,
    )


def closing(card: Card, about: Closing, *, at: datetime) -> None:
    """To every holder: where, until when, and what can be done; or that it does not take place (BJ 18)."""
    if about.withdrawn_at is not None:
        title = _("%(place)s stays where it is")
        body = _("The notice about %(day)s was withdrawn. You can use your card %(card)s as before.")
    elif not about.moves and is_cash_outside(card):
        title = _("%(place)s was found closed") if about.was_found else _("%(place)s closes after %(day)s")
        body = _(
            "What you paid in cash for card %(card)s is not in custody, so nothing can be paid back from there. Ask the shop for it "
            "at once; if it does not give it back, call 12345 and show your receipt: the regulator sees the sum."
        )
    elif about.was_found:
        title = _("%(place)s was found closed")
        body = _(
            "It last served on %(day)s. What is left on your card %(card)s goes back %(where)s; you need not do "
            "anything. If another store redeems your card, go on using it there, or ask for a refund in your wallet: it is paid "
            "at once."
        )
    elif about.moves:
        title = _("%(place)s moves after %(day)s")
        body = _(
            "New address: %(address)s. You can use your card %(card)s there. If that is too far for you, ask for a refund in "
            "your wallet and name the merchant's move as the reason: it is paid at once."
        )
    else:
        title = _("%(place)s closes after %(day)s")
        body = _(
            "You can use your card %(card)s until then, or have the rest back now: ask for a refund in your wallet and name the "
            "closing as the reason, it is paid at once. What is left on a card that no other store redeems comes back after "
            "that day without asking."
        )
    notices.send(
        to=card.holder,
        kind="cards.closing",
        title=title,
        body=body,
        details={
            "place": f"{card.issuer.name} · {about.store.name}" if about.store else card.issuer.name,
            "day": about.last_day.isoformat(),
            "address": about.new_address,
            "card": card,
            "where": _where(card),
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def handover(card: Card, about: Handover, *, at: datetime) -> None:
    """To every holder: who runs the merchant or where it is paid changes, and what came of it. Nobody is named."""
    if about.is_open:
        title = _("%(merchant)s may be changing hands")
        body = _(
            "A change of its legal representative, its actual controller or its payout account was reported on %(day)s. Until "
            "two officials have verified it, it sells no cards, nothing is paid out to it, and your silence confirms no "
            "charge. Your card %(card)s stays valid and its money stays in custody."
        )
    elif about.is_done:
        title = _("%(merchant)s has changed hands")
        body = _(
            "Two officials have verified the change that was reported on %(day)s. Your card %(card)s stays valid on the terms "
            "you bought it on. If you are refused service, ask for a refund in your wallet, or complain there."
        )
    else:
        title = _("%(merchant)s has not changed hands")
        body = _(
            "The change that was reported on %(day)s did not take place. You can use your card %(card)s as before."
        )
    notices.send(
        to=card.holder,
        kind="cards.handover",
        title=title,
        body=body,
        details={"merchant": card.issuer.name, "day": beijing_date(about.reported_at).isoformat(), "card": card},
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def _to_holder(request: RefundRequest, event: str, title: Promise, body: Promise, at: datetime, **more: Any) -> None:
    notices.send(
        to=request.card.holder,
        kind=f"cards.refund_{event}",
        title=title,
        body=body,
        details={
            "asked": yuan(request.asked_fen),
            "offered": yuan(request.offered_fen or 0),
            "granted": yuan(request.granted_fen or 0),
            **more,
        },
        url=reverse("refund_detail", args=[request.pk]),
        at=at,
    )


def child_named(card: Card, *, at: datetime) -> None:
    """To the holder. The name itself stands on the page alone."""
    body = _("Card %(card)s is for a child now. The contract stays yours, and refunds go to you.")
    _about_people(card, "child_named", _("Your card is for a child"), body, at)


def child_forgotten(card: Card, *, at: datetime) -> None:
    """To the holder."""
    body = _("The name was deleted. Was this not you? Look who is on card %(card)s.")
    _about_people(card, "child_forgotten", _("Your card is not for a child any more"), body, at)


def person_invited(person: CardPerson, *, to: User | None, at: datetime) -> None:
    """To the number, whether or not somebody has registered it; and to the holder."""
    card = person.card
    page = reverse("card_invitation", args=[person.pk])
    with override(to.language if to else card.holder.language):
        text = _(
            "%(holder)s asks you to be a %(role)s on a prepaid card of %(merchant)s. Read what that means and answer within 7 days: "
            "%(url)s"
        )
        said = {
            "holder": card.holder.display_name,
            "role": person.get_role_display(),
            "merchant": card.issuer.name,
            "url": settings.PUBLIC_URL + page,
        }
        notices.send_sms(phone=person.phone, text=str(text) % said, kind="cards.invitation", at=at)
    if to is not None:
        notices.send(
            to=to,
            kind="cards.invitation",
            title=_("%(holder)s asks you to be on a card"),
            body=_("As a %(role)s on a card of %(merchant)s. Read what that means, then accept or decline."),
            details={**said, "role": PersonRole(person.role).label},
            url=page,
            at=at,
        )
    body = _("As a %(role)s on card %(card)s. Was this not you? Take the invitation back.")
    _about_people(card, "person_invited", _("You have invited %(person)s"), body, at, person=person)


def person_accepted(person: CardPerson, *, at: datetime) -> None:
    """To the holder."""
    body = _("As a %(role)s on card %(card)s. You can take them off at any time.")
    _about_people(person.card, "person_accepted", _("%(person)s is on your card now"), body, at, person=person)


_ENDS: dict[str, Promise] = {
    PersonEnd.REMOVED: _("%(person)s is not on your card any more"),
    PersonEnd.LEFT: _("%(person)s has left your card"),
    PersonEnd.DECLINED: _("Your invitation was declined"),
    PersonEnd.LAPSED: _("Nobody answered your invitation"),
}


def person_ended(person: CardPerson, shown_as: str, to: User | None, *, knew_code: bool, at: datetime) -> None:
    """To the holder, and to whoever was taken off or uninvited. ``shown_as``: as the holder knew them, for the number is gone.
    ``knew_code``: the card has another secret now."""
    card = person.card
    body = _("The part was %(role)s of card %(card)s. You can invite somebody again at any time.")
    if knew_code:
        body = _(
            "The part was %(role)s of card %(card)s. The code they had does not work any more: open the card's code again "
            "before you show it."
        )
    _about_people(card, "person_ended", _ENDS[person.end], body, at, person=person, shown_as=shown_as)
    if to is not None and person.end == PersonEnd.REMOVED:
        notices.send(
            to=to,
            kind="cards.person_ended",
            title=_("You are not on a card of %(holder)s any more"),
            body=_(
                "%(holder)s has changed who is on card %(card)s. You do not see it any more; you need not do anything."
            ),
            details={"holder": card.holder.display_name, "card": card},
            url=reverse("wallet"),
            at=at,
        )


def _about_people(
    card: Card,
    event: str,
    title: Promise,
    body: Promise,
    at: datetime,
    *,
    person: CardPerson | None = None,
    shown_as: str = "",
) -> None:
    details: dict[str, object] = {"card": card}
    if person is not None:
        details |= {"role": PersonRole(person.role).label, "person": shown_as or person.shown_as}
    url = reverse("card_persons", args=[card.number])
    notices.send(to=card.holder, kind=f"cards.{event}", title=title, body=body, details=details, url=url, at=at)
