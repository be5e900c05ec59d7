"""Who gets into the administration, and what they find there."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.test import Client

from escrow import clock
from escrow.models import AuditEntry
from prepaid.people import admin_site, operations
from prepaid.people.admin_site import QueueItem, register_queue, work_queue
from prepaid.people.errors import PostEnded, UnknownDepartment, UnknownDivision
from prepaid.people.models import Post, User
from prepaid.people.queries import posts_of
from tests.prepaid.people.factories import (
    AT,
    make_department,
    make_district,
    make_official,
    make_operator,
    make_subdistrict,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue():
    """A registry of queue providers that forgets what the test registers."""
    before = list(admin_site._providers)
    admin_site._providers.clear()
    yield
    admin_site._providers[:] = before


def test_anonymous_people_are_sent_to_the_one_sign_in_page_and_back(client: Client) -> None:
    answer = client.get("/admin/people/post/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/admin/people/post/"


@pytest.mark.parametrize(
    "change", [{"is_staff": True}, {"is_platform_operator": True}, {"is_staff": True, "is_superuser": True}]
)
def test_a_flag_alone_opens_nothing(client: Client, change: dict[str, bool]) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(**change)
    client.force_login(User.objects.get(pk=user.pk))
    assert client.get("/admin/", follow=True).status_code == 403


def test_operators_may_look_and_nobody_may_more() -> None:
    granted = {
        role: {verb for verb in ("view", "add", "change", "delete") if user.has_perm(f"people.{verb}_user")}
        for role, user in {"consumer": make_user(), "official": make_official(), "operator": make_operator()}.items()
    }
    assert granted == {"consumer": set(), "official": set(), "operator": {"view"}}
    former = make_operator()
    former.is_active = False
    assert not former.has_perm("people.view_user")
    assert not former.has_module_perms("people")


def test_a_closed_or_former_official_is_out(client: Client) -> None:
    official = make_official()
    client.force_login(official)
    assert client.get("/admin/").status_code == 200
    operations.end_post(
        post_id=official.post.pk, last_day=clock.today() - timedelta(days=1), at=AT, actor="system:test"
    )
    assert client.get("/admin/", follow=True).status_code == 403


def test_an_official_sees_no_operators_page(client: Client) -> None:
    client.force_login(make_official())
    for model in ("user", "post"):
        assert client.get(f"/admin/people/{model}/").status_code == 403
    for model in ("department", "division"):  # public facts, which rows of theirs name
        assert client.get(f"/admin/people/{model}/").status_code == 200
        assert client.get(f"/admin/people/{model}/add/").status_code == 403
    assert "/admin/people/" not in client.get("/admin/").content.decode()


def test_an_operator_may_look_at_every_registered_page_and_add_only_posts_of_ours(client: Client) -> None:
    client.force_login(make_operator())
    addable = set()
    for model in admin.site._registry:
        name = f"{model._meta.app_label}/{model._meta.model_name}"
        assert client.get(f"/admin/{name}/").status_code == 200, name
        if client.get(f"/admin/{name}/add/").status_code == 200:
            addable.add(name)
    ours = {"people/post", "escrow/bankformat", "escrow/earlyreleaserule", "escrow/reserverule"}
    assert {name for name in addable if name.startswith(("people/", "escrow/"))} == ours


def test_people_cannot_be_edited_or_deleted_in_the_administration(client: Client) -> None:
    client.force_login(make_operator())
    person = make_user()
    before = User.objects.filter(pk=person.pk).values().get()
    for page in ("change", "delete"):
        answer = client.post(f"/admin/people/user/{person.pk}/{page}/", {"is_platform_operator": "on", "post": "yes"})
        assert answer.status_code == 403
    assert User.objects.filter(pk=person.pk).values().get() == before


def test_what_does_not_exist_is_a_404(client: Client) -> None:
    client.force_login(make_operator())
    assert client.get("/admin/people/user/999999/change/").status_code == 404
    assert client.get("/admin/people/user/999999/reveal/").status_code == 404
    assert client.get("/admin/people/post/999999/end/").status_code == 404


def test_the_history_of_a_row_is_its_audit_trail(client: Client, django_assert_max_num_queries) -> None:
    operator, person = make_operator(), make_user()
    client.force_login(operator)
    client.post(f"/admin/people/user/{person.pk}/reveal/", {"reason": "why not <b>"})
    with django_assert_max_num_queries(12):
        body = client.get(f"/admin/people/user/{person.pk}/history/").content.decode()
    assert body.index("people.reveal") < body.index("people.verify_phone") < body.index("people.register")
    assert "why not &lt;b&gt;" in body
    assert operator.display_name in body
    assert client.get("/admin/people/user/999999/history/").status_code == 404
    client.force_login(make_official())
    assert client.get(f"/admin/people/user/{person.pk}/history/").status_code in {403, 404}


class TestPosts:
    def appoint(self, client: Client, **data: str):
        return client.post("/admin/people/post/add/", {"department": "commerce", "valid_from": "2026-03-02", **data})

    def test_an_operator_appoints_and_ends(self, client: Client) -> None:
        make_department()
        make_district()
        operator, person = make_operator(), make_user()
        client.force_login(operator)
        assert self.appoint(client, phone=person.phone, district="110105").status_code == 302
        post = Post.objects.get()
        assert (post.user, post.department_id, post.district_id) == (person, "commerce", "110105")
        entry = AuditEntry.objects.get(action="people.appoint")
        assert (entry.actor, entry.after["district"]) == (operator.actor, "110105")
        assert client.post(f"/admin/people/post/{post.pk}/end/", {"last_day": "2026-06-30"}).status_code == 302
        post.refresh_from_db()
        assert post.valid_until == date(2026, 6, 30)
        assert AuditEntry.objects.filter(action="people.end_post").count() == 1

    def test_an_official_cannot_appoint(self, client: Client) -> None:
        official = make_official()
        client.force_login(official)
        assert self.appoint(client, phone=official.phone).status_code == 403
        assert client.post(f"/admin/people/post/{official.post.pk}/end/", {"last_day": "2030-01-01"}).status_code == 403
        assert Post.objects.get().valid_until is None

    def test_a_refusal_stands_on_the_page_and_changes_nothing(self, client: Client) -> None:
        official = make_official()
        client.force_login(make_operator())
        answer = self.appoint(client, phone=official.phone, valid_from="2025-01-01")
        assert answer.status_code == 409
        assert "errornote" in answer.content.decode()
        assert self.appoint(client, phone="13900000000").status_code == 400
        assert Post.objects.count() == 1

    def test_a_new_post_ends_the_former_the_day_before(self) -> None:
        official = make_official(district="110105")
        make_district("110108")
        operations.appoint(
            user_id=official.pk,
            department_code="commerce",
            district_code="110108",
            valid_from=date(2026, 5, 1),
            at=AT,
            actor="system:test",
        )
        for on, district in ((date(2026, 4, 30), "110105"), (date(2026, 5, 1), "110108")):
            assert [post.district_id for post in official.posts.current(on=on)] == [district]
            assert list(
                posts_of(department="commerce", district=district, on=on).values_list("user_id", flat=True)
            ) == [official.pk]

    def test_who_is_asked_for_a_matter(self) -> None:
        district, city, other = make_official(), make_official(district=None), make_official(department="sports")
        closed = make_official()
        User.objects.filter(pk=closed.pk).update(is_active=False)
        found = {
            key: [post.user for post in posts_of(department=key[0], district=key[1], on=date(2026, 3, 2))]
            for key in [("commerce", "110105"), ("commerce", None), ("sports", "110105"), ("sports", None)]
        }
        assert found == {
            ("commerce", "110105"): [district],
            ("commerce", None): [city],
            ("sports", "110105"): [other],
            ("sports", None): [],
        }

    def test_a_post_is_in_a_district_of_a_department_that_exist(self) -> None:
        person = make_user()
        make_department()
        street = make_subdistrict()

        def appoint(department: str, district: str | None, **dates: date) -> None:
            operations.appoint(
                user_id=person.pk,
                department_code=department,
                district_code=district,
                **{"valid_from": date(2026, 2, 1), **dates},
                at=AT,
                actor="system:test",
            )

        for department, district, error in (
            ("commerce", street.code, UnknownDivision),
            ("commerce", "999999", UnknownDivision),
            ("magic", "110105", UnknownDepartment),
        ):
            with pytest.raises(error):
                appoint(department, district)
        with pytest.raises(PostEnded):
            appoint("commerce", None, valid_until=date(2026, 1, 31))
        person.refresh_from_db()
        assert not person.is_staff
        assert not Post.objects.exists()


class TestQueue:
    def test_the_most_urgent_first_overdue_marked_and_only_ones_own(self, client: Client, queue: None) -> None:
        now = clock.now()
        mine = make_official()

        @register_queue
        def provide(request) -> list[QueueItem]:
            if request.user != mine:
                return []
            return [
                QueueItem(title="whenever", url="/c/", lane="filing"),
                QueueItem(title="tomorrow", url="/b/", lane="case", due_at=now + timedelta(days=1)),
                QueueItem(
                    title="yesterday", url="/a/", lane="case", due_at=now - timedelta(days=1), note="<b>bold</b>"
                ),
            ]

        client.force_login(mine)
        body = client.get("/admin/").content.decode()
        assert body.index("yesterday") < body.index("tomorrow") < body.index("whenever")
        assert body.count("badge-bad") == 2
        assert "&lt;b&gt;bold" in body
        client.force_login(make_official(department="sports"))
        assert "yesterday" not in client.get("/admin/").content.decode()

    def test_a_provider_is_asked_once(self, queue: None) -> None:
        def provide(request) -> list[QueueItem]:
            return [QueueItem(title="one", url="/", lane="case")]

        register_queue(provide)
        register_queue(provide)
        assert len(work_queue(None)) == 1


def test_lists_take_few_queries_however_long(client: Client, django_assert_max_num_queries) -> None:
    client.force_login(make_operator())
    for _person in range(5):
        make_official()
    for page in ("/admin/people/user/", "/admin/people/post/"):
        with django_assert_max_num_queries(12):
            assert client.get(page).status_code == 200
