from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("registries", "0003_transition"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="registry",
            name="resync_asked_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="asked to be read anew"
            ),
        ),
    ]
