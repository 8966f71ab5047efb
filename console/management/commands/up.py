"""`manage.py up`: start the whole house on this machine and watch it until Ctrl-C."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.embedded.errors import StartError
from console.i18n import catalogue
from console.up import lock, plan, report
from console.up.house import House
from console.up.supervisor import Interrupted, Supervisor

_WIDTH = len("practice")


class Command(BaseCommand):
    help = (
        "Start everything on this machine: PostgreSQL and Valkey (unless DATABASE_URL and"
        " REDIS_URL name others), console, worker, beat, Traefik or Envoy, and a practice cluster"
        " with sample objects. Data is kept in var/ (PORTOLAN_VAR). Ctrl-C stops everything."
    )
    # The database is not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="of console and gateway")
        for name, default, what in (
            ("console", 8000, "the console"),
            ("gateway", 9080, "the gateway"),
            ("cluster", 6443, "the practice cluster's API server"),
            ("postgres", 0, "PostgreSQL; 0: a free port, kept for the next time"),
            ("redis", 0, "Valkey; 0: a free port, kept for the next time"),
        ):
            parser.add_argument(
                f"--{name}-port", type=int, default=default, help=f"of {what} (%(default)s)"
            )
        parser.add_argument(
            "--gateway",
            choices=("traefik", "envoy"),
            default="traefik",
            help="which gateway to start (%(default)s)",
        )
        parser.add_argument(
            "--empty", action="store_true", help="no practice cluster, no sample objects"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("host", "console_port", "gateway_port", "cluster_port", "postgres_port")
        chosen = {name: options[name] for name in (*names, "redis_port", "empty", "gateway")}
        var = Path(settings.VAR_DIR).resolve()
        catalogue.compile_changed(settings.BASE_DIR / "locale")
        try:
            with lock.alone(var / "run"):
                made = plan.make(plan.Options(base=settings.BASE_DIR, var=var, **chosen))
                self._run(made)
        except StartError as error:
            raise CommandError(str(error)) from error
        except Interrupted:
            self.stdout.write("Everything is stopped.")

    def _run(self, made: plan.Plan) -> None:
        supervisor = Supervisor(width=_WIDTH)
        run = made.options.var / "run"
        with (
            supervisor.listening(),
            lock.announced(run, database_url=made.database_url, redis_url=made.redis_url),
        ):
            house = House(made, supervisor, _password())
            try:
                self.stdout.write(house.start())
                self.stdout.flush()
                supervisor.watch()
            finally:
                if house.untold:
                    self.stdout.write(report.login(house.untold))


def _password() -> str:
    """Of the first administrator: from the environment, else a new one."""
    from console import env

    return env.text("ADMIN_PASSWORD") or secrets.token_urlsafe(12)
