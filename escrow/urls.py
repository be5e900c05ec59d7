"""The kernel's only address: where channels notify."""

from django.urls import path

from escrow.api import notifications

urlpatterns = [path("<slug:channel>/notifications/", notifications, name="channel_notifications")]
