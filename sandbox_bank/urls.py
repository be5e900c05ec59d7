"""The bank's addresses: for people, for probes, and under /v1/ for its one client."""

from functools import partial

from django.urls import path

from sandbox_bank import api, views

refund = partial(api.show_transfer, kind="refund")
payout = partial(api.show_transfer, kind="payout")

urlpatterns = [
    path("", views.ledger),
    path("healthz", views.healthz),
    path("files/<what>", views.file),
    path("cashier/counter/", views.teller),
    path("cashier/<token>/", views.cashier),
    path("v1/payments", api.api(post=api.create_payment)),
    path("v1/payments/<number>", api.api(get=api.show_payment)),
    path("v1/payments/<number>/close", api.api(post=api.close_payment)),
    path("v1/refunds", api.api(post=api.refund)),
    path("v1/refunds/<number>", api.api(get=refund)),
    path("v1/refund-batches", api.api(post=api.refunds)),
    path("v1/payouts", api.api(post=api.pay_out)),
    path("v1/payouts/<number>", api.api(get=payout)),
    path("v1/statement", api.api(get=api.statement)),
    path("v1/statement-file", api.api(get=api.statement_file)),
    path("v1/bill", api.api(get=api.bill)),
    path("v1/behaviour", api.api(get=api.show_behaviour, post=api.set_behaviour, chaotic=False)),
    path("v1/<path:rest>", api.api(get=api.nothing_here, post=api.nothing_here)),
]
handler404 = "sandbox_bank.views.not_found"
