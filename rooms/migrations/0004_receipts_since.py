from django.db import migrations, models
from django.db.models import F


def begin_at_the_read_position(apps, schema_editor):
    """Who is in a room already: what they have read so far was nobody's to know, and stays so."""
    membership = apps.get_model("rooms", "Membership")
    membership.objects.filter(read_upto=0, read_number__gt=0).update(
        receipts_since=F("read_number"), read_upto=F("read_number"), received_upto=F("read_number")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("rooms", "0003_slow_mode"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="receipts_since",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.RunPython(begin_at_the_read_position, migrations.RunPython.noop),
    ]
