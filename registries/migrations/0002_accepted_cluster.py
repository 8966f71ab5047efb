from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("registries", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="registry",
            name="accepted_cluster",
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
    ]
