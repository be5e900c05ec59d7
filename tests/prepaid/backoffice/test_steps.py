"""The next step of each kind, through the pages: two operators, one asks and the other decides."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import invariants
from escrow.channels import ChannelUnknown
from escrow.models import Approval, AuditEntry, Beneficiary, Instruction, PayoutHold
from escrow.operations import instructions
from escrow.states import ApprovalState, InstructionState
from prepaid.backoffice.queries.matters import Asked, matters
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import StaffRole
from prepaid.notices import queries
from prepaid.notices.models import Message
from tests.escrow.factories import ACTOR, AT
from tests.escrow.test_bank_files import order_no
from tests.prepaid.backoffice import factories as make
from tests.prepaid.backoffice.factories import NOW
from tests.prepaid.cards import factories as cards
from tests.prepaid.merchants.factories import owner_of
from tests.prepaid.people.factories import make_operator

pytestmark = pytest.mark.django_db
LIST = "/admin/backoffice/assignment/"
ACCOUNT = "6222020200112233445"
OWN = "0200001909234567891"


@pytest.fixture(autouse=True)
def days_later(monkeypatch) -> None:
    monkeypatch.setattr("escrow.clock.now", lambda: NOW)


@pytest.fixture
def one(client: Client):
    """The first operator, signed in."""
    user = make_operator()
    client.force_login(user)
    return user


@pytest.fixture
def other() -> Client:
    """The second one."""
    client = Client()
    client.force_login(make_operator())
    return client


def url(name: str, *arguments: object) -> str:
    return reverse(f"admin:backoffice_{name}", args=arguments)


def lanes() -> list[str]:
    return [matter.source.lane for matter in matters(Asked(), at=NOW)]


def test_take_it_and_hand_it_over(client, one):
    make.payout(make.merchant(), price_fen=make.LARGE)
    (ref,) = [matter.ref for matter in matters(Asked(lane="held_payout"), at=NOW)]
    answer = client.post(url("take", "held_payout", ref), {"kept": "lane=held_payout"})
    assert answer.url == f"{LIST}?lane=held_payout"
    assert matters(Asked(owner=str(one.pk)), at=NOW)
    colleague = make_operator()
    assert client.post(url("hand_over", "held_payout", ref), {"owner": "999999"}).status_code == 400
    assert client.post(url("hand_over", "held_payout", ref), {"owner": colleague.pk}).status_code == 302
    assert matters(Asked(owner=str(colleague.pk)), at=NOW)
    assert AuditEntry.objects.filter(action="backoffice.hand_over", target=f"matter:held_payout:{ref}").count() == 2
    assert client.post(url("take", "held_payout", 999_999)).status_code == 404


def test_a_large_payout_is_asked_for_by_one_and_released_by_another(client, one, other):
    instruction = make.payout(make.merchant(), price_fen=make.LARGE)
    assert lanes() == ["clearing", "held_payout"]
    assert client.post(url("ask_release", instruction.pk), {"because": ""}).status_code == 400
    assert client.post(url("ask_release", instruction.pk), {"because": "weekly"}).status_code == 302
    assert "approval" in lanes()
    assert "held_payout" not in lanes()
    page = url("approval", Approval.objects.get().pk)
    body = client.get(page).content.decode()
    assert 'value="approve"' not in body
    assert 'value="withdraw"' in body
    assert client.post(page, {"word": "approve"}).status_code == 403
    assert 'value="approve"' in other.get(page).content.decode()
    assert other.post(page, {"word": "dance"}).status_code == 404
    assert other.post(page, {"word": "approve", "because": "checked"}).url == LIST
    instruction.refresh_from_db()
    assert instruction.state == InstructionState.DUE
    assert other.post(page, {"word": "approve"}).status_code == 409  # pressed twice
    assert all(finding.ok for finding in invariants.prove())


def test_a_refusal_needs_a_reason_and_holds_the_merchants_payouts(client, one, other):
    instruction = make.payout(make.merchant(), price_fen=make.LARGE)
    client.post(url("ask_release", instruction.pk), {"because": "weekly"})
    page = url("approval", Approval.objects.get().pk)
    assert other.post(page, {"word": "refuse", "because": ""}).status_code == 400
    assert other.post(page, {"word": "refuse", "because": "too much"}).status_code == 302
    assert "returned_payout" in lanes()
    hold = PayoutHold.objects.get()
    assert client.get(url("release_hold", hold.pk)).status_code == 200
    assert client.post(url("release_hold", hold.pk), {"because": "seen"}).status_code == 302
    assert not Beneficiary.objects.get(pk=hold.beneficiary_id).payouts_held
    assert client.post(url("release_hold", hold.pk), {"because": "seen"}).status_code == 404


def test_the_second_person_compares_the_account_and_the_owners_learn_it(client, one):
    merchant = make.merchant()
    ref = make.account_request(merchant)
    page = url("approval", ref)
    assert ACCOUNT not in client.get(page).content.decode()
    for reason in ({}, {"reason": "why"}):
        refused = client.post(url("reveal", ref), reason)
        assert refused.status_code == 400
        assert ACCOUNT not in refused.content.decode()
    assert not AuditEntry.objects.filter(action="backoffice.reveal_account").exists()
    assert ACCOUNT in client.post(url("reveal", ref), {"reason": "to compare with the letter"}).content.decode()
    looked = AuditEntry.objects.get(action="backoffice.reveal_account", actor=one.actor)
    assert looked.after == {"reason": "to compare with the letter"}
    assert client.post(page, {"word": "approve", "because": "called back"}).status_code == 302
    merchant.beneficiary.refresh_from_db()
    assert merchant.beneficiary.payout_account_no == ACCOUNT
    told = Message.objects.get(kind="backoffice.account_decided")
    assert told.recipient_id == owner_of(merchant).user_id
    assert ACCOUNT not in told.title + told.body
    assert client.post(url("reveal", ref)).status_code == 404  # decided: nothing to compare any more


def test_who_works_for_the_merchant_does_not_decide_about_its_account(client, one):
    merchant = make.merchant()
    ref = make.account_request(merchant)
    merchants.add_staff(by=owner_of(merchant), phone=one.phone, role=StaffRole.MANAGER, at=AT, actor=ACTOR)
    assert client.post(url("approval", ref), {"word": "approve"}).status_code == 403
    assert Approval.objects.get(pk=ref).state == ApprovalState.OPEN


def test_an_unidentified_receipt_is_assigned(client, one):
    merchant = make.merchant()
    make.set_aside(came := make.line(merchant, 7_700), at=AT)
    agreement = make.held(merchant, price_fen=7_700)
    number = order_no(agreement)
    assert lanes() == ["clearing", "suspense"]
    body = client.get(url("explain", came.pk)).content.decode()
    assert number in body
    assert url("send_back", came.pk) in body
    assert client.post(url("explain", came.pk), {"to": number, "because": ""}).status_code == 400
    assert client.post(url("explain", came.pk), {"to": "O-nothing", "because": "x"}).status_code == 400
    assert client.post(url("explain", came.pk), {"to": number, "because": "the bank said so"}).url == LIST
    assert lanes() == []
    assert client.get(url("explain", came.pk)).url == LIST  # explained already: said on the list
    assert client.get(url("explain", 999_999)).status_code == 404
    assert all(finding.ok for finding in invariants.prove())


def test_an_unidentified_receipt_is_sent_back_by_two(client, one, other):
    make.set_aside(came := make.line(make.merchant(), 7_700), at=AT)
    assert client.post(url("send_back", came.pk), {"because": "not ours"}).status_code == 400  # to whom?
    where = {"account_no": ACCOUNT, "account_name": "王五"}
    assert client.post(url("send_back", came.pk), {"because": "not ours", **where}).status_code == 302
    page = url("approval", Approval.objects.get().pk)
    assert client.post(page, {"word": "approve"}).status_code == 403
    body = other.get(page).content.decode()
    assert ACCOUNT not in body
    assert "王五" not in body
    shown = other.post(url("reveal", Approval.objects.get().pk), {"reason": "to call the bank"}).content.decode()
    assert ACCOUNT in shown
    assert "王五" in shown
    assert other.post(page, {"word": "approve", "because": "called the bank"}).url == LIST
    assert Instruction.objects.get().amount_fen == 7_700
    assert "suspense" not in lanes()
    assert all(finding.ok for finding in invariants.prove())


def test_a_card_is_refunded_by_hand_by_two(client, one, other, monkeypatch):
    monkeypatch.undo()  # a card is bought and paid in the present
    card = cards.card()
    form = {"card_number": card.number, "amount": "500.00", "basis": "judgment", "because": "court file 12"}
    for wrong in (
        {"card_number": "nope"},
        {"amount": "-1"},
        {"amount": "99999"},
        {"basis": "kindness"},
        {"basis": "consent"},
        {"basis": "silence"},
        {"basis": "closure"},
        {"amount": "2000.01"},
        {"because": ""},
    ):
        assert client.post(url("refund_by_hand"), form | wrong).status_code in {400, 409}, wrong
    assert not Approval.objects.exists()
    answer = client.post(url("refund_by_hand"), form)
    approval = Approval.objects.get()
    assert answer.url == url("approval", approval.pk)
    assert "500.00" in other.get(answer.url).content.decode()
    assert other.post(answer.url, {"word": "approve"}).status_code == 302
    card.agreement.refresh_from_db()
    assert card.agreement.refund.amount_fen == 50_000
    assert all(finding.ok for finding in invariants.prove())


def test_a_refund_that_the_channel_cannot_pay_back_goes_to_an_account_by_two(client, one, other):
    made = make.unreachable(make.merchant())
    assert "refund_account" in lanes()
    assert "returned_refund" not in lanes()
    page = url("refund_account", made.instruction_id)
    assert "card closed" in client.get(page).content.decode()
    form = {
        "account_no": OWN,
        "account_name": "张三",
        "person_name": "张三",
        "because": "card closed",
        "checked": "on",
    }
    for wrong in ({"account_no": "12"}, {"account_name": "李四"}, {"checked": ""}, {"because": ""}):
        assert client.post(page, form | wrong).status_code == 400, wrong
    assert not Approval.objects.exists()
    answer = client.post(page, form)
    approval = Approval.objects.get()
    assert answer.url == url("approval", approval.pk)
    assert "refund_account" not in lanes()
    body = other.get(answer.url).content.decode()
    assert OWN not in body
    assert "张三" not in body
    shown = other.post(url("reveal", approval.pk), {"reason": "to compare the document"}).content.decode()
    assert OWN in shown
    assert "张三" in shown
    assert other.post(answer.url, {"word": "approve", "because": "called back"}).status_code == 302
    made.refresh_from_db()
    assert made.instruction.payee_account == OWN
    assert client.get(url("refund_account", 0)).status_code == 404


def test_ask_the_bank_now(client, one, monkeypatch):
    instruction = make.refund(make.merchant())
    Instruction.objects.filter(pk=instruction.pk).update(state=InstructionState.UNKNOWN)
    asked = []

    class Silent:
        def query_refund(self, refund_no: str) -> None:
            asked.append(refund_no)
            raise ChannelUnknown("timeout")

    monkeypatch.setattr(instructions, "channel_of", lambda _code: Silent())
    assert client.get(url("ask_instruction", instruction.pk)).status_code == 405
    assert client.post(url("ask_instruction", instruction.pk)).status_code == 302
    assert asked == [instruction.number]
    Instruction.objects.filter(pk=instruction.pk).update(state=InstructionState.SUCCEEDED)
    answer = client.post(url("ask_instruction", instruction.pk), follow=True)
    assert len(asked) == 1
    assert "alert" in answer.content.decode() or list(answer.context["messages"])


def test_every_step_has_its_page(client, one):
    make.everything()
    for matter in matters(Asked(), at=NOW):
        if not matter.source.at_once:
            page = reverse(matter.source.page, args=[matter.ref])
            assert client.get(page, follow=True).status_code == 200, matter.source.lane
    for name, arguments in (("approval", [0]), ("release_hold", [0]), ("ask_release", [0]), ("merchant", [0])):
        assert client.get(url(name, *arguments)).status_code == 404
    assert client.get(url("refund_by_hand")).status_code == 200


def test_messages_that_do_not_leave_are_sent_when_the_gateway_is_mended(client):
    client.force_login(make_operator())
    waits = {"kind": "test", "body": "x", "sent_at": AT, "phone_index": "x", "channel": "sms"}
    rows = [Message.objects.create(**waits, next_try_at=NOW + timedelta(hours=2)) for _row in range(2)]
    assert lanes() == ["message"]
    assert client.post(url("send_messages", rows[0].pk)).status_code == 302
    assert list(queries.waiting(at=NOW)) == [row.pk for row in rows]
    Message.objects.update(delivered_at=NOW, next_try_at=None)
    assert lanes() == []
