"""What the officer does in a case besides hearing and deciding: object, choose the limit, call departments in, extend."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from complaints.cases import operations
from complaints.cases.admin.life_forms import CallInForm, ExtendForm, LimitForm, ObjectForm
from complaints.cases.filters import today_of
from complaints.cases.models import Case
from complaints.cases.queries.assists import assists_of
from complaints.cases.queries.file import owner_of, until
from complaints.cases.queries.rules import most_days
from complaints.cases.queries.scope import cases_for, whole
from complaints.cases.states import Limit
from escrow import clock
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin


class LifeAdmin(PostScopedAdmin):
    """The pages of these deeds, each with one form; ``CaseAdmin`` has the rest."""

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and one for each deed."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/object/", view(self.object_to_dispatch), name="cases_case_object"),
            path("<int:pk>/limit/", view(self.choose_limit), name="cases_case_limit"),
            path("<int:pk>/call-in/", view(self.call_in), name="cases_case_call_in"),
            path("<int:pk>/calls/<int:assist>/withdraw/", view(self.withdraw_call), name="cases_case_withdraw_call"),
            path("<int:pk>/extend/", view(self.extend), name="cases_case_extend"),
            *super().get_urls(),
        ]

    def _case(self, request: HttpRequest, pk: int) -> Case:
        """Raises ``Http404`` outside the officer's queue."""
        case = whole(cases_for(officer=me(request))).filter(pk=pk).first()
        if case is None:
            raise Http404
        return case

    def _about(self, case: Case) -> list[tuple[str, str]]:
        return [
            (_("Complaint"), case.number),
            (_("Lead"), owner_of(case)),
            (_("Last day"), until(case)),
        ]

    def _done(self, request: HttpRequest, case: Case, sentence: str) -> HttpResponse:
        messages.success(request, sentence)
        return redirect("admin:cases_case_change", case.pk)

    def object_to_dispatch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that the case is another authority's."""
        case = self._case(request, pk)

        def objected(data: dict[str, Any]) -> HttpResponse:
            operations.object_to_dispatch(
                number=case.number,
                officer=me(request),
                reason=data["reason"],
                sector_code=data["sector"],
                district_code=data["district"],
                at=clock.now(),
            )
            return self._done(request, case, _("The objection is on its way to review; the clock runs on."))

        return self.deed(
            request,
            title=_("Object to the dispatch"),
            form=ObjectForm(request.POST or None, on=today_of(request)),
            submit=_("Object"),
            do=objected,
            about=self._about(case),
        )

    def choose_limit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say of what kind the matter is."""
        case = self._case(request, pk)

        def chosen(data: dict[str, Any]) -> HttpResponse:
            limit = Limit(data["limit"])
            operations.choose_limit(number=case.number, officer=me(request), limit=limit, at=clock.now())
            return self._done(request, case, _("The time limit is set; both sides have been told."))

        return self.deed(
            request,
            title=_("Choose the time limit"),
            form=LimitForm(request.POST or None, initial={"limit": case.limit}),
            submit=_("Set the limit"),
            do=chosen,
            about=self._about(case),
        )

    def call_in(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Call another department in."""
        case = self._case(request, pk)

        def called(data: dict[str, Any]) -> HttpResponse:
            operations.call_in(
                number=case.number,
                officer=me(request),
                department_code=data["department"],
                district_code=data["district"],
                asked=data["asked"],
                at=clock.now(),
            )
            return self._done(request, case, _("The department is called in. You stay in charge."))

        return self.deed(
            request,
            title=_("Call a department in"),
            form=CallInForm(request.POST or None, on=today_of(request)),
            submit=_("Call in"),
            do=called,
            about=self._about(case),
        )

    def withdraw_call(self, request: HttpRequest, pk: int, assist: int) -> HttpResponse:
        """The department is needed no more."""
        case = self._case(request, pk)
        call = next((one for one in assists_of(case) if one.pk == assist), None)
        if call is None:
            raise Http404

        def withdrawn(data: dict[str, Any]) -> HttpResponse:
            operations.withdraw_call(number=case.number, assist_id=assist, officer=me(request), at=clock.now())
            return self._done(request, case, _("The call is withdrawn."))

        return self.deed(
            request,
            title=_("Withdraw the call"),
            form=Form(request.POST if request.method == "POST" else None),
            submit=_("Withdraw"),
            do=withdrawn,
            about=[*self._about(case), (_("Department"), call.department.of(call.district)), (_("Asked"), call.asked)],
        )

    def extend(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take more time, once."""
        case = self._case(request, pk)

        def extended(data: dict[str, Any]) -> HttpResponse:
            operations.extend(
                number=case.number, officer=me(request), days=data["days"], reason=data["reason"], at=clock.now()
            )
            return self._done(request, case, _("The time limit is extended; both sides have been told."))

        return self.deed(
            request,
            title=_("Extend the time limit"),
            form=ExtendForm(request.POST or None),
            submit=_("Extend"),
            do=extended,
            about=[*self._about(case), (_("Days at the most"), str(most_days(on=today_of(request))))],
        )
