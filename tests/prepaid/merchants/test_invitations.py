"""“This merchant is not here”: what the public sends, what the regulator sees, and what neither may do."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from escrow import clock
from escrow.errors import ReasonRequired, WrongState
from escrow.models import AuditEntry
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Invitation, InvitedMerchant
from prepaid.merchants.states import INVITED_TRANSITIONS, InvitedState
from tests.complaints import factories as people
from tests.complaints.factories import CHAOYANG, FENGTAI
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
FORM = {"name": "海棠美发", "district": CHAOYANG, "sector": "beauty", "address": "望京街1号", "message": "办卡都是现金"}


@pytest.fixture(autouse=True)
def the_city(db) -> None:
    people.city()


def send(from_: str = "10.0.0.1", follow: bool = True, **changes: str):
    """From that network address. English, so that the tests read the same sentences as the code."""
    client = Client(headers={"accept-language": "en"}, REMOTE_ADDR=from_)
    return client.post(reverse("invite"), {**FORM, **changes}, follow=follow)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


def rows() -> list[tuple[str, int]]:
    return list(InvitedMerchant.objects.order_by("pk").values_list("name", "times"))


class TestPublic:
    def test_it_is_counted_and_says_what_happens_next(self) -> None:
        text = text_of(send())
        assert rows() == [("海棠美发", 1)]
        assert "It was asked for 1 time so far" in text
        assert "The regulator speaks to the merchant" in text
        assert "not protected by this platform" in text
        entry = AuditEntry.objects.get(action="merchants.invite_merchant")
        assert entry.target == f"invitedmerchant:{InvitedMerchant.objects.get().pk}"

    def test_the_search_fills_the_form(self, client: Client) -> None:
        text = text_of(client.get(reverse("invite"), {"name": "玉兰", "district": FENGTAI, "sector": "fitness"}))
        assert 'value="玉兰"' in text
        assert f'<option value="{FENGTAI}" selected' in text
        assert '<option value="fitness" selected' in text

    @pytest.mark.parametrize("other", ["海棠 美发", "  海棠美发  ", "海棠·美发", "海棠美发。", "海棠　美发"])
    def test_the_same_name_written_otherwise_is_the_same_merchant(self, other: str) -> None:
        send("10.0.0.1")
        send("10.0.0.2", name=other)
        assert rows() == [("海棠美发", 2)]

    def test_another_district_or_sector_is_another_merchant(self) -> None:
        send()
        send(district=FENGTAI)
        send(sector="fitness")
        assert [times for _name, times in rows()] == [1, 1, 1]

    def test_nobody_counts_twice_a_day(self) -> None:
        send()
        assert "already asked for from here today" in text_of(send())
        assert (rows(), Invitation.objects.count()) == ([("海棠美发", 1)], 1)

    def test_no_address_is_kept(self) -> None:
        """Not even a hash that is the same the next day."""
        send("203.0.113.77")
        first = Invitation.objects.get()
        assert "203.0.113" not in str(vars(first)) + str(list(AuditEntry.objects.values()))
        merchants.invite_merchant(
            name="海棠美发", district_code=CHAOYANG, sector_code="beauty", address="", message="", visitor="203.0.113.77",
            at=clock.now() + timedelta(days=1), actor="system:test",
        )  # fmt: skip
        assert len(set(Invitation.objects.values_list("visitor", flat=True))) == 2
        assert rows() == [("海棠美发", 2)]

    @pytest.mark.parametrize(
        "name", ["😀烧烤", "𠮷野家", "㐂多多", "<script>alert(1)</script>", "' OR 1=1", "{{ 7*7 }}", "é" * 100]
    )
    def test_any_name_is_taken_as_it_is(self, name: str) -> None:
        assert "<script>alert" not in send(name=name).content.decode()
        assert rows() == [(name, 1)]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "   "}, "name"),
            ({"name": "。。。"}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"name": "a\0b"}, "name"),
            ({"district": "999999"}, "district"),
            ({"district": ""}, "district"),
            ({"sector": "casino"}, "sector"),
            ({"address": "x" * 201}, "address"),
            ({"message": "x" * 501}, "message"),
        ],
    )
    def test_a_mistake_stands_beside_its_field_and_nothing_is_kept(self, changes: dict[str, str], field: str) -> None:
        answer = send(**changes)
        assert answer.status_code == 400
        assert f'id="id_{field}_error"' in answer.content.decode()
        assert (InvitedMerchant.objects.count(), Invitation.objects.count()) == (0, 0)

    def test_who_is_here_already_is_shown(self, client: Client) -> None:
        shop = factories.shop()
        shop.merchant.name = "海棠美发"
        shop.merchant.save()
        factories.on_sale(shop)
        text = text_of(client.get(reverse("invite"), {"name": "海棠"}, headers={"accept-language": "en"}))
        assert "They are here already" in text
        assert reverse("merchant_detail", args=[shop.merchant.pk]) in text

    def test_too_many_from_one_address_are_refused(self) -> None:
        """And nothing is kept of them; another address may still ask."""
        for number in range(30):
            assert send(name=f"店{number}", follow=False).status_code == 302
        refused = send(name="再一家")
        assert refused.status_code == 429
        assert "Wait an hour" in text_of(refused)
        assert InvitedMerchant.objects.count() == 30
        assert send("10.0.0.9", name="再一家", follow=False).status_code == 302

    def test_without_a_cache_nothing_is_taken(self, monkeypatch) -> None:
        def lost(*args: object, **kwargs: object) -> None:
            raise RedisError

        monkeypatch.setattr("prepaid.people.access.ratelimit.consume", lost)
        assert send().status_code == 503
        assert rows() == []

    def test_the_confirmation_alone_is_nothing(self, client: Client) -> None:
        assert client.get(reverse("invite_done")).url == reverse("invite")


class TestRegulator:
    @pytest.fixture
    def invited(self) -> InvitedMerchant:
        send()
        send("10.0.0.2", message="<b>退卡难</b>")
        return InvitedMerchant.objects.get()

    def change(self, invited: InvitedMerchant) -> str:
        return reverse("admin:merchants_invitedmerchant_change", args=[invited.pk])

    def move(self, invited: InvitedMerchant, to: str) -> str:
        return reverse("admin:merchants_invitedmerchant_move", args=[invited.pk, to])

    def test_the_post_of_the_sector_and_district_sees_it_with_its_count(self, invited: InvitedMerchant) -> None:
        client = signed_in(people.officer("commerce", CHAOYANG))
        queue = text_of(client.get(reverse("admin:index")))
        assert "1 merchant that people miss here" in queue
        listed = text_of(client.get(reverse("admin:merchants_invitedmerchant_changelist")))
        assert "海棠美发" in listed
        assert '<td class="field-times">2</td>' in listed
        page = text_of(client.get(self.change(invited)))
        assert "办卡都是现金" in page
        assert "<b>退卡难" not in client.get(self.change(invited)).content.decode()

    @pytest.mark.parametrize(("department", "district"), [("commerce", FENGTAI), ("sports", CHAOYANG)])
    def test_others_do_not(self, invited: InvitedMerchant, department: str, district: str) -> None:
        client = signed_in(people.officer(department, district))
        assert "海棠美发" not in text_of(client.get(reverse("admin:merchants_invitedmerchant_changelist")))
        for address in (self.change(invited), self.move(invited, "contacted")):
            assert client.get(address).status_code == 404
        assert client.post(self.move(invited, "contacted"), {"because": "x"}).status_code == 404
        assert "people miss here" not in text_of(client.get(reverse("admin:index")))

    def test_the_city_and_the_operator_see_all(self, invited: InvitedMerchant) -> None:
        for user in (people.officer("commerce", None), people.operator()):
            assert signed_in(user).get(self.change(invited)).status_code == 200

    def test_it_goes_from_new_to_contacted_to_joined(self, invited: InvitedMerchant) -> None:
        user = people.officer("commerce", CHAOYANG)
        client = signed_in(user)
        for to in ("contacted", "joined"):
            assert client.get(self.move(invited, to)).status_code == 200
            assert client.post(self.move(invited, to), {"because": "电话联系"}).status_code == 302
            invited.refresh_from_db()
            assert invited.state == to
        deeds = AuditEntry.objects.filter(action="merchants.move_invited").order_by("pk")
        assert [(deed.actor, deed.before["state"], deed.after["state"]) for deed in deeds] == [
            (user.actor, "new", "contacted"),
            (user.actor, "contacted", "joined"),
        ]
        assert "电话联系" in text_of(client.get(reverse("admin:merchants_invitedmerchant_history", args=[invited.pk])))

    def test_a_reason_is_needed_and_nothing_changes_without(self, invited: InvitedMerchant) -> None:
        answer = signed_in(people.officer("commerce", CHAOYANG)).post(self.move(invited, "contacted"), {"because": " "})
        assert answer.status_code == 400
        invited.refresh_from_db()
        assert invited.state == InvitedState.NEW
        with pytest.raises(ReasonRequired):
            merchants.move_invited(
                invited_id=invited.pk, to=InvitedState.CONTACTED, because="", at=clock.now(), actor="system:test"
            )

    def test_more_who_ask_change_the_count_and_not_the_state(self, invited: InvitedMerchant) -> None:
        say = {"because": "x", "at": clock.now(), "actor": "system:test"}
        merchants.move_invited(invited_id=invited.pk, to=InvitedState.DISMISSED, **say)
        send("10.0.0.3")
        invited.refresh_from_db()
        assert (invited.state, invited.times) == (InvitedState.DISMISSED, 3)

    @pytest.mark.parametrize("state", InvitedState)
    @pytest.mark.parametrize("to", InvitedState)
    def test_only_what_may_follow_follows(
        self, invited: InvitedMerchant, state: InvitedState, to: InvitedState
    ) -> None:
        InvitedMerchant.objects.update(state=state)
        say = {"invited_id": invited.pk, "to": to, "because": "x", "at": clock.now(), "actor": "system:test"}
        if to in INVITED_TRANSITIONS[state]:
            assert merchants.move_invited(**say).state == to
            return
        with pytest.raises(WrongState):
            merchants.move_invited(**say)
        invited.refresh_from_db()
        assert invited.state == state
        assert not AuditEntry.objects.filter(action="merchants.move_invited").exists()

    def test_the_database_knows_the_states_too(self, invited: InvitedMerchant) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            InvitedMerchant.objects.update(state="sold")

    def test_an_unknown_state_is_no_page(self, invited: InvitedMerchant) -> None:
        client = signed_in(people.officer("commerce", CHAOYANG))
        for to in ("new", "sold", "😀"):
            assert client.get(self.move(invited, to)).status_code == 404
