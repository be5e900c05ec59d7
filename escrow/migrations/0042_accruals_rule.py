"""The first accrual rule, and who may not write what."""

from datetime import date

from django.db import migrations

GUARDS = """
CREATE TRIGGER accrual_rule_kept BEFORE UPDATE OR DELETE ON escrow_accrualrule
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER pause_kept BEFORE DELETE ON escrow_pause FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON escrow_accrual FROM prepaid_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_accrualrule FROM prepaid_app;
        REVOKE DELETE, TRUNCATE ON escrow_pause FROM prepaid_app;
    END IF;
END $$;
"""

UNDO = """
DROP TRIGGER accrual_rule_kept ON escrow_accrualrule;
DROP TRIGGER pause_kept ON escrow_pause;
"""


def add_first_rule(apps, schema_editor):
    apps.get_model("escrow", "AccrualRule").objects.create(
        valid_from=date(2022, 6, 1),
        lag_days=7,
        pause_days_a_year=90,
        basis="期限卡按日计提，7日内仍留存托管：停业往往数日后才被发现，预留可退；停卡每年不超过90日：常见健身合同的暂停条款，双方确认。"
        " / a served day stays in escrow 7 more days: a stop of service is often found days later;"
        " at most 90 days of pause in a year: as fitness contracts commonly have it, both parties agreeing.",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("escrow", "0042_accruals")]
    operations = [
        migrations.RunPython(add_first_rule, migrations.RunPython.noop),
        migrations.RunSQL(GUARDS, UNDO),
    ]
