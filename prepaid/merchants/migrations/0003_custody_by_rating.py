"""How much stays in custody may depend on a merchant's rating."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('merchants', '0002_payable_after'),
        ('people', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustodyRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rating', models.CharField(blank=True, choices=[('A', 'A'), ('B', 'B'), ('C', 'C'), ('D', 'D')], default='', max_length=1, verbose_name='rating')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('percent', models.PositiveSmallIntegerField(verbose_name='stays in custody (%)')),
                ('basis', models.CharField(max_length=200, verbose_name='source')),
                ('mark', models.CharField(choices=[('T', 'read in the full text'), ('E', 'read in an excerpt or a news report'), ('A', 'assumption')], max_length=1, verbose_name='certainty')),
            ],
            options={
                'verbose_name': 'custody rule',
                'verbose_name_plural': 'custody rules',
                'ordering': ['sector', 'rating', '-valid_from'],
            },
        ),
        migrations.AddField(
            model_name='merchant',
            name='rating',
            field=models.CharField(blank=True, choices=[('A', 'A'), ('B', 'B'), ('C', 'C'), ('D', 'D')], default='', help_text='Given by the regulator; empty: not rated.', max_length=1, verbose_name='rating'),
        ),
        migrations.AlterField(
            model_name='sectorrule',
            name='custody_percent',
            field=models.PositiveSmallIntegerField(help_text='The legal minimum; all of it stays unless the city allows less for a product.', verbose_name='custody (%)'),
        ),
        migrations.AddConstraint(
            model_name='merchant',
            constraint=models.CheckConstraint(condition=models.Q(('rating__in', ['', 'A', 'B', 'C', 'D'])), name='merchant_rating_known'),
        ),
        migrations.AddField(
            model_name='custodyrule',
            name='sector',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='custody_rules', to='merchants.sector', verbose_name='sector'),
        ),
        migrations.AddConstraint(
            model_name='custodyrule',
            constraint=models.UniqueConstraint(fields=('sector', 'rating', 'valid_from'), name='custody_rule_one_per_day'),
        ),
        migrations.AddConstraint(
            model_name='custodyrule',
            constraint=models.CheckConstraint(condition=models.Q(('mark__in', ['T', 'E', 'A']), ('percent__range', (10, 100)), ('rating__in', ['', 'A', 'B', 'C', 'D'])), name='custody_rule_figures'),
        ),
    ]
