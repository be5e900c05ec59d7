"""The papers of measures, in both languages: the warning letter (监管警示函), the summons and record of a talk (约谈), the order to a
street to look at a shop. The Chinese text binds. A merchant's registered data are public; nobody else is named."""

import json
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.cases.queries.document_texts import BINDING, READING_COPY
from complaints.warnings.facts import facts_from
from complaints.warnings.models import Measure
from complaints.warnings.signals import SIGNALS
from complaints.warnings.states import MeasureKind
from escrow.clock import BEIJING
from prepaid.people.models import Post

TEMPLATE = 1


def issued_paper(measure: Measure, *, at: datetime) -> str:
    """Canonical JSON: the text of a measure that is on paper, as it is issued, in both languages."""
    whole: dict[str, Any] = {"template": TEMPLATE, "number": measure.number, "at": at.astimezone(BEIJING).isoformat()}
    for language in (BINDING, READING_COPY):
        with translation.override(language):
            whole[language] = _part(measure, at=at)
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def signs_in_words(measure: Measure) -> list[str]:
    """What of the facts of that evening says so, a sentence each, in the reader's language."""
    if not measure.parts:
        return []
    facts = facts_from(measure.facts)
    return [str(SIGNALS[code].words(facts)) for code, _strength, _points in measure.parts if code in SIGNALS]


def authority_of(measure: Measure) -> str:
    """朝阳区商务局: the department of the official who ordered it, else the one responsible for the merchant."""
    post: Post | None = measure.placed_by.post if measure.placed_by else None
    if post is not None:
        return post.department.of(post.district)
    merchant = measure.merchant
    return merchant.sector.lead_department.of(merchant.district)


def _part(measure: Measure, *, at: datetime) -> dict[str, Any]:
    title, asked, notes = _WORDS[MeasureKind(measure.kind)]
    merchant, store = measure.merchant, measure.store
    facts = [
        [_("Number"), measure.number],
        [_("Authority"), authority_of(measure)],
        [_("Day"), at.astimezone(BEIJING).date().isoformat()],
        [_("Merchant"), merchant.name],
        [_("Unified social credit code"), merchant.uscc],
    ]
    if store is not None:
        street = f"{store.district.name} · {store.subdistrict.name}"
        facts += [[_("To"), street], [_("Store"), store.name], [_("Address"), store.address]]
    facts.append([pgettext("supervision", "By"), measure.due_on.isoformat() if measure.due_on else "–"])
    sections = [{"heading": _("Reason"), "lines": [measure.because]}]
    if signs := signs_in_words(measure):
        sections.append({"heading": _("What the custody platform shows"), "lines": signs})
    sections.append({"heading": pgettext("supervision", "What is asked"), "lines": [str(line) for line in asked()]})
    return {
        "title": title(),
        "facts": facts,
        "sections": sections,
        "signatures": [f"{authority_of(measure)}　　{at.astimezone(BEIJING).date().isoformat()}"],
        "notes": [str(line) for line in notes()],
    }


_WORDS = {
    MeasureKind.LETTER: (
        lambda: _("Supervisory warning letter"),
        lambda: [
            _(
                "Say in writing, on the platform, what has happened and how your card-holders will be served or paid back."
            ),
            _(
                "Tell every card-holder at once before you close, move or stop serving (Beijing regulations on single-purpose prepaid "
                "cards, art. 18)."
            ),
        ],
        lambda: [
            _("A letter that is not answered in time may be followed by an inspection, held payouts or stopped sales."),
            _(
                "If it is wrong, appeal on the platform: an official who had no part in it decides within five working days."
            ),
        ],
    ),
    MeasureKind.TALK: (
        lambda: _("Summons to a talk"),
        lambda: [
            _(
                "The legal representative, or a person with a written authority, comes on that day with the lease and the books."
            )
        ],
        lambda: [_("What is said is written down and signed by both sides.")],
    ),
    MeasureKind.INSPECTION: (
        lambda: _("Order to look at a shop"),
        lambda: [
            _(
                "Go there unannounced in the hours of business: is it open, are people served, who is there, what does the landlord say?"
            ),
            _("Report what was seen, with the day and hour, to the authority that ordered it."),
        ],
        lambda: [_("The result is kept with this number and read by the next assessment of the merchant.")],
    ),
}
