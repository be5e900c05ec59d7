"""One clause a line in, one JSON line out, for other programs: ``{"void": bool, "article": str, "because": str}``."""

import json
import re
from collections.abc import Iterable

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from prepaid.products.void_clauses.scanning import scan

#: A whole contract in one line is shorter. What comes after is not read, and the answer says so.
MOST_CHARACTERS = 100_000
_HAN = re.compile("[\u3400-\u9fff]")


def answer(line: bytes) -> bytes:
    """What is void in one line and why, in the language of the line; articles and reasons of several stand one after another."""
    clause = _read(line).strip()
    with translation.override("zh-hans" if _HAN.search(clause[:MOST_CHARACTERS]) else "en"):
        found = scan(clause[:MOST_CHARACTERS])
        said = {
            "void": bool(found),
            "article": _joined(void.article for void in found),
            "because": _joined(void.because for void in found) or _nothing(clause),
        }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _read(line: bytes) -> str:
    """UTF-8; else the encoding that Chinese files of other programs have; bytes of neither are passed over."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", "replace")


def _joined(parts: Iterable[Promise]) -> str:
    return " ".join(dict.fromkeys(map(str, parts)))


def _nothing(clause: str) -> str:
    if not clause:
        return _("The line is empty.")
    if len(clause) > MOST_CHARACTERS:
        return _("No void clause was found in the first %(most)s characters; the rest was not read.") % {
            "most": MOST_CHARACTERS
        }
    return _("No void clause was found in the text.")
