"""A repeat goes by the day of receipt, which a work order brings with it, and knows merchants that never joined: whatever changes who
complained, about whom or when, has all complaints of the person reckoned again."""

from django.db import migrations

TRIGGER = """
CREATE OR REPLACE FUNCTION measures_note_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO measures_change (case_id) VALUES (NEW.id);
    IF (OLD.complainant_id, OLD.merchant_id, OLD.received_at)
       IS DISTINCT FROM (NEW.complainant_id, NEW.merchant_id, NEW.received_at) THEN
        -- Others may have become repeats of this one, or may be none any more.
        INSERT INTO measures_change (case_id)
            SELECT id FROM cases_case
            WHERE complainant_id IN (OLD.complainant_id, NEW.complainant_id) AND id <> NEW.id;
    END IF;
    RETURN NULL;
END $$;
INSERT INTO measures_change (case_id) SELECT id FROM cases_case ORDER BY id;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION measures_note_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO measures_change (case_id) VALUES (NEW.id);
    IF (OLD.complainant_id, OLD.merchant_id) IS DISTINCT FROM (NEW.complainant_id, NEW.merchant_id) THEN
        INSERT INTO measures_change (case_id)
            SELECT id FROM cases_case
            WHERE complainant_id IN (OLD.complainant_id, NEW.complainant_id)
              AND merchant_id IN (OLD.merchant_id, NEW.merchant_id) AND id > NEW.id;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("measures", "0003_first_rule"), ("cases", "0060_evidence_event")]
    operations = [migrations.RunSQL(TRIGGER, BEFORE)]
