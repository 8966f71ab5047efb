"""What `manage.py up` runs, from its options: addresses, secrets, programs. Starts nothing."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console import local, queues
from console.embedded import ports, postgres, valkey
from console.embedded.envoy import Envoy
from console.embedded.errors import StartError
from console.embedded.postgres import Postgres
from console.embedded.traefik import Traefik
from console.embedded.valkey import GATEWAY_USER, Valkey

from .supervisor import Program

# Redis databases: 0 feeds and leases, 1 Celery's broker, 2 the gateway's tree.
GATEWAY_DATABASE = 2
_DISK_NEEDED = 200_000_000
# Threads of the worker, most of them waiting: one for each registry, control plane and gateway.
_THREADS = "64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person at the terminal may choose. Port 0: a free one, kept for the next time."""

    base: Path
    var: Path
    host: str = "127.0.0.1"
    console_port: int = 8000
    gateway_port: int = 9080
    cluster_port: int = 6443
    postgres_port: int = 0
    redis_port: int = 0
    empty: bool = False
    gateway: str = "traefik"  # or envoy: which one listens on the gateway's port


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`postgres` and `valkey` are None where the environment names servers of its own. Of `traefik`
    and `envoy` there is one."""

    options: Options
    postgres: Postgres | None
    valkey: Valkey | None
    traefik: Traefik | None
    envoy: Envoy | None
    database_url: str
    redis_url: str

    @property
    def console_url(self) -> str:
        return _url(self.options.host, self.options.console_port)

    @property
    def gateway_url(self) -> str:
        return _url(self.options.host, self.options.gateway_port)

    @property
    def gateway_redis_url(self) -> str:
        return local.with_database(self.redis_url, GATEWAY_DATABASE)

    @property
    def cluster_url(self) -> str:
        return f"https://127.0.0.1:{self.options.cluster_port}"

    @property
    def cluster_folder(self) -> Path:
        return self.options.var / "practice"

    def environment(self) -> Mapping[str, str]:
        """What our own programs are told; secrets go this way, never by the command line."""
        told = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PORTOLAN_VAR": str(self.options.var),
            "PYTHONUNBUFFERED": "1",
            # The practice cluster's replicas live on loopback.
            "REGISTRIES_ALLOW_LOOPBACK_NODES": os.environ.get(
                "REGISTRIES_ALLOW_LOOPBACK_NODES", "0" if self.options.empty else "1"
            ),
            # So do the API servers of clusters for development.
            "REGISTRIES_ALLOW_LOOPBACK_SERVERS": "1",
            # So does the gateway that is started here.
            "GATEWAYS_ALLOW_LOOPBACK": "1",
            # For a demo on a machine of one's own, in a container as a rule.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }
        if self.options.host not in ("127.0.0.1", "localhost", "::1"):
            told["ALLOWED_HOSTS"] = os.environ.get("ALLOWED_HOSTS", "*")
        return {**os.environ, **told}

    def stores(self) -> list[Program]:
        programs = []
        if self.postgres:
            programs.append(
                Program(
                    name="postgres",
                    argv=self.postgres.command(),
                    user=self.postgres.user,
                    cwd=self.postgres.folder,
                    stop=postgres.STOP,
                    death=postgres.STOP,
                    store=True,
                )
            )
        if self.valkey:
            programs.append(
                Program(
                    name="valkey",
                    argv=self.valkey.command(),
                    cwd=self.valkey.folder,
                    stop=valkey.STOP,
                    death=valkey.STOP,
                    store=True,
                )
            )
        return programs

    def cluster(self) -> Program:
        argv = ["practice", "serve", "--data", str(self.cluster_folder)]
        argv += ["--port", str(self.options.cluster_port)]
        return self._python("practice", *argv, death=signal.SIGTERM)

    def manage(self, *words: str, extra: Mapping[str, str] | None = None) -> Program:
        """A command of manage.py that ends by itself."""
        return Program(
            name=words[0],
            argv=[sys.executable, "manage.py", *words],
            env={**self.environment(), **(extra or {})},
            cwd=self.options.base,
        )

    def workers(self) -> list[Program]:
        celery = ("celery", "--quiet", "-A", "console")
        schedule = str(self.options.var / "beat" / "schedule")
        programs = [
            self._python(
                "console",
                *("uvicorn", "console.asgi:application", "--host", self.options.host),
                *("--port", str(self.options.console_port), "--lifespan", "off"),
                *("--log-level", "warning", "--timeout-graceful-shutdown", "2"),
            ),
            self._python(
                "worker",
                *(*celery, "worker", "-P", "threads", "-c", _THREADS, "-Q", ",".join(queues.ALL)),
                *("--without-gossip", "--without-mingle"),
            ),
            self._python("beat", *celery, "beat", "--schedule", schedule, "--pidfile="),
        ]
        if self.envoy:
            programs.append(self.manage("xds", "--port", str(self.envoy.xds_port)))
        return programs

    def gateway(self) -> Program:
        chosen = self.traefik or self.envoy
        if chosen is None:
            raise StartError("There is no gateway to start.")
        name = "traefik" if self.traefik else "envoy"
        return Program(name=name, argv=chosen.command(), cwd=chosen.folder)

    def _python(self, name: str, *module: str, death: signal.Signals = signal.SIGKILL) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, "-m", *module],
            env=self.environment(),
            cwd=self.options.base,
            death=death,
        )


def make(options: Options) -> Plan:
    """Choose ports and secrets. Raises `StartError` for what cannot be."""
    var = options.var
    try:
        for name in ("", "run", "beat", "static"):
            (var / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"Cannot write to {error.filename}: {error.strerror}.") from error
    _demand_room(var)
    _demand_ports(options)
    server, store = _postgres(options), _valkey(options)
    redis_url = store.url() if store else os.environ["REDIS_URL"]
    gateway_redis = local.with_database(redis_url, GATEWAY_DATABASE)
    if store:
        gateway_redis = gateway_redis.replace(
            f":{store.password}@", f"{GATEWAY_USER}:{store.gateway_password}@"
        )
    return Plan(
        options=options,
        postgres=server,
        valkey=store,
        traefik=_traefik(options, gateway_redis) if options.gateway == "traefik" else None,
        envoy=_envoy(options) if options.gateway == "envoy" else None,
        database_url=server.url() if server else os.environ["DATABASE_URL"],
        redis_url=redis_url,
    )


def _postgres(options: Options) -> Postgres | None:
    if os.environ.get("DATABASE_URL"):
        return None
    folder = options.var / "postgres"
    port = options.postgres_port or ports.remembered(options.var / "postgres_port")
    return Postgres(folder, port, _secret(options.var / "postgres_password"))


def _valkey(options: Options) -> Valkey | None:
    if os.environ.get("REDIS_URL"):
        return None
    port = options.redis_port or ports.remembered(options.var / "redis_port")
    return Valkey(
        options.var / "valkey",
        port,
        _secret(options.var / "redis_password"),
        _secret(options.var / "traefik_password"),
    )


def _traefik(options: Options, redis_url: str) -> Traefik:
    folder = options.var / "traefik"
    return Traefik(
        folder=folder,
        host=options.host,
        port=options.gateway_port,
        api_port=ports.remembered(folder / "api_port"),
        redis_url=redis_url,
    )


def _envoy(options: Options) -> Envoy:
    folder = options.var / "envoy"
    return Envoy(
        folder=folder,
        admin_port=ports.remembered(folder / "admin_port"),
        xds_port=ports.remembered(folder / "xds_port"),
    )


def _secret(path: Path) -> str:
    return local.generated(path, lambda: secrets.token_hex(24))


def _demand_room(var: Path) -> None:
    free = shutil.disk_usage(var).free
    if free < _DISK_NEEDED:
        raise StartError(
            f"Only {free // 1_000_000} MB are free where {var} is; the house needs"
            f" {_DISK_NEEDED // 1_000_000} MB. Make room, or set PORTOLAN_VAR to another folder."
        )


def _demand_ports(options: Options) -> None:
    wanted = [
        (options.host, options.console_port, "the console", "--console-port"),
        (options.host, options.gateway_port, "the gateway", "--gateway-port"),
    ]
    if not options.empty:
        wanted.append(("127.0.0.1", options.cluster_port, "the practice cluster", "--cluster-port"))
    if options.postgres_port:
        wanted.append(("127.0.0.1", options.postgres_port, "PostgreSQL", "--postgres-port"))
    if options.redis_port:
        wanted.append(("127.0.0.1", options.redis_port, "Valkey", "--redis-port"))
    seen: dict[int, str] = {}
    for host, port, purpose, option in wanted:
        if port in seen:
            raise StartError(f"{seen[port]} and {option} are both {port}: choose two ports.")
        seen[port] = option
        ports.demand(host, port, purpose=purpose, option=option)


def _url(host: str, port: int) -> str:
    """As a person on this machine types it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    return f"http://{shown}:{port}"
