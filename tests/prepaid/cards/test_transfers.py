"""A card passes to another person: one of the two has it, each sees their own time, later refunds go to who has it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from escrow import clock, invariants
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import NameDiffers, NotFound
from escrow.models import AuditEntry, Instruction
from escrow.states import Plan, RefundBasis
from prepaid.cards import errors, operations, queries, tasks
from prepaid.cards.models import Beneficiary, Card, CardPerson, CardTransfer, Learner, Redemption, Relation
from prepaid.cards.states import PersonRole, PersonState, RefundCause, TransferState
from prepaid.merchants.errors import AccountChecksum
from prepaid.notices.models import Channel, Message
from prepaid.products.errors import PriceCapExceeded
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_pages import signed_in, text_of
from tests.prepaid.cards.test_roll_call import Course

pytestmark = pytest.mark.django_db
ACCOUNT = "6222020200112233446"
NEW_PHONE = "+8613911118888"
MOST_QUERIES = 13  # one of them reads the demo's clock
LONG_AGO = timedelta(days=30)


def held_card(kind: str = Plan.SESSIONS, **figures) -> Card:
    """A card whose cooling-off is over."""
    return factories.card(factories.shop(), kind, at=clock.now() - LONG_AGO, **figures)


def offered(card: Card, taker) -> CardTransfer:
    return operations.offer_card(
        holder=card.holder, number=card.number, phone=taker.phone, at=clock.now(), actor=card.holder.actor
    )


def taking(transfer: CardTransfer, taker, **facts):
    """The acceptance of what is on the card now, to be made later."""
    parcel = queries.parcel_of(card=Card.objects.get(pk=transfer.card_id), today=clock.today())
    facts = {
        "account_no": ACCOUNT,
        "account_name": taker.name,
        "contract_accepted": True,
        "shown_sha256": parcel.sha256,
        "at": clock.now(),
        **facts,
    }
    return lambda: operations.accept_transfer(taker=taker, transfer_id=transfer.pk, actor=taker.actor, **facts)


def fresh(card: Card) -> Card:
    return Card.objects.select_related("holder", "issuer", "agreement", "version__product").get(pk=card.pk)


def test_offered_looked_at_taken_over_page_by_page(django_assert_max_num_queries) -> None:
    card = held_card(Plan.STORED_VALUE)
    boss, giver = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner"), card.holder
    factories.charge(card, boss, amount_fen=1_000)
    added = factories.pay(factories.order(card.version, giver, tops_up_id=card.pk), at=clock.now() - LONG_AGO)
    taker, stranger = factories.person("王芳"), factories.person("别人")
    old_code, was = factories.shown(card, age=-1), card.number
    url, mine = reverse("card_transfer", args=[was]), signed_in(giver)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert "What goes along" in text_of(mine.get(url))
    assert mine.post(url, {"phone": "123"}).status_code == 400
    assert "own number" in text_of(mine.post(url, {"phone": giver.phone, "offer": "1"}))
    confirm = mine.post(url, {"phone": taker.phone})
    assert "you cannot take it back" in text_of(confirm)
    assert not CardTransfer.objects.exists(), "the step in between offers nothing"
    assert mine.post(url, {"phone": taker.phone, "offer": "1"}).url == url
    assert mine.post(url, {"phone": taker.phone, "offer": "1"}).url == url, "again it is the same offer"
    offer = CardTransfer.objects.get()
    with django_assert_max_num_queries(MOST_QUERIES):
        assert "Withdraw the offer" in text_of(mine.get(url))
    assert signed_in(stranger).get(url).status_code == 404

    page, theirs = reverse("card_taking", args=[offer.pk]), signed_in(taker)
    assert page in theirs.get(reverse("wallet")).content.decode()
    for nobody in (signed_in(stranger), signed_in(boss.user)):
        assert nobody.get(page).status_code == nobody.post(page, {"refuse": "1"}).status_code == 404
    with django_assert_max_num_queries(MOST_QUERIES):
        seen = theirs.get(page)
    assert not {word for word in (giver.name, giver.phone[3:]) if word in text_of(seen)}
    contract = reverse("taking_contract", args=[offer.pk, card.pk])
    assert contract in seen.content.decode()
    assert card.contract.sha256 in text_of(theirs.get(contract))
    shown = re.search(r'name="shown_sha256" value="(\w{64})"', seen.content.decode())[1]
    form = {"accept": "1", "shown_sha256": shown, "account_name": "王芳", "account_no": ACCOUNT}
    assert theirs.post(page, form).status_code == 400, "the contract was not accepted"
    form["contract_accepted"] = "on"
    assert theirs.post(page, {**form, "account_no": "6222020200112233445"}).status_code == 400
    assert theirs.post(page, {**form, "account_name": giver.name}).status_code == 400
    held = escrow_queries.holding(card.agreement_id)
    taken = theirs.post(page, form)
    card = fresh(card)
    assert taken.url == reverse("card_detail", args=[card.number])
    assert theirs.post(page, form).url == taken.url, "again changes nothing"

    assert (card.holder, fresh(added).holder) == (taker, taker)
    assert card.number != was
    assert escrow_queries.holding(card.agreement_id) == held
    offer.refresh_from_db()
    assert [part["contract_sha256"] for part in offer.accepted] == [card.contract.sha256, added.contract.sha256]
    assert not any(queries.check_contracts().values()), "the contracts still name who concluded them"
    refused(errors.CardPassedOn, lambda: factories.charge(card, boss, code=old_code, amount_fen=100, age=1))
    assert factories.charge(card, boss, amount_fen=500, age=2).card == card
    # Each sees their own time.
    with django_assert_max_num_queries(MOST_QUERIES):
        after = theirs.get(reverse("card_statement", args=[card.number]))
    assert "¥5.00" in text_of(after) or "4.17" in text_of(after)
    assert len(queries.statement(card=card)) == 1
    assert not queries.charges_of(giver).exists()
    assert queries.charges_of(taker).count() == 1
    monday = queries.monday_of(clock.today() + timedelta(days=7))
    assert [week.charges for week in queries.digest_of(user_id=taker.pk, monday=monday)] == [1]
    assert not queries.digest_of(user_id=giver.pk, monday=monday)
    copies = [str([list(rows) for rows in queries.own_data(person).values()]) for person in (giver, taker)]
    assert [(was in copy, card.number in copy) for copy in copies] == [(True, False), (False, True)]
    assert mine.get(reverse("card_detail", args=[was])).url == reverse("card_given", args=[offer.pk])
    assert mine.get(reverse("card_detail", args=[card.number])).status_code == 404
    with django_assert_max_num_queries(MOST_QUERIES):
        given = mine.get(reverse("card_given", args=[offer.pk]))
    assert not {word for word in ("王芳", card.number, str(card)) if word in given.content.decode()}
    assert [len(lines) for _card, lines in queries.history_of(transfer=offer)] == [3, 2], (
        "payment, gift and use; payment and gift"
    )
    assert mine.get(reverse("given_contract", args=[offer.pk, card.pk])).status_code == 200
    assert theirs.get(reverse("card_given", args=[offer.pk])).status_code == 404
    kinds = set(Message.objects.filter(kind__startswith="cards.transfer").values_list("kind", "recipient"))
    assert {("cards.transfer_accepted", giver.pk), ("cards.transfer_taken", taker.pk)} <= kinds
    assert ("cards.transfer_notified", boss.user_id) in kinds
    assert AuditEntry.objects.filter(target=f"card:{card.pk}", action="cards.transfer_accepted").count() == 1
    assert not AuditEntry.objects.filter(after__icontains=ACCOUNT).exists()


def test_later_refunds_go_to_the_new_holder_and_never_back_to_who_paid(monkeypatch) -> None:
    card, taker = held_card(), factories.person("王芳")
    taking(offered(card, taker), taker)()
    request = operations.request_refund(
        card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=clock.now(), actor=taker.actor
    )
    boss = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner")
    operations.agree_refund(staff=boss, request_id=request.pk, at=clock.now(), actor=boss.user.actor)
    order = Instruction.objects.get(refund__agreement=card.agreement)
    assert (order.payee_account, order.payee_name) == (ACCOUNT, "王芳")
    assert "接收此卡时填写的账户" in Message.objects.get(kind="cards.refund_granted").body
    factories.bank_pays_back(request)
    assert all(finding.ok for finding in invariants.prove())
    assert queries.request_of(user=taker, request_id=request.pk) == request
    with pytest.raises(NotFound):
        queries.request_of(user=card.holder, request_id=request.pk)


@pytest.mark.parametrize(
    "case", ["cooling off", "lost", "waiting charge", "refund asked", "refund on its way", "unpaid top-up", "used up"]
)
def test_what_is_open_stays_with_who_has_it_when_offered_and_when_taken_over(case) -> None:
    card, taker = held_card(), factories.person("王芳")
    boss, at = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner"), clock.now()
    offer = offered(card, taker)
    mine = {"holder_id": card.holder_id, "number": card.number, "at": at, "actor": card.holder.actor}
    match case:
        case "cooling off":
            factories.pay(factories.order(card.version, card.holder, tops_up_id=card.pk))
            error = errors.CoolingOffBeforeTransfer
        case "lost":
            operations.report_loss(**mine)
            error = errors.LostNotPassedOn
        case "waiting charge":
            factories.charge(card, boss, units=2)
            error = errors.ChargesBeforeTransfer
        case "refund asked" | "refund on its way":
            request = operations.request_refund(
                card_id=card.pk, cause=RefundCause.NEITHER, reason="", at=at, actor=card.holder.actor
            )
            if case == "refund on its way":
                operations.agree_refund(staff=boss, request_id=request.pk, at=at, actor=boss.user.actor)
            error = errors.RefundBeforeTransfer
        case "unpaid top-up":
            factories.order(card.version, card.holder, tops_up_id=card.pk)
            error = errors.OrderBeforeTransfer
        case "used up":
            for age in range(card.version.sessions):
                factories.charge(card, boss, age=age)
            error = errors.NotPassedOn
    offer.refresh_from_db()
    withdrawn = case in {"lost", "refund asked", "refund on its way"}
    assert offer.state == (TransferState.WITHDRAWN if withdrawn else TransferState.OFFERED)
    refused(errors.TransferOver if withdrawn else error, taking(offer, taker))
    if not withdrawn:
        operations.withdraw_transfer(**mine)
    refused(error, lambda: offered(card, taker))
    assert fresh(card).holder == card.holder


def test_refused_acceptances_change_nothing() -> None:
    card, taker = held_card(), factories.person("王芳")
    other = factories.card(at=clock.now() - LONG_AGO)
    offer = offered(card, taker)
    for error, facts in (
        (errors.ContractNotAccepted, {"contract_accepted": False}),
        (errors.TransferChanged, {"shown_sha256": queries.parcel_of(card=other, today=clock.today()).sha256}),
        (AccountChecksum, {"account_no": "6222020200112233445"}),
        (NameDiffers, {"account_name": card.holder.name}),
        (errors.TransferOver, {"at": offer.lapses_at}),
    ):
        refused(error, taking(offer, taker, **facts))
    refused(NotFound, taking(offer, factories.person("别人")))
    seen = taking(offer, taker)
    boss = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner")
    factories.charge(card, boss)
    refused(errors.TransferChanged, seen)
    refused(errors.TransferOpen, lambda: offered(card, factories.person("别人")))
    assert (fresh(card).holder, CardTransfer.objects.get().state) == (card.holder, TransferState.OFFERED)
    assert not card.agreement.assignments.exists()


def test_what_the_other_person_would_hold_with_the_merchant_is_capped() -> None:
    shop = factories.shop(sector="beauty")
    version = factories.on_sale(shop, Plan.STORED_VALUE, price_fen=300_000)
    taker, at = factories.person("王芳"), clock.now() - LONG_AGO
    card = factories.pay(factories.order(version, at=at), at=at)
    factories.pay(factories.order(version, taker, at=at), at=at)
    refused(PriceCapExceeded, taking(offered(card, taker), taker))


def test_unknown_and_known_numbers_get_the_same_pages_and_one_sms_each_and_not_too_many() -> None:
    cards = [held_card() for _ in range(2)]
    taker = factories.person("王芳")
    pages = []
    for card, phone in zip(cards, (taker.phone, NEW_PHONE), strict=True):
        url = reverse("card_transfer", args=[card.number])
        client = signed_in(card.holder)
        client.post(url, {"phone": phone, "offer": "1"})
        pages.append(
            re.sub(r"\d|\*", "", text_of(client.get(url)).replace(card.issuer.name, "").replace(str(card), ""))
        )
    assert len({page.replace("卡", "") for page in pages}) == 1
    assert Message.objects.filter(channel=Channel.SMS, kind="cards.transfer_offer").count() == 2
    newcomer = factories.people.User.objects.create_user(phone=NEW_PHONE, name="新人")
    offer = CardTransfer.objects.get(card=cards[1])
    assert signed_in(newcomer).get(reverse("card_taking", args=[offer.pk])).status_code == 200
    again = {"holder": cards[0].holder, "number": cards[0].number, "actor": "user:x"}
    at = clock.now()
    for n in range(4):
        operations.withdraw_transfer(holder_id=cards[0].holder_id, number=cards[0].number, at=at, actor="user:x")
        operations.offer_card(phone=f"+861391111000{n}", at=at, **again)
    operations.withdraw_transfer(holder_id=cards[0].holder_id, number=cards[0].number, at=at, actor="user:x")
    refused(errors.TooManyTransfers, lambda: operations.offer_card(phone="+8613911110009", at=at, **again))
    operations.offer_card(phone="+8613911110009", at=at + timedelta(days=1, seconds=1), **again)


def test_an_offer_ends_once_by_no_withdrawal_or_time() -> None:
    card, taker = held_card(), factories.person("王芳")
    page = reverse("card_taking", args=[offered(card, taker).pk])
    assert signed_in(taker).post(page, {"refuse": "1"}).url == reverse("wallet")
    assert "This offer is over" in text_of(signed_in(taker).get(page))
    url = reverse("card_transfer", args=[card.number])
    assert signed_in(card.holder).post(url, {"withdraw": "1"}).status_code == 409
    again = offered(card, taker)
    assert signed_in(card.holder).post(url, {"withdraw": "1"}).url == reverse("card_detail", args=[card.number])
    late = offered(card, taker)
    CardTransfer.objects.filter(pk=late.pk).update(lapses_at=clock.now() - timedelta(seconds=1))
    assert tasks.sweep()["lapse_transfer"] == 1
    states = [CardTransfer.objects.get(pk=one).state for one in (again.pk, late.pk)]
    assert states == [TransferState.WITHDRAWN, TransferState.LAPSED]
    kinds = ["cards.transfer_refused", "cards.transfer_lapsed"]
    assert Message.objects.filter(kind__in=kinds, recipient=card.holder).count() == 2


def test_the_rolls_go_along_and_what_was_marked_keeps_its_name() -> None:
    course = Course(learners=0)
    card = course.card(at=clock.now() - LONG_AGO)
    before = course.enrol(card)
    taker = factories.person("王芳")
    offer = offered(card, taker)
    assert course.taught.name in text_of(signed_in(taker).get(reverse("card_taking", args=[offer.pk])))
    taking(offer, taker)()
    on = clock.today()
    [learner] = queries.learners_on(course.taught, on)
    assert (learner.card_id, str(learner)) == (card.pk, taker.display_name)
    before.refresh_from_db()
    assert (before.name, before.left_at is None) == (card.holder.display_name, False)
    assert [one.pk for one in queries.rolls_of(card=fresh(card), today=on)] == [learner.pk]
    with pytest.raises(NotFound):
        operations.leave_class(holder_id=card.holder_id, learner_id=learner.pk, at=clock.now(), actor="user:x")
    operations.leave_class(holder_id=taker.pk, learner_id=learner.pk, at=clock.now(), actor=taker.actor)
    assert not Learner.objects.filter(card=card, left_at=None).exists()


def test_nobody_around_the_first_holder_stays_on_the_card_and_no_code_of_theirs_works() -> None:
    card, taker, aunt = held_card(), factories.person("王芳"), factories.person("李姨")
    boss = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner")
    mine = {"holder_id": card.holder_id, "number": card.number, "at": clock.now(), "actor": card.holder.actor}
    operations.name_child(name="小宝", relation=Relation.CHILD, **mine)
    invited = operations.invite_person(role=PersonRole.GUARDIAN, phone=aunt.phone, **mine)
    aunt.phone_verified_at = clock.now()
    operations.accept_invitation(by=aunt, person_id=invited.pk, at=clock.now(), actor=aunt.actor)
    code = operations.send_sms_code(
        staff=boss, number=card.number, asked=operations.Asked(units=1), at=clock.now(), actor="user:x"
    )
    taking(offered(card, taker), taker)()
    card = fresh(card)
    code.refresh_from_db()
    assert code.is_over(clock.now())
    assert not Beneficiary.objects.filter(card=card).exists()
    assert not CardPerson.objects.filter(card=card).exclude(state=PersonState.ENDED).exists()
    for person in (aunt, CardTransfer.objects.get().holder):
        assert signed_in(person).get(reverse("card_code", args=[card.number])).status_code == 404
    assert "Pass the card on" in text_of(signed_in(taker).get(reverse("card_detail", args=[card.number])))


def test_the_cooling_off_of_the_new_holder_is_not_that_of_a_newcomer_and_use_before_is_not_theirs() -> None:
    card, taker = held_card(), factories.person("王芳")
    boss = factories.people.StaffMember.objects.get(merchant=card.issuer, role="owner")
    factories.charge(card, boss)
    taking(offered(card, taker), taker)()
    assert queries.cooling_off_until(card=fresh(card), today=clock.today()) is None
    assert not factories.order(card.version, taker).knew_service
    again = taking(offered(fresh(card), card.holder), card.holder, account_no="6222020200998877")
    again()
    assert fresh(card).holder == card.holder, "and back again"
    assert list(card.agreement.assignments.values_list("accepted_by", flat=True)) == [card.holder.actor, taker.actor]
    made = escrow.refund(
        agreement_id=card.agreement_id,
        amount_fen=100,
        basis=RefundBasis.JUDGMENT,
        reference="x",
        at=clock.now(),
        actor="user:x",
    )
    assert made.instruction.payee_account == "6222020200998877"
    assert Redemption.objects.count() == 1
