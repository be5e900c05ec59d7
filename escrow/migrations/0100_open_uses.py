"""What is still reserved of an agreement is found at once, however much of it was used."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("escrow", "0095_above_and_approved_once")]
    operations = [
        migrations.AddIndex(
            model_name="use",
            index=models.Index(
                fields=["agreement"],
                condition=models.Q(state__in=("reserved", "disputed")),
                name="use_open_of_agreement",
            ),
        ),
    ]
