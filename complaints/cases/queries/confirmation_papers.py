"""The papers that a court gets with a mediation agreement (司法确认), in Chinese, each made of what the platform knows."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.cases.models import Mediation
from complaints.cases.queries.document_texts import BINDING, consumer_in, merchant_in, result_of, when
from complaints.cases.queries.file import authority, money_of
from complaints.cases.queries.mediations import confirmable_until
from escrow.clock import BEIJING
from escrow.money import yuan


def application(mediation: Mediation, *, phone: bool) -> dict[str, Any]:
    """The application of both sides together."""
    case = mediation.case
    with translation.override(BINDING):
        part = {
            "title": _("Application to confirm a mediation agreement"),
            "facts": [
                [_("Applicant (consumer)"), consumer_in(case, named=True, phone=phone)],
                [_("Applicant (merchant)"), merchant_in(case)],
                [_("Mediated by"), authority(case.lead_department, case.lead_district)],
                [_("Agreement in effect since"), when(mediation.concluded_at)] if mediation.concluded_at else ["", ""],
                [_("Last day to apply"), confirmable_until(mediation).isoformat()],
            ],
            "sections": [
                {
                    "heading": _("What is asked for"),
                    "lines": [
                        _("To confirm the mediation agreement of complaint %(number)s.") % {"number": case.number}
                    ],
                },
                {"heading": _("Content of the agreement"), "lines": result_of(mediation)},
                {
                    "heading": _("Declaration"),
                    "lines": [
                        _(
                            "Both applicants agreed of their own will. The agreement harms neither the state, nor the public, nor anybody "
                            "else, and breaks no mandatory rule. What is handed in is true."
                        )
                    ],
                },
                {
                    "heading": _("Law"),
                    "lines": [
                        _(
                            "Civil Procedure Law, procedure for confirming mediation agreements: both sides apply together within 30 "
                            "days from the agreement's effect. Which court takes it, and whether it takes agreements mediated by an "
                            "authority, the court's front desk says."
                        )
                    ],
                },
            ],
            "signatures": [
                _("Applicant (consumer), signature and date:"),
                _("Applicant (merchant), signature, seal and date:"),
                _("To the People's Court of:"),
            ],
            "notes": [],
        }
    return _paper(mediation, part)


def payment_evidence(mediation: Mediation) -> dict[str, Any]:
    """What was paid for the card and what became of it, by the ledger, until the agreement was concluded."""
    case, card = mediation.case, mediation.case.own_card
    with translation.override(BINDING):
        entries = [one for one in money_of(case).entries if mediation.concluded_at and one.at <= mediation.concluded_at]
        rows = [[when(one.at), one.reason_label, yuan(one.amount_fen), yuan(one.held_after_fen)] for one in entries]
        part = {
            "title": _("Payments and use of the card"),
            "facts": [
                [_("Card"), f"{card.version.product.name} · {card}"],
                [_("Bought"), when(card.bought_at)],
                [_("Paid for the card"), f"¥{yuan(card.agreement.price_fen)}"],
            ],
            "sections": [
                {
                    "heading": _("Every movement of the card"),
                    "columns": [_("Date"), _("What"), _("Sum"), _("Held after")],
                    "rows": rows,
                }
            ],
            "signatures": [],
            "notes": [_("From the ledger of the platform, as of the conclusion of the agreement.")],
        }
    return _paper(mediation, part)


def identification(mediation: Mediation, *, phone: bool) -> dict[str, Any]:
    """Who the parties are, as far as the platform knows; it keeps no copy of an identity card."""
    case = mediation.case
    with translation.override(BINDING):
        consumer, merchant = pgettext("on a paper", "Consumer"), pgettext("on a paper", "Merchant")
        store = case.store
        part = {
            "title": _("The parties"),
            "facts": [
                [consumer, consumer_in(case, named=True, phone=phone)],
                [_("Telephone number confirmed"), _confirmed(mediation)],
                [merchant, merchant_in(case)],
                *([[_("Registered with the platform"), when(case.merchant.registered_at)]] if case.merchant else []),
                [_("Store"), f"{store.name}, {store.address}" if store else "–"],
                *[[_("In the mediation"), f"{label}：{by}"] for label, by in _took_part(mediation, consumer, merchant)],
            ],
            "sections": [],
            "signatures": [],
            "notes": [
                _("The platform keeps no copy of an identity card or licence: each side brings its own to the court.")
            ],
        }
    return _paper(mediation, part)


def contents(mediation: Mediation, *, listed: list[tuple[str, str]], missing: list[str]) -> dict[str, Any]:
    """What is in the file (name, SHA-256), and what is not because nobody has it."""
    with translation.override(BINDING):
        part = {
            "title": _("List of contents"),
            "facts": [[_("Complaint"), mediation.case.number]],
            "sections": [
                {"heading": name, "lines": [_("SHA-256 of the file: %(sha256)s") % {"sha256": sha256}]}
                for name, sha256 in listed
            ],
            "signatures": [],
            "notes": [
                _("Not in the file, for the platform does not have it: %(name)s") % {"name": name} for name in missing
            ],
        }
    return _paper(mediation, part)


def _confirmed(mediation: Mediation) -> str:
    at = mediation.case.complainant.phone_verified_at
    return when(at) if at else "–"


def _took_part(mediation: Mediation, consumer: str, merchant: str) -> list[tuple[str, str]]:
    return [(consumer, mediation.consumer_by), (merchant, mediation.merchant_by)]


def _paper(mediation: Mediation, part: dict[str, Any]) -> dict[str, Any]:
    at = mediation.concluded_at or mediation.written_at
    return {"number": mediation.case.number, "at": at.astimezone(BEIJING).isoformat(timespec="seconds"), BINDING: part}
