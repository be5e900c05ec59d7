"""The translations tool: what it extracts, what it refuses, and that Django finds the result."""

import importlib.util
import io

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from embedded.secrets import ROOT

spec = importlib.util.spec_from_file_location("catalogues", ROOT / "locale" / "catalogues.py")
catalogues = importlib.util.module_from_spec(spec)
spec.loader.exec_module(catalogues)

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
_("Pay {sum}")
def label(n): return ngettext("%(n)s use", "%(n)s uses", n)
pgettext("verb", "Order")
"""
TEMPLATE = """<p>
    {% load i18n %}{% translate "Shop's name" %}
  {% blocktranslate count n=n trimmed %}
     one card
  {% plural %}
     {{ n }} cards
  {% endblocktranslate %}
</p>"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    (tmp_path / "escrow").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "escrow" / "words.py").write_text(PYTHON)
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    for locale in catalogues.LOCALES:
        catalogues.path_of(locale).parent.mkdir(parents=True)
    return tmp_path


def extract() -> None:
    template = catalogues.extracted()
    for locale in catalogues.LOCALES:
        path = catalogues.path_of(locale)
        path.write_bytes(catalogues.text_of(catalogues.updated(locale, template)))


def faults(locale: str) -> list[str]:
    return [fault.partition(": ")[2] for fault in catalogues.faults(locale, catalogues.extracted())]


def rewrite(old: str, new: str) -> None:
    path = catalogues.path_of("zh_Hans")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def translate(msgid: str, msgstr: str) -> None:
    rewrite(f'msgid "{msgid}"\nmsgstr ""', f'msgid "{msgid}"\nmsgstr "{msgstr}"')


def translate_all() -> None:
    translate("Pay {sum}", "支付 {sum}")
    translate("Order", "下单")
    translate("Shop's name", "店名")
    rewrite('msgid_plural "%(n)s uses"\nmsgstr[0] ""', 'msgid_plural "%(n)s uses"\nmsgstr[0] "%(n)s 次"')
    rewrite('msgid_plural "%(n)s cards"\nmsgstr[0] ""', 'msgid_plural "%(n)s cards"\nmsgstr[0] "%(n)s 张卡"')


def test_code_and_templates_are_extracted_with_plurals_and_contexts(project):
    found = {(message.id, message.context) for message in catalogues.extracted() if message.id}
    assert found == {
        ("Pay {sum}", None),
        (("%(n)s use", "%(n)s uses"), None),
        ("Order", "verb"),
        ("Shop's name", None),
        (("one card", "%(n)s cards"), None),
    }


def test_english_fills_itself_and_chinese_waits_for_a_translator(project):
    extract()
    assert faults("en") == []
    assert len(faults("zh_Hans")) == 5
    assert all(fault.startswith("missing") for fault in faults("zh_Hans"))
    translate_all()
    assert faults("zh_Hans") == []


def test_extracting_again_keeps_translations_and_changes_nothing(project):
    extract()
    translate_all()
    before = catalogues.path_of("zh_Hans").read_bytes()
    extract()
    assert catalogues.path_of("zh_Hans").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgid "Pay {sum}"\nmsgstr "支付 {sum}"', 'msgid "Pay {sum}"\nmsgstr "支付"', "placeholders differ"),
        ("#, python-brace-format\n", "#, fuzzy, python-brace-format\n", "fuzzy"),
        ('msgid "Pay {sum}"', 'msgid "Pay"', "not extracted"),
        ('msgid "Pay {sum}"', 'msgid "Pay"', "obsolete"),
        ("#: escrow/words.py", "#: escrow/other.py", "out of date"),
    ],
)
def test_what_is_wrong_is_said(project, old, new, fault):
    extract()
    translate_all()
    rewrite(old, new)
    assert any(text.startswith(fault) for text in faults("zh_Hans")), faults("zh_Hans")


def test_django_finds_both_catalogues():
    with catalogues.path_of("zh_Hans").open("rb") as file:
        ours = next(m for m in read_po(io.BytesIO(file.read())) if m.id and m.string and isinstance(m.id, str))
    with translation.override("zh-hans"):
        assert (
            translation.pgettext(ours.context, ours.id) if ours.context else translation.gettext(ours.id) == ours.string
        )
    with translation.override("en"):
        assert translation.gettext(ours.id) == ours.id
