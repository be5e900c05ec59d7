"""The queue in the order in which it is read, of a district, of the city and of everybody."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0080_several_at_once'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('lead_department'), models.F('lead_district'), models.Case(models.When(state__in=['dispatched', 'in_hand', 'received'], then=models.Value(0)), models.When(state='executing', then=models.Value(1)), default=models.Value(2), output_field=models.IntegerField()), models.F('due_on'), models.F('due_at'), models.F('id'), name='case_urgent_district'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('lead_department'), models.Case(models.When(state__in=['dispatched', 'in_hand', 'received'], then=models.Value(0)), models.When(state='executing', then=models.Value(1)), default=models.Value(2), output_field=models.IntegerField()), models.F('due_on'), models.F('due_at'), models.F('id'), name='case_urgent_city'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.Case(models.When(state__in=['dispatched', 'in_hand', 'received'], then=models.Value(0)), models.When(state='executing', then=models.Value(1)), default=models.Value(2), output_field=models.IntegerField()), models.F('due_on'), models.F('due_at'), models.F('id'), name='case_urgent'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('foreign_number', ''), _negated=True), fields=['foreign_number'], name='case_foreign_number'),
        ),
    ]
