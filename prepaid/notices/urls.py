"""Addresses of the notices, below /notices/."""

from django.urls import path

from prepaid.notices import views

urlpatterns = [
    path("", views.notices, name="notices"),
    path("inbox/", views.demo_inbox, name="demo_inbox"),
]
