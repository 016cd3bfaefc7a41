from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("rooms", "0011_sidebar"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                fields=["room", "role", "joined_at", "id"],
                condition=Q(left_at__isnull=True),
                name="membership_by_role",
            ),
        ),
    ]
