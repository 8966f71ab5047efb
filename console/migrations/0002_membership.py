import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def nobody_is_locked_out(apps, schema_editor):
    """Until now whoever could log in could do everything."""
    Membership = apps.get_model("console", "Membership")
    planes = apps.get_model("console", "ControlPlane").objects.all()
    users = apps.get_model(settings.AUTH_USER_MODEL).objects.filter(is_active=True)
    Membership.objects.bulk_create(
        Membership(control_plane=plane, user=user, role="admin")
        for plane in planes
        for user in users
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("console", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("role", models.CharField(choices=[("viewer", "viewer"), ("editor", "editor"), ("admin", "admin")], default="viewer", max_length=10, verbose_name="role")),
                ("control_plane", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="console.controlplane", verbose_name="control plane")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to=settings.AUTH_USER_MODEL, verbose_name="user")),
            ],
            options={
                "verbose_name": "member",
                "verbose_name_plural": "members",
                "ordering": ["user__username"],
                "constraints": [models.UniqueConstraint(fields=("control_plane", "user"), name="member_once", violation_error_message="This person is a member already.")],
            },
        ),
        migrations.CreateModel(
            name="Preferences",
            fields=[
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="preferences", serialize=False, to=settings.AUTH_USER_MODEL)),
                ("language", models.CharField(blank=True, choices=[("en", "English"), ("ko", "Korean")], max_length=10, verbose_name="language")),
                ("theme", models.CharField(blank=True, choices=[("", "as the system"), ("light", "light"), ("dark", "dark")], max_length=10, verbose_name="theme")),
            ],
            options={"verbose_name": "preferences", "verbose_name_plural": "preferences"},
        ),
        migrations.RunPython(nobody_is_locked_out, migrations.RunPython.noop),
    ]
