"""Applies the rules to a text, sentence by sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise

from prepaid.products.void_clauses.plain import plain
from prepaid.products.void_clauses.rules import RULES, Rule

SENTENCE_END = re.compile(r"[。;；!！?？\n\r\u2028\u2029\x0b\x0c]|(?<=[A-Za-z0-9)\"'”’])\.(?=\s|$)")
#: A sentence without an end is read in overlapping parts, so that the time grows with the text and no faster.
PART, OVERLAP = 400, 120
MOST_QUOTED = 120


@dataclass(frozen=True)
class VoidClause:
    """One finding; ``excerpt`` is the part of the text it is about, as it is written."""

    article: Promise
    because: Promise
    excerpt: str


def scan(text: str) -> list[VoidClause]:
    """Every void clause in the text, in its order; one per rule and sentence. Full-width forms, traditional characters and
    what is put between characters do not hide a phrase."""
    return [
        VoidClause(article=rule.article, because=rule.because, excerpt=_quoted(written, clause))
        for written, parts in _sentences(text)
        for rule in RULES
        if (clause := next((found for part in parts if (found := _first(rule, part))), None))
    ]


def _sentences(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each sentence as it is written, and the parts of its plain form."""
    for sentence in SENTENCE_END.split(text):
        if read := plain(sentence).strip():
            yield (
                sentence.strip(),
                [read[at : at + PART] for at in range(0, max(1, len(read) - OVERLAP), PART - OVERLAP)],
            )


def _first(rule: Rule, sentence: str) -> str | None:
    """The comma clause of the first phrase that nothing turns around."""
    for match in rule.pattern("phrases").finditer(sentence):
        start = sentence.rfind(",", 0, match.start()) + 1
        end = sentence.find(",", match.end())
        clause = sentence[start : end if end >= 0 else len(sentence)].strip()
        if (
            rule.pattern("before").search(sentence[: match.start()])
            or rule.pattern("after").search(sentence[match.end() :])
            or rule.pattern("beside").search(clause)
        ):
            continue
        return clause
    return None


def _quoted(written: str, clause: str) -> str:
    """The clause in the words of the text; where what it is read from differs in more than commas, its sentence."""
    at = written.replace("，", ",").find(clause)
    return (written[at : at + len(clause)] if at >= 0 else written)[:MOST_QUOTED]
