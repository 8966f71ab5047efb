"""Encrypt every stored secret anew, with the first of SECRET_KEYS."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction

from console.secrets import SecretField


class Command(BaseCommand):
    help = "Encrypt every stored secret with the first of SECRET_KEYS; older keys can go then."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            names = [one.name for one in model._meta.fields if isinstance(one, SecretField)]
            if not names:
                continue
            with transaction.atomic():
                # The lock: what somebody saves meanwhile is not to be overwritten.
                rows = list(model._default_manager.select_for_update())
                for row in rows:
                    row.save(update_fields=names)
            self.stdout.write(f"{model._meta.verbose_name_plural}: {len(rows)}")
