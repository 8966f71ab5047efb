"""One `up` a checkout, and what others find out about it while it runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.embedded.errors import StartError
from console.embedded.files import write_private


@contextmanager
def alone(run: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel gives it back however we end. Raises `StartError`."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise StartError(
                f"Portolan is running from this folder already (process {file.read().strip()})."
                " Stop that one first with Ctrl-C, or set PORTOLAN_VAR to another folder."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def announced(run: Path, **addresses: str) -> Iterator[None]:
    """Let `manage.py shell` and the like find the servers (`console.local.running`)."""
    try:
        for name, address in addresses.items():
            write_private(run / name, address + "\n")
        yield
    finally:
        for name in addresses:
            (run / name).unlink(missing_ok=True)
