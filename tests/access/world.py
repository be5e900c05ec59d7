"""Two sides that have everything of each kind, and one person of every role; made through the apps' own verbs.

The first side lies in Chaoyang, the second in Fengtai. Whoever belongs to one is a stranger to the other, so each object is
somebody's own and everybody else's foreign one.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.test import Client
from django.utils import timezone

from complaints.cases import operations as cases
from complaints.cases.models import Callback, Case, CaseGroup
from complaints.cases.operations.intake import terms_from
from complaints.cases.queries import callbacks
from complaints.cases.states import BulkKind, DocumentKind, Limit, Result
from complaints.cases.states import Side as Party
from complaints.evidence import operations as evidence
from complaints.evidence.files import cleaned
from complaints.hotline import operations as hotline
from complaints.hotline.lines import calendar_of, read_order
from complaints.hotline.models import WorkOrder
from complaints.measures.models import OfficialFigure, OfficialImport
from complaints.off_custody import operations as off_custody
from complaints.off_custody import queries as reports
from complaints.off_custody.states import Happened, ReportKind
from complaints.warnings import operations as warnings
from complaints.warnings.models import Measure
from complaints.warnings.states import MeasureKind
from escrow import clock
from escrow import operations as escrow
from escrow.states import Plan, RefundBasis
from prepaid.cards import operations as cards
from prepaid.cards.models import Card, CardTransfer, Relation
from prepaid.cards.queries.transfers import parcel_of
from prepaid.cards.states import PersonRole, RefundCause
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import ExistingCard, Listing, StaffMember, StaffRole
from prepaid.merchants.models.closing import ClosingKind
from prepaid.people import operations as people
from prepaid.people.models import User
from prepaid.people.models.user import LEAVE_SALT
from prepaid.products.models import Filing, ProductVersion
from prepaid.products.states import VersionState
from tests.complaints import factories as complaints
from tests.complaints import mediating, pictures
from tests.complaints.hotline import files
from tests.complaints.warnings.factories import weighed
from tests.prepaid.cards import factories as make
from tests.prepaid.cards.test_proof_pages import publish_today
from tests.prepaid.merchants.factories import card_no
from tests.prepaid.people.factories import pass_second_factor

CHAOYANG, FENGTAI = complaints.CHAOYANG, complaints.FENGTAI
ACTOR = "system:test"
A_DAY = timedelta(days=1)
#: Many cards of one holder stay below the sector's cap.
CHEAP = {"price_fen": 20_000, "list_price_fen": 3_000}


@dataclass
class Side:
    """``people``: who stands how to its objects (``addresses.OWN``). ``objects``: what stands in an address, by its kind."""

    district: str
    people: dict[str, User] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)


def verified(name: str) -> User:
    user = complaints.person(name)
    people.verify_phone(user_id=user.pk, phone=user.phone, at=clock.now())
    return User.objects.get(pk=user.pk)


def staff(shop: complaints.Shop, role: StaffRole) -> StaffMember:
    user = verified("店里人")
    store = shop.stores[0].pk if role == StaffRole.CASHIER else None
    return merchants.add_staff(
        by=shop.boss, phone=user.phone, role=role, store_id=store, at=clock.now(), actor=shop.owner.actor
    )


def side(district: str, *, helper: str) -> Side:
    """Everything of each kind. ``helper``: the department that is called in."""
    made, now = Side(district), clock.now()
    lead = complaints.officer(district=district)
    holder, taker = verified("卡主"), verified("接手人")
    shop = make.shop(head_office=district, stores=(district,))
    manager, cashier = staff(shop, StaffRole.MANAGER), staff(shop, StaffRole.CASHIER)
    made.people |= {
        "holder": holder,
        "taker": taker,
        "owner": shop.owner,
        "manager": manager.user,
        "cashier": cashier.user,
        "lead": lead,
    }
    made.objects |= {"merchant": shop.merchant.pk, "store": shop.stores[0].pk, "staff": cashier.pk}
    _cards(made, shop)
    _complaints(made, shop, helper=helper)
    _around(made, shop)
    _measures(made, shop)
    handover = merchants.report_handover(  # last: sales and payouts stop
        by=shop.boss,
        facts=merchants.OperatorFacts(
            representative="赵新主",
            controller="钱幕后",
            account_name="京城美发",
            account_no=card_no("62220202001122339"),
        ),
        because="股权转让",
        at=now,
        actor=shop.owner.actor,
    )
    made.objects["handover"] = handover.pk
    # Products that were never filed, which no public page could show.
    ProductVersion.objects.filter(product__merchant=shop.merchant, filing=None).update(state=VersionState.WITHDRAWN)
    return made


def _measures(made: Side, shop: complaints.Shop) -> None:
    now, mine = clock.now(), {"merchant": shop.merchant}
    weighed(shop.merchant, grade="D", points=60, evenings=2)
    warnings.apply_rules(at=now)
    hold = Measure.objects.get(kind=MeasureKind.HOLD, **mine)
    letter = warnings.place_measure(
        merchant_id=shop.merchant.pk,
        kind=MeasureKind.LETTER,
        because="信号异常",
        due_on=clock.today() + A_DAY,
        by=made.people["lead"],
        at=now,
    )
    made.objects |= {
        "provisional": hold.pk,
        "proposed": Measure.objects.get(kind=MeasureKind.INSPECTION, **mine).pk,
        "letter": letter.pk,
        "appeal": warnings.appeal(by=shop.boss, measure_id=hold.pk, because="有误", at=now).pk,
    }


def _cards(made: Side, shop: complaints.Shop) -> None:
    now, holder, taker = clock.now(), made.people["holder"], made.people["taker"]
    mine = {"at": now, "actor": holder.actor}
    version = make.on_sale(shop, **CHEAP)
    card = make.pay(make.order(version, holder))
    cards.name_child(holder_id=holder.pk, number=card.number, name="朵朵", relation=Relation.CHILD, **mine)
    for role in ("guardian", "relative"):
        user = verified("家里人")
        asked = _invited(card, user, PersonRole(role))
        cards.accept_invitation(by=user, person_id=asked.pk, at=now, actor=user.actor)
        made.people[role] = user
    waiting = make.charge(card, shop.boss, units=2)
    insisted = make.charge(make.card(shop, holder=holder, **CHEAP), shop.boss, units=2)
    cards.insist_on_redemption(
        staff=shop.boss, redemption_id=insisted.pk, because="记录在案", at=now, actor=shop.owner.actor
    )
    final = make.charge(make.card(shop, holder=holder, **CHEAP), shop.boss)
    escrow.charge(
        beneficiary_id=shop.merchant.beneficiary_id,
        agreement_id=complaints.card(shop, holder=holder, price_fen=20_000).agreement_id,
        units=5,
        final=True,
        key=f"paid out {made.district}",
        reference="v",
        at=now,
        actor=ACTOR,
    )
    days = (now + number * A_DAY for number in range(1, 15))  # the first working day pays
    paid = (escrow.pay_out(beneficiary_id=shop.merchant.beneficiary_id, at=day, actor=ACTOR) for day in days)
    payout = next(one for one in paid if one is not None)
    ordered = make.order(version, holder)
    in_cash = make.order(version, holder)
    sale = cards.ask_to_pay_cash(holder_id=holder.pk, number=in_cash.number, **mine)
    old = make.card(shop, holder=holder, at=now - 30 * A_DAY, **CHEAP)
    offer = cards.offer_card(holder=holder, number=old.number, phone=taker.phone, **mine)
    given = _given(make.card(shop, holder=holder, at=now - 30 * A_DAY, **CHEAP), taker)
    monthly = make.card(shop, Plan.PERIOD, holder=holder, price_fen=20_000, months=3, days=None)
    taken = cards.ask_to_pay_cash(holder_id=holder.pk, number=make.order(version, holder).number, **mine)
    cards.take_cash(staff=shop.boss, sale_id=taken.pk, at=now, actor=shop.owner.actor)
    back = make.card(shop, holder=holder, at=now - 30 * A_DAY, **CHEAP)
    asked = cards.request_refund(card_id=back.pk, cause=RefundCause.NEITHER, reason="搬家", **mine)
    yearly = make.card(shop, Plan.PERIOD, holder=holder, price_fen=20_000)
    today = clock.today()
    pause = cards.ask_pause(
        by=holder, number=yearly.number, since=today + A_DAY, until=today + 9 * A_DAY, because="出差", **mine
    )
    course = make.card(shop, Plan.COURSE, holder=holder, price_fen=20_000, sessions=10, list_price_fen=3_000)
    taught = cards.open_class(staff=shop.boss, name="周三素描班", at=now, actor=shop.owner.actor)
    learner = cards.add_learner(
        staff=shop.boss,
        class_id=taught.pk,
        code=make.shown(course),
        at=now,
        at_real=timezone.now(),
        actor=shop.owner.actor,
    )
    at_till = make.card(shop, holder=holder, **CHEAP)
    code = cards.send_sms_code(
        staff=shop.boss, number=at_till.number, asked=cards.Asked(units=1), at=now, actor=shop.owner.actor
    )
    certificate = cards.make_certificate(
        by=shop.boss, reader="银行", days=30, consents=True, at=now, actor=shop.owner.actor
    )
    made.objects |= {
        "version": version.pk,
        "product": version.product_id,
        "filing": Filing.objects.get(version=version).pk,
        "card": card.number,
        "card_pk": card.pk,
        "contract_pk": card.contract.pk,
        "invitation": _invited(card, taker, PersonRole.RELATIVE).pk,
        "waiting": waiting.pk,
        "final": final.pk,
        "payout": payout.pk,
        "ordered": ordered.number,
        "payment": make.payment_order(ordered).order_no,
        "in_cash": in_cash.number,
        "sale": sale.pk,
        "taken_sale": taken.pk,
        "transfer": offer.pk,
        "transfer_card": {"pk": offer.pk, "card_id": old.pk},
        "given": given.pk,
        "given_card": {"pk": given.pk, "card_id": given.card_id},
        "monthly": monthly.number,
        "refund": asked.pk,
        "yearly": yearly.number,
        "pause": pause.pk,
        "course": course.number,
        "insisted": insisted.pk,
        "class": taught.pk,
        "learner": learner.pk,
        "sms_code": code.pk,
        "certificate": certificate.pk,
        "certificate_code": certificate.code,
        "back_pk": back.pk,
    }


def _given(card: Card, taker: User) -> CardTransfer:
    """Taken over by somebody else."""
    now, holder = clock.now(), card.holder
    offer = cards.offer_card(holder=holder, number=card.number, phone=taker.phone, at=now, actor=holder.actor)
    return cards.accept_transfer(
        taker=taker,
        transfer_id=offer.pk,
        account_no=card_no("62220202001122339"),
        account_name=taker.name,
        contract_accepted=True,
        shown_sha256=parcel_of(card=card, today=clock.today()).sha256,
        at=now,
        actor=taker.actor,
    )


def _invited(card: Card, user: User, role: PersonRole) -> Any:
    return cards.invite_person(
        holder_id=card.holder_id,
        number=card.number,
        role=role,
        phone=user.phone,
        at=clock.now(),
        actor=card.holder.actor,
    )


def _complaints(made: Side, shop: complaints.Shop, *, helper: str) -> None:
    now, holder, lead = clock.now(), made.people["holder"], made.people["lead"]

    def case(**facts: Any) -> Case:
        return complaints.complaint(shop, of=complaints.card(shop, holder=holder), at=now, **facts)

    free, objected, ended = case(), case(), complaints.led(case(), lead, at=now)
    led = complaints.led(case(), lead, at=now)
    assist = cases.call_in(
        number=led.number, officer=lead, department_code=helper, district_code="", asked="请核实场地", at=now
    )
    (document, *_copies) = cases.issue_document(number=led.number, kind=DocumentKind.ACCEPTANCE, officer=lead, at=now)
    copies = {copy.side: copy.pk for copy in [document, *_copies]}
    record = mediating.recorded(led, at=now)
    photos = {}
    for by, colour in (("consumer", "red"), ("merchant", "blue")):
        photo = cleaned(pictures.picture(colour=colour))
        if by == "consumer":
            (kept,) = evidence.add_as_consumer(number=led.number, complainant=holder, files=[photo], at=now)
        else:
            (kept,) = evidence.add_as_merchant(number=led.number, staff=shop.boss, files=[photo], at=now)
        photos[by] = kept.pk
    objection = cases.object_to_dispatch(
        number=objected.number, officer=lead, reason="不属于商务", sector_code="fitness", district_code="", at=now
    )
    cases.decide(
        number=ended.number,
        officer=lead,
        result=Result.NOT_UPHELD,
        amount_fen=None,
        basis="",
        reasons="无据",
        at=now,
    )
    cases.ask_callback(case_id=ended.pk, at=now, actor=ACTOR)
    callback = Callback.objects.get(case=ended)
    told = cases.Told(merchant_name="", store_id=shop.stores[0].pk)
    outside = [
        cases.open_outside_case(complainant=who, told=told, text="店关门了。", at=now)
        for who in (complaints.person(), holder, complaints.person())
    ]
    for one in outside:
        cases.route_case(case_id=one.pk, at=now, actor=ACTOR)
        cases.gather_cases(case_id=one.pk, at=now, actor=ACTOR)
    owing = _told_of_a_debt(outside[1], lead, at=now)
    long_ago = now - 30 * A_DAY
    unpaid = cases.open_outside_case(complainant=holder, told=told, text="店关门了。", at=long_ago)
    cases.route_case(case_id=unpaid.pk, at=long_ago, actor=ACTOR)
    _told_of_a_debt(unpaid, lead, at=long_ago)
    outside_led = complaints.led(outside[2], lead, at=now)
    charged = cases.open_charge_case(
        redemption_id=made.objects["insisted"], complainant=holder, text="只上了一节。", at=now
    )
    cases.route_case(case_id=charged.pk, at=now, actor=ACTOR)
    complaints.led(charged, lead, at=now)
    agreed = complaints.led(case(), lead, at=now)
    reported = cases.call_in(
        number=agreed.number, officer=lead, department_code=helper, district_code="", asked="请核实场地", at=now
    )
    cases.report_in(assist_id=reported.pk, officer=complaints.officer(helper, made.district), at=now)
    sha256 = mediating.recorded(agreed, at=now).sha256
    cases.confirm_as_consumer(number=agreed.number, complainant=holder, sha256=sha256, at=now)
    cases.confirm_as_merchant(number=agreed.number, staff=shop.boss, sha256=sha256, at=now)
    made.objects |= {
        "agreed": agreed.pk,
        "agreed_number": agreed.number,
        "owed": owing.pk,
        "owed_number": owing.number,
        "unpaid": unpaid.pk,
        "outside_led": outside_led.pk,
        "charged": charged.pk,
        "refused": complaints.refused(complaints.card(shop, holder=holder), shop, at=now).pk,
        "free": free.pk,
        "free_number": free.number,
        "led": led.pk,
        "record_sha256": record.sha256,
        "number": led.number,
        "assist": assist.pk,
        "reported": reported.pk,
        "led_assist": {"pk": led.pk, "assist": assist.pk},
        "led_document": {"pk": led.pk, "document": document.pk},
        "consumers_copy": {"number": led.number, "document": copies[Party.CONSUMER]},
        "merchants_copy": {"number": led.number, "document": copies[Party.MERCHANT]},
        "consumers_photo": {"number": led.number, "pk": photos["consumer"]},
        "merchants_photo": {"number": led.number, "pk": photos["merchant"]},
        "evidence": photos["consumer"],
        "objection": objection.pk,
        "ended": ended.pk,
        "callback": callback.pk,
        "callback_token": callbacks.link_of(callback).split("/")[2],
        "outside": outside[0].pk,
        "outside_number": outside[0].number,
        "group": CaseGroup.objects.get(cases=outside[0]).pk,
        "filter": cases.keep_filter(owner=lead, name="快到期", query="due=soon", at=now).pk,
        "bulk": cases.begin_bulk(key=uuid.uuid4(), kind=BulkKind.ACCEPT, case_ids=[free.pk], officer=lead, at=now).pk,
    }


def _told_of_a_debt(case: Case, lead: User, *, at: datetime) -> Case:
    """Decided: the merchant is to pay within ten days."""
    cases.accept(number=case.number, officer=lead, at=at)
    cases.decide_outside(
        number=case.number,
        officer=lead,
        result=Result.UPHELD,
        amount_fen=300_000,
        basis=RefundBasis.MEDIATION,
        pay_by=clock.beijing_date(at) + 10 * A_DAY,
        reasons="双方达成调解协议。",
        at=at,
    )
    return case


def _around(made: Side, shop: complaints.Shop) -> None:
    now, lead = clock.now(), made.people["lead"]
    untaken, report = (
        off_custody.report(
            merchant_id=shop.merchant.pk,
            store_id=shop.stores[0].pk,
            kind=ReportKind.CASH,
            happened=Happened.TODAY,
            token=uuid.uuid4(),
            phone="+8613977778888",
            photo=cleaned(pictures.picture()),
            at=now,
        )
        for _one in range(2)
    )
    off_custody.take_in_charge(report_id=report.pk, officer=lead, at=now)
    second = merchants.add_store(
        merchant_id=shop.merchant.pk,
        name="二店",
        address="建国路99号",
        district_code=made.district,
        subdistrict_code=f"{made.district}001",
        lease_ends_on=None,
        at=now,
        actor=ACTOR,
    )
    closing = merchants.announce_closing(
        by=shop.boss,
        store_id=second.pk,
        kind=ClosingKind.CLOSE,
        last_day=clock.today() + 40 * A_DAY,
        because="租约到期",
        new_address="",
        at=now,
        actor=ACTOR,
    )
    invited, _new = merchants.invite_merchant(
        name=f"没来过的店{made.district}",
        district_code=made.district,
        sector_code="beauty",
        address="",
        message="",
        visitor="10.0.0.1",
        at=now,
        actor=ACTOR,
    )
    listed = f"uscc,kind,number,listed_on,removed_on,source\n{shop.merchant.uscc},abnormal,1号,{clock.today()},,名录\n"
    merchants.import_list(content=listed.encode(), at=now, actor=ACTOR)
    earlier = (
        "phone,name,number,kind,product,sold_on,paid,gift,total,left,expires_on\n"
        f"{made.people['holder'].phone.removeprefix('+86')},卡主,,次卡,剪发十次,2025-03-01,1000,,10,6,\n"
    )
    merchants.import_cards(by=shop.boss, content=earlier.encode(), at=now, actor=ACTOR)
    figure = OfficialFigure.objects.create(
        month=clock.today().replace(day=1),
        division_id=made.district,
        response=9000,
        resolved=9000,
        satisfied=9000,
        source=OfficialImport.objects.create(
            imported_by=lead, imported_at=now, sha256=made.district.ljust(64, "0"), rows=1
        ),
    )
    made.objects |= {
        "report": report.pk,
        "untaken": untaken.pk,
        "report_token": reports.link_of(report).split("/")[2],
        "closing": closing.pk,
        "invited": invited.pk,
        "listing": Listing.objects.get(uscc=shop.merchant.uscc).pk,
        "existing": ExistingCard.objects.get(merchant=shop.merchant).pk,
        "figure": figure.pk,
    }


@dataclass
class World:
    own: Side
    far: Side
    people: dict[str, User | None]
    #: What stands for the other system: its key, and a key of one that has no orders here.
    keys: dict[str, str]
    #: An official's, nobody's side.
    objects: dict[str, Any]


def world() -> World:
    """Everything."""
    complaints.city()
    coordinator = complaints.officer("market_regulation", None)
    own, far = side(CHAOYANG, helper="culture_tourism"), side(FENGTAI, helper="culture_tourism")
    operator = complaints.operator()
    ended = complaints.person("离任")
    people.appoint(
        user_id=ended.pk,
        department_code="commerce",
        district_code=CHAOYANG,
        valid_from=clock.today() - 99 * A_DAY,
        valid_until=clock.today() - A_DAY,
        at=clock.now(),
        actor=ACTOR,
    )
    file = files.read(files.as_csv(files.row("GD-1")), coordinator)
    keys = {
        system: hotline.issue_key(
            name=system,
            system=system,
            per_minute=600,
            valid_until=clock.today() + 30 * A_DAY,
            by=operator,
            at=clock.now(),
        )
        for system in ("12345", "12315")
    }
    order = read_order(
        {"number": "GD-2", "received_at": files.received(), "caller": "欧阳", "phone": "15710000001", "merchant": "健身馆",
         "address": "朝阳区建国路88号", "text": "闭店不退卡。"},
        calendar=calendar_of(lambda received: terms_from(received, Limit.PREPAID)),
        at=clock.now(),
    )  # fmt: skip
    hotline.submit_order(key=keys["12345"][0], order=order, at=clock.now())
    nowhere = cases.open_outside_case(
        complainant=complaints.person(), told=cases.Told(merchant_name="某某店"), text="店关门了。", at=clock.now()
    )
    cases.route_case(case_id=nowhere.pk, at=clock.now(), actor=ACTOR)
    roles: dict[str, User | None] = {
        "anonymous": None,
        **own.people,
        "colleague": complaints.officer(),
        "other_district": far.people["lead"],
        "other_sector": complaints.officer("sports"),
        "city_post": complaints.officer("commerce", None),
        "coordinator": coordinator,
        "called_in": complaints.officer("culture_tourism"),
        "enforcer": complaints.officer("market_regulation"),
        "operator": operator,
        "second_operator": complaints.operator(),
        "ended": User.objects.get(pk=ended.pk),
        "other_holder": far.people["holder"],
        "other_owner": far.people["owner"],
    }
    for one in (own, far):
        one.objects["email_token"] = signing.dumps(str(one.people["holder"].public_id), salt=LEAVE_SALT)
    objects = {
        "nowhere": nowhere.pk,
        "file": file.pk,
        "order_number": "GD-2",
        "order": WorkOrder.objects.get(number="GD-2").pk,
        "key": keys["12345"][0].pk,
        "month": f"{clock.today():%Y-%m}",
    }
    publish_today()  # what a card's proof is made from
    return World(own, far, roles, {system: token for system, (_key, token) in keys.items()}, objects)


def client_of(user: User | None) -> Client:
    """A browser in which the user is signed in, with the second factor where one is asked for."""
    client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
        pass_second_factor(client, user)
    return client
