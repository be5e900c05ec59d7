"""The file for a court's confirmation of a mediation agreement (司法确认): one ZIP, the same bytes as often as it is made."""

import hashlib
import io
import zipfile
from datetime import datetime

from complaints.cases.document_pdf import document_pdf
from complaints.cases.errors import ConfirmationOver, DocumentDamaged
from complaints.cases.models import Case, Document, Mediation
from complaints.cases.operations.documents import keep_reading
from complaints.cases.queries import confirmation_papers as papers
from complaints.cases.queries.document_texts import record_paper
from complaints.cases.queries.mediations import agreement_of, confirmable_until
from complaints.cases.states import DocumentKind, Side
from escrow.clock import BEIJING, beijing_date
from prepaid.cards.contract_text import fingerprint
from prepaid.cards.models import Contract
from prepaid.cards.operations import printed as printed_contract
from prepaid.people.models import User

CONTENTS = "00-目录.pdf"
CONTRACT = "04-购卡合同.pdf"


def confirmation_file(*, case: Case, side: Side | None, reader: User, at: datetime) -> bytes:
    """For both sides, and for the case's officers (``side`` None): the consumer's copy, but in the merchant's the consumer's
    telephone number is masked. Every making is kept in the audit trail.

    Raises:
        NotFound: there is no agreement that both have confirmed. ConfirmationOver: the term to ask a court has ended.
        DocumentDamaged, ContractDamaged.
    """
    mediation = agreement_of(case)
    last_day = confirmable_until(mediation)
    if beijing_date(at) > last_day:
        raise ConfirmationOver(day=last_day.isoformat())
    files = _files(mediation, phone=side != Side.MERCHANT, at=at)
    missing = [] if CONTRACT in files else [CONTRACT.removesuffix(".pdf")[3:]]
    listed = [(name, hashlib.sha256(data).hexdigest()) for name, data in sorted(files.items())]
    files[CONTENTS] = document_pdf(papers.contents(mediation, listed=listed, missing=missing), sha256="")
    keep_reading(case, side, reader, what="court", at=at)
    return _packed(files, mediation)


def _files(mediation: Mediation, *, phone: bool, at: datetime) -> dict[str, bytes]:
    case = mediation.case
    agreement = Document.objects.get(
        mediation=mediation, kind=DocumentKind.AGREEMENT, side=Side.CONSUMER if phone else Side.MERCHANT
    )
    if fingerprint(agreement.text) != agreement.sha256:
        raise DocumentDamaged()
    files = {
        "01-司法确认申请书.pdf": document_pdf(papers.application(mediation, phone=phone), sha256=""),
        "02-调解协议书.pdf": document_pdf(agreement.content, sha256=agreement.sha256),
        "03-调解笔录.pdf": document_pdf(record_paper(mediation), sha256=mediation.sha256),
        "05-付款及扣款记录.pdf": document_pdf(papers.payment_evidence(mediation), sha256=""),
        "06-当事人身份信息.pdf": document_pdf(papers.identification(mediation, phone=phone), sha256=""),
    }
    contract = Contract.objects.select_related("card").filter(card=case.card).first()
    if contract is not None:
        files[CONTRACT] = printed_contract(contract=contract, at=at, actor="system:confirmation_file")
    return files


def _packed(files: dict[str, bytes], mediation: Mediation) -> bytes:
    """By name, dated by the agreement's conclusion: nothing in it depends on when it is made."""
    assert mediation.concluded_at is not None  # only of confirmed ones
    stamp = mediation.concluded_at.astimezone(BEIJING).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, files[name])
    return buffer.getvalue()
