"""Addresses of the card API, under /api/v1/."""

from django.urls import path

from prepaid.cards import api
from prepaid.merchants.access import opens_at_counter

urlpatterns = [
    path("counter/charges/", opens_at_counter(api.Charges.as_view()), name="api_charges"),
    path("counter/charges/<int:pk>/undo/", opens_at_counter(api.ChargeUndo.as_view()), name="api_charge_undo"),
    path("charges/<int:pk>/confirm/", api.ChargeConfirm.as_view(), name="api_charge_confirm"),
    path("charges/<int:pk>/dispute/", api.ChargeDispute.as_view(), name="api_charge_dispute"),
    path("cards/<str:number>/statement/", api.Statement.as_view(), name="api_statement"),
]
