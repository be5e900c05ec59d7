"""Decorators, the form mixin and the API's refusals, on views made for the test."""

import json

import pytest
from django import forms
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.utils.translation import override
from django.views.generic import FormView
from redis.exceptions import ConnectionError as CacheLost
from rest_framework import exceptions
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from escrow.errors import InvalidAmount, NotEnoughLeft, NotFound
from prepaid.people.access import (
    DomainErrorMixin,
    consumer_required,
    operator_required,
    regulator_required,
    shows_domain_errors,
)
from tests.prepaid.people.factories import make_official, make_operator, make_user, pass_second_factor

pytestmark = pytest.mark.django_db


def request_of(user=None, method: str = "get", **data: str):
    from django.contrib.auth.models import AnonymousUser

    request = getattr(RequestFactory(), method)("/", data)
    request.user = user or AnonymousUser()
    request.session = SessionStore()
    return request


def view(request) -> HttpResponse:
    return HttpResponse("in")


@pytest.mark.parametrize(
    ("decorator", "allowed"),
    [
        (consumer_required, {"consumer", "official", "operator"}),
        (regulator_required, {"official"}),
        (operator_required, {"operator"}),
    ],
)
def test_roles_are_denied_by_default(decorator, allowed: set[str]) -> None:
    people = {"consumer": make_user(), "official": make_official(), "operator": make_operator()}
    got_in = set()
    for role, user in people.items():
        try:
            answer = decorator(view)(request_of(user))
            if decorator is not consumer_required:  # the SMS code alone does not open it
                assert answer.headers["location"] == "/accounts/second-factor/app/?next=%2F"
                request = request_of(user)
                pass_second_factor(request, user)
                answer = decorator(view)(request)
            assert answer.content == b"in"
            got_in.add(role)
        except PermissionDenied:
            pass
    assert got_in == allowed
    assert decorator(view)(request_of()).status_code == 302


def test_a_refusal_becomes_a_page_with_its_status() -> None:
    @shows_domain_errors
    def refusing(request) -> HttpResponse:
        raise NotEnoughLeft

    with override("en"):
        answer = refusing(request_of(make_user()))
        assert str(NotEnoughLeft.message) in answer.content.decode()
    assert answer.status_code == 409

    @shows_domain_errors
    def missing(request) -> HttpResponse:
        raise NotFound

    with pytest.raises(Http404):
        missing(request_of(make_user()))


def test_a_form_keeps_what_was_typed_and_says_why_beside_the_field() -> None:
    class AmountForm(forms.Form):
        amount = forms.CharField()

    class Page(DomainErrorMixin, FormView):
        form_class = AmountForm
        template_name = "admin/deed.html"
        error_fields = {InvalidAmount: "amount"}
        raised: type[Exception] = InvalidAmount

        def form_valid(self, form) -> HttpResponse:
            raise self.raised

        def render_to_response(self, context, **kwargs) -> HttpResponse:
            form = context["form"]
            return HttpResponse(json.dumps({"errors": form.errors, "typed": form["amount"].value()}), **kwargs)

    answer = Page.as_view()(request_of(make_user(), "post", amount="7.777"))
    assert answer.status_code == 400
    assert json.loads(answer.content)["typed"] == "7.777"
    assert list(json.loads(answer.content)["errors"]) == ["amount"]
    answer = Page.as_view(raised=NotEnoughLeft)(request_of(make_user(), "post", amount="7"))
    assert answer.status_code == 409
    assert list(json.loads(answer.content)["errors"]) == ["__all__"]
    with pytest.raises(Http404):
        Page.as_view(raised=NotFound)(request_of(make_user(), "post", amount="7"))


class Api(APIView):
    throttle_classes = []
    raised: Exception | None = None

    def post(self, request) -> HttpResponse:
        if self.raised:
            raise self.raised
        return HttpResponse("in")


def post(user=None, body: str = "{}", **options):
    request = APIRequestFactory().post("/", body, content_type="application/json")
    if user:
        force_authenticate(request, user)
    answer = Api.as_view(**options)(request)
    if hasattr(answer, "render"):
        answer.render()
    return answer


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (NotEnoughLeft(), 409, "NotEnoughLeft"),
        (InvalidAmount(), 400, "InvalidAmount"),
        (NotFound(), 404, "NotFound"),
        (Http404(), 404, "NotFound"),
        (PermissionDenied(), 403, "PermissionDenied"),
        (exceptions.ValidationError({"units": ["wrong"]}), 400, "ValidationError"),
        (exceptions.ParseError(), 400, "ParseError"),
    ],
)
def test_the_api_refuses_in_one_shape(raised: Exception, status: int, code: str) -> None:
    answer = post(make_user(), raised=raised)
    assert answer.status_code == status
    error = json.loads(answer.content)["error"]
    assert error["code"] == code
    assert error["message"]
    assert ("fields" in error) == (code == "ValidationError")


def test_the_api_is_closed_to_strangers() -> None:
    answer = post()
    assert answer.status_code == 403
    assert json.loads(answer.content)["error"]["code"] == "NotAuthenticated"


def test_the_api_goes_on_without_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    from prepaid.people.rates import UserRate

    class Once(UserRate):
        rate = "1/min"

    user = make_user()
    assert [post(user, throttle_classes=[Once]).status_code for _call in range(2)] == [200, 429]

    def lost(*args: object, **kwargs: object) -> bool:
        raise CacheLost("no route to cache")

    monkeypatch.setattr(UserRateThrottle, "cache", type("Lost", (), {"get": lost, "set": lost})())
    assert post(user, throttle_classes=[Once]).status_code == 200
