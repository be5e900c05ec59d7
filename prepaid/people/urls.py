"""Addresses of signing in and of one's own page, below /accounts/. Of allauth's views only what is in use."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.urls import path
from django.views.generic import RedirectView

from prepaid.people.views import account as views
from prepaid.people.views import emails, factors, own_data
from prepaid.people.views.account import guarded

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
    path("second-factor/", factors.overview, name="second_factor"),
    path("second-factor/code/", guarded(mfa.authenticate), name="mfa_authenticate"),
    path("second-factor/again/", guarded(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "second-factor/again/passkey/",
        guarded(factors.PassAgainByPasskey.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("second-factor/app/", guarded(factors.App.as_view()), name="second_factor_app"),
    path("second-factor/passkey/", guarded(factors.Passkey.as_view()), name="second_factor_passkey"),
    path("second-factor/<int:factor_id>/remove/", guarded(factors.remove), name="second_factor_remove"),
    path("second-factor/recovery-codes/", guarded(factors.recovery_codes), name="second_factor_codes"),
    path("me/", views.me, name="me"),
    path("email/", emails.email, name="email"),
    path("email/code/", emails.code, name="email_code"),
    path("email/wish/", emails.wish, name="email_wish"),
    path("email/remove/", emails.remove, name="email_remove"),
    path("email/leave/<str:token>/", emails.leave, name="email_leave"),
    path("my-data/", own_data.my_data, name="my_data"),
    path("my-data/copy/", own_data.copy, name="my_data_copy"),
    path("close/", own_data.close, name="close_account"),
    path("language/", views.set_language, name="set_language"),
    path("digest/", views.set_digest, name="set_digest"),
    path("shortcuts/", views.set_shortcuts, name="set_shortcuts"),
    path("care-mode/", views.set_care_mode, name="set_care_mode"),
]
