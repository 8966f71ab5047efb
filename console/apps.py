from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class ConsoleConfig(AppConfig):
    name = "console"

    def ready(self) -> None:
        from console import checks, redis  # noqa: F401 - checks register themselves

        redis.configure(settings.REDIS_URL)
