"""A merchant's cash-flow certificate: made with the owner's consent, read by whoever has its code, withdrawn at any time."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from escrow import audit
from escrow.clock import BEIJING
from escrow.errors import NotFound
from escrow.models import blind_index
from escrow.money import yuan
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.errors import (
    CertificateDamaged,
    CertificateOver,
    CertificateWithoutConsent,
    CertificateWithoutReader,
    TooManyCertificates,
)
from prepaid.cards.models import Certificate, CertificateReading, ReadingKind
from prepaid.cards.queries import MonthFlow
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import Merchant, StaffMember, StaffRole

#: For how long one may be given [A].
VALID_DAYS = (30, 90, 180)
#: Valid at a time, of one merchant [A].
MOST_VALID = 10
READER_LENGTH = 80
CODE_BYTES = 24


def make_certificate(
    *, by: StaffMember, reader: str, days: int, consents: bool, at: datetime, actor: str
) -> Certificate:
    """Write down the last twelve months for ``reader``, with a code that nobody can guess.

    Raises:
        NotYourRole: only an owner gives the merchant's consent. CertificateWithoutConsent. CertificateWithoutReader.
        TooManyCertificates.
    """
    from prepaid.cards.certificate_pdf import certificate_pdf  # loads for a second, and nothing else needs it

    reader = " ".join(reader.split())
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    if not consents or days not in VALID_DAYS:
        raise CertificateWithoutConsent()
    if not 1 <= len(reader) <= READER_LENGTH:
        raise CertificateWithoutReader()
    with transaction():
        merchant = Merchant.objects.select_for_update(of=("self",), no_key=True).get(pk=by.merchant_id)
        valid = Certificate.objects.filter(merchant=merchant, withdrawn_at=None, expires_at__gt=at)
        if valid.count() >= MOST_VALID:
            raise TooManyCertificates(most=MOST_VALID)
        months = queries.cash_flow(beneficiary_id=merchant.beneficiary_id, at=at)
        code, expires_at = secrets.token_urlsafe(CODE_BYTES), at + timedelta(days=days)
        text = certificate_text(merchant, reader, months, at=at, expires_at=expires_at)
        pdf = certificate_pdf(text, address=address_of(code))
        certificate = Certificate.objects.create(
            merchant=merchant,
            made_by=by,
            reader=reader,
            code=code,
            code_index=blind_index(code),
            text=text,
            pdf=pdf,
            pdf_sha256=hashlib.sha256(pdf).hexdigest(),
            made_at=at,
            expires_at=expires_at,
        )
        audit.record(
            actor=actor,
            action="cards.make_certificate",
            target=f"certificate:{certificate.pk}",
            after={"merchant": merchant.pk, "days": days, "pdf_sha256": certificate.pdf_sha256},
            at=at,
        )
    return certificate


def withdraw_certificate(*, by: StaffMember, certificate_id: int, at: datetime, actor: str) -> None:
    """Its code opens nothing from now on.

    Raises:
        NotYourRole. NotFound. CertificateOver: it is withdrawn, or has expired.
    """
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    with transaction():
        rows = Certificate.objects.select_for_update().filter(merchant_id=by.merchant_id, pk=certificate_id)
        certificate = rows.first()
        if certificate is None:
            raise NotFound()
        if not certificate.is_valid(at):
            raise CertificateOver()
        certificate.withdrawn_at = at
        certificate.save(update_fields=["withdrawn_at"])
        audit.record(actor=actor, action="cards.withdraw_certificate", target=f"certificate:{certificate.pk}", at=at)


def read_certificate(*, code: str, what: ReadingKind, at: datetime) -> Certificate:
    """For whoever has the code: the certificate, and a line that it was read.

    Raises:
        NotFound: no such code. CertificateOver: it is withdrawn, or has expired. CertificateDamaged.
    """
    with transaction():
        certificate = queries.certificate_with(code=code)
        if not certificate.is_valid(at):
            raise CertificateOver()
        checked(certificate)
        CertificateReading.objects.create(certificate=certificate, what=what, at=at)
    return certificate


def checked(certificate: Certificate) -> bytes:
    """The stored PDF, compared with its fingerprint before it is given away. Raises CertificateDamaged."""
    pdf = bytes(certificate.pdf or b"")
    if hashlib.sha256(pdf).hexdigest() != certificate.pdf_sha256:
        raise CertificateDamaged()
    return pdf


def address_of(code: str) -> str:
    """Where a certificate can be checked."""
    return settings.PUBLIC_URL + reverse("certificate", args=[code])


def certificate_text(
    merchant: Merchant, reader: str, months: Sequence[MonthFlow], *, at: datetime, expires_at: datetime
) -> str:
    """The certificate in both languages, as JSON."""
    text: dict[str, Any] = {"made_at": at.astimezone(BEIJING).isoformat()}
    for language in dict(settings.LANGUAGES):
        with override(language):
            text[language] = _part(merchant, reader, months, at, expires_at)
    return json.dumps(text, ensure_ascii=False, sort_keys=True)


def _part(
    merchant: Merchant, reader: str, months: Sequence[MonthFlow], at: datetime, expires_at: datetime
) -> dict[str, Any]:
    def moment(when: datetime) -> str:
        return f"{timezone.localtime(when, BEIJING):%Y-%m-%d %H:%M}"

    sums = [sum(getattr(one, name) for one in months) for name in _FLOWS]
    return {
        "title": _("Cash-flow certificate"),
        "facts": [
            (_("Merchant"), merchant.name),
            (_("Unified social credit code"), merchant.uscc),
            (_("For"), reader),
            (_("Months covered"), f"{months[0].month} – {months[-1].month}"),
            (_("As of"), moment(at)),
            (_("Valid until"), moment(expires_at)),
        ],
        "columns": [
            _("Month"),
            _("Sold"),
            _("Released"),
            _("Refunded"),
            _("Paid out"),
            _("Held at its end"),
            _("Own at its end"),
        ],
        "rows": [
            [str(one.month), *(yuan(getattr(one, name)) for name in (*_FLOWS, "held_fen", "own_fen"))] for one in months
        ]
        + [[_("Total"), *(yuan(fen) for fen in sums), "", ""]],
        "notes": [
            _("Yuan, from the ledger of the escrow platform. The last month runs up to the moment named above."),
            _(
                "Held is the money of customers for what they have not used: it is not the merchant's and secures no loan. Own is "
                "what the merchant has earned and was not paid out yet, with its reserve and what is blocked by order."
            ),
            _(
                "The platform certifies the figures. It says nothing about the merchant's other business, and guarantees no debt."
            ),
            _(
                "Made with the consent of the merchant's owner, who may withdraw it at any time. Check it at the address on the PDF."
            ),
        ],
    }


_FLOWS = ("sold_fen", "released_fen", "refunded_fen", "paid_out_fen")
