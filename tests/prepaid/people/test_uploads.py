"""A body larger than may be is refused before it is read, on every address, whoever sends it."""

from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.urls import reverse

from tests.complaints import factories as make

pytestmark = pytest.mark.django_db
TWO_GIGABYTES = 2 << 30
BOUNDARY = "----b"


class Endless:
    """A body that never ends, and how much of it was taken."""

    taken = 0
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()

    def read(self, size: int = -1) -> bytes:
        size = 1 << 16 if size < 0 else size
        start, self.taken = self.taken, self.taken + size
        return (self.head[start:] + bytes(size))[:size]

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def send(path: str, length: int) -> tuple[int, int, str]:
    """The status, how many bytes were taken, and the page."""
    environ: dict[str, object] = {}
    setup_testing_defaults(environ)
    body = Endless()
    environ |= {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "HTTP_COOKIE": f"csrftoken={'a' * 32}",  # with one, the body is read to find the form's own
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT_LANGUAGE": "en",
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(length),
        "wsgi.input": body,
    }
    said: list[str] = []
    # As in Django's own client: a connection that has grown old is not closed under the test's transaction.
    request_started.disconnect(close_old_connections)
    try:
        answer = WSGIHandler()(environ, lambda status, headers: said.append(status))
        page = b"".join(answer).decode()
    finally:
        request_started.connect(close_old_connections)
    return int(said[0].split()[0]), body.taken, page


@pytest.fixture
def report() -> str:
    return reverse("off_custody_report", args=[make.shop().merchant.pk])


def test_a_page_that_takes_files_says_so_unread(report):
    status, taken, page = send(report, TWO_GIGABYTES)
    assert (status, taken) == (413, 0)
    assert "larger than 10 MB in all" in page
    assert "Send fewer or smaller files" in page


def test_every_other_page_refuses_it_unread_too():
    for path, expected in (("account_login", 400), ("home", 400), ("invite", 400), ("shop_counter", 400)):
        assert send(reverse(path), TWO_GIGABYTES)[:2] == (expected, 0)
    status, taken, _page = send("/no/such/page/", TWO_GIGABYTES)
    assert (status in {400, 404}, taken) == (True, 0)


def test_one_byte_more_is_too_much_and_as_much_as_may_be_is_read(report, settings):
    settings.UPLOAD_MAX_BYTES = 3 << 20
    settings.EVIDENCE_MAX_BYTES = 1 << 20
    at_most = settings.EVIDENCE_MAX_BYTES + (1 << 20)
    assert send(report, at_most + 1)[:2] == (413, 0)
    _status, taken, _page = send(report, at_most)
    assert 0 < taken <= at_most
    assert send(reverse("account_login"), (3 << 20) + 1)[1] == 0
    assert send(reverse("account_login"), 3 << 20)[1] > 0


def test_a_body_that_names_no_length_is_not_read(report):
    status, taken, _page = send(report, 0)
    assert (status, taken) == (403, 0)  # no form, no token
