"""Sealed blocks and published totals, and what keeps them as they were written (docs/proof.md)."""

import django.db.models.deletion
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION escrow_watermark(beneficiary bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    -- Everybody who is writing transfers of this beneficiary has committed once the lock is ours: none with a smaller
    -- id can appear afterwards. A statement of its own, so that it sees what they wrote.
    PERFORM escrow_exclusive_lock(beneficiary);
    SELECT id INTO newest FROM escrow_transfer WHERE beneficiary_id = beneficiary ORDER BY id DESC LIMIT 1;
    RETURN coalesce(newest, 0);
END $$;

CREATE TRIGGER block_immutable BEFORE UPDATE OR DELETE ON escrow_block FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER block_not_truncated BEFORE TRUNCATE ON escrow_block EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER daily_root_immutable BEFORE UPDATE OR DELETE ON escrow_dailyroot
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER daily_root_not_truncated BEFORE TRUNCATE ON escrow_dailyroot EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER daily_total_immutable BEFORE UPDATE OR DELETE ON escrow_dailytotal
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER daily_total_not_truncated BEFORE TRUNCATE ON escrow_dailytotal EXECUTE FUNCTION escrow_refuse();

-- Hashes do not compress, and uncompressed a path is read without the tree around it.
ALTER TABLE escrow_dailyroot ALTER COLUMN nodes SET STORAGE EXTERNAL;
ALTER TABLE escrow_dailytotal ALTER COLUMN leaves SET STORAGE EXTERNAL, ALTER COLUMN nodes SET STORAGE EXTERNAL;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON escrow_block, escrow_dailyroot, escrow_dailytotal FROM prepaid_app;
    END IF;
END $$;
"""

UNDO = """
DROP TRIGGER block_immutable ON escrow_block;
DROP TRIGGER block_not_truncated ON escrow_block;
DROP TRIGGER daily_root_immutable ON escrow_dailyroot;
DROP TRIGGER daily_root_not_truncated ON escrow_dailyroot;
DROP TRIGGER daily_total_immutable ON escrow_dailytotal;
DROP TRIGGER daily_total_not_truncated ON escrow_dailytotal;
DROP FUNCTION escrow_watermark(bigint);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0004_uses'),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyRoot',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False, verbose_name='date')),
                ('held_fen', models.BigIntegerField(verbose_name='held for consumers (fen)')),
                ('confirmed_fen', models.BigIntegerField(verbose_name='confirmed by the bank (fen)')),
                ('in_transit_fen', models.BigIntegerField(verbose_name='on its way to the bank (fen)')),
                ('agreements', models.BigIntegerField(verbose_name='agreements')),
                ('beneficiaries', models.BigIntegerField(verbose_name='beneficiaries')),
                ('tree_root', models.CharField(max_length=64, verbose_name='root of the tree')),
                ('previous_hash', models.CharField(max_length=64, verbose_name='hash of the one before')),
                ('hash', models.CharField(max_length=64, verbose_name='hash')),
                ('seed', models.BinaryField()),
                ('nodes', models.BinaryField(help_text="the city's tree, level by level, 40 bytes a node")),
                ('published_at', models.DateTimeField(verbose_name='published')),
            ],
            options={
                'verbose_name': 'published total',
                'verbose_name_plural': 'published totals',
                'ordering': ['-day'],
                'constraints': [models.CheckConstraint(condition=models.Q(('agreements__gte', 0), ('confirmed_fen__gte', 0), ('held_fen__gte', 0), ('in_transit_fen__gte', 0)), name='daily_root_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(verbose_name='number')),
                ('first_id', models.BigIntegerField(verbose_name='first transfer')),
                ('last_id', models.BigIntegerField(verbose_name='last transfer')),
                ('count', models.IntegerField(verbose_name='transfers')),
                ('merkle_root', models.CharField(max_length=64, verbose_name='Merkle root')),
                ('previous_hash', models.CharField(max_length=64, verbose_name='hash of the one before')),
                ('hash', models.CharField(max_length=64, verbose_name='hash')),
                ('sealed_at', models.DateTimeField(verbose_name='sealed')),
                ('beneficiary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='blocks', to='escrow.beneficiary', verbose_name='beneficiary')),
            ],
            options={
                'verbose_name': 'sealed block',
                'verbose_name_plural': 'sealed blocks',
                'constraints': [models.UniqueConstraint(fields=('beneficiary', 'number'), name='block_once'), models.CheckConstraint(condition=models.Q(('count__gte', 1), ('first_id__gte', 1), ('last_id__gte', models.F('first_id')), ('number__gte', 1)), name='block_has_transfers')],
            },
        ),
        migrations.CreateModel(
            name='DailyTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.BigIntegerField()),
                ('agreements', models.BigIntegerField(verbose_name='agreements')),
                ('held_fen', models.BigIntegerField(verbose_name='held for consumers (fen)')),
                ('confirmed_fen', models.BigIntegerField(verbose_name='confirmed by the bank (fen)')),
                ('in_transit_fen', models.BigIntegerField(verbose_name='on its way to the bank (fen)')),
                ('block_number', models.BigIntegerField(verbose_name='last sealed block')),
                ('block_hash', models.CharField(max_length=64, verbose_name='its hash')),
                ('tree_root', models.CharField(max_length=64, verbose_name='root of the tree')),
                ('leaves', models.BinaryField(help_text='40 bytes each: first parts by hash, then second parts by hash')),
                ('nodes', models.BinaryField(help_text='the levels above every 32 leaves')),
                ('beneficiary', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='daily_totals', to='escrow.beneficiary')),
                ('root', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='totals', to='escrow.dailyroot')),
            ],
            options={
                'verbose_name': 'published share',
                'verbose_name_plural': 'published shares',
                'constraints': [models.UniqueConstraint(fields=('beneficiary', 'root'), name='daily_total_once')],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
