"""A cash-flow certificate as PDF, from its text. Pure: the text in, bytes out."""

import json
from datetime import datetime
from typing import Any

from fpdf.enums import XPos, YPos

from prepaid.cards.contract_pdf import FAMILY, MUTED, SMALL, TITLE, Paper

#: Seven columns with sums of up to nine digits stand beside each other.
FIGURES, HEADS = 8.5, 7.0


def certificate_pdf(text: str, *, address: str) -> bytes:
    """``text`` as ``certificate_text`` made it; ``address`` is where it can be checked, and stands on every page."""
    certificate = json.loads(text)
    pdf = _Certificate(certificate, address)
    for language, lang in (("zh-hans", "zh-CN"), ("en", "en")):
        pdf.add_page()
        pdf.write_part(certificate[language], lang)
    return bytes(pdf.output())


class _Certificate(Paper):
    """One page for each language."""

    def __init__(self, certificate: dict[str, Any], address: str) -> None:
        super().__init__()
        self.address = address
        self.set_title(certificate["zh-hans"]["title"])
        self.set_creation_date(datetime.fromisoformat(certificate["made_at"]))

    def footer(self) -> None:
        """Which page, and where to check it."""
        self.set_y(-17)
        self.set_font(FAMILY, size=7)
        self.set_text_color(*MUTED)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, self.address, link=self.address)

    def write_part(self, part: dict[str, Any], lang: str) -> None:
        """The certificate in one language."""
        self.start_section(self.shown(part["title"]))
        self.paragraph(part["title"], size=TITLE, after=2)
        for label, value in part["facts"]:
            self.fact(label, value)
        self.ln(2)
        self.grid(part["columns"], part["rows"], size=FIGURES, heads=HEADS)
        for note in part["notes"]:
            self.paragraph(note, size=SMALL, colour=MUTED)
