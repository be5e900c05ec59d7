"""Cash-flow certificates: the ledger's figures, for whoever has the code, as long as the owner wants it."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.models import AuditEntry
from escrow.states import RefundBasis
from prepaid.cards import errors, operations, queries
from prepaid.cards.models import Certificate, CertificateReading
from prepaid.cards.operations.certificates import MOST_VALID
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import Merchant, StaffMember, StaffRole
from tests.escrow.factories import ACTOR, AT, held_agreement
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in
from tests.prepaid.merchants.factories import make_merchant, owner_of
from tests.prepaid.merchants.test_money import used

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FACTS = {"reader": "Bank of Haidian", "days": 30, "consents": True}


@pytest.fixture
def merchant() -> Merchant:
    """Three cards sold; one used, paid out and refunded, one used later."""
    merchant = make_merchant()
    card, other = held_agreement(merchant.beneficiary), held_agreement(merchant.beneficiary)
    held_agreement(merchant.beneficiary)
    used(card, 4)
    escrow.pay_out(beneficiary_id=merchant.beneficiary_id, at=AT + DAY, actor=ACTOR)
    why = {"basis": RefundBasis.JUDGMENT, "reference": "case 1", "at": AT + DAY, "actor": ACTOR}
    escrow.refund(agreement_id=card.pk, amount_fen=50_000, **why)
    used(other, 3, at=AT + 2 * DAY)
    return merchant


def made(merchant: Merchant, **facts) -> Certificate:
    owner = owner_of(merchant)
    given = {**FACTS, "at": clock.now(), **facts}
    return operations.make_certificate(by=owner, actor=owner.user.actor, **given)


def url_of(certificate: Certificate, name: str = "certificate") -> str:
    return reverse(name, args=[certificate.code])


def test_its_months_are_the_ledgers(merchant: Merchant) -> None:
    at = AT + 40 * DAY
    months = queries.cash_flow(beneficiary_id=merchant.beneficiary_id, at=at)
    assert len(months) == 12
    assert [one.month for one in months] == sorted(one.month for one in months)
    now = escrow_queries.backing(merchant.beneficiary_id)
    assert months[-1].held_fen == now.held_fen
    assert months[-1].own_fen == now.payable_fen + now.reserve_fen
    weeks = escrow_queries.trading_weeks(merchant.beneficiary_id, until=clock.beijing_date(at), weeks=40)
    for name in ("sold_fen", "refunded_fen"):
        assert sum(getattr(one, name) for one in months) == sum(getattr(week, name) for week in weeks) > 0
    assert sum(one.released_fen - one.paid_out_fen for one in months) == months[-1].own_fen
    assert sum(one.sold_fen - one.released_fen - one.refunded_fen for one in months) == months[-1].held_fen


def test_the_owner_makes_it_and_who_has_the_address_reads_it(merchant: Merchant, django_assert_max_num_queries) -> None:
    owner = signed_in(owner_of(merchant).user)
    page = reverse("shop_certificates")
    assert "Cash-flow certificates" in owner.get(reverse("shop_money")).content.decode()
    answer = owner.post(page, {"reader": " Bank  of Haidian ", "days": "30", "consents": "on"})
    certificate = Certificate.objects.get()
    assert answer.headers["location"] == reverse("shop_certificate", args=[certificate.pk])
    assert AuditEntry.objects.filter(action="cards.make_certificate", target=f"certificate:{certificate.pk}").exists()
    public = Client(headers={"accept-language": "en"})
    with django_assert_max_num_queries(MOST_QUERIES):
        read = public.get(url_of(certificate))
    body = read.content.decode()
    for said in (merchant.name, merchant.uscc, "Bank of Haidian", certificate.pdf_sha256):
        assert said in body
    assert (read["X-Robots-Tag"], read["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")
    file = public.get(url_of(certificate, "certificate_file"))
    assert file.content.startswith(b"%PDF-")
    assert hashlib.sha256(file.content).hexdigest() == certificate.pdf_sha256 == file["X-Content-SHA256"]
    assert sorted(CertificateReading.objects.values_list("what", flat=True)) == ["file", "page"]
    for own in (page, reverse("shop_certificate", args=[certificate.pk])):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert "Bank of Haidian" in owner.get(own).content.decode()
    assert owner.get(reverse("shop_certificate_file", args=[certificate.pk])).content == file.content
    assert CertificateReading.objects.count() == 2


def test_withdrawn_or_expired_it_shows_nothing_and_notes_no_reading(merchant: Merchant) -> None:
    withdrawn, expired = made(merchant), made(merchant, at=clock.now() - 31 * DAY)
    owner = signed_in(owner_of(merchant).user)
    withdraw = reverse("shop_certificate_withdraw", args=[withdrawn.pk])
    assert owner.post(withdraw).status_code == 302
    assert owner.post(withdraw).status_code == errors.CertificateOver.http_status
    assert AuditEntry.objects.filter(action="cards.withdraw_certificate").count() == 1
    for over in (withdrawn, expired):
        for name in ("certificate", "certificate_file"):
            answer = Client().get(url_of(over, name))
            assert answer.status_code == 410
            assert merchant.name not in answer.content.decode()
    assert Client().get(reverse("certificate", args=["x" * 32])).status_code == 404
    assert not CertificateReading.objects.exists()


def test_what_is_refused_changes_nothing(merchant: Merchant) -> None:
    refusals = [
        (errors.CertificateWithoutConsent, {"consents": False}),
        (errors.CertificateWithoutConsent, {"days": 3_000}),
        (errors.CertificateWithoutReader, {"reader": "  "}),
        (errors.CertificateWithoutReader, {"reader": "x" * 81}),
    ]
    for error, facts in refusals:
        with pytest.raises(error):
            made(merchant, **facts)
    owner = signed_in(owner_of(merchant).user)
    assert owner.post(reverse("shop_certificates"), {"reader": "A bank", "days": "30"}).status_code == 400
    assert not Certificate.objects.exists()
    one = made(merchant)
    rows = [
        Certificate(
            merchant=merchant,
            made_by=one.made_by,
            reader="x",
            code=str(n),
            code_index=str(n),
            text="{}",
            pdf=b"x",
            made_at=one.made_at,
            expires_at=one.expires_at,
        )
        for n in range(MOST_VALID - 1)
    ]
    Certificate.objects.bulk_create(rows)
    with pytest.raises(errors.TooManyCertificates):
        made(merchant)


def test_only_an_owner_of_the_merchant_sees_it(merchant: Merchant) -> None:
    certificate, owner = made(merchant), owner_of(merchant)
    pages = [
        reverse("shop_certificates"),
        *(reverse(name, args=[certificate.pk]) for name in ("shop_certificate", "shop_certificate_file")),
    ]
    other = signed_in(owner_of(make_merchant()).user)
    assert [other.get(page).status_code for page in pages] == [200, 404, 404]
    assert other.post(reverse("shop_certificate_withdraw", args=[certificate.pk])).status_code == 404
    StaffMember.objects.filter(pk=owner.pk).update(role=StaffRole.MANAGER)
    manager = signed_in(owner.user)
    assert [manager.get(page).status_code for page in pages] == [403, 403, 403]
    staff = StaffMember.objects.get(pk=owner.pk)
    for verb in (
        lambda: operations.make_certificate(by=staff, **FACTS, at=clock.now(), actor=ACTOR),
        lambda: operations.withdraw_certificate(by=staff, certificate_id=certificate.pk, at=clock.now(), actor=ACTOR),
    ):
        with pytest.raises(NotYourRole):
            verb()
    assert Certificate.objects.get().withdrawn_at is None


def test_the_database_holds_neither_code_nor_figures_and_another_file_is_not_given_away(merchant: Merchant) -> None:
    certificate = made(merchant)
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, code_index, text, reader, pdf FROM cards_certificate")
        row = cursor.fetchone()
        for clear in (certificate.code, merchant.name, "Bank of Haidian"):
            assert not [text for text in row[:4] if clear in text]
        assert b"%PDF" not in bytes(row[4])
    assert re.fullmatch(r"[\w-]{32}", certificate.code)
    certificate.pdf = b"%PDF-1.3 another one"
    certificate.save(update_fields=["pdf"])
    for name in ("certificate", "certificate_file"):
        assert Client().get(url_of(certificate, name)).status_code == 500
    assert not CertificateReading.objects.exists()
