"""Real servers for the tests: PostgreSQL and Valkey from the wheels, alive for one run.

A pytest plugin rather than a part of conftest.py, because Django reads its settings before that is
loaded. One PostgreSQL for the run, in which every xdist worker has a database; one Valkey for each
worker, so that it may be flushed and stopped. `DATABASE_URL` and `REDIS_URL`, where given, are used
instead (the worker N then has the databases 3N to 3N+2).
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.embedded import ports
from console.embedded.errors import StartError
from console.embedded.postgres import STOP, Postgres
from console.embedded.process import signal_all, spawn
from console.embedded.valkey import Valkey

_OURS = "PORTOLAN_TESTS_OWN_REDIS"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    folder = Path(tempfile.mkdtemp(prefix="portolan-tests-"))
    early_config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["PORTOLAN_VAR"] = str(folder / "var")
    (folder / "var/static").mkdir(mode=0o700, parents=True)
    os.environ["REGISTRIES_ALLOW_LOOPBACK_NODES"] = "1"
    os.environ["REGISTRIES_TOKEN_FOLDERS"] = "/run"
    os.environ["REGISTRIES_ALLOW_LOOPBACK_SERVERS"] = "1"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not os.environ.get("DATABASE_URL"):
        _start_postgres(early_config, folder / "postgres")
    if not os.environ.get("REDIS_URL") or os.environ.get(_OURS):
        _start_valkey(early_config, folder / "valkey")
    elif worker:
        _take_databases(int(worker.removeprefix("gw")))
    return (yield)


def _start_postgres(config: pytest.Config, folder: Path) -> None:
    server = Postgres(folder, ports.free(), secrets.token_hex(16), durable=False)
    server.prepare()
    with (folder / "log").open("wb") as log:
        child = spawn(
            server.command(),
            user=server.user,
            cwd=folder,
            on_our_death=STOP,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    config.add_cleanup(lambda: _end(child, STOP))
    server.wait(_alive(child))
    os.environ["DATABASE_URL"] = server.url()


def _start_valkey(config: pytest.Config, folder: Path) -> None:
    server = Valkey(
        folder, ports.free(), secrets.token_hex(16), secrets.token_hex(16), durable=False
    )
    server.prepare()
    with (folder / "log").open("wb") as log:
        child = spawn(
            server.command(), cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    config.add_cleanup(lambda: _end(child, signal.SIGTERM))
    server.wait(_alive(child))
    os.environ["REDIS_URL"] = server.url()
    os.environ["TRAEFIK_REDIS_PASSWORD"] = server.gateway_password
    os.environ[_OURS] = "1"


def _alive(child: subprocess.Popen[bytes]) -> Callable[[], None]:
    def check() -> None:
        if child.poll() is not None:
            raise StartError(f"{child.args} ended with {child.returncode}; its log says why")

    return check


def _take_databases(number: int) -> None:
    from console.local import with_database

    os.environ["REDIS_URL"] = with_database(os.environ["REDIS_URL"], 3 * number)
    os.environ["REDIS_BROKER_URL"] = with_database(os.environ["REDIS_URL"], 3 * number + 1)


def _end(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    child.send_signal(number)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        signal_all(child, signal.SIGKILL)
        child.wait()
