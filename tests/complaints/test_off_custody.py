"""“They asked me to pay elsewhere”: three taps without an account, its own queue and clock, and what nobody else learns."""

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from complaints.cases.queries.rules import due_on
from complaints.evidence.models import StoredFile
from complaints.off_custody import operations
from complaints.off_custody.errors import NotInCharge, ReportDecided
from complaints.off_custody.models import OffCustodyReport
from complaints.off_custody.queries import confirmed_reports, link_of
from complaints.off_custody.states import RESULTS, TRANSITIONS, Happened, ReportKind, ReportState
from complaints.off_custody.tasks import sweep as sweep_task
from escrow import clock
from escrow.clock import beijing_date
from escrow.errors import NotFound, WrongState
from escrow.models import AuditEntry
from prepaid.notices.models import Message
from prepaid.people import operations as people
from tests.complaints import factories as make
from tests.complaints import pictures
from tests.complaints.factories import ACTOR, AT, CHAOYANG, FENGTAI
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
PHONE = "13912345678"


@pytest.fixture
def shop(db) -> make.Shop:
    return make.shop(stores=(CHAOYANG, FENGTAI))


def stranger(address: str = "10.0.0.1") -> Client:
    return Client(headers={"accept-language": "en"}, REMOTE_ADDR=address)


def send(
    shop, *, at_store=None, client: Client | None = None, photo: bytes | None = None, follow: bool = True, **typed
):
    page = reverse("off_custody_report", args=[shop.merchant.pk])
    if at_store is not None:
        page = reverse("off_custody_report_at", args=[at_store.pk])
    fields = {"kind": "transfer", "happened": "today", "token": str(uuid.uuid4()), **typed}
    if photo is not None:
        fields["photo"] = SimpleUploadedFile("a.jpg", photo)
    return (client or stranger()).post(page, fields, follow=follow)


def made(shop, *, at=AT, store=None, **facts) -> OffCustodyReport:
    facts = {"kind": ReportKind.CASH, "happened": Happened.TODAY, "token": uuid.uuid4(), **facts}
    return operations.report(
        merchant_id=shop.merchant.pk, store_id=store.pk if store else shop.stores[0].pk, at=at, **facts
    )


def decided(report, officer, result=ReportState.CONFIRMED, *, at=AT) -> OffCustodyReport:
    operations.take_in_charge(report_id=report.pk, officer=officer, at=at)
    return operations.decide(report_id=report.pk, officer=officer, result=result, reasons="看了收款码", at=at)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


class TestPublic:
    def test_three_taps_and_a_link(self, shop):
        answer = send(shop)
        report = OffCustodyReport.objects.get()
        assert answer.redirect_chain[-1][0] == link_of(report)
        text = text_of(answer)
        assert report.number in text
        assert report.due_on.isoformat() in text
        assert "Keep this link" in text
        assert (report.words, report.phone, report.photo, report.store) == ("", "", None, None)
        assert AuditEntry.objects.get(target=f"offcustodyreport:{report.pk}").action == "off_custody.report"

    def test_the_pages_lead_there_and_the_poster_says_so(self, shop):
        merchant = stranger().get(reverse("merchant_detail", args=[shop.merchant.pk])).content.decode()
        assert reverse("off_custody_report", args=[shop.merchant.pk]) in merchant
        store = stranger().get(reverse("store_status", args=[shop.stores[0].pk])).content.decode()
        assert reverse("off_custody_report_at", args=[shop.stores[0].pk]) in store
        poster = signed_in(shop.owner).get(reverse("shop_store_poster", args=[shop.stores[0].pk]))
        assert "Asked to pay elsewhere?" in poster.content.decode()

    def test_the_form_needs_no_script_and_no_account(self, shop, django_assert_max_num_queries):
        for page in (
            reverse("off_custody_report", args=[shop.merchant.pk]),
            reverse("off_custody_report_at", args=[shop.stores[0].pk]),
        ):
            with django_assert_max_num_queries(12):
                body = stranger().get(page).content.decode()
            assert 'enctype="multipart/form-data"' in body
            assert 'name="happened" value="today"' in body
            assert "no-store" in stranger().get(page).headers["Cache-Control"]

    def test_everything_that_may_be_said_is_kept_encrypted(self, shop):
        store = shop.stores[1]
        send(shop, at_store=store, photo=pictures.with_exif(), words="让我扫店员的微信", phone="139 1234 5678")
        report = OffCustodyReport.objects.get()
        assert (report.words, report.phone, report.store) == ("让我扫店员的微信", f"+86{PHONE}", store)
        assert report.district_id == FENGTAI
        assert pictures.MAKER not in report.photo.content
        with connection.cursor() as cursor:
            cursor.execute("SELECT words || phone FROM off_custody_offcustodyreport")
            raw = cursor.fetchone()[0]
        assert "微信" not in raw
        assert PHONE not in raw
        assert PHONE not in str(list(AuditEntry.objects.values()))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"kind": ""}, "Choose how you were to pay"),
            ({"kind": "gold"}, "valid choice"),
            ({"happened": "tomorrow"}, "valid choice"),
            ({"words": "字" * 301}, "300"),
            ({"phone": "12"}, "phone number"),
            ({"store": "999999"}, "valid choice"),
            ({"token": "x"}, ""),
            ({"token": ""}, ""),
            ({"photo": pictures.HTML}, "Only photos"),
            ({"photo": pictures.SVG}, "Only photos"),
            ({"photo": pictures.archive()}, "Only photos"),
            ({"photo": pictures.picture()[:-300]}, "cannot be read"),
            ({"photo": pictures.bomb()}, "million pixels"),
            ({"photo": b""}, "empty"),
        ],
    )
    def test_a_mistake_is_said_and_nothing_kept(self, shop, typed, said):
        answer = send(shop, **typed)
        assert answer.status_code == 400
        assert said in text_of(answer)
        assert (OffCustodyReport.objects.count(), StoredFile.objects.count()) == (0, 0)

    def test_another_merchants_store_is_not_this_ones(self, shop):
        other = make.shop()
        assert send(shop, store=str(other.stores[0].pk)).status_code == 400
        assert stranger().get(reverse("off_custody_report", args=[999_999])).status_code == 404
        assert stranger().get(reverse("off_custody_report_at", args=[999_999])).status_code == 404

    def test_sent_again_it_is_the_same_report(self, shop):
        token = str(uuid.uuid4())
        first = send(shop, token=token, photo=pictures.picture(), follow=False)
        again = send(shop, token=token, photo=pictures.picture(), follow=False)
        assert first.url == again.url
        assert (OffCustodyReport.objects.count(), StoredFile.objects.count()) == (1, 1)

    def test_reports_are_counted_by_address_and_by_merchant(self, shop, monkeypatch):
        monkeypatch.setattr("complaints.off_custody.views.RATES", "3/h/ip,5/d/key")
        here = [send(shop).status_code for _ in range(4)]
        assert here == [200, 200, 200, 429]
        elsewhere = [send(shop, client=stranger(f"10.0.1.{n}")).status_code for n in range(3)]
        assert elsewhere == [200, 200, 429]
        assert send(make.shop(), client=stranger("10.0.2.1")).status_code == 200
        assert OffCustodyReport.objects.filter(merchant=shop.merchant).count() == 5

    def test_without_the_counter_nothing_is_taken(self, shop, monkeypatch):
        def lost(*args, **kwargs):
            raise RedisError("gone")

        monkeypatch.setattr("prepaid.people.access.ratelimit.consume", lost)
        assert send(shop).status_code == 503
        assert OffCustodyReport.objects.count() == 0

    def test_the_link_shows_where_it_stands_and_nothing_that_was_written(self, shop, django_assert_max_num_queries):
        officer = make.officer()
        report = made(shop, words="秘密的话", phone=f"+86{PHONE}")
        for result, said in zip(RESULTS, ("has confirmed", "found no money", "could not determine"), strict=True):
            one = made(shop, words="秘密的话", phone=f"+86{PHONE}")
            decided(one, officer, result)
            with django_assert_max_num_queries(12):
                text = text_of(stranger().get(link_of(one)))
            assert said in text
            assert not [word for word in ("秘密", PHONE, "5678", "收款码", officer.name) if word in text]
        assert stranger().get(link_of(report)).status_code == 200
        forged = signing.Signer(salt="cases.callback").sign(str(report.pk))
        for token in (str(report.pk), f"{report.pk}:abc", forged):
            assert stranger().get(reverse("off_custody_status", args=[token])).status_code == 404


class TestQueue:
    @pytest.mark.parametrize("index", [0, 1])
    def test_it_goes_where_a_case_of_that_store_would(self, shop, index):
        store = shop.stores[index]
        make.officer(district=store.district_id)
        report = made(shop, store=store)
        assert report.lead_department == shop.merchant.sector.lead_department
        assert report.lead_district_id == store.district_id

    def test_without_a_store_the_head_office_decides_and_the_citys_post_stands_in(self, shop):
        make.officer(district=None)
        send(shop)
        report = OffCustodyReport.objects.get()
        assert (report.district_id, report.lead_district_id) == (CHAOYANG, None)

    def test_who_sees_it(self, shop):
        report = made(shop, photo=None)
        page = reverse("admin:off_custody_offcustodyreport_change", args=[report.pk])
        listed = reverse("admin:off_custody_offcustodyreport_changelist")
        seen = {
            who: (signed_in(user).get(page).status_code, report.number in signed_in(user).get(listed).content.decode())
            for who, user in {
                "queue": make.officer(),
                "city": make.officer(district=None),
                "operator": make.operator(),
                "elsewhere": make.officer(district=FENGTAI),
                "another department": make.officer("sports"),
            }.items()
        }
        yes, no = (200, True), (404, False)
        assert seen == {"queue": yes, "city": yes, "operator": yes, "elsewhere": no, "another department": no}
        for user in (shop.owner, make.person()):
            assert signed_in(user).get(page).status_code in {302, 403}

    def test_strangers_to_the_queue_do_nothing(self, shop):
        report = made(shop, photo=None)
        before = OffCustodyReport.objects.values().get()
        for user in (make.officer(district=FENGTAI), make.officer("sports"), make.operator()):
            client = signed_in(user)
            for deed in ("take", "decide", "reveal", "photo"):
                page = reverse(f"admin:off_custody_offcustodyreport_{deed}", args=[report.pk])
                sent = {"result": "confirmed", "reasons": "x", "reason": "because I want"}
                assert client.post(page, sent).status_code in {403, 404, 405}
        assert OffCustodyReport.objects.values().get() == before

    def test_from_waiting_to_confirmed(self, shop, django_assert_max_num_queries):
        officer, colleague = make.officer(), make.officer()
        report = made(shop, words="扫我的码", photo=None)
        client = signed_in(officer)

        def page(deed: str) -> str:
            return reverse(f"admin:off_custody_offcustodyreport_{deed}", args=[report.pk])

        typed = {"result": "confirmed", "reasons": "现场看到个人收款码"}
        assert client.post(page("decide"), typed).status_code == 403  # nobody is in charge
        assert client.post(page("take")).status_code == 302
        assert client.post(page("take")).status_code == 302
        assert signed_in(colleague).post(page("take")).status_code == 409
        assert signed_in(colleague).post(page("decide"), typed).status_code == 403
        assert client.post(page("decide"), {"result": "confirmed", "reasons": " "}).status_code == 400
        assert client.post(page("decide"), {"result": "in_hand", "reasons": "x"}).status_code == 400
        assert client.post(page("decide"), typed).status_code == 302
        report.refresh_from_db()
        assert (report.state, report.lead_officer, report.reasons) == ("confirmed", officer, "现场看到个人收款码")
        assert client.post(page("decide"), {**typed, "result": "unfounded"}).status_code == 409
        with django_assert_max_num_queries(12):
            assert "现场看到" in client.get(page("change")).content.decode()
        actions = list(
            AuditEntry.objects.filter(target=f"offcustodyreport:{report.pk}")
            .order_by("pk")
            .values_list("action", flat=True)
        )
        assert actions == ["off_custody.report", "off_custody.take_in_charge", "off_custody.decide"]

    def test_a_colleague_takes_over_only_from_who_has_left(self, shop):
        officer, colleague = make.officer(), make.officer()
        report = made(shop)
        operations.take_in_charge(report_id=report.pk, officer=officer, at=AT)
        later = AT + timedelta(days=2)
        people.end_post(post_id=officer.posts.get().pk, last_day=beijing_date(AT), at=AT, actor=ACTOR)
        taken = operations.take_in_charge(report_id=report.pk, officer=colleague, at=later)
        assert (taken.lead_officer, taken.state) == (colleague, ReportState.IN_HAND)

    def test_the_number_is_masked_and_each_look_written_down(self, shop):
        officer = make.officer()
        send(shop, at_store=shop.stores[0], phone=PHONE, photo=pictures.picture())
        report = OffCustodyReport.objects.get()
        operations.take_in_charge(report_id=report.pk, officer=officer, at=clock.now())
        client = signed_in(officer)
        page = client.get(reverse("admin:off_custody_offcustodyreport_change", args=[report.pk])).content.decode()
        assert "139****5678" in page
        assert PHONE not in page
        reveal = reverse("admin:off_custody_offcustodyreport_reveal", args=[report.pk])
        assert client.post(reveal, {"reason": "x"}).status_code == 400
        assert PHONE in client.post(reveal, {"reason": "to ask about the shop"}).content.decode()
        photo = client.get(reverse("admin:off_custody_offcustodyreport_photo", args=[report.pk]))
        assert (photo.status_code, photo.headers["Content-Type"]) == (200, "image/jpeg")
        assert photo.headers["Content-Security-Policy"].startswith("sandbox")
        done = AuditEntry.objects.filter(target=f"offcustodyreport:{report.pk}", actor=officer.actor)
        assert {"off_custody.reveal_phone", "off_custody.read_photo"} <= set(done.values_list("action", flat=True))

    def test_many_on_one_merchant_stand_together_and_the_queue_is_told_once(self, shop, django_assert_max_num_queries):
        officer = make.officer()
        reports = [made(shop) for _ in range(3)]
        made(make.shop())
        told = [one.title for one in Message.objects.filter(recipient=officer)]
        assert sum(shop.merchant.name in title for title in told) == 1
        client = signed_in(officer)
        listed = reverse("admin:off_custody_offcustodyreport_changelist")
        with django_assert_max_num_queries(12):
            page = client.get(listed).content.decode()
        assert page.count("3 reports on it") == 3
        together = client.get(f"{listed}?stage=all&merchant__id__exact={shop.merchant.pk}").content.decode()
        assert all(report.number in together for report in reports)
        assert together.count("TW") // together.count(reports[0].number) == 3
        one = client.get(reverse("admin:off_custody_offcustodyreport_change", args=[reports[0].pk])).content.decode()
        assert reports[1].number in one
        assert reports[2].number in one

    def test_it_stands_in_the_work_queue_and_the_search(self, shop, django_assert_max_num_queries):
        officer = make.officer()
        report = made(shop)
        client = signed_in(officer)
        assert report.number in client.get(reverse("admin:index")).content.decode()
        assert report.number in client.get(reverse("admin:search"), {"q": report.number}).content.decode()
        other = signed_in(make.officer(district=FENGTAI))
        assert report.number not in other.get(reverse("admin:index")).content.decode()

    def test_the_merchant_learns_nothing(self, shop):
        officer = make.officer()
        decided(made(shop, words="秘密的话"), officer)
        assert not Message.objects.filter(recipient=shop.owner, kind__startswith="off_custody").exists()


class TestClock:
    def test_late_ones_are_marked_once_and_told_to_the_citys_post(self, shop):
        officer, city = make.officer(), make.officer(district=None)
        report = made(shop)
        operations.take_in_charge(report_id=report.pk, officer=officer, at=AT)
        assert report.due_on == due_on(code="off_custody", received_on=beijing_date(AT))
        before = Message.objects.count()
        last_day = AT + (report.due_on - beijing_date(AT))
        assert operations.sweep(at=last_day, actor=ACTOR) == 0
        late = last_day + timedelta(days=1)
        assert operations.sweep(at=late, actor=ACTOR) == 1
        assert operations.sweep(at=late + timedelta(days=9), actor=ACTOR) == 0
        report.refresh_from_db()
        assert report.escalated_at == late
        assert Message.objects.count() == before + 2
        assert {one.recipient for one in Message.objects.order_by("-pk")[:2]} == {officer, city}

    def test_one_that_fails_does_not_hold_up_the_others(self, shop, monkeypatch):
        reports = [made(shop) for _ in range(3)]
        from complaints.off_custody.operations import reports as verbs

        right = verbs.mark_overdue

        def fails(*, report_id, at, actor):
            if report_id == reports[1].pk:
                raise RuntimeError("broken row")
            return right(report_id=report_id, at=at, actor=actor)

        monkeypatch.setattr(verbs, "mark_overdue", fails)
        assert operations.sweep(at=AT + timedelta(days=30), actor=ACTOR) == 2

    def test_the_task_is_there(self, shop):
        made(shop, at=clock.now() - timedelta(days=30))
        sweep_task()
        assert OffCustodyReport.objects.get().escalated_at is not None

    def test_what_is_decided_is_never_late(self, shop):
        decided(made(shop), make.officer())
        assert operations.sweep(at=AT + timedelta(days=60), actor=ACTOR) == 0


class TestRules:
    def test_only_what_may_follow_follows(self, shop):
        officer = make.officer()
        for state in ReportState:
            report = made(shop)
            operations.take_in_charge(report_id=report.pk, officer=officer, at=AT)
            deed = {"report_id": report.pk, "officer": officer, "result": state, "reasons": "r", "at": AT}
            if state in TRANSITIONS[ReportState.IN_HAND]:
                operations.decide(**deed)
                with pytest.raises(ReportDecided):
                    operations.decide(**deed)
                with pytest.raises(ReportDecided):
                    operations.take_in_charge(report_id=report.pk, officer=officer, at=AT)
            else:
                with pytest.raises(WrongState):
                    operations.decide(**deed)

    def test_the_database_keeps_the_rules_too(self, shop):
        report = made(shop)
        for wrong in (
            {"state": "lost"},
            {"state": "in_hand"},
            {"state": "confirmed"},
            {"kind": "gold"},
            {"happened": "never"},
            {"decided_at": AT},
            {"lead_officer": make.officer()},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                OffCustodyReport.objects.filter(pk=report.pk).update(**wrong)

    def test_only_confirmed_ones_since_then_count(self, shop):
        officer = make.officer()
        for result in RESULTS:
            decided(made(shop), officer, result)
        made(shop)
        decided(made(make.shop()), officer)
        old = decided(made(shop, at=AT - timedelta(days=40)), officer, at=AT - timedelta(days=39))
        ids = confirmed_reports(merchant_id=shop.merchant.pk, since=AT - timedelta(days=30)).values_list(
            "pk", flat=True
        )
        assert len(ids) == 1
        assert old.pk not in ids
        assert confirmed_reports(merchant_id=shop.merchant.pk, since=AT - timedelta(days=90)).count() == 2

    def test_refusals_of_the_verbs(self, shop):
        report, officer = made(shop), make.officer()
        with pytest.raises(NotFound):
            operations.take_in_charge(report_id=report.pk, officer=make.operator(), at=AT)
        with pytest.raises(NotFound):
            operations.read_photo(report_id=report.pk, officer=officer, at=AT)  # there is none
        with pytest.raises(NotInCharge):
            operations.reveal_phone(report_id=report.pk, officer=officer, reason="because", at=AT)
        with pytest.raises(NotFound):
            operations.report(
                merchant_id=shop.merchant.pk, store_id=make.shop().stores[0].pk, kind=ReportKind.CASH,
                happened=Happened.TODAY, token=uuid.uuid4(), at=AT,
            )  # fmt: skip
