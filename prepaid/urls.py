"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from prepaid.health import healthz, readyz

urlpatterns = [
    path("", include("prepaid.products.public_urls")),
    path("", include("prepaid.cards.urls")),
    path("accounts/", include("prepaid.people.urls")),
    path("notices/", include("prepaid.notices.urls")),
    path("shop/", include("prepaid.merchants.urls")),
    path("shop/products/", include("prepaid.products.urls")),
    path("", include("complaints.cases.urls")),
    path("", include("complaints.evidence.urls")),
    path("", include("complaints.off_custody.urls")),
    path("", include("complaints.warnings.urls")),
    path("api/v1/", include("prepaid.cards.api_urls")),
    path("api/v1/", include("complaints.hotline.api_urls")),
    path("api/v1/channel/", include("escrow.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
