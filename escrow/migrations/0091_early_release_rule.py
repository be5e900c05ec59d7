"""The first rule for early release, and who may not write what."""

from datetime import date

from django.db import migrations

GUARDS = """
CREATE TRIGGER early_release_rule_kept BEFORE UPDATE OR DELETE ON escrow_earlyreleaserule
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER early_release_kept BEFORE UPDATE OR DELETE ON escrow_earlyrelease
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_earlyreleaserule FROM prepaid_app;
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON escrow_earlyrelease FROM prepaid_app;
    END IF;
END $$;
"""

UNDO = """
DROP TRIGGER early_release_rule_kept ON escrow_earlyreleaserule;
DROP TRIGGER early_release_kept ON escrow_earlyrelease;
"""


def add_first_rule(apps, schema_editor):
    apps.get_model("escrow", "EarlyReleaseRule").objects.create(
        valid_from=date(2022, 6, 1),
        cooling_off_days=7,
        proven_days=90,
        window_days=30,
        cap_days=30,
        basis="付款后7日冷静期内不提前释放(条例第16条);核销满90日方可,变更经营者后重新计算;已提前释放未核销余额不超过近30日日均核销额的30倍。"
        " / nothing in the seven days of cooling-off (BJ 16); 90 days of proven use, counted anew after a change of hands; what is"
        " out and not earned is at most 30 days of the average use of the last 30 days.",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("escrow", "0090_early_release")]
    operations = [
        migrations.RunPython(add_first_rule, migrations.RunPython.noop),
        migrations.RunSQL(GUARDS, UNDO),
    ]
