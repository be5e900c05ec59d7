"""What belongs to ``unexplained`` lines beside the columns: the account of every beneficiary, and the second person without
whom no receipt is sent back."""

from datetime import date
from typing import Any

from django.db import migrations

GUARD = """
CREATE FUNCTION escrow_return_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM escrow_approval
        WHERE kind = 'receipt_return' AND target = 'statement_line:' || NEW.receipt_id AND state = 'approved'
          AND amount_fen = NEW.amount_fen) THEN
        RAISE EXCEPTION 'a receipt is sent back when a second person has approved it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER instruction_return_approved BEFORE INSERT ON escrow_instruction
    FOR EACH ROW WHEN (NEW.kind = 'return') EXECUTE FUNCTION escrow_return_second_person();
"""
UNDO = """
DROP TRIGGER instruction_return_approved ON escrow_instruction;
DROP FUNCTION escrow_return_second_person();
"""

#: Beneficiaries from before have no account for what the bank took unexplained.
ACCOUNTS = """
INSERT INTO escrow_account (beneficiary_id, code, channel, asset, debits_posted, credits_posted, debits_pending,
                            credits_pending, version)
SELECT id, 'unexplained', '', 'CNY', 0, 0, 0, 0, 0 FROM escrow_beneficiary ON CONFLICT DO NOTHING;
"""


def add_first_rule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("escrow", "ApprovalRule").objects.create(
        kind="receipt_return",
        valid_from=date(2022, 6, 1),
        over_fen=0,
        waits_days=14,
        source="house rule; no article sets a sum or a term",
        mark="A",
    )


class Migration(migrations.Migration):
    dependencies = [("escrow", "0070_unexplained_lines")]
    operations = [
        migrations.RunPython(add_first_rule, migrations.RunPython.noop),
        migrations.RunSQL(GUARD, UNDO),
        migrations.RunSQL(ACCOUNTS, migrations.RunSQL.noop),
    ]
