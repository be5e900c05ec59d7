"""A refund is paid when all of it is: not with its first part, while the rest is open as a claim."""

from django.db import migrations

NOT_YET = """
UPDATE escrow_refund r SET paid_at = NULL
FROM escrow_claim c LEFT JOIN escrow_claimpayment p ON p.claim_id = c.id
LEFT JOIN escrow_instruction o ON o.id = p.instruction_id
WHERE c.refund_id = r.id AND r.paid_at IS NOT NULL AND (c.closed_at IS NULL OR o.state <> 'succeeded');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0060_payee'),
    ]

    operations = [
        migrations.RunSQL(NOT_YET, migrations.RunSQL.noop),
    ]
