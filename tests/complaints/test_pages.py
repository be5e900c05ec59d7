"""The three sides of a complaint over HTTP: who sees what, what each form refuses, how many queries a page costs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from complaints.cases import operations
from complaints.cases.models import Case, Statement
from complaints.cases.queries.file import next_step_of
from complaints.cases.states import CaseState, Result
from escrow import clock
from escrow.models import Refund
from tests.complaints import factories as make
from tests.complaints.factories import AT, FENGTAI

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


@pytest.fixture
def case(officer) -> Case:
    return make.complaint()


# The consumer


def test_complaining_from_a_refused_request(officer):
    shop = make.shop()
    card = make.card(shop)
    request = make.refused(card, shop)
    client = signed_in(card.holder)
    start = reverse("complaint_start", args=[request.pk])
    page = client.get(start).content.decode()
    assert shop.merchant.name in page
    assert "概不退款" in page
    bad = client.post(start, {"text": "", "wanted": "refund"})
    assert (bad.status_code, Case.objects.count()) == (400, 0)
    assert 'aria-describedby="id_text_helptext id_text_error"' in bad.content.decode()
    done = client.post(start, {"text": "不退钱", "wanted": "refund"})
    case = Case.objects.get()
    assert done.url == reverse("complaint_detail", args=[case.number])
    again = client.post(start, {"text": "不退钱", "wanted": "refund"}, follow=True)
    assert Case.objects.count() == 1
    assert case.number in again.content.decode()
    assert client.get(start).url == done.url


def test_the_consumer_sees_owner_deadline_next_step_and_adds_a_statement(case):
    client = signed_in(case.complainant)
    url = reverse("complaint_detail", args=[case.number])
    for page in (client.get(url), client.get(reverse("complaints"))):
        text = page.content.decode()
        assert case.lead_department.name_en in text or case.lead_department.name_zh in text
        assert case.due_on.isoformat() in text
        assert case.number in text
    assert client.post(url, {"text": ""}).status_code == 400
    assert client.post(url, {"text": "有聊天记录"}).status_code == 302
    assert Statement.objects.get().author == case.complainant
    assert "有聊天记录" in client.get(url).content.decode()


def test_withdrawing_asks_first(case):
    client = signed_in(case.complainant)
    url = reverse("complaint_withdraw", args=[case.number])
    assert client.get(url).status_code == 200
    case.refresh_from_db()
    assert case.state == CaseState.DISPATCHED
    assert client.post(url).status_code == 302
    case.refresh_from_db()
    assert case.state == CaseState.WITHDRAWN
    assert client.post(url).status_code == 409


# The merchant


def test_the_merchant_reads_and_answers_and_never_sees_the_consumers_words_to_the_officer(case):
    operations.add_statement(number=case.number, complainant=case.complainant, text="只对官员说", at=AT)
    owner = case.merchant.staff.get().user
    client = signed_in(owner)
    url = reverse("shop_case", args=[case.number])
    page = client.get(url).content.decode()
    assert "只对官员说" not in page
    assert case.complainant.phone not in page
    assert case.complainant.name not in page
    assert case.number in client.get(reverse("shop_cases")).content.decode()
    for offer in ("0", "-1", "0.001", "1000000000000000000", "abc"):
        assert client.post(url, {"text": "答复", "offer": offer}).status_code == 400
    assert Statement.objects.count() == 1
    assert client.post(url, {"text": "同意退", "offer": "700.00"}).status_code == 302
    assert Statement.objects.latest("id").offer_fen == 70_000
    assert (
        "700.00"
        not in signed_in(case.complainant).get(reverse("complaint_detail", args=[case.number])).content.decode()
    )


# Foreign people

CONSUMER_PAGES = ("complaint_detail", "complaint_withdraw")
ACTIONS = ("accept", "assign", "sector", "statement", "call", "reveal", "decide")


@pytest.mark.parametrize("name", [*CONSUMER_PAGES, "shop_case"])
def test_anothers_case_does_not_exist(case, name):
    before = Case.objects.values().get()
    strangers = [make.person(), make.shop().owner, make.officer("commerce", FENGTAI), make.officer()]
    own = case.complainant if name == "shop_case" else case.merchant.staff.get().user
    url = reverse(name, args=[case.number])
    for user in [*strangers, own]:
        client = signed_in(user)
        for answer in (client.get(url), client.post(url, {"text": "x"})):
            # Who works at no merchant is invited to register one, whatever the number says.
            works_nowhere = name == "shop_case" and not user.workplaces.exists()
            expected = (302, reverse("shop_register")) if works_nowhere else (404, "")
            assert (answer.status_code, getattr(answer, "url", "")) == expected
    for anonymous in (Client().get(url), Client().post(url, {"text": "x"})):
        assert anonymous.status_code == 302
        assert "login" in anonymous.url
    assert Case.objects.values().get() == before
    assert not Statement.objects.exists()


def test_the_administration_hides_what_is_not_of_the_post(case):
    before = Case.objects.values().get()
    urls = {name: reverse(f"admin:cases_case_{name}", args=[case.pk]) for name in ("change", *ACTIONS)}
    for user in (make.officer("commerce", FENGTAI), make.officer("sports"), make.officer("market_regulation", None)):
        client = signed_in(user)
        listed = client.get(reverse("admin:cases_case_changelist"), {"stage": "all"}).content.decode()
        assert case.number not in listed
        assert client.get(urls["change"]).status_code == client.get(urls["decide"]).status_code == 404
        for url in urls.values():
            assert client.post(url, {"call": "consumer.reached"}).status_code == 404
    for user in (case.complainant, make.person()):
        for url in urls.values():
            assert signed_in(user).post(url).status_code in {302, 403}
    assert Case.objects.values().get() == before


def test_the_platforms_operator_reads_every_case_and_changes_none(case, officer):
    make.led(case, officer)
    client = signed_in(make.operator())
    assert client.get(reverse("admin:cases_case_change", args=[case.pk])).status_code == 200
    before = Case.objects.values().get()
    data = {"result": "upheld", "amount": "1", "basis": "judgment", "reasons": "x", "confirmed": "1"}
    for action in ACTIONS:
        answer = client.post(
            reverse(f"admin:cases_case_{action}", args=[case.pk]), {**data, "call": "consumer.reached"}
        )
        assert answer.status_code in {400, 404}
    assert Case.objects.values().get() == before
    assert not Refund.objects.exists()


# The officer


def test_a_case_from_the_queue_to_the_decision(case, officer):
    client = signed_in(officer)
    queue = client.get(reverse("admin:cases_case_changelist")).content.decode()
    assert case.number in queue
    assert case.number in client.get(reverse("admin:index")).content.decode()
    file = reverse("admin:cases_case_change", args=[case.pk])
    page = client.get(file).content.decode()
    assert case.complainant.phone_masked in page
    assert case.complainant.phone not in page

    def act(name, **data):
        return client.post(reverse(f"admin:cases_case_{name}", args=[case.pk]), data)

    assert act("accept").url == file
    assert act("statement", **{"record-side": "merchant", "record-text": "", "record-offer": ""}).status_code == 400
    assert act("statement", **{"record-side": "consumer", "record-text": "a", "record-offer": "1"}).status_code == 400
    assert act("statement", **{"record-side": "merchant", "record-text": "愿意", "record-offer": "1"}).url == file
    assert act("call", call="consumer.reached").url == file
    assert act("call", call="consumer.nonsense").status_code == 404
    assert act("reveal", reason="why").status_code == 400
    assert case.complainant.phone in act("reveal", reason="to call back").content.decode()
    assert act("accept").status_code == 409

    decide = {"result": "upheld", "amount": "1,400.00", "basis": "judgment", "reasons": "判决书第1号"}
    read_again = act("decide", **decide)
    assert read_again.status_code == 200
    text = read_again.content.decode()
    assert "¥1,400.00" in text
    assert case.complainant.display_name in text
    case.refresh_from_db()
    assert case.state == CaseState.IN_HAND
    assert not Refund.objects.exists()

    assert act("decide", **decide, confirmed="1").url == file
    case.refresh_from_db()
    assert (case.state, case.outcome.amount_fen, case.outcome.result) == (CaseState.EXECUTING, 140_000, Result.UPHELD)
    assert act("decide", **decide, confirmed="1").status_code == 409
    assert Refund.objects.count() == 1


def test_a_bad_decision_is_refused_beside_its_field(case, officer):
    make.led(case, officer)
    client = signed_in(officer)
    good = {"result": "upheld", "amount": "100", "basis": "judgment", "reasons": "协议"}
    sums = ("2000.01", "0", "-1", "0.001", "1000000000000000000", "abc", "")
    bad = [("amount", text) for text in sums] + [("basis", ""), ("basis", "because"), ("reasons", ""), ("result", "")]
    for field, value in bad:
        for confirmed in ({}, {"confirmed": "1"}):
            url = reverse("admin:cases_case_decide", args=[case.pk])
            answer = client.post(url, {**good, field: value, **confirmed})
            assert answer.status_code in {400, 409}, (field, value)
            assert f"id_{field}_error" in answer.content.decode(), (field, value)
    assert not Refund.objects.exists()
    case.refresh_from_db()
    assert case.state == CaseState.IN_HAND


def test_the_queue_is_filtered_by_its_address_and_searched(case, officer):
    url = reverse("admin:cases_case_changelist")
    client = signed_in(officer)

    def shows(**query) -> bool:
        return case.number in client.get(url, query).content.decode()

    assert shows(stage="waiting")
    assert not shows(stage="mine")
    assert not shows(stage="over")
    assert not shows(due="overdue") or case.is_overdue(at=clock.now())
    assert shows(sector="beauty")
    assert not shows(sector="retail")
    assert shows(q=case.number)
    assert shows(q=case.complainant.phone)
    assert not shows(q=make.person().phone)
    assert not shows(q="没有这家")


def test_the_queue_shows_the_most_urgent_first(officer):
    shop = make.shop()
    new, old, middle = (make.complaint(shop, at=AT + timedelta(days=days)) for days in (2, 0, 1))
    page = signed_in(officer).get(reverse("admin:cases_case_changelist")).content.decode()
    assert page.index(old.number) < page.index(middle.number) < page.index(new.number)


def test_what_happens_next_is_never_empty(case, officer):
    for state in CaseState:
        case.state = state
        if state != CaseState.CLOSED:
            assert next_step_of(case, at=AT)


# Cost


def test_pages_cost_a_bounded_number_of_queries(case, officer, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False  # as in production; the demo asks for its clock besides
    shop = make.shop()
    for _number in range(5):
        waiting = make.complaint(shop)
    make.led(case, officer)
    owner, consumer, official = signed_in(shop.owner), signed_in(case.complainant), signed_in(officer)
    pages = [
        (official, reverse("admin:cases_case_changelist")),
        (official, reverse("admin:index")),
        (official, reverse("admin:cases_case_change", args=[case.pk])),
        (official, reverse("admin:cases_case_change", args=[waiting.pk])),
        (official, reverse("admin:cases_case_decide", args=[case.pk])),
        (signed_in(make.officer("commerce", None)), reverse("admin:cases_case_changelist")),
        (consumer, reverse("complaints")),
        (consumer, reverse("complaint_detail", args=[case.number])),
        (owner, reverse("shop_cases")),
    ]
    for client, url in pages:
        with django_assert_max_num_queries(12):
            assert client.get(url).status_code == 200
