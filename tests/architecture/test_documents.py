"""What the documents promise exists."""

import re

import pytest

from embedded.secrets import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
VARIABLE = re.compile(
    r"""(?:environ\.get\(|environ\[|setdefault\(|\bflag\(|\bkey\(|_port\()\s*"([A-Z][A-Z_]+)\"""",
)
NOT_FOR_PEOPLE = {"PATH", "DJANGO_SETTINGS_MODULE"}


def test_every_variable_the_code_reads_is_documented():
    packages = ["prepaid", "escrow", "complaints", "demo", "sandbox_bank", "embedded"]
    code = [path.read_text() for package in packages for path in (ROOT / package).rglob("*.py")]
    read = {name for text in code for name in VARIABLE.findall(text)} - NOT_FOR_PEOPLE
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text()))
    assert read - documented == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_both_readmes_name_the_same_commands():
    blocks = [re.findall(r"^(make \w+|\.venv/\S+ \S+ \w+)", path.read_text(), re.MULTILINE) for path in DOCUMENTS[:2]]
    assert blocks[0] == blocks[1] != []
