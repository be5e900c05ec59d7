"""Pages of reports that need no account; the officers' are in the administration."""

from django.urls import path

from complaints.off_custody import views

urlpatterns = [
    path("merchants/<int:pk>/paid-elsewhere/", views.off_custody_report, name="off_custody_report"),
    path("s/<int:pk>/paid-elsewhere/", views.off_custody_report_at, name="off_custody_report_at"),
    path("paid-elsewhere/<str:token>/", views.off_custody_status, name="off_custody_status"),
]
