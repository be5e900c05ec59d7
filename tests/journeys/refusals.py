"""How a refusal is judged: what the person is told, in which language, and that no row of the domain changed."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from prepaid.people.models import User

LANGUAGES = ["zh-hans", "en"]
OURS = ("escrow", "prepaid", "complaints")
#: Classes of what stands beside a field, on top of a form, or instead of a page.
TOLD = {"error-summary", "field-error", "errorlist", "errornote", "verdict-bad", "notice-bad"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")


def signed_in(user: User, language: str = "zh-hans", *, csrf: bool = False) -> Client:
    """A browser of that language with the user's session; ``csrf`` demands the token as a real server does."""
    client = Client(headers={"accept-language": language}, enforce_csrf_checks=csrf, raise_request_exception=False)
    client.force_login(user)
    return client


def facts() -> dict[str, str]:
    """Table to count and digest of its rows, for every table of the domain: equal means that nothing changed.

    Outside are only sessions, the cache (rate limits, wrong codes) and the framework's own tables.
    """
    tables = sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.partition(".")[0] in OURS and model._meta.managed
    )
    digest = "SELECT '{0}', count(*) || ':' || coalesce(md5(string_agg(t::text, '\n' ORDER BY t::text)), '') FROM {0} t"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digest.format(f'"{table}"') for table in tables))
        return {table.strip('"'): found for table, found in cursor.fetchall()}


def bank_facts(var: Path) -> dict[str, list[Any]]:
    """Every row of the sandbox bank's own database."""
    with closing(sqlite3.connect(f"file:{var / 'bank' / 'bank.sqlite3'}?mode=ro", uri=True)) as bank:
        tables = [name for (name,) in bank.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(map(repr, bank.execute(f'SELECT * FROM "{table}"'))) for table in tables}


class _Told(HTMLParser):
    """Collects the text of alerts, of rows that are marked bad, and of the page's main part."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool, bool]] = []
        self.alerts: list[str] = []
        self.main: list[str] = []
        self.row: list[str] = []
        self.row_is_bad = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = dict(attrs)
        classes = set((given.get("class") or "").split())
        alert, main = self.open[-1][1:] if self.open else (False, False)
        if tag == "tr":
            self.row, self.row_is_bad = [], False
        self.row_is_bad |= "badge-bad" in classes
        self.open.append((tag, alert or given.get("role") == "alert" or bool(TOLD & classes), main or tag == "main"))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        if tag == "tr" and self.row_is_bad:
            self.alerts += self.row

    def handle_data(self, data: str) -> None:
        self.row.append(data)
        if self.open and self.open[-1][1]:
            self.alerts.append(data)
        if self.open and self.open[-1][2]:
            self.main.append(data)


def told(answer: HttpResponse) -> str:
    """What the answer says to whoever was refused: of JSON the message and the fields' sentences, of a page its
    alerts, and where it has none (a page that only refuses) its main part."""
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        error = answer.json()["error"]
        fields = error.get("fields", {})
        return " ".join([error["message"], *map(_flat, fields.values())])
    page = _Told()
    page.feed(answer.content.decode())
    return " ".join(" ".join(page.alerts or page.main).split())


def _flat(said: Any) -> str:
    if isinstance(said, dict):
        return " ".join(map(_flat, said.values()))
    return " ".join(map(_flat, said)) if isinstance(said, list) else str(said)


def is_in(language: str, said: str) -> bool:
    """Whether it is Chinese without an English sentence in it, or English without a Chinese one (names are Chinese)."""
    if language == "en":
        return bool(ENGLISH_SENTENCE.search(said))
    return bool(CHINESE.search(said)) and not ENGLISH_SENTENCE.search(said)


@dataclass(frozen=True)
class Sentence:
    """What is wrong, and what to do next, as the answer says it in both languages."""

    en: tuple[str, str]
    zh: tuple[str, str]

    def parts(self, language: str) -> tuple[str, str]:
        return self.en if language == "en" else self.zh
