"""The public search among twenty thousand merchants, with the figures that PostgreSQL keeps of its tables."""

from django.db import connection
from django.test import Client
from django.urls import reverse

from prepaid.merchants.models import Merchant
from prepaid.products.queries import search_merchants
from prepaid.products.views import public
from tests.prepaid.cards import factories


def test_many_merchants_are_found_by_the_index(committed_db, databases) -> None:
    """Twenty thousand in one statement, as an import writes them: the search reads the index and not the table."""
    shop = factories.shop()
    factories.on_sale(shop)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO escrow_beneficiary (custody_no, payout_account_no, payout_account_name, payouts_held,"
            " payouts_held_because, created_at)"
            " SELECT 'T' || n, payout_account_no, payout_account_name, payouts_held, payouts_held_because, created_at"
            " FROM escrow_beneficiary, generate_series(1, 20000) AS n WHERE id = %s",
            [shop.merchant.beneficiary_id],
        )
        cursor.execute(
            "INSERT INTO merchants_merchant (name, uscc, legal_representative, controller, contact_phone, sector_id, district_id,"
            " beneficiary_id, rating, registered_at)"
            " SELECT '第' || b.id || '号店', b.custody_no, m.legal_representative, m.controller, m.contact_phone, m.sector_id,"
            " m.district_id, b.id, '', m.registered_at"
            " FROM merchants_merchant m, escrow_beneficiary b WHERE m.id = %s AND b.custody_no LIKE 'T%%'",
            [shop.merchant.pk],
        )
        cursor.execute(
            "INSERT INTO products_searchable SELECT id, products_search_text(name),"
            " products_search_tokens(products_search_text(name)) FROM merchants_merchant WHERE uscc LIKE 'T%'"
        )
    rare = Merchant.objects.filter(uscc="T777").get().name
    assert [merchant.name for merchant in search_merchants(text=rare)] == [rare]
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE products_searchable, merchants_merchant"
        )  # as PostgreSQL does by itself before long
    assert "searchable_tokens" in search_merchants(text=rare).explain()
    answer = Client(headers={"accept-language": "en"}).get(reverse("home"), {"q": "号店", "page": "9" * 30})
    page = answer.context["page"]
    assert (page.paginator.count, page.number) == (public.MOST_LISTED, public.MOST_LISTED // public.MERCHANTS_A_PAGE)
    assert "More than 1,000 merchants" in answer.content.decode()
