"""Texts for what sides say most often, from the file that has them in both languages."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import get_language

TABLE = Path(__file__).resolve().parents[1] / "data" / "statement_templates.csv"


@dataclass(frozen=True, kw_only=True)
class Template:
    """A text to begin with, of one ``Side``, in Chinese and English."""

    code: str
    side: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str

    @property
    def title(self) -> str:
        """What it is about, in the language of the page."""
        return self.title_zh if _in_chinese() else self.title_en

    @property
    def text(self) -> str:
        """What it says, in the language of the page; the officer completes it."""
        return self.text_zh if _in_chinese() else self.text_en


def _in_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


@cache
def templates() -> tuple[Template, ...]:
    """All of them, in the order of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(Template(**row) for row in csv.DictReader(file))


def template_by(code: str) -> Template | None:
    """None when there is none of that code."""
    return next((one for one in templates() if one.code == code), None)
