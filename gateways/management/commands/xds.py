"""`manage.py xds`: the server that Envoys connect to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import env, redis
from gateways.xds import rows
from gateways.xds.access import Certificates, Refused
from gateways.xds.server import Server
from gateways.xds.serving import serve


class Command(BaseCommand):
    help = (
        "Serve xDS to Envoys, until SIGTERM. With --certificate, --key and --authority by mutual"
        " TLS; without them on loopback only. Any number of these may run beside each other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="to listen on (%(default)s)")
        parser.add_argument("--port", type=int, default=18_000, help="(%(default)s)")
        for name, what in (
            ("certificate", "the server's certificate"),
            ("key", "its private key"),
            ("authority", "the certificate of who vouches for Envoys"),
        ):
            parser.add_argument(
                f"--{name}",
                default=env.text(f"XDS_{name.upper()}"),
                help=f"file with {what} (XDS_{name.upper()})",
            )
        parser.add_argument(
            "--insecure",
            action="store_true",
            help="without TLS beyond loopback too: everybody there can read routes and nodes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        files = [options[name] for name in ("certificate", "key", "authority")]
        if any(files) and not all(files):
            raise CommandError("--certificate, --key and --authority belong together.")
        tls = None
        if all(files):
            certificate, key, authority = map(Path, files)
            tls = Certificates(certificate=certificate, key=key, authority=authority)
        try:
            serve(
                Server(lambda: redis.connect(settings.REDIS_URL), rows.Rows()),
                options["host"],
                options["port"],
                tls=tls,
                anywhere=options["insecure"],
                watch=rows.watch,
                say=self.stdout.write,
            )
        except Refused as error:
            raise CommandError(str(error)) from error
