"""Pages of complaints; the regulators' are in the administration."""

from django.urls import path

from complaints.cases.views import callback, consumer, merchant, outside, papers

urlpatterns = [
    path("complaints/", consumer.complaints, name="complaints"),
    path("complaints/elsewhere/", outside.complaint_elsewhere, name="complaint_elsewhere"),
    path("complaints/start/<int:pk>/", consumer.complaint_start, name="complaint_start"),
    path("charges/<int:pk>/complain/", consumer.complaint_about_charge, name="complaint_about_charge"),
    path("complaints/<slug:number>/", consumer.complaint_detail, name="complaint_detail"),
    path("complaints/<slug:number>/withdraw/", consumer.complaint_withdraw, name="complaint_withdraw"),
    path("complaints/<slug:number>/repaid/", outside.complaint_repaid, name="complaint_repaid"),
    path("complaints/<slug:number>/papers/", papers.complaint_papers, name="complaint_papers"),
    path("complaints/<slug:number>/papers/record/", papers.complaint_record, name="complaint_record"),
    path("complaints/<slug:number>/papers/court/", papers.complaint_court, name="complaint_court"),
    path("complaints/<slug:number>/papers/<int:document>/", papers.complaint_document, name="complaint_document"),
    path("callbacks/<str:token>/", callback.callback, name="callback"),
    path("callbacks/<str:token>/reopen/", callback.callback_reopen, name="callback_reopen"),
    path("shop/cases/", merchant.shop_cases, name="shop_cases"),
    path("shop/cases/<slug:number>/", merchant.shop_case, name="shop_case"),
    path("shop/cases/<slug:number>/papers/", papers.shop_case_papers, name="shop_case_papers"),
    path("shop/cases/<slug:number>/papers/record/", papers.shop_case_record, name="shop_case_record"),
    path("shop/cases/<slug:number>/papers/court/", papers.shop_case_court, name="shop_case_court"),
    path("shop/cases/<slug:number>/papers/<int:document>/", papers.shop_case_document, name="shop_case_document"),
]
