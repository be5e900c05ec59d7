"""Who runs a merchant, or where it is paid, changes: everything stops at once, and goes on when two officials have verified it."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from escrow import clock, invariants
from escrow import operations as escrow
from escrow.errors import HoldKept, NotFound, SecondPersonNeeded
from escrow.models import Approval, AuditEntry
from escrow.states import ApprovalState
from prepaid.cards import operations, tasks
from prepaid.cards.operations import closings as verbs
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import (
    AccountChecksum,
    HandoverOpen,
    HandoverOver,
    MissingText,
    NothingChanges,
    NotYourRole,
    PaperDiffers,
    WorksAtMerchant,
)
from prepaid.merchants.models import Handover, StaffRole
from prepaid.merchants.states import HandoverState
from prepaid.notices.models import Message
from prepaid.products.errors import SalesStopped
from tests.complaints import factories as people
from tests.prepaid.cards import factories
from tests.prepaid.merchants.factories import card_no, make_staff, owner_of

pytestmark = pytest.mark.django_db
ACTOR = "system:test"
OLD_ACCOUNT, NEW_ACCOUNT = "0200001009012345678", card_no("62220202001122339")
NEW = {"representative": "赵新主", "controller": "钱幕后", "account_name": "京城美发", "account_no": NEW_ACCOUNT}
FACTS = merchants.OperatorFacts(**NEW)


def rated(rating: str = "D") -> people.Shop:
    shop = factories.shop()
    merchants.rate_merchant(merchant_id=shop.merchant.pk, rating=rating, because="灵活", at=clock.now(), actor=ACTOR)
    return shop


def reported(shop: people.Shop, facts: merchants.OperatorFacts = FACTS) -> Handover:
    boss = owner_of(shop.merchant)
    return merchants.report_handover(by=boss, facts=facts, because="转让", at=clock.now(), actor=boss.user.actor)


def official(shop: people.Shop, district: str | None = people.CHAOYANG):
    return people.officer(shop.merchant.sector.lead_department_id, district)


def verified(handover: Handover, by, facts: merchants.OperatorFacts = FACTS) -> Handover:
    return merchants.verify_handover(
        handover_id=handover.pk, by=by, facts=facts, papers="准予变更登记通知书 12 号", at=clock.now(), actor=by.actor
    )


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def test_from_the_owners_report_to_the_second_official() -> None:
    shop = rated()
    version = factories.on_sale(shop)
    card = factories.pay(factories.order(version))
    owner, page = signed_in(shop.owner), reverse("shop_handover")
    form = NEW | {"because": "店铺转让给赵新主"}
    assert "停止" in owner.post(page, form).content.decode()
    assert not Handover.objects.exists()
    assert owner.post(page, form | {"report": "1"}).status_code == 302
    handover, merchant = Handover.objects.get(), shop.merchant
    merchant.refresh_from_db()
    merchant.beneficiary.refresh_from_db()
    assert (merchant.rating, merchant.beneficiary.payouts_held) == ("", True)
    assert (merchant.legal_representative, merchant.beneficiary.payout_account_no) == ("张三", OLD_ACCOUNT)
    with pytest.raises(SalesStopped):
        factories.order(version)
    tasks.sweep()
    told = Message.objects.filter(kind="cards.handover", recipient=card.holder)
    assert told.count() == 1
    public = reverse("merchant_detail", args=[merchant.pk])
    assert handover.what in Client().get(public, headers={"accept-language": "zh-hans"}).content.decode()
    shown = owner.get(page).content.decode()
    assert "赵新主" not in shown.replace(form["because"], "")
    assert NEW_ACCOUNT not in shown

    first, second = official(shop), official(shop, None)
    verify = reverse("admin:merchants_handover_verify", args=[handover.pk])
    papers = NEW | {"papers": "准予变更登记通知书〔2026〕12号，朝阳区市场监管局"}
    assert signed_in(official(shop, people.FENGTAI)).post(verify, papers).status_code == 404
    assert signed_in(people.operator()).post(verify, papers).status_code == 404
    client = signed_in(first)
    assert merchant.name in client.get(reverse("admin:index")).content.decode()
    blank = client.get(verify).content.decode()
    assert "赵新主" not in blank.replace(form["because"], "")
    answer = client.post(verify, papers | {"representative": "赵旧主"})
    assert answer.status_code == 400
    assert "与申报的不一致" in answer.content.decode()
    assert client.post(verify, papers).status_code == 302
    assert client.post(verify, papers).status_code == SecondPersonNeeded.http_status
    handover.refresh_from_db()
    assert (handover.state, handover.checked_by) == (HandoverState.OPEN, first)
    assert (
        signed_in(second).post(verify, papers | {"account_no": f" {NEW_ACCOUNT[:6]} {NEW_ACCOUNT[6:]}"}).status_code
        == 302
    )

    merchant.refresh_from_db()
    merchant.beneficiary.refresh_from_db()
    assert (merchant.legal_representative, merchant.controller, merchant.rating) == ("赵新主", "钱幕后", "")
    assert (merchant.beneficiary.payout_account_no, merchant.beneficiary.payouts_held) == (NEW_ACCOUNT, False)
    approval = Approval.objects.get()
    assert (approval.state, approval.requested_by, approval.decided_by) == (
        ApprovalState.APPROVED, first.actor, second.actor,
    )  # fmt: skip
    assert factories.order(version).pk
    tasks.sweep()
    assert told.count() == 2
    assert not [finding.name for finding in invariants.prove() if not finding.ok]
    assert f"自{clock.today()}起已变更" in Client().get(public, headers={"accept-language": "zh-hans"}).content.decode()
    before = AuditEntry.objects.count()
    assert verified(Handover.objects.get(), first).is_done  # again by anybody: nothing
    assert AuditEntry.objects.count() == before
    merchants.rate_merchant(merchant_id=merchant.pk, rating="B", because="重新评级", at=clock.now(), actor=ACTOR)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h::text || m::text FROM merchants_handover h JOIN merchants_merchant m ON m.id = h.merchant_id"
        )
        raw = cursor.fetchone()[0]
    assert not [
        text for text in (*NEW.values(), OLD_ACCOUNT, "张三", "转让", "通知书") if text in raw and text != "京城美发"
    ]


def test_what_nobody_changes_alone_while_it_is_checked() -> None:
    shop = rated()
    handover, merchant = reported(shop), shop.merchant
    facts = {"at": clock.now(), "actor": ACTOR}
    with pytest.raises(HandoverOpen):
        reported(shop)
    with pytest.raises(HandoverOpen):
        merchants.rate_merchant(merchant_id=merchant.pk, rating="A", because="x", **facts)
    with pytest.raises(HandoverOpen):
        merchants.end_stoppage(merchant_id=merchant.pk, stoppage_id=handover.stoppage_id, because="x", **facts)
    client = signed_in(people.operator())
    pages = [
        reverse("admin:merchants_merchant_payouts", args=[merchant.pk]),
        reverse("admin:backoffice_release_hold", args=[handover.hold_id]),
    ]
    escrow.hold_payouts(beneficiary_id=merchant.beneficiary_id, because="court order 7", **facts)
    assert client.post(pages[0], {"because": "lifted"}).status_code == 302  # the other reason alone
    assert {client.post(page, {"because": "lifted"}).status_code for page in pages} == {HoldKept.http_status}
    merchant.beneficiary.refresh_from_db()
    assert merchant.beneficiary.payouts_held
    assert [hold.because for hold in merchant.beneficiary.holds.filter(released_at=None)] == [handover.hold.because]


def test_rejected_or_withdrawn_everything_is_as_before() -> None:
    shop = rated("C")
    version, by = factories.on_sale(shop), official(shop)
    second = make_staff(shop.merchant, StaffRole.OWNER)
    for number in range(2):
        handover = reported(shop)
        if number:
            verified(handover, by)
            with pytest.raises(HandoverOver):  # an official has seen the documents: it is theirs now
                merchants.withdraw_handover(by=second, handover_id=handover.pk, at=clock.now(), actor=ACTOR)
            address = reverse("admin:merchants_handover_reject", args=[handover.pk])
            assert signed_in(by).post(address, {"because": ""}).status_code == 400
            assert signed_in(by).post(address, {"because": "公章不符"}).status_code == 302
        else:
            manager = make_staff(shop.merchant, StaffRole.MANAGER)
            with pytest.raises(NotYourRole):
                merchants.withdraw_handover(by=manager, handover_id=handover.pk, at=clock.now(), actor=ACTOR)
            address = reverse("shop_handover_withdraw", args=[handover.pk])
            assert signed_in(factories.shop().owner).post(address).status_code == 404
            assert signed_in(second.user).post(address).status_code == 302  # not only who reported it
        merchant = type(shop.merchant).objects.select_related("beneficiary").get(pk=shop.merchant.pk)
        assert (merchant.rating, merchant.legal_representative) == ("C", "张三")
        assert (merchant.beneficiary.payouts_held, merchant.beneficiary.payout_account_no) == (False, OLD_ACCOUNT)
        assert factories.order(version).pk
        with pytest.raises(HandoverOver):
            verified(handover, by)
    assert [row.state for row in Handover.objects.all()] == [HandoverState.REJECTED, HandoverState.WITHDRAWN]
    ends = Message.objects.filter(kind="merchants.handover_over")
    assert sum("公章不符" in letter.body for letter in ends) == 2  # both owners
    assert not [finding.name for finding in invariants.prove() if not finding.ok]


def test_an_official_enters_what_the_owner_kept_quiet_about() -> None:
    shop = rated()
    page = reverse("admin:merchants_handover_enter", args=[shop.merchant.pk])
    typed = {"controller": "职业闭店人", "because": "群众举报，已核实转让合同"}
    for stranger in (official(shop, people.FENGTAI), people.officer("education"), people.operator()):
        assert signed_in(stranger).post(page, typed).status_code == 404
    by, second = official(shop), official(shop)
    assert signed_in(by).post(page, {"because": "x"}).status_code == 400
    assert signed_in(by).post(page, typed).status_code == 302
    handover = Handover.objects.get()
    assert (handover.entered_by, handover.what) == (by, "实际控制人")
    with pytest.raises(HandoverOver):
        merchants.withdraw_handover(by=shop.boss, handover_id=handover.pk, at=clock.now(), actor=ACTOR)
    read = merchants.OperatorFacts(controller="职业闭店人")
    with pytest.raises(PaperDiffers):  # nothing more than was reported, either
        verified(handover, by, merchants.OperatorFacts(controller="职业闭店人", representative="谁"))
    verified(handover, by, read)
    merchants.add_staff(by=shop.boss, phone=second.phone, role=StaffRole.MANAGER, at=clock.now(), actor=ACTOR)
    with pytest.raises(WorksAtMerchant):
        verified(handover, second, read)
    with pytest.raises(NotFound):
        verified(handover, people.operator(), read)
    assert verified(handover, official(shop, None), read).is_done
    shop.merchant.refresh_from_db()
    assert (shop.merchant.controller, shop.merchant.legal_representative) == ("职业闭店人", "张三")


@pytest.mark.parametrize(
    ("facts", "because", "refusal"),
    [
        ({}, "转让", NothingChanges),
        ({"representative": " 张 三 "}, "转让", NothingChanges),
        ({"account_no": OLD_ACCOUNT, "account_name": "京城美发"}, "转让", NothingChanges),
        ({"account_no": NEW_ACCOUNT}, "转让", MissingText),
        ({"account_no": NEW_ACCOUNT[:-1] + "0", "account_name": "新户"}, "转让", AccountChecksum),
        ({"representative": "赵新主"}, " ", MissingText),
    ],
)
def test_refused_and_nothing_stops(facts, because, refusal) -> None:
    shop = rated()
    boss = shop.boss
    with pytest.raises(refusal):
        merchants.report_handover(
            by=boss, facts=merchants.OperatorFacts(**facts), because=because, at=clock.now(), actor=boss.user.actor
        )
    shop.merchant.refresh_from_db()
    assert (shop.merchant.rating, shop.merchant.beneficiary.payouts_held) == ("D", False)
    assert not Handover.objects.exists()


def test_every_holder_is_told_once(monkeypatch) -> None:
    monkeypatch.setattr(verbs, "AT_ONCE", 1)
    shop = rated()
    version = factories.on_sale(shop)
    cards = [factories.pay(factories.order(version)) for _number in range(2)]
    handover = reported(shop)
    told = [operations.tell_of_handover(handover_id=handover.pk, at=clock.now()) for _turn in range(4)]
    assert told == [1, 1, 0, 0]
    letters = Message.objects.filter(kind="cards.handover").values_list("recipient_id", flat=True)
    assert sorted(letters) == sorted(card.holder_id for card in cards)
