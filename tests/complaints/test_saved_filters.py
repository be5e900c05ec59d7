"""Filters of the queue that an officer keeps: their own only, what the queue knows only, one to open with; and a queue that is
counted no further than it is turned over."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.cases import operations
from complaints.cases.admin import long_list
from complaints.cases.filters import StageFilter, asked, tidy
from complaints.cases.models import Case, SavedFilter
from complaints.cases.queries.of_person import own_data
from complaints.cases.queries.queue import by_urgency
from complaints.cases.queries.scope import cases_for
from escrow import clock
from tests.complaints import factories as make
from tests.complaints.test_pages import signed_in

QUEUE = "admin:cases_case_changelist"


@pytest.fixture
def officer(db):
    make.city()
    return make.officer()


def keep(client, query: str, name: str):
    return client.post(f"{reverse('admin:cases_case_filter_keep')}?{query}", {"name": name})


def test_a_filter_is_kept_found_again_renamed_and_deleted(officer):
    case, client = make.complaint(), signed_in(officer)
    queue = reverse(QUEUE)
    answer = keep(client, f"stage=waiting&q={case.number}&p=3&e=1&nonsense=1", "等待受理")
    kept = SavedFilter.objects.get()
    assert kept.query == f"q={case.number}&stage=waiting", "pages and unknown parameters are left out"
    assert answer.url == f"{queue}?{kept.query}"
    page = client.get(answer.url).content.decode()
    assert "等待受理" in page
    assert 'aria-current="page"' in page
    assert case.number in page
    keep(client, kept.query, "等待受理")
    assert SavedFilter.objects.count() == 1
    assert client.get(queue).status_code == 200

    url = reverse("admin:cases_case_filter", args=[kept.pk])
    assert client.post(url, {"name": "", "is_default": ""}).status_code == 400
    assert client.post(url, {"name": "  先办 ", "is_default": "on"}).status_code == 302
    kept.refresh_from_db()
    assert (kept.name, kept.is_default) == ("先办", True)
    assert client.get(queue).url == f"{queue}?{kept.query}", "the bare address opens it"
    cleared = client.get(f"{queue}?stage=undecided")
    assert cleared.status_code == 200
    assert '"?"' not in cleared.content.decode(), "no link of the list leads back to the saved filter by mistake"
    assert client.post(queue, {"index": "0"}).status_code == 302

    delete = reverse("admin:cases_case_filter_delete", args=[kept.pk])
    assert client.get(delete).status_code == 200
    assert SavedFilter.objects.exists(), "looking deletes nothing"
    assert client.post(delete).status_code == 302
    assert not SavedFilter.objects.exists()
    assert client.post(delete).status_code == 404
    assert client.get(queue).status_code == 200


def test_there_is_one_default_and_names_are_told_apart(officer):
    client = signed_in(officer)
    keep(client, "stage=mine", "我的")
    keep(client, "due=overdue", "超期")
    assert keep(client, "due=today", "我的").status_code == 409
    first, second = SavedFilter.objects.order_by("pk")
    for one in (first, second):
        client.post(reverse("admin:cases_case_filter", args=[one.pk]), {"name": one.name, "is_default": "on"})
    assert list(SavedFilter.objects.filter(is_default=True)) == [second]
    taken = client.post(reverse("admin:cases_case_filter", args=[first.pk]), {"name": "超期"})
    assert taken.status_code == 409
    assert "already" in taken.content.decode()


def test_anothers_filter_does_not_exist(officer):
    keep(signed_in(officer), "stage=mine", "我的")
    kept = SavedFilter.objects.get()
    for other in (make.officer(), make.operator()):
        client = signed_in(other)
        assert "我的" not in client.get(reverse(QUEUE) + "?stage=all").content.decode().split("changelist-form")[0]
        for name in ("filter", "filter_delete"):
            url = reverse(f"admin:cases_case_{name}", args=[kept.pk])
            assert client.get(url).status_code == client.post(url, {"name": "x"}).status_code == 404
    assert SavedFilter.objects.get().name == "我的"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "p=2",
        "stage=nonsense",
        "stage=supervised",  # the city's, not a district's
        "district=110105",  # a district's officer has one
        "due=%00",
        "q=" + "x" * 101,
        "&".join(f"a{n}=1" for n in range(30)),
    ],
)
def test_what_the_queue_does_not_know_is_not_kept(officer, query):
    answer = keep(signed_in(officer), query, "某个")
    assert answer.status_code == 400
    assert not SavedFilter.objects.exists()


def test_names_and_their_number_are_bounded(officer):
    client = signed_in(officer)
    for bad in ("", "  ", "名" * 31, "\0"):
        assert keep(client, "stage=mine", bad).status_code == 400
    for number in range(operations.MOST_FILTERS):
        assert keep(client, "stage=mine", f"第{number}").status_code == 302
    assert keep(client, "stage=mine", "多了").status_code == 409
    assert SavedFilter.objects.count() == operations.MOST_FILTERS


def test_the_copy_of_an_officers_data_has_them(officer):
    keep(signed_in(officer), "stage=mine", "我的")
    [sheet] = [rows for rows in map(list, own_data(officer).values()) if ("我的", "stage=mine") in rows]
    assert len(sheet) == 2


def test_a_phone_number_searched_for_is_kept_encrypted(officer):
    case, client = make.complaint(), signed_in(officer)
    keep(client, urlencode({"q": case.complainant.phone}), "老客")
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM cases_savedfilter")
        assert case.complainant.phone.lstrip("+") not in cursor.fetchone()[0]
    assert case.number in client.get(f"{reverse(QUEUE)}?{SavedFilter.objects.get().query}").content.decode()


@given(
    query=st.text(max_size=60)
    | st.lists(st.tuples(st.sampled_from(["q", "stage", "due", "p"]), st.text())).map(urlencode)
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tidy_query_stays_as_it_is(query):
    assert tidy(tidy(query)) == tidy(query)
    assert set(asked(query)) <= {"q", "stage", "due", "district", "sector"}


# The list itself


def test_it_is_counted_no_further_than_it_is_turned_over(officer, monkeypatch):
    monkeypatch.setattr(long_list, "MOST_COUNTED", 3)
    monkeypatch.setattr("complaints.cases.admin.queue.CaseAdmin.list_per_page", 2)
    shop = make.shop()
    cases = [make.complaint(shop) for _case in range(5)]
    client, queue = signed_in(officer), reverse(QUEUE)
    pages = [client.get(f"{queue}?stage=all&p={number}").content.decode() for number in (1, 2)]
    assert "more than 3" in pages[0]
    shown = [case.number for case in cases if any(case.number in page for page in pages)]
    assert shown == [case.number for case in cases[:4]], "two pages of two, the most urgent first"
    assert client.get(f"{queue}?stage=all&p=3").status_code == 302
    assert "_facets" not in pages[0], "counts beside each filter would count everything"


def test_the_queue_costs_few_queries_whatever_is_asked(officer, settings, django_assert_max_num_queries):
    settings.CLOCK_MAY_ADVANCE = False
    shop = make.shop()
    for _case in range(3):
        case = make.complaint(shop)
    for number in range(3):
        operations.keep_filter(owner=officer, name=str(number), query=f"q={number}", at=clock.now())
    city = make.officer("commerce", None)
    for user in (officer, city, make.operator()):
        client = signed_in(user)
        for query in ("stage=undecided", "stage=all", "due=overdue", "stage=mine", f"q={case.number}", "q=京城"):
            with django_assert_max_num_queries(12):
                assert client.get(f"{reverse(QUEUE)}?{query}").status_code == 200


def test_the_order_of_the_queue_is_that_of_its_indexes(officer):
    """The same expression, word for word, or every page sorts all orders there are."""
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    for user in (officer, make.officer("commerce", None), make.operator()):
        rows = StageFilter.queryset(Undecided(), None, by_urgency(cases_for(officer=user)))
        plan = rows.values_list("pk", flat=True)[:50].explain()
        assert "using case_urgent" in plan, plan  # which of them, the number of rows decides
        assert "Sort" not in plan, plan
        assert re.search(r"Index Cond: .*CASE", plan), plan


class Undecided:
    def value(self) -> None:
        return None


def test_a_whole_number_finds_just_that_and_nothing_of_others(officer):
    case, other = make.complaint(), make.complaint()
    Case.objects.filter(pk=case.pk).update(foreign_system="12345", foreign_number="W-77", merchant=case.merchant)
    queue = reverse(QUEUE)
    for number in (case.number, "W-77", case.card.number):
        page = signed_in(officer).get(queue, {"q": number}).content.decode()
        assert case.number in page
        assert other.number not in page
        hidden = signed_in(make.officer("sports")).get(queue, {"q": number}).content.decode()
        assert reverse("admin:cases_case_change", args=[case.pk]) not in hidden
