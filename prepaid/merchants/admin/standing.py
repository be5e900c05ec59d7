"""The standing register in the administration: officials enter and remove what concerns their merchants, operators import."""

from base64 import b64decode, b64encode
from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants import operations as merchants
from prepaid.merchants.forms import DayInput, refuse
from prepaid.merchants.models import Listing, ListKind, Merchant
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin
from prepaid.people.models import Post

#: How long a file that was looked at may wait for the yes.
LOOKED_AT = 30 * 60


class ListingForm(forms.Form):
    """One line of the register."""

    uscc = forms.CharField(label=gettext_lazy("Unified social credit code"), max_length=40)
    kind = forms.ChoiceField(label=gettext_lazy("List"), choices=ListKind.choices)
    number = forms.CharField(
        label=gettext_lazy("Document number"), max_length=64, help_text=gettext_lazy("As the list or the order has it.")
    )
    listed_on = forms.DateField(label=gettext_lazy("Listed on"), widget=DayInput)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=100,
        help_text=gettext_lazy("The list or the authority, for the audit trail."),
    )


class RemovalForm(forms.Form):
    """The end of an entry."""

    removed_on = forms.DateField(label=gettext_lazy("Removed on"), widget=DayInput)
    because = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("Goes into the audit trail.")
    )


class ListFileForm(forms.Form):
    """A file of the register."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy(
            "CSV with the columns uscc, kind, number, listed_on, removed_on, source; at most 5,000 rows."
        ),
    )


@admin.register(Listing)
class ListingAdmin(PostScopedAdmin):
    """Who may not take prepayments, and why."""

    change_list_template = "admin/merchants/listings.html"
    list_display = ["uscc", "merchant_name", "kind", "number", "listed_on", "removed_on", "source"]
    list_filter = ["kind", ("removed_on", admin.EmptyFieldListFilter)]
    search_fields = ["=uscc", "number"]
    search_help_text = gettext_lazy("A unified social credit code, or a document number")
    fields = ["uscc", "merchant_name", "kind", "number", "listed_on", "removed_on", "source", "recorded_at", "end"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the merchant's name, where there is one."""
        name = Merchant.objects.filter(uscc=OuterRef("uscc")).values("name")
        return super().get_queryset(request).annotate(merchant_name_here=name[:1])

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """What concerns the post's merchants."""
        mine = Merchant.objects.filter(uscc=OuterRef("uscc"), sector__lead_department_id=post.department_id)
        return queryset.filter(Exists(mine if post.is_citywide else mine.filter(district_id=post.district_id)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever the site lets in; about which operators, ``add_view`` asks."""
        return self.admin_site.has_permission(request)

    @admin.display(description=gettext_lazy("merchant"))
    def merchant_name(self, listing: Any) -> str:
        """Registered here, or not yet."""
        return listing.merchant_name_here or _("not registered here")

    @admin.display(description=gettext_lazy("end"))
    def end(self, listing: Listing) -> SafeString | str:
        """To the page that removes it."""
        if listing.removed_on:
            return "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:merchants_listing_remove", args=[listing.pk]), _("Remove …")
        )

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the removal and the import."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/remove/", view(self.remove), name="merchants_listing_remove"),
            path("import/", view(self.import_file), name="merchants_listing_import"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to the import, for operators."""
        return super().changelist_view(
            request, {"may_import": me(request).is_platform_operator, **(extra_context or {})}
        )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Enter one line. Officials enter what concerns the merchants of their post."""
        if not self.has_add_permission(request):
            raise PermissionDenied

        def enter(data: dict[str, Any]) -> HttpResponse:
            entry = merchants.Entry(**data)
            if not self._concerns_me(request, entry.uscc):
                raise PermissionDenied
            listing = merchants.list_operator(entry=entry, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("Entered. This operator sells no cards until the entry is removed."))
            return redirect("admin:merchants_listing_change", listing.pk)

        form = ListingForm(request.POST or None, initial={"uscc": request.GET.get("uscc"), "listed_on": clock.today()})
        return self.deed(request, title=_("Enter into the standing register"), form=form, submit=_("Enter"), do=enter)

    def remove(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The list no longer names the operator."""
        listing = self.get_queryset(request).filter(pk=pk).first()
        if listing is None:
            raise Http404

        def end(data: dict[str, Any]) -> HttpResponse:
            merchants.remove_listing(listing_id=pk, **data, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("Removed. If nothing else stops it, the operator may sell cards again."))
            return redirect("admin:merchants_listing_change", pk)

        about = [
            (_("Operator"), f"{listing.uscc} · {self.merchant_name(listing)}"),
            (_("List"), listing.get_kind_display()),
            (_("Document number"), listing.number),
            (_("Listed on"), listing.listed_on.isoformat()),
        ]
        form = RemovalForm(request.POST or None, initial={"removed_on": clock.today()})
        return self.deed(
            request, title=_("Remove from the register"), form=form, submit=_("Remove"), do=end, about=about
        )

    def import_file(self, request: HttpRequest) -> HttpResponse:
        """A file is read and every line shown with what would become of it; the same file is imported by a second button."""
        user = me(request)
        if not user.is_platform_operator:
            raise Http404
        form = ListFileForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {}
        status = 200
        if "looked_at" in request.POST:
            try:
                content = b64decode(signing.loads(request.POST["looked_at"], salt=user.actor, max_age=LOOKED_AT))
                rows = merchants.import_list(content=content, at=clock.now(), actor=user.actor)
            except signing.BadSignature:
                messages.warning(request, _("Too much time has passed since the file was read. Choose it again."))
            except DomainError as error:
                messages.error(request, str(error))
            else:
                effects = Counter(row.effect for row in rows)
                messages.success(
                    request,
                    _("Imported: %(new)s new, %(removed)s removed, %(known)s known already.")
                    % {"new": effects["new"], "removed": effects["removed"], "known": effects["known"]},
                )
                return redirect("admin:merchants_listing_changelist")
            return redirect("admin:merchants_listing_import")
        if request.method == "POST":
            status = 400
            if form.is_valid():
                content = form.cleaned_data["file"].read()
                try:
                    rows = merchants.read_list(content, on=clock.today())
                except DomainError as error:
                    refuse(form, error)
                else:
                    status = 200
                    context = {
                        "rows": rows,
                        "bad": sum(row.effect == "bad" for row in rows),
                        "looked_at": signing.dumps(b64encode(content).decode(), salt=user.actor, compress=True),
                    }
        context |= {
            "title": _("Import a list"),
            "form": form,
            "opts": self.opts,
            **self.admin_site.each_context(request),
        }
        return TemplateResponse(request, "admin/merchants/import.html", context, status=status)

    def _concerns_me(self, request: HttpRequest, uscc: str) -> bool:
        user = me(request)
        if user.is_platform_operator or user.post is None:
            return user.is_platform_operator
        mine = Merchant.objects.filter(uscc=uscc.strip().upper(), sector__lead_department_id=user.post.department_id)
        return (mine if user.post.is_citywide else mine.filter(district_id=user.post.district_id)).exists()
