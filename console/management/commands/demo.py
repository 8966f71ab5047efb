"""`manage.py demo`: make what a first start makes (`console.demo`); `manage.py up` runs it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from console import demo
from console.embedded.files import write_private


class Command(BaseCommand):
    help = "Make the first administrator and the sample objects. Run by `manage.py up`."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = os.environ.get("PORTOLAN_DEMO")
        if not wanted:
            raise CommandError("This is a part of `manage.py up`: run that.")
        wishes = msgspec.json.decode(wanted, type=demo.Wishes)
        try:
            done = demo.make(wishes)
        except ValidationError as error:
            raise CommandError(
                "The sample objects cannot be made: " + "; ".join(error.messages)
            ) from error
        write_private(Path(wishes.report), msgspec.json.encode(done).decode())
