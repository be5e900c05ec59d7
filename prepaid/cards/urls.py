"""Addresses of the card pages."""

from django.urls import path

from prepaid.cards.views import (
    buying,
    counter,
    pauses,
    proof,
    refunds,
    shop_charges,
    shop_pauses,
    shop_refunds,
    wallet,
)

urlpatterns = [
    path("buy/<int:pk>/", buying.buy, name="buy"),
    path("pay/<str:order_no>/", buying.payment_return, name="payment_return"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/<str:number>/", wallet.card_detail, name="card_detail"),
    path("wallet/<str:number>/code/", wallet.card_code, name="card_code"),
    path("wallet/<str:number>/statement/", wallet.card_statement, name="card_statement"),
    path("wallet/<str:number>/proof/", proof.card_proof, name="card_proof"),
    path("wallet/<str:number>/proof/file/", proof.card_proof_file, name="card_proof_file"),
    path("totals/", proof.published_totals, name="published_totals"),
    path("totals/totals.txt", proof.published_totals_file, name="published_totals_file"),
    path("totals/verifier.py", proof.verifier_file, name="verifier_file"),
    path("wallet/<str:number>/pay/", buying.pay, name="card_pay"),
    path("wallet/<str:number>/cancel/", buying.cancel, name="card_cancel"),
    path("wallet/<str:number>/pause/", pauses.card_pause, name="card_pause"),
    path("wallet/<str:number>/refund/", refunds.refund_start, name="refund_start"),
    path("charges/news/", wallet.charge_news, name="charge_news"),
    path("charges/<int:pk>/confirm/", wallet.redemption_confirm, name="redemption_confirm"),
    path("charges/<int:pk>/dispute/", wallet.redemption_dispute, name="redemption_dispute"),
    path("refunds/<int:pk>/", refunds.refund_detail, name="refund_detail"),
    path("refunds/<int:pk>/withdraw/", refunds.refund_withdraw, name="refund_withdraw"),
    path("refunds/<int:pk>/accept/", refunds.refund_accept, name="refund_accept"),
    path("shop/counter/", counter.shop_counter, name="shop_counter"),
    path("shop/counter/charges/", counter.counter_charges, name="counter_charges"),
    path("shop/counter/charges/<int:pk>/undo/", counter.counter_undo, name="counter_undo"),
    path("shop/charges/", shop_charges.shop_charges, name="shop_charges"),
    path("shop/charges/<int:pk>/withdraw/", shop_charges.shop_charge_withdraw, name="shop_charge_withdraw"),
    path("shop/charges/<int:pk>/insist/", shop_charges.shop_charge_insist, name="shop_charge_insist"),
    path("shop/pauses/", shop_pauses.shop_pauses, name="shop_pauses"),
    path("shop/pauses/<int:pk>/", shop_pauses.shop_pause, name="shop_pause"),
    path("shop/refunds/", shop_refunds.shop_refunds, name="shop_refunds"),
    path("shop/refunds/<int:pk>/", shop_refunds.shop_refund, name="shop_refund"),
]
