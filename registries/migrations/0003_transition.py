from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("registries", "0002_accepted_cluster"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Transition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("phase", models.CharField(choices=[("unknown", "not started"), ("disabled", "paused"), ("connecting", "connecting"), ("connected", "connected"), ("failing", "failing")], max_length=20, verbose_name="phase")),
                ("reason", models.CharField(blank=True, max_length=50, verbose_name="reason")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("registry", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="transitions", to="registries.registry", verbose_name="service registry")),
            ],
            options={
                "verbose_name": "transition",
                "verbose_name_plural": "history",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["registry", "-id"], name="transition_newest")],
            },
        ),
    ]
