"""What was filed cannot be rewritten: the database refuses every change of a filed version but that of its state."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION products_keep_filed_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.frozen_at IS NOT NULL AND (
        TG_OP = 'DELETE' OR to_jsonb(OLD) - 'state' IS DISTINCT FROM to_jsonb(NEW) - 'state'
    ) THEN
        RAISE EXCEPTION 'product version % is filed: its content cannot change', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'product_version_frozen';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER product_version_frozen BEFORE UPDATE OR DELETE ON products_productversion
    FOR EACH ROW EXECUTE FUNCTION products_keep_filed_version();

CREATE FUNCTION products_keep_filed_stores() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version_ids bigint[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.productversion_id]
        WHEN 'DELETE' THEN ARRAY[OLD.productversion_id]
        ELSE ARRAY[OLD.productversion_id, NEW.productversion_id]
    END;
BEGIN
    IF EXISTS (SELECT 1 FROM products_productversion WHERE id = ANY (version_ids) AND frozen_at IS NOT NULL) THEN
        RAISE EXCEPTION 'product version % is filed: its stores cannot change', version_ids
            USING ERRCODE = 'check_violation', CONSTRAINT = 'product_version_frozen';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER product_version_stores_frozen BEFORE INSERT OR UPDATE OR DELETE ON products_productversion_stores
    FOR EACH ROW EXECUTE FUNCTION products_keep_filed_stores();
"""

BACKWARD = """
DROP TRIGGER product_version_stores_frozen ON products_productversion_stores;
DROP FUNCTION products_keep_filed_stores();
DROP TRIGGER product_version_frozen ON products_productversion;
DROP FUNCTION products_keep_filed_version();
"""


class Migration(migrations.Migration):
    dependencies = [("products", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
