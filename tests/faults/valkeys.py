"""A Valkey of the test's own, which may be stopped, frozen and demoted without hurting anybody."""

from __future__ import annotations

import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console import redis
from console.embedded import ports
from console.embedded.errors import StartError
from console.embedded.process import spawn
from console.embedded.valkey import Valkey
from console.redis import Client
from tests.threads import eventually

PASSWORD = secrets.token_hex(16)


class OwnValkey:
    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._server = Valkey(folder, ports.free(), PASSWORD, durable=durable)
        self._server.prepare()
        self._folder = folder
        self.url = self._server.url()
        self.address = ("127.0.0.1", self._server.port)
        # Straight, and patient while the server is frozen.
        self.client: Client = redis.connect(f"{self.url}?socket_timeout=20")
        self.start()
        self.set(repl_diskless_sync_delay=0)  # its replica need not wait for others

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._child = spawn(
                self._server.command(),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._server.wait(self._alive)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._child.send_signal(number)
        self._child.wait(10)

    def freeze(self) -> None:
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.thaw()
        if self._child.poll() is None:
            self.stop()
        self.client.close()

    def set(self, **options: object) -> None:
        for name, value in options.items():
            self.client.config_set(name.replace("_", "-"), value)

    def follow(self, address: tuple[str, int]) -> None:
        """Be a replica of what is at the address, and have all it has."""
        self.set(masterauth=PASSWORD)
        self.client.replicaof(*address)
        eventually(self._linked, within=10, what="the replica has come up")

    def lead(self) -> None:
        """Be a primary, with what there is."""
        self.client.replicaof("NO", "ONE")

    def _linked(self) -> bool:
        return bool(self.client.info("replication").get("master_link_status") == "up")

    def _alive(self) -> None:
        if self._child.poll() is not None:
            raise StartError(f"it ended with {self._child.returncode}")


@contextmanager
def own_valkey(folder: Path, *, durable: bool = False) -> Iterator[OwnValkey]:
    server = OwnValkey(folder, durable=durable)
    try:
        yield server
    finally:
        server.close()
