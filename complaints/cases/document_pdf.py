"""A document of a case as PDF, from its content. Pure: the same content gives the same bytes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fpdf.enums import XPos, YPos

from prepaid.cards.contract_pdf import FAMILY, MUTED, SMALL, TITLE, Paper

LANGS = {"zh-hans": "zh-CN", "en": "en"}


def document_pdf(content: Mapping[str, Any], *, sha256: str, languages: Sequence[str] = ("zh-hans",)) -> bytes:
    """``content``: ``number``, ``at`` (ISO) and a part for each language: ``title``, ``facts`` ([label, text]), ``sections``
    ({heading, lines, and columns with rows}), ``signatures``, ``notes``."""
    pdf = _Document(content, sha256)
    for language in languages:
        pdf.add_page()
        pdf.write_part(content[language], LANGS[language])
    return bytes(pdf.output())


class _Document(Paper):
    """One document in one or two languages."""

    def __init__(self, content: Mapping[str, Any], sha256: str) -> None:
        super().__init__()
        self.number, self.sha256 = content["number"], sha256
        self.set_title(self.shown(f"{content['zh-hans']['title']} {self.number}"))
        self.set_creation_date(datetime.fromisoformat(content["at"]))

    def footer(self) -> None:
        """Which document, which page, and the fingerprint of its text."""
        self.set_y(-17)
        self.set_font(FAMILY, size=7)
        self.set_text_color(*MUTED)
        self.cell(0, 4, f"{self.number}  ·  {self.page_no()} / {{nb}}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, f"SHA-256 {self.sha256}" if self.sha256 else "")

    def write_part(self, part: Mapping[str, Any], lang: str) -> None:
        """The document in one language."""
        self.set_lang(lang)
        self.start_section(self.shown(part["title"]))
        self.paragraph(part["title"], size=TITLE, after=2)
        for label, value in part["facts"]:
            self.fact(label, value)
        for section in part["sections"]:
            self.heading(section["heading"])
            for line in section.get("lines", []):
                self.paragraph(line)
            if section.get("columns"):
                self.grid(section["columns"], section["rows"], size=9)
        self.ln(4)
        for line in part["signatures"]:
            if self.will_page_break(14):
                self.add_page()
            self.paragraph(line, after=5)
        for note in part["notes"]:
            self.paragraph(note, size=SMALL, colour=MUTED)
