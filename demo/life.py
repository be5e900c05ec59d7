"""A little life in the demo city, so that its pages have something to show: bought, used, disputed, given back, paid in cash.

It happens once, through the verbs that people use, while everything runs: customers pay at the sandbox bank's cashier, the bank tells
the platform, and its statement has the lines.
"""

import time
import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone

from complaints.cases import operations as cases
from demo import city
from demo.visitor import Visitor
from escrow import clock
from escrow.states import AgreementState
from prepaid.cards import codes
from prepaid.cards import operations as cards
from prepaid.cards.models import Card, Redemption, Relation
from prepaid.cards.states import RefundCause
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User
from prepaid.products.models import ProductVersion
from prepaid.products.queries import custody_of
from prepaid.products.states import VersionState

PATIENCE = 60.0  # seconds for the bank to say that it is paid
CHANNEL = "sandbox"


class BankSilent(Exception):
    """A payment was made at the bank, and the platform was not told in time."""


def live() -> int:
    """Everything there is to see; how many cards were sold. Nothing when somebody has bought a card already.

    Raises:
        BankSilent. PageError: the bank's cashier did not answer as expected.
    """
    if Card.objects.exists():
        return 0
    wang, liu = (_user(login) for login in (city.CONSUMER, city.NEIGHBOUR))
    till, owner, salon = (_staff(login) for login in (city.CASHIER, city.OWNER, city.SALON))
    _at_the_gym(wang, till)
    _three_instead_of_one(liu, till, owner)
    _at_the_salon(wang, salon)
    _a_course_for_a_child(wang)
    _changed_her_mind(liu)
    _paid_in_cash(liu, till)
    return Card.objects.count()


def _at_the_gym(wang: User, till: StaffMember) -> None:
    """One visit is used, two more wait for the holder's word; a card with money, and one for a year."""
    lessons = _bought(wang, "私教课10次卡")
    _charged(lessons, till)
    _charged(lessons, till, scanned_windows_ago=1, units=2)
    _charged(_bought(wang, "健身储值卡 1000送200"), till, amount_fen=8_000)
    _bought(wang, "健身年卡")


def _three_instead_of_one(liu: User, till: StaffMember, owner: StaffMember) -> None:
    """A charge that the shop stands by and its customer takes to the regulator."""
    charge = _charged(_bought(liu, "私教课10次卡"), till, units=3)
    cards.insist_on_redemption(
        staff=owner,
        redemption_id=charge.pk,
        because="当天连续上了三节课，有教练签字",
        at=clock.now(),
        actor=owner.user.actor,
    )
    cases.open_charge_case(
        redemption_id=charge.pk,
        complainant=liu,
        text="那天我只上了一次课，店里扣了三次，跟店长沟通没有结果。",
        at=clock.now(),
    )


def _at_the_salon(wang: User, salon: StaffMember) -> None:
    """A card with gift money, and a visit that was given first and paid afterwards."""
    _bought(wang, "剪发储值卡 500送50")
    _bought(wang, "单次精剪（先享后付）", prepared_by=salon)


def _a_course_for_a_child(wang: User) -> None:
    course = _bought(wang, "儿童素描20课时")
    cards.name_child(
        holder_id=wang.pk,
        number=course.number,
        name="王小满",
        relation=Relation.CHILD,
        at=clock.now(),
        actor=wang.actor,
    )


def _changed_her_mind(liu: User) -> None:
    """Given back unused within seven days: paid back at once."""
    card = _bought(liu, "健身储值卡 1000送200")
    cards.request_refund(
        card_id=card.pk, cause=RefundCause.CONSUMER, reason="改变主意了", at=clock.now(), actor=liu.actor
    )


def _paid_in_cash(liu: User, till: StaffMember) -> None:
    """The shop has the money and is to bring it to custody."""
    card, at = _ordered(liu, "健身储值卡 1000送200"), clock.now()
    sale = cards.ask_to_pay_cash(holder_id=liu.pk, number=card.number, at=at, actor=liu.actor)
    cards.take_cash(staff=till, sale_id=sale.pk, at=at, actor=till.user.actor)


def _user(login: city.Login) -> User:
    user = User.objects.by_phone(login.phone)
    assert user is not None, "load_demo comes first"
    return user


def _staff(login: city.Login) -> StaffMember:
    return StaffMember.objects.select_related("user", "merchant", "store").get(user=_user(login))


def _ordered(holder: User, product: str, *, prepared_by: StaffMember | None = None) -> Card:
    version = ProductVersion.objects.get(product__name=product, state=VersionState.ON_SALE)
    return cards.place_order(
        holder=holder,
        version_id=version.pk,
        accepted_terms_sha256=version.terms_sha256,
        custody_percent=custody_of(version, on=clock.today()).percent,
        risks_accepted=True,
        token=uuid.uuid4(),
        prepared_by=prepared_by,
        at=clock.now(),
        actor=holder.actor,
    )


def _bought(holder: User, product: str, *, prepared_by: StaffMember | None = None) -> Card:
    """Ordered, and paid at the bank's cashier as a customer pays; the bank's notification makes it a card."""
    card = _ordered(holder, product, prepared_by=prepared_by)
    payment = cards.pay_order(
        card=card,
        channel=CHANNEL,
        return_url=f"{settings.PUBLIC_URL}/wallet/",
        at=clock.now(),
        actor=holder.actor,
    )
    Visitor(settings.SANDBOX_BANK_URL).get(payment.cashier_url).submit(to="/cashier")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        card.agreement.refresh_from_db()
        if card.agreement.state == AgreementState.HELD:
            return card
        time.sleep(0.2)
    raise BankSilent(f"{product}: {payment.order_no}")


def _charged(card: Card, till: StaffMember, *, scanned_windows_ago: int = 0, **asked: Any) -> Redemption:
    """With the code that the card shows; a second time with the one it showed before, since none counts twice."""
    now = timezone.now()
    code = codes.code_text(card.number, card.code_secret, codes.step_at(now) - scanned_windows_ago)
    return cards.charge_card(
        staff=till,
        code=code,
        store_id=till.store_id,
        key=uuid.uuid4().hex,
        at=clock.now(),
        at_real=now,
        actor=till.user.actor,
        **asked,
    )
