"""Cards for tests: products sold, paid and shown through the same verbs that people use."""

import itertools
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from escrow import clock
from escrow.channels import PaymentAnswer, TransferAnswer
from escrow.models import Account, Agreement, Instruction, Payment, Transfer, Use
from escrow.operations.instructions import record_answer
from escrow.operations.payments import take_payment
from escrow.states import Plan
from prepaid.cards import codes, operations
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.people.models import User
from prepaid.products import operations as products
from prepaid.products.models import ProductVersion
from tests.complaints import factories as people

_numbers = itertools.count(1)
FIGURES: dict[str, dict[str, Any]] = {
    Plan.SESSIONS: {"price_fen": 200_000, "sessions": 10, "list_price_fen": 30_000},
    Plan.STORED_VALUE: {
        "price_fen": 100_000,
        "bonus_fen": 20_000,
        "visit_price_fen": 8_800,
        "lowest_item_fen": 2_000,
    },
    Plan.DISCOUNT: {"price_fen": 50_000, "discount_bp": 8_000, "list_price_fen": 6_800},
    Plan.PERIOD: {"price_fen": 365_000, "days": 365},
    Plan.COURSE: {"price_fen": 300_000, "sessions": 20, "list_price_fen": 20_000, "days": 80},
}

#: What is typed for one use of a card, where that is anything.
ONE_USE: dict[str, dict[str, Any]] = {
    Plan.STORED_VALUE: {"amount_fen": 1_000},
    Plan.DISCOUNT: {"amount_fen": 1_000},
    Plan.COURSE: {"lesson_class": "周三素描班"},
}


def person(name: str = "李小明") -> User:
    return people.person(name)


def shop(**facts: Any) -> people.Shop:
    """A hairdresser with one store, below the sum from which its cards must be filed."""
    return people.shop(**facts)


def draft(at_shop: people.Shop, kind: str = Plan.SESSIONS, **figures: Any) -> products.Draft:
    """A product as its owner writes it down."""
    return products.Draft(
        name=f"卡 {next(_numbers)}",
        kind=Plan(kind),
        store_ids=[store.pk for store in at_shop.stores],
        service="剪发一次",
        **{**FIGURES[kind], **figures},
    )


def on_sale(at_shop: people.Shop, kind: str = Plan.SESSIONS, **figures: Any) -> ProductVersion:
    """A product on sale, approved by the regulator where the sector wants it filed."""
    at = clock.now()
    merchant = at_shop.merchant
    version = products.draft_product(
        merchant_id=merchant.pk, draft=draft(at_shop, kind, **figures), at=at, actor="system:test"
    )
    filing = products.submit_filing(version_id=version.pk, at=at, actor="system:test")
    if filing.required:
        by = people.officer(department=filing.department_id, district=filing.district_id)
        products.approve_filing(filing_id=filing.pk, by=by, at=at, actor=by.actor)
    return ProductVersion.objects.select_related("product__merchant").get(pk=version.pk)


def order(version: ProductVersion, holder: User | None = None, *, at: datetime | None = None, **facts: Any) -> Card:
    """A card that is ordered and not paid."""
    holder = holder or person()
    terms = {"accepted_terms_sha256": version.terms_sha256, "risks_accepted": True, "token": uuid.uuid4()}
    return operations.place_order(
        holder=holder, version_id=version.pk, at=at or clock.now(), actor=holder.actor, **{**terms, **facts}
    )


def payment_order(card: Card) -> Payment:
    """What ``start_payment`` leaves when the channel has answered."""
    number = f"O{next(_numbers)}{uuid.uuid4().hex[:12]}"
    return Payment.objects.create(
        agreement=card.agreement,
        beneficiary_id=card.agreement.beneficiary_id,
        channel="sandbox",
        order_no=number,
        subject="card",
        return_url="/",
        cashier_url=f"http://127.0.0.1:8001/cashier/{number}",
        amount_fen=card.agreement.price_fen,
        created_at=card.bought_at,
    )


def pay(card: Card, *, at: datetime | None = None) -> Card:
    """The bank says the order is paid."""
    payment = Payment.objects.filter(agreement=card.agreement).first() or payment_order(card)
    answer = PaymentAnswer(
        order_no=payment.order_no,
        channel_payment_no=f"C{payment.order_no}",
        state="paid",
        amount_fen=payment.amount_fen,
        paid_at=at or clock.now(),
    )
    take_payment(channel="sandbox", answer=answer, at=at or clock.now())
    return Card.objects.select_related("agreement", "issuer", "version__product", "holder").get(pk=card.pk)


def card(
    at_shop: people.Shop | None = None,
    kind: str = Plan.SESSIONS,
    *,
    holder: User | None = None,
    at: datetime | None = None,
    **figures: Any,
) -> Card:
    """A paid card."""
    return pay(order(on_sale(at_shop or shop(), kind, **figures), holder, at=at), at=at)


def bank_pays_back(request: RefundRequest) -> None:
    """The channel reports the refund as done."""
    instruction = Instruction.objects.get(refund__agreement=request.card.agreement)
    record_answer(
        channel="sandbox",
        answer=TransferAnswer(number=instruction.number, state="succeeded", amount_fen=instruction.amount_fen),
        at=clock.now(),
    )


def shown(of: Card, *, age: int = 0, at_real: datetime | None = None) -> str:
    """The code that the card shows, or showed ``age`` windows ago."""
    return codes.code_text(of.number, of.code_secret, codes.step_at(at_real or timezone.now()) - age)


def cashier(at_shop: people.Shop) -> StaffMember:
    """Somebody at the till of the first store."""
    user = person("赵敏")
    at = clock.now()
    return merchants.add_staff(
        by=at_shop.boss,
        phone=user.phone,
        role=StaffRole.CASHIER,
        store_id=at_shop.stores[0].pk,
        at=at,
        actor=at_shop.owner.actor,
    )


def charge(
    of: Card, staff: StaffMember, *, code: str | None = None, key: str | None = None, **facts: Any
) -> Redemption:
    """A charge with a fresh code; a second one passes ``age=1`` and is made a window later, so that no code comes twice however
    long the first one took."""
    age = facts.pop("age", 0)
    facts.setdefault("at", clock.now())
    if "at_real" not in facts:
        facts["at_real"], age = timezone.now() + timedelta(seconds=age * codes.STEP_SECONDS), 0
    return operations.charge_card(
        staff=staff,
        code=code or shown(of, age=age, at_real=facts["at_real"]),
        key=uuid.uuid4().hex if key is None else key,
        actor=staff.user.actor,
        **facts,
    )


def everything() -> dict[str, Any]:
    """All that a refused deed must leave as it was."""
    return {
        "accounts": list(Account.objects.order_by("pk").values()),
        "agreements": list(Agreement.objects.order_by("pk").values()),
        "uses": list(Use.objects.order_by("pk").values()),
        "transfers": Transfer.objects.count(),
        "redemptions": list(Redemption.objects.order_by("pk").values()),
        "requests": list(RefundRequest.objects.order_by("pk").values()),
        "cards": Card.objects.count(),
        "payments": Payment.objects.count(),
        "instructions": Instruction.objects.count(),
    }
