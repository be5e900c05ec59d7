"""Mediation over HTTP: the officer's record, both sides' confirmations, what the agreement carries; what each refusal leaves as it was."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.cases import operations
from complaints.cases.errors import AboveAgreement, AgreementStands, NoAgreement, PaidDirectly, RecordChanged
from complaints.cases.models import Case, Confirmation, Document, Mediation
from complaints.cases.queries.bases import grounds_of
from complaints.cases.states import EventKind, MediationState
from escrow import clock
from escrow.states import RefundBasis
from prepaid.merchants.models import StaffMember, StaffRole
from tests.complaints import factories as make
from tests.complaints import mediating
from tests.complaints.factories import AT, FENGTAI
from tests.complaints.test_bases import refused
from tests.complaints.test_life import reject, uphold
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def case(officer) -> Case:
    return make.led(make.complaint(at=clock.now() - timedelta(hours=1)), officer)


def form(**fields) -> dict[str, str]:
    now = clock.now().astimezone(clock.BEIJING)
    return {
        "held_at": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}",
        "manner": "in_person",
        "place": "三层调解室",
        "consumer_by": "李小明",
        "merchant_by": "张老板",
        "consumer_said": "要退钱",
        "merchant_said": "退一部分",
        "agreed": "yes",
        "custody": "1000",
        **fields,
    }


def papers(case: Case) -> str:
    return reverse("admin:cases_case_papers", args=[case.pk])


def sides(case: Case):
    """Each side's client with its page."""
    yield signed_in(case.complainant), reverse("complaint_papers", args=[case.number])
    yield signed_in(case.merchant.staff.get().user), reverse("shop_case_papers", args=[case.number])


def counts() -> tuple:
    return (
        list(Mediation.objects.values()),
        Confirmation.objects.count(),
        Document.objects.count(),
        list(Case.objects.values("state")),
    )


def test_from_the_record_to_the_money(case, officer):
    client = signed_in(officer)
    assert "店家拒绝退款。" in client.get(papers(case)).content.decode()  # filled in from the file
    assert grounds_of(case, at=AT)[RefundBasis.MEDIATION].refusal is not None
    assert client.post(papers(case), form()).url == papers(case)
    mediation = Mediation.objects.get()
    for number, (side, page) in enumerate(sides(case), 1):
        text = side.get(page).content.decode()
        assert "三层调解室" in text
        assert mediation.sha256 in text
        for _twice in range(2):
            assert side.post(page, {"sha256": mediation.sha256}).url == page
        assert Confirmation.objects.count() == number
        assert f'value="{mediation.sha256}"' not in side.get(page).content.decode()
    mediation.refresh_from_db()
    assert mediation.state == MediationState.CONFIRMED
    kinds = list(case.events.values_list("kind", flat=True))
    assert kinds.count(EventKind.CONFIRMED) == 2
    assert kinds.count(EventKind.AGREED) == kinds.count(EventKind.ISSUED) == 1
    assert client.post(papers(case), form()).status_code == 409
    case = Case.objects.get(pk=case.pk)
    now = clock.now()
    refused(case, officer, AboveAgreement, basis=RefundBasis.MEDIATION, amount_fen=100_001, at=now)
    assert uphold(case, officer, basis=RefundBasis.MEDIATION, amount_fen=100_000, at=now).outcome.basis == "mediation"


def test_nothing_less_than_two_confirmations_is_an_agreement(case, officer):
    refused(case, officer, NoAgreement, basis=RefundBasis.MEDIATION, amount_fen=1)
    mediation = mediating.recorded(case, at=clock.now())
    refused(case, officer, NoAgreement, basis=RefundBasis.MEDIATION, amount_fen=1)
    operations.confirm_as_consumer(
        number=case.number, complainant=case.complainant, sha256=mediation.sha256, at=clock.now()
    )
    refused(case, officer, NoAgreement, basis=RefundBasis.MEDIATION, amount_fen=1)


def test_the_page_of_the_complaint_says_that_the_record_waits(case, officer):
    mediation = mediating.recorded(case, at=clock.now())
    owner = case.merchant.staff.get().user
    asked = [
        (signed_in(case.complainant), reverse("complaint_detail", args=[case.number])),
        (signed_in(owner), reverse("shop_case", args=[case.number])),
    ]
    for client, page in asked:
        assert "Read the mediation record and confirm it" in client.get(page).content.decode()
    operations.confirm_as_consumer(
        number=case.number, complainant=case.complainant, sha256=mediation.sha256, at=clock.now()
    )
    said = ["Read the mediation record and confirm it" in client.get(page).content.decode() for client, page in asked]
    assert said == [False, True]


def test_what_the_merchant_pays_itself_does_not_leave_custody(case, officer):
    today = clock.today()
    mediating.agreed(case, at=clock.now(), custody_fen=0, direct_fen=50_000, pay_by=today)
    refused(case, officer, PaidDirectly, basis=RefundBasis.MEDIATION, amount_fen=1)


def test_who_confirmed_an_earlier_text_confirms_anew(case, officer):
    client = signed_in(officer)
    client.post(papers(case), form())
    old = Mediation.objects.get().sha256
    (consumer, consumers), (boss, bosses) = sides(case)
    assert consumer.post(consumers, {"sha256": old}).status_code == 302
    assert client.post(papers(case), form(custody="900")).status_code == 302
    new = Mediation.objects.get().sha256
    assert new != old
    before = counts()
    for side, page in ((boss, bosses), (consumer, consumers)):
        for wrong in (old, "", "0" * 64):
            answer = side.post(page, {"sha256": wrong})
            assert answer.status_code == 409
            assert new in answer.content.decode()
    assert counts() == before
    boss.post(bosses, {"sha256": new})
    assert Mediation.objects.get().is_open  # the consumer confirmed another text
    consumer.post(consumers, {"sha256": new})
    assert Mediation.objects.get().is_confirmed


def test_the_same_record_twice_is_one(case, officer):
    client = signed_in(officer)
    once = form()
    for _twice in range(2):
        assert client.post(papers(case), once).status_code == 302
    assert case.events.filter(kind=EventKind.MEDIATED).count() == 1
    failed = form(agreed="no", failed_because="差距太大", custody="")
    for _twice in range(2):
        assert client.post(papers(case), failed).status_code == 302
    assert Mediation.objects.get().state == MediationState.FAILED
    (consumer, page), _boss = sides(case)
    assert consumer.post(page, {"sha256": Mediation.objects.get().sha256}).status_code == 409
    client.post(papers(case), once)
    assert Mediation.objects.count() == 2  # another one, after the first failed


def test_a_paper_signed_counts_as_a_click(case, officer):
    client = signed_in(officer)
    client.post(papers(case), form())
    sha256 = Mediation.objects.get().sha256
    url = reverse("admin:cases_case_signature", args=[case.pk])
    today = clock.today()
    for bad in ({"signed_on": str(today + timedelta(days=1))}, {"signed_on": ""}, {"side": "judge"}, {"sha256": "0"}):
        answer = client.post(url, {"side": "consumer", "signed_on": str(today), "sha256": sha256, **bad})
        assert answer.status_code in {400, 409}
    assert not Confirmation.objects.exists()
    for side in ("consumer", "merchant"):
        assert client.post(url, {"side": side, "signed_on": str(today), "sha256": sha256}).status_code == 302
    assert Mediation.objects.get().is_confirmed


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("custody", {"custody": "2000.01"}),
        ("custody", {"custody": "1500", "direct": "500.01", "pay_by": "2999-01-01"}),
        ("custody", {"custody": ""}),
        ("custody", {"custody": "-1"}),
        ("custody", {"custody": "abc"}),
        ("pay_by", {"direct": "1"}),
        ("pay_by", {"direct": "1", "pay_by": "2020-01-01"}),
        ("held_at", {"held_at": "2999-01-01T10:00"}),
        ("held_at", {"held_at": "2020-01-01T10:00"}),
        ("held_at", {"held_at": "yesterday"}),
        ("place", {"place": " "}),
        ("consumer_said", {"consumer_said": "长" * 2001}),
        ("merchant_said", {"merchant_said": ""}),
        ("manner", {"manner": "by pigeon"}),
        ("agreed", {"agreed": ""}),
        ("failed_because", {"agreed": "no"}),
    ],
)
def test_a_bad_record_is_refused_beside_its_field(case, officer, field, fields):
    before = counts()
    answer = signed_in(officer).post(papers(case), form(**fields))
    assert answer.status_code == 400
    assert f"id_{field}_error" in answer.content.decode()
    assert counts() == before


def test_others_find_nothing_and_change_nothing(case, officer):
    client = signed_in(officer)
    client.post(papers(case), form())
    sha256 = Mediation.objects.get().sha256
    before = counts()
    cashier = make.person("收银")
    StaffMember.objects.create(
        merchant=case.merchant, user=cashier, role=StaffRole.CASHIER, store=case.merchant.stores.get(), added_at=AT
    )
    owner = case.merchant.staff.get(role=StaffRole.OWNER).user
    consumers, bosses = (reverse(name, args=[case.number]) for name in ("complaint_papers", "shop_case_papers"))
    for user in (make.person(), make.shop().owner, owner, cashier, make.officer("commerce", FENGTAI)):
        assert signed_in(user).get(consumers).status_code == 404
        assert signed_in(user).post(consumers, {"sha256": sha256}).status_code == 404
    for user in (make.shop().owner, cashier):
        assert signed_in(user).get(bosses).status_code in {403, 404}
        assert signed_in(user).post(bosses, {"sha256": sha256}).status_code in {403, 404}
    names = ("papers", "signature", "issue", "record", "court")
    elsewhere = [make.officer("commerce", FENGTAI), make.officer("sports"), make.officer("market_regulation", None)]
    for user in elsewhere:
        for name in names:
            url = reverse(f"admin:cases_case_{name}", args=[case.pk])
            assert signed_in(user).get(url).status_code in {404, 405}
            assert signed_in(user).post(url, form(kind="acceptance")).status_code in {404, 405}
    colleague = signed_in(make.officer(name="赵警"))  # reads, and does not lead
    assert colleague.post(papers(case), form(custody="1")).status_code == 403
    assert colleague.post(reverse("admin:cases_case_issue", args=[case.pk]), {"kind": "acceptance"}).status_code == 403
    operator = signed_in(make.operator())
    assert operator.get(papers(case)).status_code == 200
    assert operator.post(papers(case), form(custody="1")).status_code == 404
    assert counts() == before


def test_a_decided_case_is_not_confirmed_any_more(case, officer):
    sha256 = mediating.recorded(case, at=clock.now()).sha256
    reject(case, officer, at=clock.now())
    for side, page in sides(case):
        assert side.post(page, {"sha256": sha256}).status_code == 409
    assert not Confirmation.objects.exists()


def test_a_case_about_a_charge_has_no_mediation_of_a_refund(case, officer):
    Case.objects.filter(pk=case.pk).update(
        refund_request=None, redemption=make.visited(case.card, case.store, _shop(case))
    )
    answer = signed_in(officer).post(papers(case), form())
    assert answer.status_code == 409
    assert not Mediation.objects.exists()


def _shop(case: Case):
    return make.Shop(case.merchant, case.merchant.staff.get().user, [case.store])


def test_the_database_keeps_what_both_have_confirmed(case, officer):
    mediation = mediating.agreed(case, at=clock.now())
    for change in (
        lambda: Mediation.objects.filter(pk=mediation.pk).update(custody_fen=1),
        lambda: Mediation.objects.filter(pk=mediation.pk).delete(),
        lambda: Document.objects.update(number="x"),
        lambda: Document.objects.all().delete(),
        lambda: Confirmation.objects.update(sha256="0" * 64),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.sampled_from(["consumer", "merchant", "rewrite", "stale"]), max_size=7))
def test_in_any_order_an_agreement_is_what_both_confirmed_last(case, deeds):
    """Whatever comes first: it is concluded exactly when both have confirmed the text that stands."""
    with transaction.atomic():
        at, fen = clock.now(), 100_000
        mediation = mediating.recorded(case, at=at, custody_fen=fen)
        stood: set[str] = set()
        for deed in deeds:
            try:
                if deed == "rewrite":
                    fen -= 1
                    mediation = mediating.recorded(case, at=at, custody_fen=fen)
                    stood = set()
                    continue
                sha256 = "0" * 64 if deed == "stale" else mediation.sha256
                if deed == "merchant":
                    boss = case.merchant.staff.get()
                    operations.confirm_as_merchant(number=case.number, staff=boss, sha256=sha256, at=at)
                else:
                    consumer = case.complainant
                    operations.confirm_as_consumer(number=case.number, complainant=consumer, sha256=sha256, at=at)
                assert deed != "stale"
                stood.add(deed)
            except RecordChanged:
                assert deed == "stale"
            except AgreementStands:
                assert len(stood) == 2
                break
            assert Mediation.objects.get(case=case).is_confirmed == (len(stood) == 2)
        transaction.set_rollback(True)


def test_pages_cost_a_bounded_number_of_queries(case, officer, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False
    for number in range(3):
        mediating.recorded(case, at=clock.now(), failed_because=f"差距太大{number}")
    mediating.agreed(case, at=clock.now())
    for client, page in [*sides(case), (signed_in(officer), papers(case))]:
        with django_assert_max_num_queries(12):
            assert client.get(page).status_code == 200
