"""PostgreSQL and Valkey of a bench's own, Django on top of them, and real workers."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.parts import BASE, Broken
from bench.parts_cluster import ClusterProcess
from console.embedded import ports
from console.embedded.errors import StartError
from console.embedded.postgres import STOP, Postgres
from console.embedded.process import signal_all, spawn
from console.embedded.valkey import Valkey

Child = subprocess.Popen[bytes]


class House:
    """Entering starts the servers and sets Django up on them; leaving ends every process that was
    started here and removes the folder. Once a process: Django is set up only once."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._valkey: Child
        self.workers: list[Child] = []

    def __enter__(self) -> House:
        self.folder = Path(tempfile.mkdtemp(prefix="portolan-bench-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            signal_all(worker, signal.SIGKILL)
            worker.wait()
        from console import shutdown

        shutdown.STOP.set()
        self._stack.close()

    def _start(self) -> None:
        database = Postgres(
            self.folder / "postgres", ports.free(), secrets.token_hex(16), durable=False
        )
        database.prepare()
        child = self._spawn(
            "postgres",
            database.command(),
            user=database.user,
            on_our_death=STOP,
            cwd=database.folder,
        )
        self._stack.callback(end, child, STOP)
        database.wait(_alive(child))
        self._store = Valkey(
            self.folder / "valkey", ports.free(), secrets.token_hex(16), durable=False
        )
        self._store.prepare()
        self.start_valkey()
        self._stack.callback(lambda: end(self._valkey, signal.SIGTERM))
        os.environ.update(
            DJANGO_SETTINGS_MODULE="console.settings",
            PORTOLAN_VAR=str(self.folder / "var"),
            DATABASE_URL=database.url(),
            REDIS_URL=self._store.url(0),
            REDIS_BROKER_URL=self._store.url(1),
            GATEWAYS_FILE_FOLDERS=str(self.files),
            REGISTRIES_ALLOW_LOOPBACK_NODES="1",
            REGISTRIES_ALLOW_LOOPBACK_SERVERS="1",
        )
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)

    @property
    def valkey(self) -> Child:
        return self._valkey

    def start_valkey(self) -> None:
        """Start it; it begins empty."""
        self._valkey = self._spawn("valkey", self._store.command())
        self._store.wait(_alive(self._valkey))

    @property
    def files(self) -> Path:
        """Where drivers may write files."""
        return self.folder / "files"

    def redis_url(self, database: int) -> str:
        return self._store.url(database)

    def stop_valkey(self) -> None:
        end(self._valkey, signal.SIGKILL)

    def registry(self, cluster: ClusterProcess, name: str = "bench", **fields: Any) -> str:
        """The id of a new registry that watches the cluster."""
        from console import actions as console
        from console.models import ControlPlane
        from registries import actions
        from registries.models import Registry

        plane = ControlPlane.objects.first() or console.create_control_plane(
            control_plane=ControlPlane(name="Bench", slug="bench"), actor=None
        )
        registry = Registry(
            control_plane=plane,
            name=name,
            server=cluster.server,
            ca_bundle=cluster.ca,
            token=cluster.token,
            **fields,
        )
        actions.create_registry(registry=registry, actor=None, verify=False)
        return str(registry.pk)

    def worker(self, *, threads: int = 8, queues: str = "watch") -> Child:
        """A real worker of these queues; by itself one that watches registries, and nothing
        else."""
        celery = ["celery", "--quiet", "-A", "console", "worker", "-P", "threads"]
        argv = [sys.executable, "-m", "bench.parts_worker", *celery]
        argv += ["-c", str(threads), "-Q", queues, "--without-gossip", "--without-mingle"]
        argv += ["-n", f"bench-{secrets.token_hex(4)}@%h"]
        worker = self._spawn("worker", argv)
        self.workers.append(worker)
        return worker

    def console(self) -> tuple[Child, int]:
        """The console as it is served; the process and its port on loopback."""
        port = ports.free()
        argv = [sys.executable, "-m", "uvicorn", "console.asgi:application", "--lifespan", "off"]
        argv += ["--port", str(port), "--log-level", "warning"]
        child = self._spawn("console", argv)
        self.workers.append(child)
        return child, port

    def _spawn(self, name: str, argv: list[str], cwd: Path = BASE, **options: Any) -> Child:
        with (self.folder / f"{name}.log").open("ab") as log:
            return spawn(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)

    def log_of(self, name: str, lines: int = 20) -> str:
        """The end of what a program has said."""
        with contextlib.suppress(OSError):
            text = (self.folder / f"{name}.log").read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""


def end(child: Child, number: signal.Signals) -> None:
    """Ask a child to end, make it if it does not, and wait."""
    if child.poll() is None:
        child.send_signal(number)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        signal_all(child, signal.SIGKILL)
        child.wait()


def watched(registry_id: str) -> bool:
    """Whether a worker has read the registry's cluster and follows it."""
    from registries import health

    return health.read([registry_id])[registry_id].phase == "connected"


def _alive(child: Child) -> Callable[[], None]:
    def check() -> None:
        if child.poll() is not None:
            raise StartError(f"{child.args!r} ended with {child.returncode}")

    return check


__all__ = ["Broken", "Child", "House", "end", "watched"]
