from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_device_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="visiting_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
