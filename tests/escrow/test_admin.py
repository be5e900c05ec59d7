"""The ledger's lists as an operator reads them: every heading in the page's language, money in yuan, sessions counted."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from escrow.models import Block
from tests.escrow.factories import held_agreement
from tests.escrow.test_totals import publish
from tests.prepaid.people.factories import make_operator

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "rows",
    [
        "agreement",
        "account",
        "transfer",
        "use",
        "payment",
        "instruction",
        "refund",
        "payout",
        "auditentry",
        "block",
        "dailyroot",
        "tieout",
        "statementline",
        "bankfile",
        "bankformat",
        "clearingalarm",
        "channelbillline",
        "instructionbatch",
    ],
)
def test_no_heading_is_left_in_english(client: Client, rows: str) -> None:
    held_agreement()
    client.force_login(make_operator())
    client.cookies["django_language"] = "zh-hans"
    page = client.get(reverse(f"admin:escrow_{rows}_changelist")).content.decode()
    headings = re.findall(r'<th scope="col".*?<div class="text">(.*?)</div>', page, re.DOTALL)
    words = [re.sub(r"<[^>]+>", "", heading).strip() for heading in headings]
    assert [word for word in words if word.isascii() and word not in {"", "ID"}] == []


def test_money_stands_in_yuan_and_sessions_are_counted(client: Client) -> None:
    held_agreement(price_fen=200_000)
    client.force_login(make_operator())
    page = client.get(reverse("admin:escrow_account_changelist")).content.decode()
    shown = set(re.findall(r'<td class="field-posted">(.*?)</td>', page))
    assert "2,000.00" in shown
    assert "10" in shown
    assert "200000" not in shown


def test_blocks_and_totals_are_listed_and_the_secret_seed_is_nowhere(client: Client) -> None:
    held_agreement(price_fen=200_000)
    root = publish()
    client.force_login(make_operator())
    assert root.hash in client.get(reverse("admin:escrow_dailyroot_changelist")).content.decode()
    page = client.get(reverse("admin:escrow_dailyroot_change", args=[root.day]))
    assert page.status_code == 200
    assert root.hash in page.content.decode()
    assert bytes(root.seed).hex() not in page.content.decode()
    assert Block.objects.get().hash in client.get(reverse("admin:escrow_block_changelist")).content.decode()
