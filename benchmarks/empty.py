"""The addresses of a site whose only view says nothing: what Django and our middleware cost by themselves."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(request: HttpRequest) -> HttpResponse:
    """An answer without a word."""
    return HttpResponse()


urlpatterns = [path("", nothing)]
