"""Addresses of the merchant's own pages, below /shop/."""

from django.urls import path

from prepaid.merchants.views import existing, forecast, handovers, home, money, pins, staff, statements, stores

urlpatterns = [
    path("", home.shop_home, name="shop_home"),
    path("register/", home.shop_register, name="shop_register"),
    path("switch/", home.shop_switch, name="shop_switch"),
    path("stores/", stores.shop_stores, name="shop_stores"),
    path("stores/new/", stores.shop_store_add, name="shop_store_add"),
    path("stores/<int:pk>/", stores.shop_store_edit, name="shop_store_edit"),
    path("stores/<int:pk>/poster/", stores.shop_store_poster, name="shop_store_poster"),
    path("existing/", existing.shop_existing, name="shop_existing"),
    path("existing/plan/", existing.shop_existing_plan, name="shop_existing_plan"),
    path("existing/import/", existing.shop_existing_import, name="shop_existing_import"),
    path("existing/<int:pk>/", existing.shop_existing_card, name="shop_existing_card"),
    path("staff/", staff.shop_staff, name="shop_staff"),
    path("staff/<int:pk>/end/", staff.shop_staff_end, name="shop_staff_end"),
    path("counter/pin/", pins.counter_pin, name="counter_pin"),
    path("counter/switch/", pins.counter_switch, name="counter_switch"),
    path("money/", money.shop_money, name="shop_money"),
    path("money/next/", money.shop_next_payout, name="shop_next_payout"),
    path("money/forecast/", forecast.shop_forecast, name="shop_forecast"),
    path("money/statements/", statements.shop_statements, name="shop_statements"),
    path("money/statements/<str:month>.xlsx", statements.shop_statement_xlsx, name="shop_statement_xlsx"),
    path("money/statements/<str:month>/", statements.shop_statement, name="shop_statement"),
    path("handover/", handovers.shop_handover, name="shop_handover"),
    path("handover/<int:pk>/withdraw/", handovers.shop_handover_withdraw, name="shop_handover_withdraw"),
    path("money/payouts/<int:pk>/", money.shop_payout, name="shop_payout"),
]
