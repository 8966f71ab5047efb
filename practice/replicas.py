"""Replicas seen from the cluster: addresses are chosen, processes started, probed and stopped.

The addresses are a block 127.1.K.1-250 on one port. A block is held by a bound socket on its
address .254, so that several clusters on one machine keep out of each other's way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

PROBE = b"GET /status/200 HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
MOST = 250


class NoRoom(Exception):
    """No block of addresses is free on this machine for the port."""


@dataclass(slots=True)
class Replica:
    name: str
    address: str
    pid: int = 0


class Block:
    """A block of loopback addresses on one port."""

    def __init__(self, port: int, *, preferred: str = "") -> None:
        start = int(preferred.split(".")[2]) if preferred.startswith("127.1.") else 0
        for step in range(256):
            number = (start + step) % 256
            held = socket.socket()
            try:
                held.bind((f"127.1.{number}.254", port))
                # Listening keeps others from binding the same address with SO_REUSEADDR.
                held.listen(1)
            except OSError:
                held.close()
                continue
            self.held, self.number, self.port, self.last = held, number, port, 0
            return
        raise NoRoom(
            f"port {port} is taken on every 127.1.x.254; choose another with --target-port"
        )

    def addresses(self) -> list[str]:
        """All addresses, beginning after the one given last: one that was left rests a while."""
        order = (*range(self.last + 1, MOST + 1), *range(1, self.last + 1))
        return [f"127.1.{self.number}.{i}" for i in order]

    def used(self, address: str) -> None:
        self.last = int(address.rpartition(".")[2])

    def free(self, address: str) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, self.port))
            except OSError:
                return False
        return True

    def close(self) -> None:
        self.held.close()


class Replicas:
    """The processes. `on_end(name, code)` is called when one has ended, wanted or not."""

    def __init__(self, block: Block, on_end: Callable[[str, int], None]) -> None:
        self.block = block
        self.on_end = on_end
        self.running: dict[str, Replica] = {}
        self.zygote: asyncio.subprocess.Process | None = None
        self.reader: asyncio.Task[None] | None = None
        self.started = asyncio.Event()

    async def open(self) -> None:
        """Start the process the replicas are forked from; it loads httpbin meanwhile."""
        self.zygote = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "practice.replica", str(os.getpid()),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.reader = asyncio.create_task(self._read(self.zygote))

    async def _read(self, zygote: asyncio.subprocess.Process) -> None:
        if zygote.stdout is None:
            return
        while line := await zygote.stdout.readline():
            said = json.loads(line)
            name = said.get("name", "")
            if "ready" in said:
                self.started.set()
            elif "ended" in said:
                known = self.running.get(name)
                if known is not None and known.pid == said["pid"]:
                    del self.running[name]
                self.on_end(name, said["ended"])
            elif name in self.running:
                self.running[name].pid = said["pid"]

    def start(self, name: str, address: str) -> None:
        self.running[name] = Replica(name, address)
        order = {"op": "start", "name": name, "address": address, "port": self.block.port}
        if self.zygote is not None and self.zygote.stdin is not None:
            self.zygote.stdin.write(json.dumps(order).encode() + b"\n")

    def stop(self, name: str, *, force: bool = False) -> bool:
        """Ask a replica to drain and leave; False if there is none."""
        replica = self.running.get(name)
        if replica is None or not replica.pid:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(replica.pid, signal.SIGKILL if force else signal.SIGTERM)
        return True

    async def probe(self, address: str) -> bool:
        try:
            async with asyncio.timeout(1.0):
                reader, writer = await asyncio.open_connection(address, self.block.port)
                try:
                    writer.write(PROBE)
                    return b" 200 " in await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    async def close(self, *, patience: float = 1.5) -> None:
        """Stop all: ask first, kill after `patience` seconds."""
        for name in list(self.running):
            self.stop(name)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self.running:
                    await asyncio.sleep(0.02)
        if self.zygote is not None:
            if self.zygote.stdin is not None:
                self.zygote.stdin.close()
            try:
                async with asyncio.timeout(0.5):
                    await self.zygote.wait()
            except TimeoutError:
                self.zygote.kill()
                await self.zygote.wait()
        if self.reader is not None:
            await asyncio.gather(self.reader, return_exceptions=True)
        self.block.close()
