"""`manage.py messages`: keep the catalogues of locale/ true to the sources, and compile them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.i18n import catalogue, extract


class Command(BaseCommand):
    help = (
        "Collect the messages of the sources, merge them into every catalogue of locale/, compile"
        " those, and tell how many translations are missing. Needs no gettext programs."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compile", action="store_true", help="compile what changed, no more")
        parser.add_argument("--check", action="store_true", help="fail if a translation is missing")
        parser.add_argument("--list", action="store_true", help="print the messages that miss one")

    def handle(self, *args: Any, **options: Any) -> None:
        base = settings.BASE_DIR
        if not options["compile"]:
            self._merge(verbose=options["list"], strict=options["check"])
        catalogue.compile_changed(base / "locale")

    def _merge(self, *, verbose: bool, strict: bool) -> None:
        found = extract.messages(settings.BASE_DIR)
        lacking = 0
        for path in catalogue.files(settings.BASE_DIR / "locale"):
            merged = catalogue.read(path)
            catalogue.merge(merged, found)
            catalogue.write(path, merged)
            missing = list(catalogue.missing(merged))
            lacking += len(missing)
            self.stdout.write(f"{path.parts[-3]}: {len(merged)} messages, {len(missing)} missing")
            for message in missing if verbose else ():
                where = ", ".join(name for name, _ in message.locations)
                self.stdout.write(f"  {message.id!r} ({where})")
        if strict and lacking:
            raise CommandError(f"{lacking} translations are missing.")
