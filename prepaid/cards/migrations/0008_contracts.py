"""The contract of a sold card, written once: the database compares text and PDF with their fingerprints."""

import django.db.models.deletion
from django.db import migrations, models


KEPT = """
CREATE FUNCTION cards_keep_contract() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (
        OLD.pdf IS NOT NULL
        OR (OLD.id, OLD.card_id, OLD.template_version, OLD.text, OLD.sha256, OLD.concluded_at)
            IS DISTINCT FROM (NEW.id, NEW.card_id, NEW.template_version, NEW.text, NEW.sha256, NEW.concluded_at)
    )) THEN
        RAISE EXCEPTION 'contract % is concluded: it cannot change', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'contract_kept';
    END IF;
    IF NEW.sha256 <> encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex')
        OR (NEW.pdf IS NOT NULL AND NEW.pdf_sha256 <> encode(sha256(NEW.pdf), 'hex'))
    THEN
        RAISE EXCEPTION 'contract of card %: not what its fingerprint says', NEW.card_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'contract_fingerprint';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contract_kept BEFORE INSERT OR UPDATE OR DELETE ON cards_contract
    FOR EACH ROW EXECUTE FUNCTION cards_keep_contract();
CREATE TRIGGER contract_not_truncated BEFORE TRUNCATE ON cards_contract EXECUTE FUNCTION escrow_refuse();
"""
UNDO = """
DROP TRIGGER contract_not_truncated ON cards_contract;
DROP TRIGGER contract_kept ON cards_contract;
DROP FUNCTION cards_keep_contract();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0002_guards'),
        ('cards', '0007_closing_offer_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contract',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('template_version', models.PositiveSmallIntegerField(verbose_name='template')),
                ('text', models.TextField(verbose_name='text')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the text')),
                ('concluded_at', models.DateTimeField(verbose_name='concluded')),
                ('pdf', models.BinaryField(blank=True, null=True)),
                ('pdf_sha256', models.CharField(blank=True, default='', max_length=64, verbose_name='SHA-256 of the PDF')),
                ('pdf_made_at', models.DateTimeField(blank=True, null=True, verbose_name='PDF made')),
                ('card', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='contract', to='cards.card', verbose_name='card')),
            ],
            options={
                'verbose_name': 'contract',
                'verbose_name_plural': 'contracts',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('pdf', None)), fields=['id'], name='contract_without_pdf')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('pdf', None), ('pdf_made_at', None), ('pdf_sha256', '')), models.Q(('pdf__isnull', False), ('pdf_made_at__isnull', False), models.Q(('pdf_sha256', ''), _negated=True)), _connector='OR'), name='contract_pdf_with_its_fingerprint')],
            },
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
