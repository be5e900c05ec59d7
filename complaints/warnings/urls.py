"""Addresses of merchants' and card-holders' pages; the officials' are in the administration."""

from django.urls import path

from complaints.warnings.views import consumer, merchant

urlpatterns = [
    path("shop/supervision/", merchant.shop_measures, name="shop_measures"),
    path("shop/supervision/<int:pk>/", merchant.shop_measure, name="shop_measure"),
    path("shop/supervision/<int:pk>/paper.pdf", merchant.shop_measure_paper, name="shop_measure_paper"),
    path("wallet/<str:number>/shut/", consumer.card_shut, name="card_shut"),
]
