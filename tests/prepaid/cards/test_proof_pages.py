"""The proof of one's own money, and what everybody may check."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from escrow import clock, totals
from escrow import operations as escrow
from escrow.models import DailyRoot
from tests.escrow.test_seals import seal_all
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, signed_in, text_of


def publish_today(days: int = 1) -> DailyRoot:
    """Close today, and the days after it."""
    for _ in range(days):
        day = (
            DailyRoot.objects.values_list("day", flat=True).first() or clock.today() - timedelta(days=1)
        ) + timedelta(1)
        at = totals.end_of(day) + totals.SETTLES_IN
        seal_all(at)
        root = escrow.publish_total(day=day, at=at, actor="system:test")
    return root


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "sentence", "bank"),
    [
        (
            "en",
            "Your ¥2,000.00 is in that day's total of ¥3,000.00 held for consumers.",
            "The bank confirms ¥0.00; ¥3,000.00",
        ),
        ("zh-hans", "您的 ¥2,000.00 在当日为消费者托管的总额 ¥3,000.00 之内。", "银行确认 ¥0.00，另有 ¥3,000.00"),
    ],
)
def test_the_holder_sees_their_money_in_the_total(language, sentence, bank, django_assert_max_num_queries):
    card = factories.card()
    factories.card(kind="stored_value")
    root = publish_today()
    client = signed_in(card.holder, language)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = text_of(client.get(reverse("card_proof", args=[card.number])))
    assert sentence in page
    assert bank in page
    assert root.hash in page
    assert (
        reverse("card_proof", args=[card.number])
        in client.get(reverse("card_detail", args=[card.number])).content.decode()
    )


@pytest.mark.django_db
def test_the_files_of_the_pages_check_each_other(tmp_path):
    """What a consumer downloads is all that anybody needs."""
    card = factories.card()
    publish_today(2)
    client = signed_in(card.holder)
    proof = client.get(reverse("card_proof_file", args=[card.number]))
    assert (
        proof["Content-Disposition"] == f'attachment; filename="proof-{card.number}-{DailyRoot.objects.first()}.json"'
    )
    assert card.number not in proof.content.decode()
    assert card.holder.phone not in proof.content.decode()
    (tmp_path / "proof.json").write_bytes(proof.content)
    anybody = Client()
    (tmp_path / "totals.txt").write_bytes(b"".join(anybody.get(reverse("published_totals_file"))))
    (tmp_path / "verifier.py").write_bytes(anybody.get(reverse("verifier_file")).content)
    for arguments, says in (
        (["proof.json", "totals.txt"], "TRUE: ¥2,000.00 is in the total"),
        (["totals.txt"], "TRUE: 2 published totals"),
    ):
        done = subprocess.run(
            [sys.executable, "-I", "verifier.py", *arguments],
            cwd=tmp_path,
            env={"PYTHONUTF8": "1"},
            capture_output=True,
        )
        assert (done.returncode, done.stdout.decode().startswith(says)) == (0, True), done


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["card_proof", "card_proof_file"])
def test_nobody_elses_proof_is_shown(name):
    card = factories.card()
    publish_today()
    address = reverse(name, args=[card.number])
    assert signed_in(factories.person("别人")).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert signed_in(card.holder).get(address).status_code == 200
    assert signed_in(card.holder).post(address).status_code == 405


@pytest.mark.django_db
def test_before_the_first_total_and_after_the_money_is_gone():
    card, late = factories.card(), factories.card()
    client = signed_in(card.holder)
    page = text_of(client.get(reverse("card_proof", args=[card.number])))
    assert "Your card is in the next total" in page
    assert client.get(reverse("card_proof_file", args=[card.number])).status_code == 404
    escrow.refund(
        agreement_id=card.agreement_id,
        amount_fen=200_000,
        basis="consent",
        reference="r",
        at=clock.now(),
        actor="system:test",
    )
    publish_today()
    page = text_of(client.get(reverse("card_proof", args=[card.number])))
    assert "this card held nothing" in page
    assert "¥2,000.00 is in" in text_of(signed_in(late.holder).get(reverse("card_proof", args=[late.number]))).replace(
        "Your ", ""
    )


@pytest.mark.django_db
def test_a_card_bought_after_the_day_is_in_the_next_total():
    publish_today_with = factories.card()
    publish_today()
    at = totals.end_of(DailyRoot.objects.get().day) + timedelta(hours=1)
    young = factories.card(at=at)
    page = text_of(signed_in(young.holder).get(reverse("card_proof", args=[young.number])))
    assert "Your card is in the next total" in page
    assert publish_today_with.number not in page


@pytest.mark.django_db
def test_everybody_sees_every_days_total(django_assert_max_num_queries):
    anybody = Client(headers={"accept-language": "en"})
    assert "No total is published yet" in text_of(anybody.get(reverse("published_totals")))
    factories.card()
    publish_today(21)
    with django_assert_max_num_queries(MOST_QUERIES):
        answer = anybody.get(reverse("published_totals"))
    page = text_of(answer)
    newest, oldest = DailyRoot.objects.first(), DailyRoot.objects.last()
    assert newest.hash in page
    assert newest.previous_hash in page
    assert f"{oldest.day:%Y-%m-%d}" not in page
    assert f"{oldest.day:%Y-%m-%d}" in text_of(anybody.get(reverse("published_totals"), {"page": 2}))
    assert reverse("published_totals") in anybody.get(reverse("home")).content.decode()
    seeds = {bytes(root.seed).hex() for root in DailyRoot.objects.all()}
    assert not [seed for seed in seeds if seed in answer.content.decode()]


def test_a_total_that_does_not_hold_is_said_not_shown(committed_db, databases):
    """The holder of a card whose tree was spoilt reads a sentence, not a figure."""
    card = factories.card()
    publish_today()
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE escrow_dailytotal DISABLE TRIGGER USER")
        cursor.execute("UPDATE escrow_dailytotal SET leaves = set_byte(leaves, 0, 255 - get_byte(leaves, 0))")
    answer = signed_in(card.holder).get(reverse("card_proof", args=[card.number]))
    assert answer.status_code == 500
    assert "Please report this to the platform" in text_of(answer)
