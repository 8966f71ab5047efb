"""`manage.py rendergateway`: what a gateway is given, or how that differs from what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.contract import wire
from console.redis import RedisError
from gateways import rendering
from gateways.diffing import Change, compare, lines, listed
from gateways.models import Gateway

_DIFFERENT, _FAILED = 1, 2


class Command(BaseCommand):
    help = (
        "Print what a gateway is given for what is published, as its kind makes it. With --diff,"
        " compare it with what the gateway has: exits with 1 if they differ, with 2 if it could"
        " not be asked. No secret is printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the gateway")
        parser.add_argument("--diff", action="store_true", help="compare with what it has")
        parser.add_argument("--control-plane", metavar="SLUG", help="where names are not unique")
        parser.add_argument("--resource", metavar="KEY", help="only route/ID or upstream/ID")
        parser.add_argument("--format", choices=("json", "yaml"), default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["diff"] and options["resource"]:
            raise CommandError("--diff compares everything: leave --resource out.", returncode=2)
        gateway = _gateway(options["name"], options["control_plane"])
        shown = rendering.preview(gateway, _resources(gateway, options["resource"]))
        if shown.error:
            raise CommandError(f"Its settings do not fit: {shown.error}", returncode=_FAILED)
        for key, why in sorted(shown.refused.items()):
            self.stderr.write(f"refused: {key}: {why}")
        if options["diff"]:
            self._compare(gateway, shown.documents)
        elif options["format"] == "yaml":
            self.stdout.write(yaml.safe_dump(dict(shown.documents), allow_unicode=True), ending="")
        else:
            self.stdout.write(listed(shown.documents))

    def _compare(self, gateway: Gateway, documents: Mapping[str, Any]) -> None:
        asked = rendering.live(gateway)
        if asked.error:
            raise CommandError(f"The gateway does not answer: {asked.error}", returncode=_FAILED)
        if asked.documents is None:
            raise CommandError(
                "With its settings the gateway cannot be asked what it has.", returncode=_FAILED
            )
        changes = compare(asked.documents, documents)
        for one in changes:
            self._say(one)
        if changes:
            raise CommandError(f"{len(changes)} documents differ.", returncode=_DIFFERENT)
        self.stderr.write("The gateway has exactly what is published.")

    def _say(self, change: Change) -> None:
        """A change as `diff -u` has it: - is what the gateway has, + what it is given."""
        self.stdout.write(f"--- {change.name} ({change.kind.value})")
        for line in lines(change):
            self.stdout.write(f"{line.sign}{line.text}")


def _gateway(name: str, slug: str | None) -> Gateway:
    rows = Gateway.objects.filter(name=name).select_related("control_plane")
    if slug is not None:
        rows = rows.filter(control_plane__slug=slug)
    found = list(rows[:2])
    if not found:
        place = f" in the control plane {slug}" if slug is not None else ""
        raise CommandError(f"There is no gateway named {name}{place}.", returncode=_FAILED)
    if len(found) > 1:
        text = f"Several control planes have a gateway named {name}: say --control-plane."
        raise CommandError(text, returncode=_FAILED)
    return found[0]


def _resources(gateway: Gateway, resource: str | None) -> dict[str, wire.Resource]:
    plane = str(gateway.control_plane_id)
    try:
        if resource is None:
            return rendering.published(plane)
        found = rendering.some(plane, [resource])
    except RedisError as error:
        raise CommandError(f"Redis does not answer: {error}", returncode=_FAILED) from error
    if not found:
        raise CommandError(f"Nothing is published as {resource}.", returncode=_FAILED)
    return found
