"""Single keys in the administration: on until somebody switches them off, and then there are none."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.complaints import factories as make
from tests.complaints.test_pages import signed_in

pytestmark = pytest.mark.django_db
SCRIPT = "js/shortcuts.js"


def test_they_are_switched_off_and_on_and_stay_so():
    make.city()
    officer = make.officer()
    client, queue, me = signed_in(officer), reverse("admin:cases_case_changelist"), reverse("me")
    page = client.get(queue).content.decode()
    assert SCRIPT in page
    assert '<dialog id="shortcuts"' in page
    assert client.post(reverse("set_shortcuts"), {"shortcuts": "0", "next": queue}).url == queue
    officer.refresh_from_db()
    assert officer.keyboard_shortcuts is False
    page = signed_in(officer).get(queue).content.decode()
    assert SCRIPT not in page
    assert 'id="shortcuts' not in page
    assert 'name="shortcuts" value="1"' in client.get(me).content.decode()
    for nonsense in ("", "2", "on"):
        assert client.post(reverse("set_shortcuts"), {"shortcuts": nonsense, "next": "https://evil.example"}).url == "/"
    officer.refresh_from_db()
    assert officer.keyboard_shortcuts is False
    assert client.post(reverse("set_shortcuts"), {"shortcuts": "1", "next": me}).url == me
    assert SCRIPT in client.get(queue).content.decode()


def test_who_has_no_administration_has_no_keys():
    client = signed_in(make.person())
    assert "set_shortcuts" not in client.get(reverse("me")).content.decode()
    assert reverse("set_shortcuts") not in client.get(reverse("me")).content.decode()
    assert SCRIPT not in client.get(reverse("home"), follow=True).content.decode()
    assert Client().post(reverse("set_shortcuts"), {"shortcuts": "0"}).status_code == 302
    assert client.get(reverse("set_shortcuts")).status_code == 405


def test_no_key_of_a_page_is_given_twice_nor_one_of_the_lists():
    always = {"?", "j", "k", "o", "x", "/"}
    for path in Path(settings.BASE_DIR).glob("templates/admin/cases/**/*.html"):
        keys = re.findall(r'data-key="(.)"', path.read_text())
        assert not set(keys) & always, path
    # Together on the page of one order.
    folder = Path(settings.BASE_DIR) / "templates/admin/cases/case"
    keys = [
        key
        for name in ("file", "life", "assign")
        for key in re.findall(r'data-key="(.)"', (folder / f"{name}.html").read_text())
    ]
    assert len(keys) == len(set(keys))
