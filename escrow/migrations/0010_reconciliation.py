"""The bank's files, statements and bills; a statement line keeps its identity in whichever file it comes."""

import django.db.models.deletion
import escrow.models.encrypted
from django.db import migrations, models


#: What ``bank_files.identity`` gives for the lines of the bank's live feed, whose number is the bank's own.
FILL = """
UPDATE escrow_statementline SET day = (at AT TIME ZONE 'Asia/Shanghai')::date, bank_ref = line_no::text;
UPDATE escrow_statementline SET identity = encode(sha256(convert_to(
    concat_ws(E'\\x1f', day, direction, amount_fen, bank_ref, 1), 'UTF8')), 'hex');
"""

RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'prepaid_app') AND current_user <> 'prepaid_app' THEN
        REVOKE DELETE, TRUNCATE ON escrow_statement, escrow_channelbillline, escrow_tieout, escrow_clearingalarm,
            escrow_instructionbatch, escrow_instructionbatchline FROM prepaid_app;
        REVOKE UPDATE ON escrow_statement, escrow_instructionbatch, escrow_instructionbatchline FROM prepaid_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0031_second_person_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='BankFormat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bank', models.SlugField(max_length=16, unique=True, verbose_name='bank code')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('header_row', models.PositiveSmallIntegerField(default=1, help_text='counted from 1', verbose_name='header row')),
                ('delimiter', models.CharField(choices=[(',', ','), (';', ';'), ('\t', 'tab'), ('|', '|')], default=',', max_length=1, verbose_name='delimiter')),
                ('encoding', models.CharField(choices=[('utf-8', 'utf-8'), ('gb18030', 'gb18030'), ('utf-16', 'utf-16')], default='gb18030', max_length=8, verbose_name='encoding')),
                ('account', models.CharField(blank=True, default='', max_length=60, verbose_name='column: account')),
                ('account_label', models.CharField(blank=True, default='', help_text='if it stands above the header instead of in a column', max_length=60, verbose_name='words before the account')),
                ('day', models.CharField(max_length=60, verbose_name='column: date')),
                ('time', models.CharField(blank=True, default='', max_length=60, verbose_name='column: time')),
                ('day_format', models.CharField(default='%Y-%m-%d', max_length=40, verbose_name='date format')),
                ('time_format', models.CharField(default='%H:%M:%S', max_length=40, verbose_name='time format')),
                ('direction', models.CharField(blank=True, default='', max_length=60, verbose_name='column: direction')),
                ('words_in', models.CharField(blank=True, default='贷,收入,C', max_length=60, verbose_name='words for in')),
                ('words_out', models.CharField(blank=True, default='借,支出,D', max_length=60, verbose_name='words for out')),
                ('amount', models.CharField(blank=True, default='', max_length=60, verbose_name='column: amount')),
                ('credit', models.CharField(blank=True, default='', max_length=60, verbose_name='column: amount in')),
                ('debit', models.CharField(blank=True, default='', max_length=60, verbose_name='column: amount out')),
                ('thousands', models.CharField(blank=True, choices=[(',', ','), ('.', '.'), (' ', 'space')], default=',', max_length=1, verbose_name='thousands separator')),
                ('decimal', models.CharField(choices=[('.', '.'), (',', ',')], default='.', max_length=1, verbose_name='decimal mark')),
                ('balance', models.CharField(blank=True, default='', max_length=60, verbose_name='column: balance')),
                ('line_no', models.CharField(blank=True, default='', max_length=60, verbose_name="column: the bank's line number")),
                ('reference', models.CharField(blank=True, default='', max_length=60, verbose_name='column: reference')),
                ('counterparty_name', models.CharField(blank=True, default='', max_length=60, verbose_name='column: counterparty')),
                ('counterparty_account', models.CharField(blank=True, default='', max_length=60, verbose_name="column: counterparty's account")),
                ('purpose', models.CharField(blank=True, default='', max_length=60, verbose_name='column: purpose')),
            ],
            options={
                'verbose_name': 'bank format',
                'verbose_name_plural': 'bank formats',
            },
        ),
        migrations.CreateModel(
            name='ChannelBillLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=16, verbose_name='channel')),
                ('day', models.DateField(verbose_name='day')),
                ('kind', models.CharField(choices=[('payment', 'payment'), ('refund', 'refund')], max_length=8, verbose_name='kind')),
                ('number', models.CharField(max_length=64, verbose_name='our number')),
                ('channel_no', models.CharField(blank=True, default='', max_length=64, verbose_name="channel's number")),
                ('amount_fen', models.BigIntegerField(verbose_name='amount (fen)')),
                ('fee_fen', models.BigIntegerField(default=0, verbose_name="channel's fee (fen)")),
                ('at', models.DateTimeField(verbose_name='at')),
                ('finding', models.CharField(choices=[('matched', 'matched'), ('unknown', 'not known here'), ('amount', 'another amount here'), ('state', 'not done here')], default='unknown', max_length=16, verbose_name='result')),
            ],
            options={
                'verbose_name': 'channel bill line',
                'verbose_name_plural': 'channel bill lines',
            },
        ),
        migrations.CreateModel(
            name='ClearingAlarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(choices=[('custody', 'custody bank'), ('clearing', 'paid, on its way to custody'), ('held', 'held for the consumer'), ('payable', 'earned by the merchant'), ('payout', 'payout on its way'), ('refund', 'refund on its way'), ('suspense', 'late or unidentified'), ('issued', 'issued'), ('consumed', 'consumed')], max_length=12, verbose_name='account')),
                ('channel', models.CharField(blank=True, default='', max_length=16, verbose_name='channel')),
                ('amount_fen', models.BigIntegerField(verbose_name='amount (fen)')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('raised_at', models.DateTimeField(verbose_name='raised')),
                ('cleared_at', models.DateTimeField(null=True, verbose_name='cleared')),
            ],
            options={
                'verbose_name': 'clearing alarm',
                'verbose_name_plural': 'clearing alarms',
                'ordering': ['since', 'id'],
            },
        ),
        migrations.CreateModel(
            name='InstructionBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=32, unique=True, verbose_name='number')),
                ('channel', models.CharField(max_length=16, verbose_name='bank')),
                ('kind', models.CharField(choices=[('refund', 'refund'), ('payout', 'payout')], max_length=8, verbose_name='kind')),
                ('count', models.PositiveIntegerField(verbose_name='lines')),
                ('sum_fen', models.BigIntegerField(verbose_name='sum (fen)')),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('by', models.CharField(max_length=60, verbose_name='by')),
            ],
            options={
                'verbose_name': 'instruction file',
                'verbose_name_plural': 'instruction files',
            },
        ),
        migrations.CreateModel(
            name='InstructionBatchLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_no', models.PositiveIntegerField(verbose_name='line')),
            ],
            options={
                'verbose_name': 'instruction file line',
                'verbose_name_plural': 'instruction file lines',
            },
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bank', models.CharField(max_length=16, verbose_name='bank')),
                ('custody_no', models.CharField(max_length=64, verbose_name='custody account')),
                ('number', models.CharField(blank=True, default='', max_length=64, verbose_name='number')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('from_day', models.DateField(verbose_name='from')),
                ('to_day', models.DateField(verbose_name='to')),
                ('opening_fen', models.BigIntegerField(null=True, verbose_name='opening (fen)')),
                ('closing_fen', models.BigIntegerField(null=True, verbose_name='closing (fen)')),
                ('sum_fen', models.BigIntegerField(verbose_name='net of the lines (fen)')),
                ('made_at', models.DateTimeField(null=True, verbose_name='made')),
            ],
            options={
                'verbose_name': 'statement',
                'verbose_name_plural': 'statements',
            },
        ),
        migrations.CreateModel(
            name='TieOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('ledger_fen', models.BigIntegerField(verbose_name='ledger (fen)')),
                ('bank_fen', models.BigIntegerField(null=True, verbose_name='bank (fen)')),
                ('bank_day', models.DateField(null=True, verbose_name="bank's balance of")),
                ('unmatched', models.PositiveIntegerField(verbose_name='unmatched lines')),
                ('unmatched_fen', models.BigIntegerField(verbose_name='unmatched (fen)')),
                ('checked_at', models.DateTimeField(verbose_name='checked')),
            ],
            options={
                'verbose_name': 'daily tie-out',
                'verbose_name_plural': 'daily tie-outs',
                'ordering': ['-day', 'beneficiary_id'],
            },
        ),
        migrations.AddField(
            model_name='statementline',
            name='bank_ref',
            field=models.CharField(blank=True, default='', max_length=64, verbose_name="bank's number"),
        ),
        migrations.AddField(
            model_name='statementline',
            name='counterparty_account',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name="counterparty's account"),
        ),
        migrations.AddField(
            model_name='statementline',
            name='counterparty_name',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='counterparty'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='currency',
            field=models.CharField(default='CNY', max_length=3, verbose_name='currency'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='day',
            field=models.DateField(default='2000-01-01', verbose_name='booked on'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='statementline',
            name='identity',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='statementline',
            name='purpose',
            field=escrow.models.encrypted.EncryptedTextField(blank=True, default='', verbose_name='purpose'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='references',
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='balance_after_fen',
            field=models.BigIntegerField(null=True, verbose_name='balance (fen)'),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='custody_no',
            field=models.CharField(max_length=64, verbose_name='custody account'),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='kind',
            field=models.CharField(choices=[('payment', 'payment'), ('refund', 'refund'), ('payout', 'payout'), ('interest', 'interest'), ('fee', 'bank fee'), ('reversal', 'reversal'), ('other', 'unexplained')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='line_no',
            field=models.BigIntegerField(null=True, verbose_name='line'),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='reference',
            field=models.CharField(blank=True, default='', max_length=64, verbose_name='reference'),
        ),
        migrations.CreateModel(
            name='BankFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('statement', 'bank statement'), ('bill', "channel's daily bill"), ('results', 'results of an instruction file')], max_length=12, verbose_name='kind')),
                ('bank', models.CharField(max_length=16, verbose_name='bank')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('size', models.PositiveIntegerField(verbose_name='bytes')),
                ('content', escrow.models.encrypted.EncryptedBinaryField(null=True)),
                ('by', models.CharField(max_length=60, verbose_name='by')),
                ('uploaded_at', models.DateTimeField(verbose_name='uploaded')),
                ('imported_at', models.DateTimeField(null=True, verbose_name='imported')),
                ('lines', models.PositiveIntegerField(default=0, verbose_name='lines')),
                ('new_lines', models.PositiveIntegerField(default=0, verbose_name='new lines')),
            ],
            options={
                'verbose_name': 'bank file',
                'verbose_name_plural': 'bank files',
                'constraints': [models.UniqueConstraint(fields=('kind', 'bank', 'sha256'), name='bank_file_once')],
            },
        ),
        migrations.AddField(
            model_name='statementline',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='escrow.bankfile'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='statementline',
            index=models.Index(fields=['beneficiary', '-day'], name='statement_line_of_a_day'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(fields=('channel', 'custody_no', 'identity'), name='statement_line_identity'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['payment', 'refund', 'payout']), ('matched_at__isnull', False)), fields=('beneficiary', 'kind', 'reference'), name='statement_line_matches_alone'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['payment', 'refund', 'payout', 'interest', 'fee', 'reversal', 'other'])), name='statement_line_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='bankformat',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('amount', ''), _negated=True), ('credit', ''), ('debit', '')), models.Q(('amount', ''), models.Q(('credit', ''), _negated=True), models.Q(('debit', ''), _negated=True)), _connector='OR'), name='bank_format_one_amount_or_two', violation_error_message='Name either one amount column or two: one for in, one for out.'),
        ),
        migrations.AddConstraint(
            model_name='bankformat',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account', ''), _negated=True), models.Q(('account_label', ''), _negated=True), _connector='OR'), name='bank_format_names_the_account', violation_error_message='Name the column of the account, or the words that stand before it.'),
        ),
        migrations.AddConstraint(
            model_name='bankformat',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('line_no', ''), _negated=True), models.Q(('balance', ''), _negated=True), _connector='OR'), name='bank_format_tells_lines_apart', violation_error_message="Name the column of the bank's line number or of the balance: without either, two identical lines cannot be told from one line read twice."),
        ),
        migrations.AddConstraint(
            model_name='bankformat',
            constraint=models.CheckConstraint(condition=models.Q(('thousands', models.F('decimal')), _negated=True), name='bank_format_marks_differ', violation_error_message='The thousands separator and the decimal mark cannot be the same.'),
        ),
        migrations.AddField(
            model_name='channelbillline',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bill_lines', to='escrow.bankfile'),
        ),
        migrations.AddField(
            model_name='clearingalarm',
            name='beneficiary',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='escrow.beneficiary'),
        ),
        migrations.AddConstraint(
            model_name='instructionbatch',
            constraint=models.CheckConstraint(condition=models.Q(('count__gt', 0), ('sum_fen__gt', 0)), name='batch_not_empty'),
        ),
        migrations.AddField(
            model_name='instructionbatchline',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='escrow.instructionbatch'),
        ),
        migrations.AddField(
            model_name='instructionbatchline',
            name='instruction',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='batch_line', to='escrow.instruction'),
        ),
        migrations.AddField(
            model_name='statement',
            name='beneficiary',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='escrow.beneficiary'),
        ),
        migrations.AddField(
            model_name='statement',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='escrow.bankfile'),
        ),
        migrations.AddField(
            model_name='tieout',
            name='beneficiary',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tie_outs', to='escrow.beneficiary'),
        ),
        migrations.AddConstraint(
            model_name='channelbillline',
            constraint=models.UniqueConstraint(fields=('channel', 'kind', 'number', 'day'), name='bill_line_once'),
        ),
        migrations.AddConstraint(
            model_name='channelbillline',
            constraint=models.CheckConstraint(condition=models.Q(('finding__in', ['matched', 'unknown', 'amount', 'state'])), name='bill_line_finding_known'),
        ),
        migrations.AddConstraint(
            model_name='clearingalarm',
            constraint=models.UniqueConstraint(condition=models.Q(('cleared_at__isnull', True)), fields=('beneficiary', 'code', 'channel'), name='clearing_alarm_one_open'),
        ),
        migrations.AddConstraint(
            model_name='instructionbatchline',
            constraint=models.UniqueConstraint(fields=('batch', 'line_no'), name='batch_line_once'),
        ),
        migrations.AddIndex(
            model_name='statement',
            index=models.Index(fields=['beneficiary', '-to_day'], name='statement_of_a_day'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.UniqueConstraint(fields=('bank', 'custody_no', 'number', 'from_day', 'to_day', 'opening_fen', 'closing_fen', 'sum_fen'), name='statement_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='tieout',
            index=models.Index(condition=models.Q(('bank_fen__isnull', True), models.Q(('bank_fen', models.F('ledger_fen')), _negated=True), _connector='OR'), fields=['-day'], name='tie_out_differing'),
        ),
        migrations.AddConstraint(
            model_name='tieout',
            constraint=models.UniqueConstraint(fields=('beneficiary', 'day'), name='tie_out_once'),
        ),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
