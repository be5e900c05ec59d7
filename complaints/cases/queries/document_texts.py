"""The words of each document, with the case's facts filled in.

Each side's copy names that side in full. In the notices the other side is masked as everywhere (``李**``), for a notice only has
to reach one person. The agreement, its record and the file for the court name both sides, for nobody can enforce or confirm
what unnamed people agreed; the consumer's telephone number stays masked in the merchant's copy. A merchant's registered data
are public and are shown to everybody.
"""

import json
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.cases.models import Case, Mediation
from complaints.cases.queries.file import authority, until
from complaints.cases.states import DocumentKind, Limit, Side
from escrow.clock import BEIJING
from escrow.money import yuan

BINDING, READING_COPY = "zh-hans", "en"
TEMPLATE = 1


def document_text(
    case: Case, *, kind: DocumentKind, side: Side, mediation: Mediation | None, number: str, at: datetime
) -> str:
    """Canonical JSON: the exact text of one side's copy, in both languages."""
    whole: dict[str, Any] = {"template": TEMPLATE, "number": number, "at": _iso(at), "kind": kind.value}
    for language in (BINDING, READING_COPY):
        with translation.override(language):
            whole[language] = _part(case, kind, side, mediation, number=number, at=at)
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def record_paper(mediation: Mediation) -> dict[str, Any]:
    """The record of a mediation as a paper, in Chinese: to be signed, or with who has confirmed it."""
    case = mediation.case
    with translation.override(BINDING):
        part = {
            "title": _("Record of the mediation"),
            "facts": [
                [_("Complaint"), case.number],
                [_("Authority"), authority(case.lead_department, case.lead_district)],
                [_("Officer"), mediation.held_by.display_name],
                [_("Held"), when(mediation.held_at)],
                [_("Place of the mediation"), mediation.place],
                [_("How"), mediation.get_manner_display()],
                [_("For the consumer"), mediation.consumer_by],
                [_("For the merchant"), mediation.merchant_by],
            ],
            "sections": [
                {"heading": _("The consumer's statement"), "lines": [mediation.consumer_said]},
                {"heading": _("The merchant's statement"), "lines": [mediation.merchant_said]},
                {"heading": _("Result"), "lines": result_of(mediation)},
            ],
            "signatures": [_signed(mediation, side) for side in Side],
            "notes": [_("Written down %(time)s.") % {"time": when(mediation.written_at)}],
        }
    return {"number": case.number, "at": _iso(mediation.written_at), BINDING: part}


def result_of(mediation: Mediation) -> list[str]:
    """What was agreed, a sentence each; or why nothing."""
    if mediation.failed_because:
        return [_("There is no agreement: %(why)s") % {"why": mediation.failed_because}]
    lines = [_("The merchant pays back ¥%(sum)s in all.") % {"sum": yuan(mediation.agreed_fen)}]
    if mediation.custody_fen:
        lines.append(
            _(
                "¥%(sum)s of it is paid back through the custody of the card, to the account the card was paid from; what custody does not "
                "hold of it the merchant pays, at once or as a debt that its later payouts pay first."
            )
            % {"sum": yuan(mediation.custody_fen)}
        )
    if mediation.direct_fen and mediation.pay_by:
        lines.append(
            _("¥%(sum)s of it the merchant pays itself, by %(day)s.")
            % {"sum": yuan(mediation.direct_fen), "day": mediation.pay_by.isoformat()}
        )
    if mediation.terms:
        lines.append(mediation.terms)
    return lines


def _signed(mediation: Mediation, side: Side) -> str:
    confirmation = mediation.standing.get(side)
    label = pgettext("on a paper", "Consumer") if side == Side.CONSUMER else pgettext("on a paper", "Merchant")
    if confirmation is None:
        return _("%(side)s (signature, date):") % {"side": label}
    if confirmation.signed_on:
        return _("%(side)s: signed on paper on %(day)s, kept by the authority.") % {
            "side": label,
            "day": confirmation.signed_on.isoformat(),
        }
    return _("%(side)s: confirmed on the platform on %(time)s.") % {"side": label, "time": when(confirmation.at)}


def consumer_in(case: Case, *, named: bool, phone: bool) -> str:
    """The consumer as a paper names them."""
    user = case.complainant
    name = user.name if named and user.name else user.display_name
    number = (user.phone if phone else "") or user.phone_masked
    return number if name == user.phone_masked else f"{name} {number}"


def merchant_in(case: Case) -> str:
    """The merchant as the register has it; one that never joined as it was told."""
    if case.merchant is None:
        address = case.outside.address if case.outside else ""
        return f"{case.against}, {address}" if address else case.against
    return _("%(name)s, unified social credit code %(code)s, legal representative %(person)s") % {
        "name": case.merchant.name,
        "code": case.merchant.uscc,
        "person": case.merchant.legal_representative,
    }


def _part(
    case: Case, kind: DocumentKind, side: Side, mediation: Mediation | None, *, number: str, at: datetime
) -> dict[str, Any]:
    own = side == Side.CONSUMER
    named = own or kind == DocumentKind.AGREEMENT
    office = authority(case.lead_department, case.lead_district)
    request = case.refund_request
    facts = [
        [_("Number"), number],
        [_("Copy for"), str(side.label)],
        [_("Complaint"), _("%(number)s, received %(time)s") % {"number": case.number, "time": when(case.received_at)}],
        [pgettext("on a paper", "Consumer"), consumer_in(case, named=named, phone=own)],
        [pgettext("on a paper", "Merchant"), merchant_in(case)],
    ]
    if case.card is not None:
        facts.append([_("Card"), f"{case.card.version.product.name} · {case.card}"])
    if request is not None:
        facts.append([_("Asked for"), f"¥{yuan(request.asked_fen)}"])
        facts.append([_("Paid for the card"), f"¥{yuan(case.own_card.agreement.price_fen)}"])
    elif case.redemption is not None:
        facts.append([_("Charge"), case.asked])
    elif case.asked:
        facts.append([_("Asked for"), case.asked])
    return {
        "title": str(kind.label),
        "facts": facts,
        "sections": _sections(case, kind, mediation, office=office),
        "signatures": [
            *([_signed(mediation, one) for one in Side] if mediation and kind == DocumentKind.AGREEMENT else []),
            _("%(office)s (seal) · %(day)s") % {"office": office, "day": f"{at.astimezone(BEIJING):%Y-%m-%d}"},
        ],
        "notes": [
            _("The Chinese text is binding; the English text is a reading copy."),
            _(
                "Made by the platform from the complaint's file. Whoever doubts it compares the fingerprint below with the file."
            ),
        ],
    }


def _sections(case: Case, kind: DocumentKind, mediation: Mediation | None, *, office: str) -> list[dict[str, Any]]:
    """What the document says, and the law it rests on."""
    outcome = getattr(case, "outcome", None)
    match kind:
        case DocumentKind.ACCEPTANCE:
            said = [
                _("%(office)s has accepted this complaint and hears both sides.") % {"office": office},
                _("It is handled by %(day)s.") % {"day": until(case)},
            ]
            if case.refund_request is not None:
                said.append(_("The money of the card stays frozen until then."))
            law = _(
                "Beijing Swift Response Regulations, Article 14: who receives a complaint first leads it to the end."
            )
            if case.limit == Limit.PREPAID:
                law += " " + _(
                    "Beijing Single-Purpose Prepaid Card Regulations, Article 25: handled within 7 working days, the consumer is told."
                )
        case DocumentKind.REJECTION:
            reasons = [outcome.reasons] if outcome else []  # issued after the decision only
            said = [_("%(office)s does not take this complaint up.") % {"office": office}, *reasons]
            law = _(
                "Beijing Single-Purpose Prepaid Card Regulations, Article 25. You may still go to court or arbitration; this notice can be "
                "your evidence."
            )
        case DocumentKind.TERMINATION:
            assert mediation is not None  # a constraint
            said = [
                _("The mediation of %(time)s has ended.") % {"time": when(mediation.held_at)},
                *result_of(mediation),
            ]
            law = _(
                "Mediation rests on the will of both sides. The complaint itself is decided on by the authority on what the file shows; "
                "each side may go to court or arbitration."
            )
        case DocumentKind.AGREEMENT:
            assert mediation is not None  # a constraint
            said = [
                _("Mediated by %(office)s on %(time)s, both sides have agreed:")
                % {"office": office, "time": when(mediation.held_at)},
                *result_of(mediation),
            ]
            law = _(
                "The agreement binds both sides from the second confirmation. Within 30 days from then both may together ask the people's "
                "court to confirm it (Civil Procedure Law, confirmation of mediation agreements); a confirmed agreement can be enforced."
            )
    return [{"heading": str(kind.label), "lines": said}, {"heading": _("Law"), "lines": [law]}]


def when(at: datetime) -> str:
    """To the minute, in Beijing."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _iso(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")
