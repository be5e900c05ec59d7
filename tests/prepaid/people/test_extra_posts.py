"""An official acts in another post for some days, and not a day longer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.errors import NotFound
from escrow.models import AuditEntry
from prepaid.notices.models import Message
from prepaid.people import errors, operations
from prepaid.people.models import Post, User
from tests.complaints import factories as make

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def granted(to: User, by: User, *, days: int = 10, district: str | None = make.FENGTAI, **facts) -> Post:
    values = {"department_code": "commerce", "district_code": district, "because": "联合检查预付卡"}
    until = clock.today() + timedelta(days=days)
    return operations.grant_post(user_id=to.pk, valid_until=until, by=by, at=clock.now(), **values | facts)


def test_granted_used_shown_and_over_by_itself() -> None:
    here, there = make.complaint(), make.complaint(make.shop(head_office=make.FENGTAI, stores=(make.FENGTAI,)))
    official, operator = make.officer(), make.operator()
    own = official.post
    client, cases = signed_in(official), reverse("admin:cases_case_changelist")
    typed = {
        "department": "commerce",
        "district": make.FENGTAI,
        "valid_until": (clock.today() + timedelta(days=30)).isoformat(),
        "because": "丰台预付卡联合检查",
    }
    page = reverse("admin:people_post_grant", args=[own.pk])
    assert client.post(page, typed).status_code == 403
    desk = signed_in(operator)
    assert desk.get(page).status_code == 200
    assert desk.post(page, typed | {"because": ""}).status_code == 400
    assert desk.post(page, typed).status_code == 302
    extra = Post.objects.get(granted_by=operator)
    assert AuditEntry.objects.get(action="people.grant_post").after["because"] == typed["because"]
    assert Message.objects.filter(recipient=official, kind="people.post_granted").count() == 1

    def sees(number: str) -> bool:
        return number in client.get(cases, {"q": number}).content.decode()

    home = client.get(reverse("admin:index")).content.decode()
    assert typed["because"] in home
    assert client.get(reverse("admin:cases_case_change", args=[there.pk])).status_code == 404
    stranger = make.officer(district=make.FENGTAI)
    for wrong in (stranger.post.pk, "x", ""):
        assert client.post(reverse("admin:act"), {"post": wrong}).status_code == 404
    assert client.post(reverse("admin:act"), {"post": extra.pk}).status_code == 302
    assert client.get(reverse("admin:cases_case_change", args=[there.pk])).status_code == 200
    assert client.get(reverse("admin:cases_case_change", args=[here.pk])).status_code == 404  # one post at a time
    clock.advance(timedelta(days=31))
    client = signed_in(official)
    client.post(reverse("admin:act"), {"post": own.pk})
    assert client.post(reverse("admin:act"), {"post": extra.pk}).status_code == 404
    assert client.get(reverse("admin:cases_case_change", args=[there.pk])).status_code == 404
    assert User.objects.get(pk=official.pk).post == own
    assert sees(here.number)


def test_a_session_that_acts_in_a_post_that_ended_is_in_its_own_again() -> None:
    make.city()
    official = make.officer()
    extra = granted(official, make.operator(), days=1)
    user = User.objects.get(pk=official.pk)
    user.act_as(extra.pk)
    assert user.post == extra
    clock.advance(timedelta(days=2))
    user.act_as(extra.pk)
    assert user.post == official.post
    # A new appointment ends the official's own post alone.
    again = granted(official, make.operator(), days=20)
    operations.appoint(
        user_id=official.pk,
        department_code="commerce",
        district_code=None,
        valid_from=clock.today() + timedelta(days=1),
        at=clock.now(),
        actor="system:test",
    )
    again.refresh_from_db()
    assert again.valid_until == clock.today() + timedelta(days=20)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"days": 31}, errors.PostTooLong),
        ({"days": -1}, errors.PostTooLong),
        ({"because": "x"}, errors.ReasonMissing),
        ({"district": make.CHAOYANG}, errors.PostHeld),
        ({"district_code": "110999"}, errors.UnknownDivision),
        ({"department_code": "nobody"}, errors.UnknownDepartment),
    ],
)
def test_refused_and_nothing_is_granted(changes: dict, refusal: type) -> None:
    make.city()
    official, operator = make.officer(), make.operator()
    with pytest.raises(refusal):
        granted(official, operator, **changes)
    with pytest.raises(errors.NotAllowed):
        granted(official, official)
    with pytest.raises(errors.NoOwnPost):
        granted(make.person(), operator)
    with pytest.raises(NotFound):
        operations.grant_post(
            user_id=0, department_code="commerce", district_code=None, valid_until=clock.today(),
            because="联合检查预付卡", by=operator, at=clock.now(),
        )  # fmt: skip
    assert not Post.objects.exclude(granted_by=None).exists()
