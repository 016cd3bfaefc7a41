import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.models.sessions


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_relations_and_privacy"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeviceSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("session_key", models.CharField(editable=False, max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(choices=[("browser", "Browser"), ("app", "App")], default="browser", max_length=7),
                ),
                ("name", models.CharField(blank=True, help_text="Empty: made of the user agent.", max_length=60)),
                ("ip", models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address")),
                ("user_agent", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_used_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
                ("secret", models.BinaryField(default=accounts.models.sessions.new_secret, max_length=32)),
                ("generation", models.PositiveIntegerField(default=0, editable=False)),
                ("refresh_digest", models.BinaryField(max_length=32, null=True)),
                ("rotated_at", models.DateTimeField(editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="device_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("replaced_at__isnull", True)),
                        fields=["user", "-last_used_at"],
                        name="devicesession_of",
                    )
                ],
            },
        ),
    ]
