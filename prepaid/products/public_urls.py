"""Addresses that need no account."""

from django.urls import path

from prepaid.products.views import public

urlpatterns = [
    path("", public.home, name="home"),
    path("merchants/<int:pk>/", public.merchant_detail, name="merchant_detail"),
    path("products/<int:pk>/", public.product_detail, name="product_detail"),
]
