"""Which parts of a claim are interest above the payment, and an approval for every time that a receipt is sent back."""

from django.db import migrations, models

#: Parts from before: the refund's own order, then the claim's in their order, fill the payment; what is more is above it.
MARK = """
UPDATE escrow_claimpayment m SET above = true
FROM (SELECT m.id, coalesce(i.amount_fen, 0) + sum(m.amount_fen) OVER (PARTITION BY c.id ORDER BY m.id) > p.amount_fen AS above
      FROM escrow_claimpayment m
      JOIN escrow_claim c ON c.id = m.claim_id JOIN escrow_refund r ON r.id = c.refund_id
      JOIN escrow_instruction o ON o.id = m.instruction_id JOIN escrow_payment p ON p.id = o.payment_id
      LEFT JOIN escrow_instruction i ON i.id = r.instruction_id) parts
WHERE parts.id = m.id AND parts.above;
"""
GUARD = """
CREATE OR REPLACE FUNCTION escrow_return_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM escrow_statementline WHERE id = NEW.receipt_id FOR NO KEY UPDATE;  -- one at a time
    IF (SELECT count(*) FROM escrow_approval
        WHERE kind = 'receipt_return' AND target = 'statement_line:' || NEW.receipt_id AND state = 'approved'
          AND amount_fen = NEW.amount_fen)
       <= (SELECT count(*) FROM escrow_instruction
           WHERE kind = 'return' AND receipt_id = NEW.receipt_id AND amount_fen = NEW.amount_fen) THEN
        RAISE EXCEPTION 'a receipt is sent back when a second person has approved it, each time anew'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_second_person';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION escrow_return_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0093_terms_are_kept")]
    operations = [
        migrations.AddField(
            model_name="claimpayment",
            name="above",
            field=models.BooleanField(db_default=False, default=False, verbose_name="above the payment"),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, BEFORE),
    ]
