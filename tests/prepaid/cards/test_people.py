"""Who is around a card: what each may do over HTTP, how they come and go, and that everybody else sees nothing."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from complaints.cases.models import Case
from escrow import clock
from escrow.errors import NotFound
from escrow.models import AuditEntry
from escrow.states import Plan, UseState
from prepaid.cards import errors, operations, queries, tasks
from prepaid.cards.models import Beneficiary, Card, CardPerson, Redemption, Relation
from prepaid.cards.states import Deed, PersonEnd, PersonRole, PersonState
from prepaid.notices.models import Channel, Message
from prepaid.people import operations as people
from prepaid.people import queries as people_queries
from prepaid.people.models import User
from tests import raw
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of

pytestmark = pytest.mark.django_db
GUARDIAN, RELATIVE = PersonRole.GUARDIAN, PersonRole.RELATIVE


def verified(name: str) -> User:
    user = factories.person(name)
    user.phone_verified_at = clock.now()
    user.save(update_fields=["phone_verified_at"])
    return user


def named(card: Card) -> None:
    operations.name_child(
        holder_id=card.holder_id,
        number=card.number,
        name="朵朵",
        relation=Relation.CHILD,
        at=clock.now(),
        actor=card.holder.actor,
    )


def invited(card: Card, user: User, role: PersonRole, **facts) -> CardPerson:
    mine = {"holder_id": card.holder_id, "number": card.number, "at": clock.now(), "actor": card.holder.actor}
    return operations.invite_person(role=role, **{"phone": user.phone, **mine, **facts})


def on_card(card: Card, role: PersonRole, name: str = "王小兰") -> User:
    """Somebody who has accepted."""
    user = verified(name)
    if role == GUARDIAN and not hasattr(card, "beneficiary"):
        named(card)
    person = invited(card, user, role)
    operations.accept_invitation(by=user, person_id=person.pk, at=clock.now(), actor=user.actor)
    return user


def everything() -> dict[str, object]:
    """What a refused deed leaves as it was, these people among it."""
    people = {
        "people": list(CardPerson.objects.order_by("pk").values()),
        "children": Beneficiary.objects.count(),
        "messages": Message.objects.count(),
        "audit": AuditEntry.objects.count(),
    }
    return {**factories.everything(), **people}


def refused(client: Client, url: str, data: dict, *, status: int, says: object = "") -> None:
    before = everything()
    answer = client.post(url, data)
    assert answer.status_code == status, answer.content
    assert str(says) in answer.content.decode().replace("&#x27;", "'")
    assert everything() == before


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_child_a_second_guardian_and_what_each_is_told(language: str) -> None:
    """The whole way through the pages."""
    shop = factories.shop()
    card, mother = factories.card(shop), verified("王小兰")
    father, url = signed_in(card.holder, language), reverse("card_persons", args=[card.number])
    refused(father, url, {"guardian": "1", "guardian-phone": mother.phone}, status=409)  # no child yet
    refused(father, url, {"child": "1", "name": " ", "relation": "child"}, status=400)
    assert father.post(url, {"child": "1", "name": " 朵朵 ", "relation": "child"}).status_code == 302
    assert Beneficiary.objects.get(card=card).name == "朵朵"
    assert father.post(url, {"guardian": "1", "guardian-phone": mother.phone}).status_code == 302
    person = CardPerson.objects.get(card=card)
    sms = Message.objects.get(channel=Channel.SMS)
    assert reverse("card_invitation", args=[person.pk]) in sms.body
    assert card.holder.name not in sms.body
    hers = signed_in(mother, language)
    assert "card-face" not in hers.get(reverse("wallet")).content.decode()
    answer = hers.get(reverse("card_invitation", args=[person.pk]))
    assert card.issuer.name in text_of(answer)
    assert "朵朵" not in text_of(answer)
    hers.post(reverse("card_invitation", args=[person.pk]), {"accept": "1"})
    person.refresh_from_db()
    assert (person.state, person.user, person.phone, person.phone_index) == (PersonState.ACCEPTED, mother, "", "")
    assert "朵朵" in text_of(hers.get(reverse("card_detail", args=[card.number])))
    kinds = set(Message.objects.filter(recipient=card.holder, channel=Channel.IN_APP).values_list("kind", flat=True))
    assert kinds >= {"cards.child_named", "cards.person_invited", "cards.person_accepted"}
    actions = list(AuditEntry.objects.filter(target=f"card:{card.pk}").order_by("pk").values_list("action", flat=True))
    assert actions[-3:] == ["cards.name_child", "cards.invite_person", "cards.accept_invitation"]


#: Each page of a card and each answer to a charge: what it needs.
PAGES = {
    "card_detail": Deed.SEE,
    "card_statement": Deed.SEE,
    "api_statement": Deed.SEE,
    "card_proof": Deed.PROVE,
    "card_code": Deed.SHOW_CODE,
    "card_persons": Deed.OWN,
    "card_print": Deed.OWN,
    "card_contract": Deed.OWN,
    "card_loss": Deed.OWN,
    "refund_start": Deed.OWN,
    "card_top_up": Deed.OWN,
}


@pytest.mark.parametrize("role", [None, *PersonRole])
def test_each_sees_and_does_what_the_one_place_says(role: PersonRole | None, django_assert_max_num_queries) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    user = on_card(card, role) if role else verified("路人")
    client, stranger = signed_in(user), verified("别人")
    charge = factories.charge(card, shop.boss, units=2)
    card = queries.card_of(user=card.holder, number=card.number)
    assert card.rights is not None
    assert card.rights.owns
    for name, deed in PAGES.items():
        allowed = queries.may(user_id=user.pk, card=card, deed=deed)
        with django_assert_max_num_queries(MOST_QUERIES):
            answer = client.get(reverse(name, args=[card.number]))
        assert answer.status_code == (200 if allowed else 404), (name, answer.status_code)
        assert not queries.may(user_id=stranger.pk, card=card, deed=deed)
        if name != "card_code":
            assert card.code_secret not in answer.content.decode()
    with django_assert_max_num_queries(MOST_QUERIES):
        wallet = client.get(reverse("wallet")).content.decode()
    assert (card.number[:4] in wallet) == (role is not None)
    confirm, dispute = (reverse(f"redemption_{verb}", args=[charge.pk]) for verb in ("confirm", "dispute"))
    assert (f'action="{confirm}"' in wallet) == (role == GUARDIAN)
    assert (f'action="{dispute}"' in wallet) == (role is not None)
    if role != GUARDIAN:
        before = everything()
        assert client.post(confirm).status_code == 404
        assert client.post(reverse("api_charge_confirm", args=[charge.pk]), {}, "application/json").status_code == 404
        assert everything() == before
    if role is None:
        refused(client, dispute, {}, status=404)
        assert client.get(confirm).status_code == 404
        return
    assert client.post(confirm if role == GUARDIAN else dispute).status_code == 302
    charge.use.refresh_from_db()
    assert charge.use.state == (UseState.FINAL if role == GUARDIAN else UseState.VOIDED)
    assert AuditEntry.objects.filter(actor=user.actor, target=f"card:{card.pk}").exists()


def test_a_full_wallet_and_its_fullest_cards_stay_within_the_bound(django_assert_max_num_queries) -> None:
    """Cards of one's own and of others, of every kind, charges that wait where silence confirms too, an invitation."""
    hair, school = factories.shop(), factories.shop(sector="arts")
    user = verified("王小兰")
    own = [factories.card(hair, kind, holder=user) for kind in (Plan.SESSIONS, Plan.STORED_VALUE, Plan.DISCOUNT)]
    gym = factories.card(factories.shop(sector="fitness"), Plan.PERIOD, holder=user)
    theirs = factories.card(school, Plan.COURSE)
    named(theirs)
    person = invited(theirs, user, GUARDIAN)
    operations.accept_invitation(by=user, person_id=person.pk, at=clock.now(), actor=user.actor)
    invited(factories.card(hair), user, RELATIVE)
    factories.charge(own[0], hair.boss, units=2)
    factories.charge(theirs, school.boss, **factories.ONE_USE[Plan.COURSE])
    client = signed_in(user)
    for url in (reverse("wallet"), *(reverse("card_detail", args=[c.number]) for c in (own[0], gym, theirs))):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(url).status_code == 200


def test_everybody_on_the_card_is_told_of_charges_in_words_for_them(django_capture_on_commit_callbacks) -> None:
    shop = factories.shop()
    card = factories.card(shop)
    guardian, relative = on_card(card, GUARDIAN), on_card(card, RELATIVE, "李奶奶")
    before = Message.objects.order_by("-pk").first().pk
    with django_capture_on_commit_callbacks(execute=True):
        charge = factories.charge(card, shop.boss, units=2)
    said = {m.recipient_id: m.body for m in Message.objects.filter(pk__gt=before, kind="cards.charge_reserved")}
    assert set(said) == {card.holder_id, guardian.pk, relative.pk}
    assert len(set(said.values())) == 3
    with django_capture_on_commit_callbacks(execute=True):
        operations.dispute_redemption(
            person_id=relative.pk, redemption_id=charge.pk, at=clock.now(), actor=relative.actor
        )
    assert Message.objects.filter(recipient=card.holder, kind="cards.charge_voided").exists()


def test_taken_off_or_gone_by_themselves_they_see_nothing_any_more() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    removed, leaver = on_card(card, RELATIVE), on_card(card, RELATIVE, "张爷爷")
    charge = factories.charge(card, shop.boss, units=2)
    holder, page = signed_in(card.holder), reverse("card_persons", args=[card.number])
    person = CardPerson.objects.get(user=removed)
    refused(signed_in(removed), page, {"remove": person.pk}, status=404)
    refused(holder, page, {"remove": "x"}, status=404)
    holder.post(page, {"remove": person.pk})
    leave = reverse("card_leave", args=[card.number])
    assert signed_in(leaver).get(leave).status_code == 200
    signed_in(leaver).post(leave)
    refused(holder, leave, {}, status=404)
    for user, end in ((removed, PersonEnd.REMOVED), (leaver, PersonEnd.LEFT)):
        assert CardPerson.objects.get(user=user).end == end
        assert signed_in(user).get(reverse("card_detail", args=[card.number])).status_code == 404
        refused(signed_in(user), reverse("redemption_dispute", args=[charge.pk]), {}, status=404)
    assert Message.objects.filter(recipient=removed, kind="cards.person_ended").exists()
    assert Message.objects.filter(recipient=card.holder, kind="cards.person_ended").count() == 2


def remove(card: Card, user: User) -> None:
    person = CardPerson.objects.get(user=user)
    operations.remove_person(holder_id=card.holder_id, person_id=person.pk, at=clock.now(), actor=card.holder.actor)


def leave(card: Card, user: User) -> None:
    operations.leave_card(by=user, number=card.number, at=clock.now(), actor=user.actor)


def forget(card: Card, _user: User) -> None:
    signed_in(card.holder).post(reverse("card_persons", args=[card.number]), {"forget": "1"})
    assert not Beneficiary.objects.exists()


@pytest.mark.parametrize("end", [remove, leave, forget])
def test_who_had_the_code_makes_none_any_more(end) -> None:
    """A guardian's phone carries the card's secret and needs no network, so it ends with the part; a relative had none."""
    shop = factories.shop()
    card = factories.card(shop)
    guardian, relative = on_card(card, GUARDIAN), on_card(card, RELATIVE)
    end(card, guardian)
    assert CardPerson.objects.get(user=guardian).state == PersonState.ENDED
    with pytest.raises(NotFound):
        queries.card_of(user=guardian, number=card.number, deed=Deed.SEE)
    with pytest.raises(errors.WrongCode):
        factories.charge(card, shop.boss)
    now = Card.objects.get(pk=card.pk)
    remove(now, relative)
    factories.charge(now, shop.boss)
    assert Redemption.objects.count() == 1


def test_who_works_at_the_shop_is_no_guardian_of_its_cards() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    named(card)
    cashier = factories.cashier(shop).user
    cashier.phone_verified_at = clock.now()
    cashier.save(update_fields=["phone_verified_at"])
    url = reverse("card_invitation", args=[invited(card, cashier, GUARDIAN).pk])
    refused(signed_in(cashier), url, {"accept": "1"}, status=403, says=errors.GuardianWorksThere.message)
    assert signed_in(cashier).post(url, {"decline": "1"}).status_code == 302
    relative = invited(card, cashier, RELATIVE)
    assert signed_in(cashier).post(reverse("card_invitation", args=[relative.pk]), {"accept": "1"}).status_code == 302


def test_invitations_that_are_refused_change_nothing() -> None:
    card = factories.card()
    guardian, other = on_card(card, GUARDIAN), verified("赵一")
    client, url = signed_in(card.holder), reverse("card_persons", args=[card.number])
    unpaid = factories.order(card.version, card.holder)

    def ask(user_phone: str, role: str = "relative", number: str = card.number) -> tuple[str, dict[str, str]]:
        return reverse("card_persons", args=[number]), {role: "1", f"{role}-phone": user_phone}

    refused(client, *ask(card.holder.phone), status=400, says=errors.OwnNumber.message)
    refused(client, *ask("12345"), status=400)
    refused(client, *ask(guardian.phone), status=409, says=errors.AlreadyOnCard.message)
    refused(client, *ask(other.phone, "guardian"), status=409, says=errors.SecondGuardianOnce.message)
    refused(client, *ask(other.phone, number=unpaid.number), status=409, says=errors.PeopleOfPaidCards.message)
    refused(signed_in(other), *ask(other.phone), status=404)
    client.post(*ask(other.phone))
    refused(client, *ask(other.phone), status=409, says=errors.AlreadyOnCard.message)
    for number in range(4):
        client.post(*ask(f"1580000000{number}"))
    refused(client, *ask("15800000009"), status=409, says=errors.TooManyRelatives(most=5))
    for number in range(5, 10):  # the day's invitations are bounded, whatever becomes of them
        client.post(url, {"remove": CardPerson.objects.filter(state=PersonState.INVITED).first().pk})
        if number < 9:
            client.post(*ask(f"1580000000{number}"))
    refused(client, *ask("15800000008"), status=429, says=errors.TooManyInvitations.message)


def test_an_invitation_is_for_who_has_the_number_and_lapses() -> None:
    card, invitee = factories.card(), verified("赵一")
    person = invited(card, invitee, RELATIVE)
    unproven = factories.person("冒名")
    url = reverse("card_invitation", args=[person.pk])
    for other in (verified("别人"), unproven, card.holder):
        assert signed_in(other).get(url).status_code == 404
        refused(signed_in(other), url, {"accept": "1"}, status=404)
    assert url in signed_in(invitee).get(reverse("wallet")).content.decode()
    late = {"at": person.lapses_at, "actor": invitee.actor}
    with pytest.raises(errors.InvitationLapsed):
        operations.accept_invitation(by=invitee, person_id=person.pk, **late)
    CardPerson.objects.filter(pk=person.pk).update(lapses_at=clock.now() - timedelta(minutes=1))
    assert tasks.sweep()["lapse_invitation"] == 1
    person.refresh_from_db()
    assert (person.end, person.phone, person.phone_index) == (PersonEnd.LAPSED, "", "")
    again = invited(card, invitee, RELATIVE)
    signed_in(invitee).post(reverse("card_invitation", args=[again.pk]), {"decline": "1"})
    again.refresh_from_db()
    assert (again.end, again.phone) == (PersonEnd.DECLINED, "")
    refused(signed_in(invitee), reverse("card_invitation", args=[again.pk]), {"accept": "1"}, status=404)


def test_a_relatives_no_where_silence_confirms_is_the_holders_complaint() -> None:
    """Only the holder may withdraw it, for that confirms the charge."""
    shop = factories.shop(sector="arts")
    card = factories.card(shop, Plan.COURSE)
    relative = on_card(card, RELATIVE)
    charge = factories.charge(card, shop.boss, **factories.ONE_USE[Plan.COURSE])
    client, url = signed_in(relative), reverse("complaint_about_charge", args=[charge.pk])
    assert client.get(url).status_code == 200
    answer = client.post(url, {"text": "那天孩子没有去上课"}, follow=True)
    assert "holder follows the complaint" in text_of(answer)
    case = Case.objects.get(redemption=charge)
    assert case.complainant == card.holder
    assert Redemption.objects.get(pk=charge.pk).is_disputed
    assert client.get(reverse("complaint_detail", args=[case.number])).status_code == 404
    assert client.post(reverse("complaint_withdraw", args=[case.number])).status_code == 404
    assert client.get(url).status_code == 302
    assert signed_in(card.holder).get(reverse("complaint_detail", args=[case.number])).status_code == 200


def test_a_top_up_has_the_people_of_its_card() -> None:
    shop = factories.shop()
    card = factories.card(shop)
    guardian = on_card(card, GUARDIAN)
    top_up = factories.pay(factories.order(card.version, card.holder))
    Card.objects.filter(pk=top_up.pk).update(tops_up=card)
    assert queries.card_of(user=guardian, number=top_up.number, deed=Deed.SHOW_CODE).rights.may_confirm
    with pytest.raises(NotFound):
        queries.card_of(user=guardian, number=top_up.number)
    page = reverse("card_persons", args=[card.number])
    assert signed_in(card.holder).get(reverse("card_persons", args=[top_up.number])).headers["Location"] == page


def test_who_closes_an_account_is_on_no_card_and_names_nobody() -> None:
    card = factories.card()
    guardian, invitee = on_card(card, GUARDIAN), verified("赵一")
    invited(card, invitee, RELATIVE)
    for user, sheet in ((card.holder, "People on your cards"), (guardian, "Cards you are on")):
        with override("en"):
            [row] = [row for row in people_queries.own_data(user)[sheet] if "guardian" in row]
        assert card.number in row
    people.close_account(user_id=guardian.pk, at=clock.now())
    people.close_account(user_id=invitee.pk, at=clock.now())
    assert set(CardPerson.objects.values_list("end", "phone_index")) == {(PersonEnd.LEFT, ""), (PersonEnd.DECLINED, "")}
    kept = on_card(card, RELATIVE, "李奶奶")
    operations.forget_person(user=card.holder, at=clock.now(), actor=card.holder.actor)
    assert CardPerson.objects.get(user=kept).end == PersonEnd.REMOVED
    assert not Beneficiary.objects.exists()


def test_the_tables_show_neither_the_child_nor_a_number() -> None:
    card = factories.card()
    named(card)
    invited(card, verified("赵一"), RELATIVE, phone="15812345678")
    known = {"朵朵", "15812345678", str(Relation.CHILD.label)}
    with connection.cursor() as cursor:
        said = raw.leaks(cursor, known)
    assert not [leak for leak in said if any(value in leak for value in known)]
    assert re.fullmatch(r"[0-9a-f]{64}", CardPerson.objects.get().phone_index)
