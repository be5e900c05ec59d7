from django.db import migrations, models
from django.db.models import F


def what_was_sent_was_delivered(apps, schema_editor):
    apps.get_model("notices", "Message").objects.update(delivered_at=F("sent_at"))


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="delivered_at",
            field=models.DateTimeField(
                blank=True, help_text="It lies where its recipient can read it.", null=True, verbose_name="delivered"
            ),
        ),
        migrations.RunPython(what_was_sent_was_delivered, migrations.RunPython.noop),
    ]
