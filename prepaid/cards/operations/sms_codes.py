"""Without a smartphone: the cashier asks for a code, the holder reads it from an SMS that names the store and the sum.

It takes the place of the rotating code, and of the tap: whoever reads it out has read what it is for. It is good for that
charge alone, once, for five minutes, and for five tries.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from escrow import audit
from escrow.models import blind_index
from escrow.states import Plan
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards import attempts, codes, queries
from prepaid.cards.errors import NoSuchCardHere, SmsCodeOver, TooManySmsCodes, WrongSmsCode
from prepaid.cards.models import Card, Redemption, SmsCode
from prepaid.cards.operations.counter import Asked, find_claim, record_charge
from prepaid.merchants.models import StaffMember
from prepaid.notices import operations as notices

VALID = timedelta(minutes=5)
#: A card is sent so many codes in ten minutes, and in a day: somebody reads them.
MOST_IN_TEN_MINUTES, MOST_IN_A_DAY = 3, 10
CONSTRAINT_ERRORS["sms_code_tries_bounded"] = SmsCodeOver


def send_sms_code(
    *, staff: StaffMember, number: str, asked: Asked, note: str = "", at: datetime, actor: str
) -> SmsCode:
    """Check all that a charge would check, and send its code to the holder's phone. A code sent before is over.

    Raises:
        NoSuchCardHere: also for a card of another merchant. TooManyAttempts, CounterUnavailable: as for wrong codes.
        TooManySmsCodes; SmsUnavailable. What ``charge_card`` raises of the card, the store and the figures.
    """
    attempts.check(staff.pk)
    number = codes.plain_digits(number)
    with transaction():
        card = _card_here(staff, number)
        if card is not None:
            return _sent(card, staff, asked, note, at=at, actor=actor)
    attempts.failed(staff.pk)
    raise NoSuchCardHere()


def charge_by_sms(*, staff: StaffMember, code_id: int, digits: str, at: datetime, actor: str) -> Redemption:
    """Charge what the code names, with the digits that the holder read out. That is final at once, but for a lesson, which
    always waits. The same digits again give the same charge.

    Raises:
        NotFound: not asked for at this store. WrongSmsCode, SmsCodeOver, TooManyAttempts, CounterUnavailable. What
        ``charge_card`` raises of the card and the store.
    """
    attempts.check(staff.pk)
    with transaction():
        code = _locked(staff, code_id)
        if hmac.compare_digest(code.digits_index, _index(code.card, codes.plain_digits(digits))):
            if code.redemption is not None:
                return code.redemption
            if code.is_over(at):
                raise SmsCodeOver()
            return _charged(code, staff, at=at, actor=actor)
        if code.is_over(at):
            raise SmsCodeOver()
        code.wrong += 1
        code.save(update_fields=["wrong"])
    # Counted whatever follows: outside the transaction that a refusal undoes.
    attempts.failed(staff.pk)
    raise SmsCodeOver() if code.is_over(at) else WrongSmsCode(left=code.tries_left)


def _card_here(staff: StaffMember, number: str) -> Card | None:
    if not re.fullmatch(r"[0-9]{8}", number):
        return None
    cards = Card.objects.select_for_update(of=("self",), no_key=True).select_related("holder", "version__product")
    return cards.filter(number=number, issuer_id=staff.merchant_id, tops_up=None).first()


def _sent(card: Card, staff: StaffMember, asked: Asked, note: str, *, at: datetime, actor: str) -> SmsCode:
    found = find_claim(card, staff, asked, at=at)
    earlier = SmsCode.objects.filter(card=card)
    for most, since in ((MOST_IN_TEN_MINUTES, timedelta(minutes=10)), (MOST_IN_A_DAY, timedelta(days=1))):
        if earlier.filter(sent_at__gt=at - since).count() >= most:
            raise TooManySmsCodes()
    earlier.filter(replaced_at=None, redemption=None).update(replaced_at=at)
    digits = f"{secrets.randbelow(10**codes.CODE_DIGITS):0{codes.CODE_DIGITS}d}"
    lesson = found.claim.lesson
    code = SmsCode.objects.create(
        card=card,
        staff=staff,
        store=found.store,
        units=found.claim.units,
        list_fen=found.claim.list_fen,
        lesson_on=lesson.on if lesson else None,
        lesson_class=lesson.name if lesson else "",
        note=note,
        digits_index=_index(card, digits),
        sent_at=at,
        valid_until=at + VALID,
    )
    with override(card.holder.language):
        text = _(
            "%(store)s wants to charge %(figure)s to your card %(card)s. Code: %(code)s, valid %(minutes)d minutes. Say it at "
            "the till only if that is right."
        ) % {
            "store": found.store.name,
            "figure": code.figure,
            "card": card,
            "code": digits,
            "minutes": VALID.seconds // 60,
        }
    notices.send_sms(phone=card.holder.phone, text=text, kind="cards.sms_code", to=card.holder, useful_for=VALID, at=at)
    after = {"code": code.pk, "units": code.units, "store": code.store_id}
    audit.record(actor=actor, action="cards.send_sms_code", target=f"card:{card.pk}", after=after, at=at)
    return code


def _charged(code: SmsCode, staff: StaffMember, *, at: datetime, actor: str) -> Redemption:
    # A colon is in no key that a till can send.
    key = f"{staff.pk}:sms:{code.pk}"
    found = find_claim(code.card, staff, _asked(code), at=at)
    redemption = record_charge(
        found,
        staff=staff,
        note=code.note,
        step=None,
        key=key,
        body=hashlib.sha256(key.encode()).hexdigest(),
        agreed=True,
        at=at,
        actor=actor,
    )
    code.redemption = redemption
    code.save(update_fields=["redemption"])
    return redemption


def _asked(code: SmsCode) -> Asked:
    """What was typed when the code was sent: it names the claim."""
    store_id = code.store_id
    match code.card.version.plan:
        case Plan.PERIOD:
            return Asked(store_id=store_id)
        case Plan.COURSE:
            return Asked(lesson_class=code.lesson_class, lesson_on=code.lesson_on, store_id=store_id)
        case Plan.STORED_VALUE:
            return Asked(amount_fen=code.units, store_id=store_id)
        case Plan.DISCOUNT:
            return Asked(amount_fen=code.list_fen, store_id=store_id)
    return Asked(units=code.units, store_id=store_id)


def _locked(staff: StaffMember, code_id: int) -> SmsCode:
    """The card's row first, as whoever sends a code takes it."""
    code = queries.sms_code_at(staff=staff, code_id=code_id)
    Card.objects.select_for_update(of=("self",), no_key=True).get(pk=code.card_id)
    return queries.sms_code_at(staff=staff, code_id=code_id)  # as it is now that nobody else answers it


def _index(card: Card, digits: str) -> str:
    return blind_index(f"sms-code:{card.pk}:{digits}")
