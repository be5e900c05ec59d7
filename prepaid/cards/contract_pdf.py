"""A contract's text as PDF: A4, real text in the reading order, its Chinese font embedded. Pure: the text in, bytes out."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

FONT = Path(__file__).parent / "data" / "NotoSansCJKsc-contract.ttf"
FAMILY = "contract"
#: Points: 11 on A4 can be read on a phone held sideways.
BODY, SMALL, HEADING, TITLE = 11.0, 8.5, 13.0, 18.0
INK, MUTED, LINE = (26, 26, 26), (90, 90, 90), (200, 200, 200)
#: What is broken at a line's end: a Chinese character each, a word of another script whole.
_PIECES = re.compile(r"[A-Za-z0-9¥%.,:;'()@/\-–]+|\s+|.", re.DOTALL)
_NEVER_FIRST = set("，。、；：？！）》〉」』】〕”’％,.;:?!)%")
_NEVER_LAST = set("（《〈「『【〔“‘¥(")


def contract_pdf(text: str, *, sha256: str) -> bytes:
    """``text`` as ``contract_text`` made it; ``sha256`` is its fingerprint and stands on every page."""
    contract = json.loads(text)
    pdf = _Contract(contract, sha256)
    for language, lang in (("zh-hans", "zh-CN"), ("en", "en")):
        pdf.add_page()
        pdf.write_part(contract[language], lang)
    return bytes(pdf.output())


class Paper(FPDF):
    """A4 with the Chinese font, and what a page is written with."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_margins(18, 18, 18)
        self.set_auto_page_break(True, margin=22)
        self.add_font(FAMILY, "", FONT)
        font = self.fonts[FAMILY]
        assert isinstance(font, TTFFont)
        self.drawable = frozenset(font.cmap)
        self.set_font(FAMILY, size=BODY)
        self.set_lang("zh-CN")
        self.set_display_mode("fullwidth", "continuous")

    def shown(self, text: str) -> str:
        """A character that the font has not is named by its number instead of left out."""
        known = self.drawable
        return "".join(c if ord(c) in known or c == "\n" else f"[U+{ord(c):04X}]" for c in text)

    def heading(self, text: str, note: str = "") -> None:
        """Kept together with what follows."""
        if self.will_page_break(28):
            self.add_page()
        self.ln(2.5)
        self.paragraph(text, size=HEADING, after=0.5)
        if note:
            self.paragraph(note, size=7.5, colour=MUTED, after=1)

    def fact(self, label: str, value: str) -> None:
        """A label with what it names."""
        if self.will_page_break(7):
            self.add_page()
        top = self.get_y()
        self.paragraph(label, colour=MUTED, width=42, after=0)
        below = self.get_y()
        self.set_xy(self.l_margin + 44, top)
        self.paragraph(value, width=self.epw - 44, indent=44, after=0)
        self.set_y(max(below, self.get_y()) + 0.8)

    def grid(self, columns: list[str], rows: list[list[str]], *, size: float = BODY, heads: float = 9.5) -> None:
        """A small table; sums to the right."""
        width = self.epw / len(columns)
        for number, row in enumerate([columns, *rows]):
            if self.will_page_break(8):
                self.add_page()
            self.set_font(FAMILY, size=size if number else heads)
            self.set_text_color(*(INK if number else MUTED))
            self.set_draw_color(*LINE)
            for place, cell in enumerate(row):
                self.cell(width, 7.5, self.shown(cell), border="B", align="R" if place else "L")
            self.ln(7.5)
        self.ln(1.5)

    def paragraph(
        self,
        text: str,
        *,
        size: float = BODY,
        colour: tuple[int, int, int] = INK,
        width: float | None = None,
        indent: float = 0,
        after: float = 1.2,
    ) -> None:
        """Lines that break where Chinese and Latin text may."""
        height = size * 0.56
        for line in self.broken(self.shown(text), size=size, width=width or self.epw):
            if self.will_page_break(height):
                self.add_page()
            self.set_font(FAMILY, size=size)
            self.set_text_color(*colour)
            self.set_x(self.l_margin + indent)
            self.cell(width or self.epw, height, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(after)

    def broken(self, text: str, *, size: float, width: float) -> Iterator[str]:
        """The lines of a text: none begins with a full stop or ends with an opening bracket."""
        self.set_font(FAMILY, size=size)
        room = width - 2 * self.c_margin
        for paragraph in text.split("\n"):
            line = ""
            for piece in _PIECES.findall(paragraph.strip()):
                while self.get_string_width(line + piece) > room and (line or len(piece) > 1):
                    if not line:  # one word is longer than a line
                        fits = next(n for n in range(len(piece), 0, -1) if self.get_string_width(piece[:n]) <= room)
                        yield piece[:fits]
                        piece = piece[fits:]
                        continue
                    kept, moved = _parted(line, piece)
                    yield kept.rstrip()
                    line = moved
                    if not moved and piece.isspace():
                        piece = ""
                line += piece
            yield line.rstrip()


class _Contract(Paper):
    """The layout of template 1."""

    def __init__(self, contract: dict[str, Any], sha256: str) -> None:
        super().__init__()
        self.contract, self.sha256 = contract, sha256
        title = f"{contract['zh-hans']['title']} {contract['number']}"
        self.set_title(title)
        self.set_author(contract["zh-hans"]["facts"][2][1])
        self.set_creation_date(datetime.fromisoformat(contract["concluded_at"]))

    def footer(self) -> None:
        """Which contract, which page, and the fingerprint of the text."""
        self.set_y(-17)
        self.set_font(FAMILY, size=7)
        self.set_text_color(*MUTED)
        number = self.contract["number"]
        self.cell(0, 4, f"{number[:4]} {number[4:]}  ·  {self.page_no()} / {{nb}}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, f"SHA-256 {self.sha256}  ·  模板 Template {self.contract['template']}")

    def write_part(self, part: dict[str, Any], lang: str) -> None:
        """The contract in one language."""
        self.start_section(self.shown(part["title"]))
        self.paragraph(part["title"], size=TITLE, after=1)
        self.paragraph(part["binding"], size=SMALL, colour=MUTED, after=3)
        for label, value in part["facts"]:
            self.fact(label, value)
        self.ln(2)
        for item in part["items"]:
            self.heading(f"{item['number']}. {item['title']}", item["article"])
            for line in item["lines"]:
                self.paragraph(line)
        refunds = part["refunds"]
        self.heading(refunds["title"])
        for line in refunds["cooling_off"]:
            self.paragraph(line)
        self.grid(refunds["columns"], refunds["rows"])
        self.paragraph(refunds["law"], size=SMALL, colour=MUTED)
        self.heading(part["acknowledged"]["title"])
        for line in part["acknowledged"]["lines"]:
            self.paragraph(f"· {line}")


def _parted(line: str, piece: str) -> tuple[str, str]:
    """The line as it ends, and what of it begins the next one with the piece."""
    at = len(line)
    if piece[0] in _NEVER_FIRST:
        at -= 1
    while at > 1 and line[at - 1] in _NEVER_LAST:
        at -= 1
    return (line[:at], line[at:]) if at > 1 else (line, "")
