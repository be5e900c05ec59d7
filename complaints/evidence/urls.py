"""The parties' pages of photos and documents; the officers' are in the administration."""

from django.urls import path

from complaints.evidence.views import parties

urlpatterns = [
    path("complaints/<slug:number>/evidence/", parties.complaint_evidence, name="complaint_evidence"),
    path(
        "complaints/<slug:number>/evidence/<int:pk>/", parties.complaint_evidence_file, name="complaint_evidence_file"
    ),
    path(
        "complaints/<slug:number>/evidence/<int:pk>/preview/",
        parties.complaint_evidence_file,
        {"preview": True},
        name="complaint_evidence_preview",
    ),
    path("shop/cases/<slug:number>/evidence/", parties.shop_case_evidence, name="shop_case_evidence"),
    path(
        "shop/cases/<slug:number>/evidence/<int:pk>/", parties.shop_case_evidence_file, name="shop_case_evidence_file"
    ),
    path(
        "shop/cases/<slug:number>/evidence/<int:pk>/preview/",
        parties.shop_case_evidence_file,
        {"preview": True},
        name="shop_case_evidence_preview",
    ),
]
