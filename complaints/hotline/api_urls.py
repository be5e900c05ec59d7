"""Addresses of the work-order API, under /api/v1/."""

from django.urls import path

from complaints.hotline import api

urlpatterns = [
    path("work-orders/", api.WorkOrders.as_view(), name="api_work_orders"),
    path("work-orders/<path:number>/", api.WorkOrderResult.as_view(), name="api_work_order"),
]
