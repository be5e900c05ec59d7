"""Every line of a complaint's timeline, and every change of where it counts, leaves a change to reckon in the same transaction.
The complaints that are there are reckoned first."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION measures_note_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO measures_change (case_id) VALUES (NEW.case_id);
    RETURN NULL;
END $$;
CREATE TRIGGER measures_note_event AFTER INSERT ON cases_caseevent
    FOR EACH ROW EXECUTE FUNCTION measures_note_event();

CREATE FUNCTION measures_note_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO measures_change (case_id) VALUES (NEW.id);
    IF (OLD.complainant_id, OLD.merchant_id) IS DISTINCT FROM (NEW.complainant_id, NEW.merchant_id) THEN
        -- Later complaints may have become repeats of this one, or may be none any more.
        INSERT INTO measures_change (case_id)
            SELECT id FROM cases_case
            WHERE complainant_id IN (OLD.complainant_id, NEW.complainant_id)
              AND merchant_id IN (OLD.merchant_id, NEW.merchant_id) AND id > NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER measures_note_case AFTER UPDATE ON cases_case
    FOR EACH ROW
    WHEN ((OLD.district_id, OLD.subdistrict_id, OLD.lead_department_id, OLD.sector_id, OLD.due_on, OLD.received_at,
           OLD.complainant_id, OLD.merchant_id)
          IS DISTINCT FROM
          (NEW.district_id, NEW.subdistrict_id, NEW.lead_department_id, NEW.sector_id, NEW.due_on, NEW.received_at,
           NEW.complainant_id, NEW.merchant_id))
    EXECUTE FUNCTION measures_note_case();

INSERT INTO measures_change (case_id) SELECT id FROM cases_case ORDER BY id;
"""
BACKWARDS = """
DROP TRIGGER measures_note_case ON cases_case;
DROP FUNCTION measures_note_case();
DROP TRIGGER measures_note_event ON cases_caseevent;
DROP FUNCTION measures_note_event();
"""


class Migration(migrations.Migration):
    dependencies = [("measures", "0001_initial"), ("cases", "0005_callback")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
