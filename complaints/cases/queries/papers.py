"""What a page about the mediation and the documents of a case shows, to a side or to an officer."""

from datetime import date
from typing import Any

from complaints.cases.models import Case
from complaints.cases.queries.document_texts import result_of
from complaints.cases.queries.mediations import confirmable_until, documents_of, issuable, mediations_of
from complaints.cases.states import Side


def papers_of(case: Case, *, side: Side | None, today: date) -> dict[str, Any]:
    """The mediations, the reader's copies (an officer, ``side`` None: both), what is to be confirmed and until when a court can be
    asked."""
    mediations = mediations_of(case)
    documents = list(documents_of(case, side=side).defer("text"))
    newest = mediations[0] if mediations else None
    agreement = next((one for one in mediations if one.is_confirmed), None)
    until = confirmable_until(agreement) if agreement else None
    waits = newest is not None and newest.is_open and case.is_undecided
    return {
        "case": case,
        "side": side,
        "mediations": [{"mediation": one, "result": result_of(one), "signed": _signed(one)} for one in mediations],
        "newest": newest,
        "documents": documents,
        "court_until": until,
        "court_open": until is not None and today <= until,
        "waits": waits,
        "to_confirm": waits and newest is not None and side is not None and side not in newest.standing,
        "issuable": issuable(case, mediations=mediations, issued={one.kind for one in documents})
        if side is None
        else [],
    }


def _signed(mediation: Any) -> list[tuple[Side, Any]]:
    return [(side, mediation.standing.get(side)) for side in Side]
