"""People, posts and reference data in the administration."""

from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from escrow import clock
from escrow.models import blind_index
from prepaid.notices import phones
from prepaid.notices.errors import InvalidPhone
from prepaid.people import operations, queries
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin, ReferenceAdmin
from prepaid.people.forms import PhoneField, RevealForm
from prepaid.people.models import Department, Division, DivisionLevel, Post, User

# Nobody has groups or e-mail addresses here, and second factors are shown with their user.
admin.site.unregister([Group, EmailAddress, Authenticator])


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Everybody, masked. A whole phone number or an id finds one person."""

    list_display = ["shown_name", "shown_phone", "roles", "public_id", "is_active", "created_at"]
    list_filter = ["is_platform_operator", "is_staff", "is_active"]
    fields = [
        "public_id", "shown_name", "shown_phone", "roles", "phone_verified_at", "language", "is_active", "created_at",
        "last_login", "second_factor", "reveal_link",
    ]  # fmt: skip
    search_fields = ["public_id"]
    search_help_text = gettext_lazy("A whole phone number, or the beginning of an id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With the posts held today."""
        current = Post.objects.current(on=clock.today()).select_related("department", "district")
        return super().get_queryset(request).prefetch_related(Prefetch("posts", current, "current_posts"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By the blind index when it is a phone number."""
        term = search_term.strip()
        try:
            found = queryset.filter(phone_index=blind_index(phones.e164(term)))
        except InvalidPhone:
            found = queryset.filter(public_id__istartswith=term) if term else queryset
        return found, False

    def audit_target(self, obj: User) -> str:
        """By the public id."""
        return obj.actor

    @admin.display(description=gettext_lazy("name"))
    def shown_name(self, user: User) -> str:
        """Masked."""
        return user.display_name

    @admin.display(description=gettext_lazy("phone"))
    def shown_phone(self, user: User) -> str:
        """Masked."""
        return user.phone_masked

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, user: User) -> str:
        """What the user has; a consumer has nothing extra."""
        posts = [str(post) for post in user.current_posts]  # type: ignore[attr-defined]  # see get_queryset
        operator = [_("platform operator")] if user.is_platform_operator else []
        return ", ".join(operator + posts) or "–"

    @admin.display(description=gettext_lazy("in clear"))
    def reveal_link(self, user: User) -> str:
        """To the page that asks why."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:people_user_reveal", args=[user.pk]), _("Show name and number …")
        )

    @admin.display(description=gettext_lazy("second factor"))
    def second_factor(self, user: User) -> str:
        """What there is, and the way to its reset."""
        kinds = [str(factor.get_type_display()) for factor in queries.factors_of(user_id=user.pk)]
        if not kinds:
            return "–"
        address = reverse("admin:people_user_reset", args=[user.pk])
        return format_html('{} · <a href="{}">{}</a>', ", ".join(kinds), address, _("Reset …"))

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the one that reveals and the one that resets the second factor."""
        reveal = self.admin_site.admin_view(never_cache(self.reveal))
        reset = self.admin_site.admin_view(self.reset)
        return [
            path("<int:user_id>/reveal/", reveal, name="people_user_reveal"),
            path("<int:user_id>/reset/", reset, name="people_user_reset"),
            *super().get_urls(),
        ]

    def _person(self, request: HttpRequest, user_id: int) -> User:
        """Raises ``PermissionDenied``, ``Http404``."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person = self.get_queryset(request).filter(pk=user_id).first()
        if person is None:
            raise Http404
        return person

    def reset(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Take the second factor from somebody who lost it."""
        person = self._person(request, user_id)

        def reset(data: dict[str, Any]) -> HttpResponse:
            operations.reset_factors(user_id=user_id, reason=data["reason"], by=me(request), at=clock.now())
            messages.success(request, _("The second factor was reset. The person was told."))
            return redirect("admin:people_user_change", user_id)

        return self.deed(
            request,
            title=_("Reset the second factor"),
            form=RevealForm(request.POST or None),
            submit=_("Reset"),
            do=reset,
            about=[
                (_("Person"), person.display_name),
                (_("Phone"), person.phone_masked),
                (
                    _("Before this"),
                    _("Make sure that it is this person who asks: see them, or call a number you know."),
                ),
            ],
        )

    def reveal(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Ask why, write it down, then show. The answer is kept nowhere, and a reload asks again."""
        person = self._person(request, user_id)

        def show(data: dict[str, Any]) -> HttpResponse:
            shown = operations.reveal(user_id=user_id, reason=data["reason"], by=me(request), at=clock.now())
            context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "shown": shown}
            return TemplateResponse(request, "admin/people/user/revealed.html", context)

        title = _("Name and number in clear")
        return self.deed(
            request,
            title=title,
            form=RevealForm(request.POST or None),
            submit=_("Write it down and show"),
            do=show,
            about=[(_("Person"), person.display_name), (_("Phone"), person.phone_masked)],
        )


class AppointForm(forms.Form):
    """A post for the person with this phone number."""

    phone = PhoneField(help_text=gettext_lazy("The official registers first; then give the number here."))
    department = forms.ModelChoiceField(Department.objects.none(), label=gettext_lazy("Department"))
    district = forms.ModelChoiceField(
        Division.objects.none(),
        label=gettext_lazy("District"),
        required=False,
        empty_label=gettext_lazy("The whole city"),
    )
    valid_from = forms.DateField(label=gettext_lazy("First day"), widget=DateInput)
    valid_until = forms.DateField(label=gettext_lazy("Last day"), widget=DateInput, required=False)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = queries.departments(on=on)  # type: ignore[attr-defined]  # a choice field
        self.fields["district"].queryset = queries.divisions(level=DivisionLevel.DISTRICT, on=on)  # type: ignore[attr-defined]  # a choice field
        self.fields["valid_from"].initial = on

    def clean_phone(self) -> str:
        """Raises ``ValidationError`` when nobody has the number."""
        phone: str = self.cleaned_data["phone"]
        self.user = User.objects.by_phone(phone)
        if self.user is None:
            raise ValidationError(_("Nobody has registered with this number yet."))
        return phone


class GrantForm(forms.Form):
    """Another department or district for some days."""

    department = forms.ModelChoiceField(Department.objects.none(), label=gettext_lazy("Department"))
    district = forms.ModelChoiceField(
        Division.objects.none(),
        label=gettext_lazy("District"),
        required=False,
        empty_label=gettext_lazy("The whole city"),
    )
    valid_until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DateInput,
        help_text=gettext_lazy("At most 30 days from today; it ends by itself."),
    )
    because = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy(
            "For example a joint action or a replacement. The official reads it; it goes into the audit trail."
        ),
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = queries.departments(on=on)  # type: ignore[attr-defined]  # a choice field
        self.fields["district"].queryset = queries.divisions(level=DivisionLevel.DISTRICT, on=on)  # type: ignore[attr-defined]  # a choice field


class EndPostForm(forms.Form):
    """When a post ends."""

    last_day = forms.DateField(label=gettext_lazy("Last day"), widget=DateInput)


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    """Operators appoint officials and end posts; a post is never edited."""

    list_display = ["user", "department", "district", "valid_from", "valid_until", "extra"]
    list_filter = ["department", ("district", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "department", "district"]
    fields = ["user", "department", "district", "valid_from", "valid_until", "granted_by", "because", "end_link"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators appoint."""
        return super().has_view_permission(request)

    @admin.display(description=gettext_lazy("end"))
    def end_link(self, post: Post) -> str:
        """To the page that ends it, and to the one that grants its official another."""
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("admin:people_post_end", args=[post.pk]),
            _("End this post …"),
            reverse("admin:people_post_grant", args=[post.pk]),
            _("Grant an extra post …"),
        )

    @admin.display(description=gettext_lazy("extra"), boolean=True)
    def extra(self, post: Post) -> bool:
        """Granted for some days."""
        return post.is_extra

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the end of a post, and an extra one beside it."""
        view = self.admin_site.admin_view
        return [
            path("<int:post_id>/end/", view(self.end), name="people_post_end"),
            path("<int:post_id>/grant/", view(self.grant), name="people_post_grant"),
            *super().get_urls(),
        ]

    def grant(self, request: HttpRequest, post_id: int) -> HttpResponse:
        """Another department or district for some days, for the official who holds this post."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        post = self.get_queryset(request).filter(pk=post_id).select_related(*self.list_select_related).first()
        if post is None:
            raise Http404

        def grant(data: dict[str, Any]) -> HttpResponse:
            operations.grant_post(
                user_id=post.user_id,
                department_code=data["department"].pk,
                district_code=data["district"].pk if data["district"] else None,
                valid_until=data["valid_until"],
                because=data["because"],
                by=me(request),
                at=clock.now(),
            )
            messages.success(request, _("Granted. The official was told; it ends by itself."))
            return redirect("admin:people_post_changelist")

        return self.deed(
            request,
            title=_("Grant an extra post"),
            form=GrantForm(request.POST or None, on=clock.today()),
            submit=_("Grant"),
            do=grant,
            about=[(_("Person"), post.user.display_name), (_("Post"), str(post))],
        )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Appoint somebody."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AppointForm(request.POST or None, on=clock.today())

        def appoint(data: dict[str, Any]) -> HttpResponse:
            assert form.user is not None
            operations.appoint(
                user_id=form.user.pk,
                department_code=data["department"].pk,
                district_code=data["district"].pk if data["district"] else None,
                valid_from=data["valid_from"],
                valid_until=data["valid_until"],
                at=clock.now(),
                actor=me(request).actor,
            )
            messages.success(request, _("The official was appointed."))
            return redirect("admin:people_post_changelist")

        return self.deed(request, title=_("Appoint an official"), form=form, submit=_("Appoint"), do=appoint)

    def end(self, request: HttpRequest, post_id: int) -> HttpResponse:
        """End a post on a day."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        post = self.get_queryset(request).filter(pk=post_id).select_related(*self.list_select_related).first()
        if post is None:
            raise Http404

        def end(data: dict[str, Any]) -> HttpResponse:
            operations.end_post(post_id=post_id, last_day=data["last_day"], at=clock.now(), actor=me(request).actor)
            messages.success(request, _("The post ends on that day."))
            return redirect("admin:people_post_changelist")

        return self.deed(
            request,
            title=_("End a post"),
            form=EndPostForm(request.POST or None, initial={"last_day": clock.today()}),
            submit=_("End this post"),
            do=end,
            about=[(_("Person"), post.user.display_name), (_("Post"), str(post))],
        )


@admin.register(Department)
class DepartmentAdmin(ReferenceAdmin):
    """Loaded by ``manage.py load_reference``."""

    list_display = ["code", "name_zh", "full_name_zh", "name_en", "valid_from", "valid_until"]


@admin.register(Division)
class DivisionAdmin(ReferenceAdmin):
    """Loaded by ``manage.py load_reference``."""

    list_display = ["code", "name_zh", "name_en", "level", "parent", "valid_from", "valid_until"]
    list_filter = ["level"]
    list_select_related = ["parent"]
    search_fields = ["=code", "name_zh", "name_en"]
