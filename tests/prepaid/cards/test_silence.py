"""Where the sector says so, silence confirms: what the charge keeps, what people read, and what each of them can still do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import InvalidUnits, NotFound, ReasonRequired, ReservationConfirmed, ReservationVoided
from escrow.models import AuditEntry, Stoppage, Use
from escrow.states import Plan, Silence, StoppageKind, UseState
from prepaid.cards import operations, queries
from prepaid.cards.errors import AlreadyInsisted, ComplaintNeeded, NoIsEnough, NothingToInsistOn
from prepaid.cards.models import Redemption
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import NotYourRole, StoppageBeforeStore
from prepaid.notices.models import Message
from tests.complaints import factories as people
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db


def school():
    """A training sector: silence confirms after 15 working days."""
    return factories.shop(sector="arts")


def charged(at_shop=None, units=3, **facts) -> Redemption:
    at_shop = at_shop or school()
    return factories.charge(factories.card(at_shop, days=60), at_shop.boss, units=units, **facts)


def signed_in(user, language="en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


def use_of(charge: Redemption) -> Use:
    return Use.objects.get(pk=charge.use_id)


def answer(verb, charge, **facts):
    holder = charge.card.holder
    return verb(person_id=holder.pk, redemption_id=charge.pk, at=clock.now(), actor=holder.actor, **facts)


def swept_after(charge: Redemption, days: int) -> str:
    escrow.pass_silence(at=clock.now() + timedelta(days=days), actor="system:sweep")
    return use_of(charge).state


def test_in_a_training_sector_the_term_begins_with_the_delivered_notice():
    charge = charged()
    today = clock.today()
    use = use_of(charge)
    assert (use.silence, use.silence_days, use.silence_from) == (Silence.CONFIRMS, 15, today)
    assert use.confirm_until == clock.end_of_day(escrow_queries.add_working_days(today, 15))
    message = Message.objects.get(recipient=charge.card.holder, kind="cards.charge_reserved")
    assert message.delivered_at is not None
    assert "15" in message.body
    assert swept_after(charge, 60) == UseState.FINAL


def test_a_notice_that_reaches_nobody_begins_no_term():
    at_shop = school()
    card = factories.card(at_shop, days=60)
    card.holder.is_active = False
    card.holder.save()
    charge = factories.charge(card, at_shop.boss, units=3)
    assert use_of(charge).confirm_until is None
    assert swept_after(charge, 200) == UseState.RESERVED
    page = signed_in(at_shop.owner).get(reverse("shop_charges")).content.decode()
    assert "No notice reached the customer" in page


def test_elsewhere_silence_returns_the_money_as_before():
    charge = charged(factories.shop())
    assert (use_of(charge).silence, use_of(charge).silence_days) == (Silence.EXPIRES, None)
    assert swept_after(charge, 2) == UseState.EXPIRED


@pytest.mark.parametrize(("units", "state"), [(1, UseState.FINAL), (2, UseState.RESERVED)])
def test_the_scan_alone_makes_no_more_than_one_visit_final_here_too(units, state):
    assert use_of(charged(units=units)).state == state


def test_a_closed_store_keeps_silence_from_confirming_and_reopening_begins_the_term_anew():
    at_shop = school()
    charge = charged(at_shop)
    store = at_shop.stores[0]
    same = {
        "merchant_id": at_shop.merchant.pk,
        "store_id": store.pk,
        "name": store.name,
        "address": store.address,
        "district_code": store.district_id,
        "subdistrict_code": store.subdistrict_id,
        "lease_ends_on": None,
        "actor": at_shop.owner.actor,
    }
    closing = clock.now() + timedelta(days=2)
    for _ in range(2):
        merchants.edit_store(**same, is_open=False, at=closing)
    stoppage = Stoppage.objects.get()
    assert (stoppage.place, stoppage.kind, stoppage.until) == (str(store.pk), StoppageKind.DARK, None)
    assert swept_after(charge, 60) == UseState.RESERVED
    page = signed_in(charge.card.holder).get(reverse("wallet")).content.decode()
    assert f"{store.name} is closed since" in page
    assert "not answering does not count as yes" in page
    assert f"{store.name} is closed since" in signed_in(at_shop.owner).get(reverse("shop_stores")).content.decode()
    merchants.edit_store(**same, is_open=True, at=closing + timedelta(days=60))
    reopened = clock.beijing_date(closing + timedelta(days=60))
    assert Stoppage.objects.get().until == reopened
    assert use_of(charge).silence_from == reopened
    assert swept_after(charge, 63) == UseState.RESERVED
    assert swept_after(charge, 130) == UseState.FINAL


def test_reopening_does_not_end_what_an_official_began():
    at_shop = school()
    store = at_shop.stores[0]
    merchants.begin_stoppage(
        merchant_id=at_shop.merchant.pk,
        store_id=store.pk,
        kind=StoppageKind.DARK,
        because="现场无人",
        at=clock.now(),
        actor="user:x",
    )
    for is_open in (False, True):
        merchants.edit_store(
            merchant_id=at_shop.merchant.pk,
            store_id=store.pk,
            name=store.name,
            address=store.address,
            district_code=store.district_id,
            subdistrict_code=store.subdistrict_id,
            lease_ends_on=None,
            is_open=is_open,
            at=clock.now(),
            actor=at_shop.owner.actor,
        )
    assert Stoppage.objects.get().until is None
    with pytest.raises(NotFound):
        merchants.end_stoppage(
            merchant_id=school().merchant.pk,
            stoppage_id=Stoppage.objects.get().pk,
            because="x",
            at=clock.now(),
            actor="user:x",
        )


def test_an_official_of_the_place_says_that_a_merchant_changed_hands_and_another_cannot():
    at_shop = school()
    charge = charged(at_shop)
    department = at_shop.merchant.sector.lead_department_id
    official, stranger = people.officer(department), people.officer(department, district=people.FENGTAI)
    stop = reverse("admin:merchants_merchant_stop", args=[at_shop.merchant.pk])
    typed = {"kind": "changed_hands", "store": "", "because": "法定代表人变更"}
    assert signed_in(stranger).post(stop, typed).status_code == 404
    client = signed_in(official)
    assert client.post(stop, {**typed, "because": ""}).status_code == 400
    for day, says in ((timedelta(days=1), "已开始"), (timedelta(days=-3_000), "不可能在此之前停业")):
        answer = client.post(
            stop, {**typed, "since": (clock.today() + day).isoformat()}, HTTP_ACCEPT_LANGUAGE="zh-hans"
        )
        assert answer.status_code == 400
        assert says in answer.content.decode()
    assert not Stoppage.objects.exists()
    assert client.post(stop, typed).status_code == 302
    stoppage = Stoppage.objects.get()
    assert (stoppage.place, stoppage.kind) == ("", StoppageKind.CHANGED_HANDS)
    page = client.get(reverse("admin:merchants_merchant_change", args=[at_shop.merchant.pk])).content.decode()
    assert "法定代表人变更" in page
    assert swept_after(charge, 60) == UseState.RESERVED
    resume = reverse("admin:merchants_merchant_resume", args=[at_shop.merchant.pk, stoppage.pk])
    assert signed_in(stranger).post(resume, {"because": "x"}).status_code == 404
    assert client.post(resume, {"because": "已核实"}).status_code == 302
    assert client.post(resume, {"because": "已核实"}).status_code == 404
    assert Stoppage.objects.get().until == clock.today()


def test_a_stop_found_late_begins_on_the_day_it_is_known_for_and_moves_back_once_more_is_known():
    at_shop = school()
    official = people.officer(at_shop.merchant.sector.lead_department_id)
    client, store = signed_in(official), at_shop.stores[0]
    stop = reverse("admin:merchants_merchant_stop", args=[at_shop.merchant.pk])
    opened = clock.beijing_date(store.opened_at)
    clock.advance(timedelta(days=20))
    typed = {"kind": "dark", "store": store.pk, "because": "现场无人"}
    days = [opened + timedelta(days=12), opened + timedelta(days=15), opened]
    for day, since in zip(days, [days[0], days[0], opened], strict=True):
        assert client.post(stop, {**typed, "since": day.isoformat()}).status_code == 302
        assert Stoppage.objects.get().since == since
    assert AuditEntry.objects.filter(action="escrow.begin_stoppage").count() == 2
    with pytest.raises(StoppageBeforeStore):
        merchants.begin_stoppage(
            merchant_id=at_shop.merchant.pk,
            store_id=None,
            kind=StoppageKind.DARK,
            because="x",
            since=clock.beijing_date(at_shop.merchant.registered_at) - timedelta(days=1),
            at=clock.now(),
            actor="user:x",
        )
    assert Stoppage.objects.count() == 1


def test_the_holder_confirms_a_part_and_the_rest_returns():
    charge = charged()
    client = signed_in(charge.card.holder)
    url = reverse("redemption_confirm", args=[charge.pk])
    assert 'name="part"' in client.get(url).content.decode()
    for wrong in ("0", "4", "-1", "1.5", "x", ""):
        page = client.post(url, {"part": wrong})
        assert page.status_code == 400, wrong
        assert 'id="id_part_error"' in page.content.decode()
    assert use_of(charge).state == UseState.RESERVED
    said = client.post(url, {"part": "1"}, follow=True).content.decode()
    assert "You confirmed 1 session of 3 sessions" in said
    holding = escrow_queries.holding(charge.card.agreement_id)
    assert (holding.units_used, holding.units_reserved) == (1, 0)
    again = client.post(url, {"part": "1"})
    assert (again.status_code, use_of(charge).units) == (409, 1)
    with pytest.raises(ReservationConfirmed):
        answer(operations.confirm_redemption, charge, units=2)
    with pytest.raises(InvalidUnits):
        answer(operations.confirm_redemption, charge, units=0)


def test_of_stored_value_a_part_is_typed_in_yuan():
    at_shop = factories.shop()
    card = factories.card(at_shop, Plan.STORED_VALUE)
    charge = factories.charge(card, at_shop.boss, amount_fen=20_000)
    client = signed_in(card.holder)
    assert client.post(reverse("redemption_confirm", args=[charge.pk]), {"part": "88.50"}).status_code == 302
    assert use_of(charge).units == 8_850


def test_the_api_confirms_a_part():
    charge = charged()
    client = signed_in(charge.card.holder)
    url = reverse("api_charge_confirm", args=[charge.pk])
    for body in ({"units": "1"}, {"units": 1.5}, {"unit": 1}):
        assert client.post(url, body, content_type="application/json").status_code == 400
    done = client.post(url, {"units": 2}, content_type="application/json").json()
    assert (done["state"], done["units"], done["claimed_units"]) == ("final", 2, 3)


def test_where_silence_confirms_a_no_is_a_complaint_and_elsewhere_it_is_enough():
    here, elsewhere = charged(), charged(factories.shop())
    with pytest.raises(ComplaintNeeded):
        answer(operations.dispute_redemption, here)
    with pytest.raises(NoIsEnough):
        answer(operations.contest_redemption, elsewhere)
    answer(operations.contest_redemption, here)
    answer(operations.dispute_redemption, elsewhere)
    assert (use_of(here).state, use_of(elsewhere).state) == (UseState.DISPUTED, UseState.VOIDED)
    assert swept_after(here, 200) == UseState.DISPUTED
    with pytest.raises(ReservationVoided):
        answer(operations.contest_redemption, elsewhere)


def test_the_merchant_insists_once_with_a_reason_and_then_a_no_is_a_complaint():
    at_shop = factories.shop()
    charge = charged(at_shop)
    client = signed_in(at_shop.owner)
    url = reverse("shop_charge_insist", args=[charge.pk])
    assert client.post(url, {"because": ""}).status_code == 400
    assert client.post(url, {"because": "三个人来的"}).status_code == 302
    again = client.post(url, {"because": "三个人来的"})
    assert (again.status_code, type(again.context["error"])) == (409, AlreadyInsisted)
    assert Message.objects.filter(recipient=charge.card.holder, kind="cards.charge_insisted").count() == 1
    holder = signed_in(charge.card.holder)
    assert "三个人来的" in holder.get(reverse("wallet")).content.decode()
    refused = holder.post(reverse("redemption_dispute", args=[charge.pk]))
    assert refused.url == reverse("complaint_about_charge", args=[charge.pk])
    assert use_of(charge).state == UseState.RESERVED
    assert swept_after(charge, 2) == UseState.EXPIRED  # insisting changes nothing of what silence means
    with pytest.raises(NothingToInsistOn):
        operations.insist_on_redemption(
            staff=at_shop.boss, redemption_id=charge.pk, because="x", at=clock.now(), actor=at_shop.owner.actor
        )


def test_who_may_not_insist_or_withdraw():
    at_shop, other = factories.shop(), factories.shop()
    charge = charged(at_shop)
    common = {"redemption_id": charge.pk, "at": clock.now(), "actor": "user:x"}
    with pytest.raises(NotYourRole):
        operations.insist_on_redemption(staff=factories.cashier(at_shop), because="x", **common)
    with pytest.raises(NotFound):
        operations.insist_on_redemption(staff=other.boss, because="x", **common)
    with pytest.raises(ReasonRequired):
        operations.insist_on_redemption(staff=at_shop.boss, because=" ", **common)
    stranger = signed_in(other.owner)
    for name in ("shop_charge_insist", "shop_charge_withdraw"):
        assert stranger.post(reverse(name, args=[charge.pk]), {"because": "x"}).status_code == 404
    assert str(charge.card) not in stranger.get(reverse("shop_charges")).content.decode()
    assert use_of(charge).state == UseState.RESERVED


def test_the_merchant_withdraws_what_is_disputed_and_the_second_time_reads_why_not():
    at_shop = school()
    charge = charged(at_shop)
    answer(operations.contest_redemption, charge)
    client = signed_in(at_shop.owner)
    assert "disputed" in client.get(reverse("shop_charges")).content.decode()
    url = reverse("shop_charge_withdraw", args=[charge.pk])
    assert client.post(url).status_code == 302
    assert use_of(charge).state == UseState.VOIDED
    again = client.post(url)
    assert again.status_code == 409
    assert escrow_queries.holding(charge.card.agreement_id).units_left == 10


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_list_of_open_charges_is_bounded(language, django_assert_max_num_queries):
    at_shop = school()
    card = factories.card(at_shop, days=60)
    client = signed_in(at_shop.owner, language)
    with override(language):
        for age in range(2):
            factories.charge(card, at_shop.boss, units=2, age=age)
        client.get(reverse("shop_charges"))
        with django_assert_max_num_queries(12):
            page = client.get(reverse("shop_charges")).content.decode()
    assert page.count(str(card)) >= 2
    assert len(queries.open_charges(staff=at_shop.boss)) == 2
