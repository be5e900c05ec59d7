"""Addresses of signing in and of one's own page, below /accounts/. Of allauth's views only what is in use."""

from allauth.account import views as account
from django.urls import path
from django.views.generic import RedirectView

from prepaid.people import views
from prepaid.people.views import guarded

urlpatterns = [
    path("login/", guarded(account.login), name="account_login"),
    path(
        "login/code/",
        RedirectView.as_view(pattern_name="account_login", query_string=True),
        name="account_request_login_code",
    ),
    path("login/code/confirm/", guarded(account.confirm_login_code), name="account_confirm_login_code"),
    path("signup/", guarded(account.signup), name="account_signup"),
    path("phone/verify/", guarded(account.verify_phone), name="account_verify_phone"),
    # Where allauth sends who is signed in and goes back to the page above.
    path("phone/", RedirectView.as_view(pattern_name="me"), name="account_change_phone"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("me/", views.me, name="me"),
    path("language/", views.set_language, name="set_language"),
    path("care-mode/", views.set_care_mode, name="set_care_mode"),
]
