"""Cash that was taken: who paid it, since when it is in custody, and whether the bank has undone that."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def fill(apps, schema_editor):
    """Who paid is who has the card, or gave it to somebody first; custody began when the agreement was funded."""
    CashSale, CardTransfer = apps.get_model("cards", "CashSale"), apps.get_model("cards", "CardTransfer")
    for sale in CashSale.objects.filter(taken_at__isnull=False).select_related("card__agreement").iterator():
        given = CardTransfer.objects.filter(card=sale.card_id, state="accepted").order_by("pk").first()
        sale.payer_id = given.holder_id if given else sale.card.holder_id
        sale.in_custody_at = sale.card.agreement.funded_at
        sale.save(update_fields=["payer", "in_custody_at"])


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0100_cash_sales'),
        ('escrow', '0150_deposits_taken_back'),
        ('merchants', '0098_existing_card_rule'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='cashsale',
            name='cash_sale_somebody_took_it',
        ),
        migrations.AddField(
            model_name='cashsale',
            name='in_custody_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='in custody'),
        ),
        migrations.AddField(
            model_name='cashsale',
            name='out_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='not in custody any more'),
        ),
        migrations.AddField(
            model_name='cashsale',
            name='payer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='paid by'),
        ),
        migrations.AddIndex(
            model_name='cashsale',
            index=models.Index(condition=models.Q(('in_custody_at__isnull', True), ('taken_at__isnull', False)), fields=['card'], name='cash_sale_awaited'),
        ),
        migrations.AddIndex(
            model_name='cashsale',
            index=models.Index(condition=models.Q(('out_at__isnull', False)), fields=['card'], name='cash_sale_out'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name='cashsale',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('taken_at__isnull', True), ('taken_by__isnull', True)), models.Q(('payer__isnull', False), ('taken_at__isnull', False), ('taken_by__isnull', False)), _connector='OR'), name='cash_sale_somebody_took_it'),
        ),
    ]
