"""Addresses of a merchant's products, below /shop/products/."""

from django.urls import path

from prepaid.products.views import shop

urlpatterns = [
    path("", shop.shop_products, name="shop_products"),
    path("new/", shop.shop_product_new, name="shop_product_new"),
    path("new/<str:kind>/", shop.shop_product_add, name="shop_product_add"),
    path("<int:pk>/", shop.shop_product, name="shop_product"),
    path("versions/<int:pk>/", shop.shop_version, name="shop_version"),
    path("versions/<int:pk>/edit/", shop.shop_product_edit, name="shop_product_edit"),
    path("versions/<int:pk>/submit/", shop.shop_version_submit, name="shop_version_submit"),
    path("versions/<int:pk>/revise/", shop.shop_version_revise, name="shop_version_revise"),
    path("versions/<int:pk>/withdraw/", shop.shop_version_withdraw, name="shop_version_withdraw"),
]
