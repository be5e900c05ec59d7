"""What the public search looks at, kept by the database itself, in whichever way merchants, stores and versions are written."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION products_search_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(normalize(written, NFKC))
$$;

CREATE FUNCTION products_search_tokens(document text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT token), '{}')
    FROM unnest(string_to_array(document, E'\\n')) AS line,
         generate_series(1, length(line)) AS place,
         LATERAL (VALUES (substr(line, place, 1)), (substr(line, place, 2))) AS found (token)
    WHERE token !~ '\\s'
$$;

-- The row of each of these merchants as it has to be now; one at a time per merchant, for each reads what others write.
CREATE FUNCTION products_list_merchants(merchant_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(merchant_ids) = 0 THEN
        RETURN;
    END IF;
    PERFORM FROM merchants_merchant WHERE id = ANY (merchant_ids) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM products_searchable WHERE merchant_id = ANY (merchant_ids) AND NOT EXISTS (
        SELECT FROM products_product p JOIN products_productversion v ON v.product_id = p.id AND v.state = 'on_sale'
            JOIN products_productversion_stores r ON r.productversion_id = v.id
            JOIN merchants_store s ON s.id = r.store_id AND s.is_open
        WHERE p.merchant_id = products_searchable.merchant_id
    );
    INSERT INTO products_searchable AS kept (merchant_id, document, tokens)
    SELECT merchant_id, document, products_search_tokens(document) || ('sector:' || sector_id) || districts
    FROM (
        SELECT m.id AS merchant_id, m.sector_id, array_agg(DISTINCT 'district:' || s.district_id) AS districts,
               products_search_text(concat_ws(
                   E'\\n', m.name, c.name_zh, c.name_en,
                   string_agg(concat_ws(E'\\n', s.name, s.address, d.name_zh, d.name_en), E'\\n' ORDER BY s.id)
               )) AS document
        FROM merchants_merchant m JOIN merchants_sector c ON c.code = m.sector_id
            JOIN merchants_store s ON s.merchant_id = m.id AND s.is_open
            JOIN people_division d ON d.code = s.district_id
        WHERE m.id = ANY (merchant_ids) AND EXISTS (
            SELECT FROM products_product p JOIN products_productversion v ON v.product_id = p.id AND v.state = 'on_sale'
                JOIN products_productversion_stores r ON r.productversion_id = v.id
                JOIN merchants_store o ON o.id = r.store_id AND o.is_open
            WHERE p.merchant_id = m.id
        )
        GROUP BY m.id, m.name, m.sector_id, c.name_zh, c.name_en
    ) AS found
    ON CONFLICT (merchant_id) DO UPDATE SET document = EXCLUDED.document, tokens = EXCLUDED.tokens
        WHERE (kept.document, kept.tokens) IS DISTINCT FROM (EXCLUDED.document, EXCLUDED.tokens);
END $$;

CREATE FUNCTION products_merchants_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_list_merchants(ARRAY(
        SELECT id FROM (SELECT id, name, sector_id FROM new_rows EXCEPT SELECT id, name, sector_id FROM old_rows) AS other
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER merchant_listed AFTER UPDATE ON merchants_merchant
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_merchants_changed();

CREATE FUNCTION products_stores_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM products_list_merchants(ARRAY(SELECT DISTINCT merchant_id FROM (
            (SELECT id, merchant_id, name, address, district_id, is_open FROM new_rows
             EXCEPT SELECT id, merchant_id, name, address, district_id, is_open FROM old_rows)
            UNION ALL
            (SELECT id, merchant_id, name, address, district_id, is_open FROM old_rows
             EXCEPT SELECT id, merchant_id, name, address, district_id, is_open FROM new_rows)
        ) AS other));
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM products_list_merchants(ARRAY(SELECT DISTINCT merchant_id FROM new_rows WHERE is_open));
    ELSE
        PERFORM products_list_merchants(ARRAY(SELECT DISTINCT merchant_id FROM old_rows WHERE is_open));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER store_listed_insert AFTER INSERT ON merchants_store REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_stores_changed();
CREATE TRIGGER store_listed_update AFTER UPDATE ON merchants_store REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_stores_changed();
CREATE TRIGGER store_listed_delete AFTER DELETE ON merchants_store REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_stores_changed();

-- A version that is made on sale has no store yet: that comes with its stores, and what is filed is never deleted.
CREATE FUNCTION products_versions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_list_merchants(ARRAY(
        SELECT DISTINCT p.merchant_id FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN products_product p ON p.id = n.product_id
        WHERE (n.state = 'on_sale') <> (o.state = 'on_sale')
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER version_listed AFTER UPDATE ON products_productversion
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_versions_changed();

CREATE FUNCTION products_version_stores_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_list_merchants(ARRAY(
        SELECT DISTINCT p.merchant_id FROM new_rows r JOIN products_productversion v ON v.id = r.productversion_id
            JOIN products_product p ON p.id = v.product_id
        WHERE v.state = 'on_sale'
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER version_stores_listed AFTER INSERT ON products_productversion_stores REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_version_stores_changed();

CREATE FUNCTION products_places_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_list_merchants(ARRAY(
        SELECT DISTINCT s.merchant_id FROM merchants_store s JOIN (
            SELECT code, name_zh, name_en FROM new_rows EXCEPT SELECT code, name_zh, name_en FROM old_rows
        ) AS other ON other.code = s.district_id
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER division_listed AFTER UPDATE ON people_division REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_places_changed();

CREATE FUNCTION products_sectors_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM products_list_merchants(ARRAY(
        SELECT m.id FROM merchants_merchant m JOIN (
            SELECT code, name_zh, name_en FROM new_rows EXCEPT SELECT code, name_zh, name_en FROM old_rows
        ) AS other ON other.code = m.sector_id
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER sector_listed AFTER UPDATE ON merchants_sector REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION products_sectors_changed();

SELECT products_list_merchants(ARRAY(SELECT id FROM merchants_merchant));
"""

BACKWARD = """
DROP TRIGGER sector_listed ON merchants_sector;
DROP FUNCTION products_sectors_changed();
DROP TRIGGER division_listed ON people_division;
DROP FUNCTION products_places_changed();
DROP TRIGGER version_stores_listed ON products_productversion_stores;
DROP FUNCTION products_version_stores_changed();
DROP TRIGGER version_listed ON products_productversion;
DROP FUNCTION products_versions_changed();
DROP TRIGGER store_listed_delete ON merchants_store;
DROP TRIGGER store_listed_update ON merchants_store;
DROP TRIGGER store_listed_insert ON merchants_store;
DROP FUNCTION products_stores_changed();
DROP TRIGGER merchant_listed ON merchants_merchant;
DROP FUNCTION products_merchants_changed();
DROP FUNCTION products_list_merchants(bigint[]);
DROP FUNCTION products_search_tokens(text);
DROP FUNCTION products_search_text(text);
"""


class Migration(migrations.Migration):
    dependencies = [("products", "0006_custody_decisions"), ("merchants", "0003_custody_by_rating"), ("people", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Searchable",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="searchable",
                        serialize=False,
                        to="merchants.merchant",
                    ),
                ),
                ("document", models.TextField()),
                ("tokens", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name="searchable_tokens")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
