"""`manage.py compareregistry`: is what is published what the cluster says?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.redis import RedisError
from registries import health, truth
from registries.models import Registry
from registries.truth import Comparison, Difference

_DIFFERENT, _FAILED = 1, 2


class Command(BaseCommand):
    help = (
        "Compare services of a registry's feed, chosen at random, with its cluster."
        " Exits with 1 if they differ, with 2 if a cluster could not be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="the registry")
        parser.add_argument("--all", action="store_true", help="every registry that is enabled")
        parser.add_argument("--services", type=int, default=truth.SERVICES, help="how many of each")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["name"]) == options["all"]:
            raise CommandError("Name a registry, or say --all.")
        if options["services"] < 1:
            raise CommandError("--services is at least 1.")
        try:
            results = self._compare(self._registries(options["name"]), options["services"])
        except RedisError as error:
            raise CommandError(f"Redis does not answer: {error}", returncode=_FAILED) from error
        if any(one.differences for one in results):
            raise CommandError("Feed and cluster differ.", returncode=_DIFFERENT)
        if any(one.error for one in results):
            raise CommandError("Not every cluster could be asked.", returncode=_FAILED)

    def _registries(self, name: str | None) -> list[Registry]:
        if name is None:
            return list(Registry.objects.enabled())
        found = list(Registry.objects.filter(name=name))
        if not found:
            raise CommandError(f"There is no registry named {name}.")
        return found

    def _compare(self, registries: list[Registry], services: int) -> list[Comparison]:
        said = health.read(str(one.pk) for one in registries)
        results = []
        for registry in registries:
            resource = said[str(registry.pk)].resource
            found = truth.compare(registry.to_spec(), resource=resource, services=services)
            for line in _lines(found):
                self.stdout.write(f"{registry.name}: {line}")
            results.append(found)
        return results


def _lines(found: Comparison) -> list[str]:
    if found.error:
        return [f"not compared: {found.error}"]
    if not found.differences:
        return [f"services compared: {found.services}, no difference"]
    return [_line(one) for one in found.differences]


def _line(one: Difference) -> str:
    sorts = {
        "missing in the feed": one.missing,
        "not in the cluster": one.surplus,
        "ready in one of them only": one.changed,
    }
    said = [f"{sort} {', '.join(named)}" for sort, named in sorts.items() if named]
    return f"{one.service} differs: {'; '.join(said)}"
