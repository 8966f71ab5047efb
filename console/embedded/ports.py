"""Ports: which are free, who holds those that are not, and which one a server had last time."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

import psutil

from .errors import StartError

# Below those that Linux takes by itself (32768 and up), and those of Kubernetes' nodes (30000).
_OUR_CHOICE = range(20_000, 30_000)
_given: set[int] = set()


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of the last run that are still dying are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free(host: str = "127.0.0.1") -> int:
    """A port that nobody has at this moment, and that the system gives to nobody who does not ask
    for it by its number: it stays free until a server has started. No process gets one twice."""
    for _ in range(1000):
        port = secrets.choice(_OUR_CHOICE)
        if port not in _given and is_free(host, port):
            _given.add(port)
            return port
    raise StartError(f"No port from {_OUR_CHOICE[0]} to {_OUR_CHOICE[-1]} is free on {host}.")


def remembered(path: Path) -> int:
    """The port kept in `path` while it is free; else a free one, which is kept from now on."""
    if path.exists() and path.read_text().strip().isdigit():
        port = int(path.read_text())
        if is_free("127.0.0.1", port):
            return port
    port = free()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(f"{port}\n")
    return port


def demand(host: str, port: int, *, purpose: str, option: str) -> None:
    """Raise `StartError` unless the port is free."""
    if not 1 <= port <= 65_535:
        raise StartError(f"{option} is {port}: a port is a number from 1 to 65535.")
    if is_free(host, port):
        return
    try:
        socket.getaddrinfo(host, port)
    except OSError as error:
        raise StartError(f"{host} is no address of this machine: {error.strerror}.") from error
    holder = _holder(port)
    raise StartError(
        f"Port {port} on {host}, wanted for {purpose}, is taken{holder}."
        f" Stop what listens there, or choose another port with {option}."
    )


def _holder(port: int) -> str:
    """Name the process that listens on a port, as far as we are allowed to see it."""
    try:
        for found in psutil.net_connections(kind="tcp"):
            if found.status != psutil.CONN_LISTEN or not found.laddr or not found.pid:
                continue
            if found.laddr.port == port:
                return f" by {psutil.Process(found.pid).name()} (process {found.pid})"
    except (psutil.Error, OSError):
        pass  # somebody else's process, or a system that shows none
    return ""
