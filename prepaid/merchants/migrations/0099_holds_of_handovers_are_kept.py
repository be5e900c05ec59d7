"""The hold of payouts that began with a change of the operator ends with it alone."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("merchants", "0098_existing_card_rule"),
        ("escrow", "0171_kept_holds_and_stopped_sales"),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE escrow_payouthold h SET is_kept = true
            FROM merchants_handover c WHERE c.hold_id = h.id AND c.state = 'open' AND h.released_at IS NULL
            """,
            migrations.RunSQL.noop,
        ),
    ]
