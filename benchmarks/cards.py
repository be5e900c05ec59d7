"""Ten thousand funded cards of a thousand merchants, written at once, and what finds them."""

from pathlib import Path

ACTOR = "system:bench"
MERCHANTS, CARDS_EACH = 1_000, 10
CARDS = MERCHANTS * CARDS_EACH
PRICE_FEN, VISITS = 100_000_000, 10_000_000
#: Copies are numbered from here: card c is agreement FIRST + c, and belongs to beneficiary FIRST + 1 + (c − 1) // 10.
FIRST = 1_000_000

#: Every row that the kernel made for one card, copied: a merchant's accounts per merchant, the card's own per card.
COPIES = """
ALTER TABLE escrow_account DISABLE TRIGGER USER;
CREATE TEMP TABLE part AS
SELECT a AS account, a.id, a.agreement_id IS NOT NULL AS own, row_number() OVER (ORDER BY a.id) AS k
FROM escrow_account a JOIN escrow_agreement g ON g.beneficiary_id = a.beneficiary_id;
CREATE TEMP TABLE merchant AS SELECT m, %(first)s + m AS id FROM generate_series(1, %(merchants)s) m;
CREATE TEMP TABLE card AS
SELECT %(first)s + c AS id, 1 + (c - 1) / %(each)s AS m, %(first)s + 1 + (c - 1) / %(each)s AS merchant,
       1 + (c - 1) %% %(each)s AS nth
FROM generate_series(1, %(merchants)s * %(each)s) c;
CREATE FUNCTION pg_temp.account_of(old bigint, m bigint, card bigint) RETURNS bigint LANGUAGE sql AS
$$ SELECT CASE WHEN own THEN 100000000 + card * 20 ELSE 10000000 + m * 20 END + k FROM part WHERE id = old $$;
INSERT INTO escrow_beneficiary SELECT (jsonb_populate_record(b, jsonb_build_object(
    'id', merchant.id, 'custody_no', 'bench' || merchant.id))).* FROM escrow_beneficiary b, merchant;
INSERT INTO escrow_agreement SELECT (jsonb_populate_record(g, jsonb_build_object(
    'id', card.id, 'beneficiary_id', card.merchant))).* FROM escrow_agreement g, card;
INSERT INTO escrow_account SELECT (jsonb_populate_record(part.account, jsonb_build_object(
    'id', pg_temp.account_of(part.id, m, 0), 'beneficiary_id', merchant.id,
    'debits_posted', (part.account).debits_posted * %(each)s, 'credits_posted', (part.account).credits_posted * %(each)s,
    'version', (part.account).version * %(each)s))).*
FROM part, merchant WHERE NOT own;
INSERT INTO escrow_account SELECT (jsonb_populate_record(part.account, jsonb_build_object(
    'id', pg_temp.account_of(part.id, m, card.id), 'beneficiary_id', card.merchant, 'agreement_id', card.id,
    'earned_id', pg_temp.account_of((part.account).earned_id, m, card.id)))).* FROM part, card WHERE own;
INSERT INTO escrow_payment SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', card.id, 'agreement_id', card.id, 'beneficiary_id', card.merchant, 'order_no', 'bench' || card.id,
    'channel_payment_no', 'bench' || card.id))).* FROM escrow_payment p, card;
INSERT INTO escrow_transfer SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', nextval('escrow_transfer_id_seq'), 'beneficiary_id', card.merchant, 'agreement_id', card.id,
    'debit_account_id', pg_temp.account_of(t.debit_account_id, m, card.id), 'debit_version', nth,
    'debit_balance_after', t.debit_balance_after * nth,
    'credit_account_id', pg_temp.account_of(t.credit_account_id, m, card.id)))).* FROM escrow_transfer t, card;
ALTER TABLE escrow_account ENABLE TRIGGER USER;
"""


def fill(*, merchants: int = MERCHANTS, each: int = CARDS_EACH) -> None:
    """Write the cards into the database that is connected, as its owner, and let the planner look at them."""
    from django.db import connection

    from tests.escrow.factories import held_agreement

    held_agreement(price_fen=PRICE_FEN, units_total=VISITS)
    with connection.cursor() as cursor:
        for statement in COPIES.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"first": FIRST, "merchants": merchants, "each": each})
        cursor.execute("VACUUM ANALYZE")


def run_file(name: str) -> None:
    """Execute ``name`` of this folder in the database that is connected."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute((Path(__file__).parent / name).read_text())


def agreement_of(card: int) -> int:
    """The agreement of card 1 … CARDS."""
    return FIRST + card


def merchant_of(card: int) -> int:
    """The beneficiary of card 1 … CARDS."""
    return FIRST + 1 + (card - 1) // CARDS_EACH
