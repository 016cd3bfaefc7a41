import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("rooms", "0010_invitations_and_bans"),
    ]

    operations = [
        migrations.CreateModel(
            name="SidebarSection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=50)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sidebar_sections",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "position"], name="sidebarsection_order")],
            },
        ),
        migrations.AddField(
            model_name="membership",
            name="is_favourite",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="membership",
            name="section",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="memberships",
                to="rooms.sidebarsection",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="sidebar_position",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.RemoveIndex(model_name="room", name="room_directory"),
        migrations.AddIndex(
            model_name="room",
            index=models.Index(
                Lower("name"),
                models.F("id"),
                condition=models.Q(("deleted_at__isnull", True), ("kind__in", ["public", "channel"])),
                name="room_directory_by_name",
            ),
        ),
    ]
