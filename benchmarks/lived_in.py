"""The demo city after a month, and a hundred thousand cards more at its gym."""

from datetime import timedelta

from demo import city
from demo.city import CASHIER, CITY, CONSUMER, NEIGHBOUR, OPERATOR, OWNER, SCHOOL, SPORTS

CARDS = 100_000
#: Who looks at the pages, and where they begin.
VISITORS = {
    "anybody": (None, "/"),
    "consumer": (CONSUMER, "/"),
    "owner": (OWNER, "/shop/"),
    "cashier": (CASHIER, "/shop/counter/"),
    "school's owner": (SCHOOL, "/shop/"),
    "district official": (SPORTS, "/admin/"),
    "city official": (CITY, "/admin/"),
    "operator": (OPERATOR, "/admin/"),
}
FIRST = 10_000_000

#: Every row that one bought and once used card made, copied. Its merchant's own accounts are left alone: pages read cards.
COPIES = """
CREATE TEMP TABLE original AS
SELECT c AS card, c.agreement_id AS agreement FROM cards_card c WHERE c.number = %(number)s;
CREATE TEMP TABLE part AS
SELECT a AS account, a.id, row_number() OVER (ORDER BY a.id) AS k
FROM escrow_account a JOIN original o ON a.agreement_id = o.agreement;
CREATE TEMP TABLE made AS
SELECT n, %(first)s + n AS id, now() - (n %% 300) * interval '1 day' - interval '1 hour' AS at
FROM generate_series(1, %(cards)s) n;
CREATE FUNCTION pg_temp.account_of(old bigint, n bigint) RETURNS bigint LANGUAGE sql AS
$$ SELECT coalesce((SELECT 100000000 + n * 20 + k FROM part WHERE id = old), old) $$;
INSERT INTO escrow_agreement SELECT (jsonb_populate_record(g, jsonb_build_object(
    'id', made.id, 'opened_at', at, 'funded_at', at))).* FROM escrow_agreement g JOIN original o ON g.id = o.agreement, made;
INSERT INTO escrow_account SELECT (jsonb_populate_record(part.account, jsonb_build_object(
    'id', pg_temp.account_of(part.id, n), 'agreement_id', made.id,
    'earned_id', pg_temp.account_of((part.account).earned_id, n)))).* FROM part, made;
INSERT INTO escrow_payment SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', made.id, 'agreement_id', made.id, 'order_no', 'crowd' || n, 'channel_payment_no', 'crowd' || n,
    'created_at', at, 'paid_at', at))).* FROM escrow_payment p JOIN original o ON p.agreement_id = o.agreement, made;
INSERT INTO escrow_use SELECT (jsonb_populate_record(u, jsonb_build_object(
    'id', made.id, 'agreement_id', made.id, 'command_key', 'crowd' || n, 'used_at', at, 'resolved_at', at))).*
FROM escrow_use u JOIN original o ON u.agreement_id = o.agreement, made;
INSERT INTO escrow_transfer SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', nextval('escrow_transfer_id_seq'), 'agreement_id', made.id, 'at', made.at, 'created_at', made.at,
    'use_id', CASE WHEN t.use_id IS NOT NULL THEN made.id END,
    'debit_account_id', pg_temp.account_of(t.debit_account_id, n),
    'credit_account_id', pg_temp.account_of(t.credit_account_id, n)))).*
FROM escrow_transfer t JOIN original o ON t.agreement_id = o.agreement, made;
INSERT INTO cards_card SELECT (jsonb_populate_record(o.card, jsonb_build_object(
    'id', made.id, 'agreement_id', made.id, 'number', to_char(n, 'FM00000000'), 'order_token', gen_random_uuid(),
    'bought_at', at))).* FROM original o, made;
INSERT INTO cards_redemption SELECT (jsonb_populate_record(r, jsonb_build_object(
    'id', made.id, 'card_id', made.id, 'use_id', made.id, 'key', 'crowd' || n, 'at', made.at))).*
FROM cards_redemption r JOIN original o ON r.card_id = (o.card).id, made;
INSERT INTO cards_contract SELECT (jsonb_populate_record(r, jsonb_build_object(
    'id', made.id, 'card_id', made.id, 'concluded_at', at))).*
FROM cards_contract r JOIN original o ON r.card_id = (o.card).id, made
"""
TABLES = [
    "escrow_agreement", "escrow_account", "escrow_payment", "escrow_use", "escrow_transfer",
    "cards_card", "cards_redemption", "cards_contract",
]  # fmt: skip


def live() -> str:
    """Load the city and let a month pass in it, by the verbs that people use. The number of the card to be copied."""
    from escrow import clock
    from prepaid.merchants.models import Merchant, StaffMember, Store
    from prepaid.people.models import User
    from prepaid.products.models import ProductVersion
    from tests.complaints import factories as complaints
    from tests.prepaid.cards import factories as cards

    opened, bought = clock.now() - timedelta(days=40), clock.now() - timedelta(days=30)
    city.load(at=opened)
    people = {login: User.objects.by_phone(login.phone) for login in (*city.LOGINS, NEIGHBOUR)}
    gym = Merchant.objects.get(staff__user=people[OWNER])
    shop = complaints.Shop(gym, people[OWNER], list(Store.objects.filter(merchant=gym)))
    cashier = StaffMember.objects.select_related("user", "merchant", "store").get(user=people[CASHIER])
    copied = ""
    for login in (NEIGHBOUR, CONSUMER):
        for version in ProductVersion.objects.filter(product__merchant=gym, state="on_sale"):
            held = cards.pay(cards.order(version, people[login], at=bought), at=bought)
            cards.charge(held, cashier, at=bought + timedelta(days=5), **cards.ONE_USE.get(version.kind, {}))
            copied = held.number if login is NEIGHBOUR and version.kind == "sessions" else copied
    for version in ProductVersion.objects.filter(product__merchant=gym, kind="sessions"):
        waiting = cards.pay(cards.order(version, people[CONSUMER], at=bought), at=bought)
        cards.charge(waiting, cashier, units=2)
        case = complaints.complaint(
            shop, of=cards.pay(cards.order(version, people[CONSUMER], at=bought), at=bought), at=clock.now()
        )
        complaints.led(case, people[SPORTS], at=clock.now())
    return copied


def crowd(number: str, *, cards: int) -> None:
    """Copy that card, as the owner of the database, and let the planner look at the result."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT escrow_make_partitions((now() - interval '11 months')::date, now()::date)")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in COPIES.split(";\n"):
            cursor.execute(statement, {"number": number, "first": FIRST, "cards": cards})
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")
