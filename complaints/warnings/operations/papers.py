"""The paper of a measure as PDF, made of the stored text alone."""

import json

from complaints.cases.document_pdf import document_pdf
from complaints.cases.queries.document_texts import BINDING, READING_COPY
from complaints.warnings.errors import NoPaper, PaperDamaged
from complaints.warnings.models import Measure
from prepaid.cards.contract_text import fingerprint


def printed(measure: Measure) -> bytes:
    """In Chinese, which binds, with the English text after it. Raises ``NoPaper``, ``PaperDamaged``."""
    if not measure.paper:
        raise NoPaper()
    if fingerprint(measure.paper) != measure.sha256:
        raise PaperDamaged()
    return document_pdf(json.loads(measure.paper), sha256=measure.sha256, languages=(BINDING, READING_COPY))
