"""Orders paid in cash at the shop."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0090_memberships'),
        ('escrow', '0140_deposits'),
        ('merchants', '0098_existing_card_rule'),
    ]

    operations = [
        migrations.AddField(
            model_name='cardrule',
            name='deposit_working_days',
            field=models.PositiveSmallIntegerField(default=2, verbose_name='working days to bring cash to custody'),
        ),
        migrations.CreateModel(
            name='CashSale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(verbose_name='cash wanted')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='taken')),
                ('back_at', models.DateTimeField(blank=True, null=True, verbose_name='given back, says the shop')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended by its holder')),
                ('told_overdue_at', models.DateTimeField(blank=True, null=True, verbose_name='holder told that it is overdue')),
                ('back_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='given back by')),
                ('card', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='cash_sale', to='cards.card', verbose_name='card')),
                ('taken_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.staffmember', verbose_name='taken by')),
            ],
            options={
                'verbose_name': 'cash sale',
                'verbose_name_plural': 'cash sales',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('taken_at__isnull', True), ('taken_by__isnull', True)), models.Q(('taken_at__isnull', False), ('taken_by__isnull', False)), _connector='OR'), name='cash_sale_somebody_took_it'), models.CheckConstraint(condition=models.Q(models.Q(('back_at__isnull', True), ('back_by__isnull', True)), models.Q(('back_at__isnull', False), ('back_by__isnull', False), ('taken_at__isnull', False)), _connector='OR'), name='cash_sale_nothing_back_before_it_is_taken'), models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('taken_at__isnull', False), _connector='OR'), name='cash_sale_ends_once_taken')],
            },
        ),
    ]
