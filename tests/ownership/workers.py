"""Worker processes that tests start, stop and kill: real ones, as production runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from console.embedded.process import signal_all, spawn

ROOT = Path(__file__).parents[2]
TTL = 3.0  # of the leases of these workers
LOOPS = "tests.ownership.loops"


class Process:
    """A program of ours; what it says goes to a file."""

    def __init__(self, *argv: str, **env: str) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._child = spawn(
            [sys.executable, "-m", *argv],
            env={**os.environ, **environment(), **env},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.pid = self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def term(self, *, within: float = 20.0) -> float:
        """End it in an orderly way; return the seconds that it took."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        self._child.wait(within)
        return time.monotonic() - began

    def kill(self) -> None:
        signal_all(self._child, signal.SIGKILL)
        self._child.wait()

    def end(self) -> None:
        if self.alive:
            self.kill()
        self._log.close()


def worker(
    app: str = LOOPS, *, queues: str = "watch,celery", threads: int = 16, **env: str
) -> Process:
    words = ["--quiet", "-A", app, "worker", "-P", "threads", "-c", str(threads), "-Q", queues]
    return Process("celery", *words, "--without-gossip", "--without-mingle", **env)


def beat(app: str = LOOPS) -> Process:
    folder = tempfile.mkdtemp(prefix="beat-")
    return Process(
        *("celery", "--quiet", "-A", app, "beat", "--schedule", f"{folder}/s", "--pidfile=")
    )


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """End them with the block; if it fails, tell what they said."""
    try:
        yield
    except BaseException:
        for one in processes:
            sys.stderr.write(f"--- process {one.pid}\n{one.said}\n")
        raise
    finally:
        for one in processes:
            one.end()


def environment() -> dict[str, str]:
    """What a process needs to work on the test's own databases."""
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {
        "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "REDIS_BROKER_URL": settings.REDIS_BROKER_URL,
        "LEASE_TTL": str(TTL),
        "ENSURE_EVERY": "1",
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
