"""What was told the city of each day, written once."""

from django.db import migrations, models


KEPT = """
CREATE TRIGGER custody_file_kept BEFORE UPDATE OR DELETE ON backoffice_custodyfile
    FOR EACH ROW EXECUTE FUNCTION escrow_refuse();
CREATE TRIGGER custody_file_not_truncated BEFORE TRUNCATE ON backoffice_custodyfile EXECUTE FUNCTION escrow_refuse();
"""
UNDO = """
DROP TRIGGER custody_file_not_truncated ON backoffice_custodyfile;
DROP TRIGGER custody_file_kept ON backoffice_custodyfile;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('escrow', '0002_guards'),
        ('backoffice', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustodyFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('rows', models.PositiveIntegerField(verbose_name='rows')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content', models.BinaryField()),
                ('made_at', models.DateTimeField(verbose_name='made')),
            ],
            options={
                'verbose_name': 'daily file for the city',
                'verbose_name_plural': 'daily files for the city',
                'ordering': ['-day'],
            },
        ),
        migrations.RunSQL(KEPT, UNDO),
    ]
