"""Addresses that need no account."""

from django.urls import path

from prepaid.merchants.views import forecast
from prepaid.products.views import calculator, invite, public

urlpatterns = [
    path("", public.home, name="home"),
    path("merchants/<int:pk>/", public.merchant_detail, name="merchant_detail"),
    path("s/<int:pk>/", public.store_status, name="store_status"),
    path("invite/", invite.invite, name="invite"),
    path("invite/done/", invite.invite_done, name="invite_done"),
    path("refund-calculator/", calculator.refund_calculator, name="refund_calculator"),
    path("what-joining-gives/", forecast.forecast_public, name="forecast"),
    path("products/<int:pk>/", public.product_detail, name="product_detail"),
]
