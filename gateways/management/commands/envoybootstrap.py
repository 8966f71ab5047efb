"""`manage.py envoybootstrap NAME`: what an Envoy of a gateway is started with."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateways.drivers.envoy.bootstrap import Certificates, bootstrap
from gateways.models import Gateway


class Command(BaseCommand):
    help = "Print the bootstrap configuration of an Envoy of a gateway, as JSON, which is YAML."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("gateway", help="its name, or plane/name if several are called so")
        parser.add_argument("--node", default="", help="this Envoy's name (the gateway's name)")
        parser.add_argument("--host", default="127.0.0.1", help="of the xDS server (%(default)s)")
        parser.add_argument("--port", type=int, default=18_000, help="of it (%(default)s)")
        parser.add_argument("--certificate", default="", help="this Envoy's, a file beside it")
        parser.add_argument("--key", default="", help="its private key")
        parser.add_argument("--authority", default="", help="who vouches for the server")
        parser.add_argument("--server-name", default="", help="in the server's certificate")
        parser.add_argument(
            "--admin-port", type=int, default=0, help="of Envoy's administration; 0: none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        gateway = _find(options["gateway"])
        files = {name: options[name] for name in ("certificate", "key", "authority")}
        if any(files.values()) and not all(files.values()):
            raise CommandError("--certificate, --key and --authority belong together.")
        made = bootstrap(
            gateway_id=str(gateway.pk),
            node_id=options["node"] or gateway.name,
            host=options["host"],
            port=options["port"],
            certificates=Certificates(**files) if all(files.values()) else None,
            server_name=options["server_name"],
            admin_port=options["admin_port"],
        )
        self.stdout.write(json.dumps(made, indent=2))


def _find(named: str) -> Gateway:
    plane, _, name = named.rpartition("/")
    found = Gateway.objects.filter(kind="envoy", name=name)
    if plane:
        found = found.filter(control_plane__slug=plane)
    rows = list(found.select_related("control_plane")[:2])
    if not rows:
        raise CommandError(f"There is no gateway of kind Envoy called {named}.")
    if len(rows) > 1:
        raise CommandError(f"Several gateways are called {name}: say plane/{name}.")
    return rows[0]
