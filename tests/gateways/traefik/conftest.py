"""Real Traefiks, each with the provider that a test asks for."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from console.embedded import ports
from console.embedded.process import spawn
from console.embedded.traefik import STOP, Traefik
from console.embedded.valkey import GATEWAY_USER
from console.redis import Client
from gateways import drivers
from gateways.drivers.base import Driver, Reader
from tests.gateways.conftest import Proxy, Serve, proxy, serve

__all__ = ["Serve", "proxy", "serve"]


@dataclasses.dataclass(frozen=True, slots=True)
class Providing(Traefik):
    """A Traefik that reads from `provider` beside its own file; `more` is added to what else its
    configuration says."""

    provider: Any = None
    more: Any = None

    def _configuration(self) -> dict[str, Any]:
        found = Traefik._configuration(self)
        del found["providers"]["redis"]
        if "file" in self.provider:
            # One file provider: its certificate goes, and Traefik makes one at each change.
            found["providers"].pop("file")
        found["providers"] |= self.provider
        for section, said in self.more.items():
            found[section] = {**found[section], **said}
        return found


class Running:
    """A Traefik that can be stopped and started again."""

    def __init__(self, server: Traefik, log: Path) -> None:
        self._server = server
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None
        self.proxy = Proxy(f"http://127.0.0.1:{server.port}")
        self.api = server.api_url

    def start(self) -> None:
        self._server.prepare()
        with self.log.open("ab") as log:
            self._child = spawn(self._server.command(), stdout=log, stderr=subprocess.STDOUT)
        self._server.wait(lambda: None)

    def stop(self) -> None:
        if self._child is not None:
            self._child.send_signal(STOP)
            self._child.wait(30)  # it waits for a fetch that is going on
            self._child = None


Start = Callable[..., Running]


@pytest.fixture
def traefik(tmp_path: Path) -> Iterator[Start]:
    """Start a Traefik with a provider's configuration and what else it says, or with `redis_url`
    one of a tree."""
    with ExitStack() as stack:

        def start(
            provider: Any = None, *, redis_url: str = "", api_port: int = 0, **more: Any
        ) -> Running:
            fields = {
                "folder": tmp_path / "traefik",
                "host": "127.0.0.1",
                "port": ports.free(),
                "api_port": api_port or ports.free(),
                "redis_url": redis_url or "redis://127.0.0.1:1/0",
            }
            server = (
                Traefik(**fields)
                if provider is None
                else Providing(**fields, provider=provider, more=more)
            )
            running = Running(server, tmp_path / "traefik.log")
            stack.callback(running.stop)
            running.start()
            return running

        yield start


@pytest.fixture
def secret() -> str:
    """Of the tests' Redis, as a gateway's."""
    return f":{urlsplit(settings.REDIS_URL).password or ''}"


@pytest.fixture
def tree_url(gateway_redis_url: str) -> str:
    """The address of the tree's database for Traefik's own user."""
    import os

    parts = urlsplit(gateway_redis_url)
    login = f"{GATEWAY_USER}:{os.environ['TRAEFIK_REDIS_PASSWORD']}"
    return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()


PUSHED = {"rest": {"insecure": True}}


def pushing(gateway: Running, secret: str = "", **settings: Any) -> Driver:
    """A driver by REST, not yet started."""
    given = {"provider": "rest", "api_url": gateway.api, "entry_points": ["web"]} | settings
    return drivers.build("traefik", given, secret)


Make = Callable[..., Driver]


@pytest.fixture
def make(gateway_store: Client, gateway_redis_url: str, secret: str) -> Make:
    """Build a driver of the tests' tree, not yet started."""

    def build(**settings: Any) -> Driver:
        given = {"redis_url": gateway_redis_url, "entry_points": ["web"]} | settings
        return drivers.build("traefik", given, secret)

    return build


@pytest.fixture
def read(gateway_redis_url: str, secret: str) -> Iterator[Callable[..., Reader]]:
    """Make a reader; it is closed at the end."""
    with ExitStack() as stack:

        def build(**settings: Any) -> Reader:
            given = {"redis_url": gateway_redis_url} | settings
            made = drivers.reader("traefik", given, secret)
            stack.callback(made.close)
            return made

        yield build


@pytest.fixture(params=["redis", "rest"])
def way(
    request: pytest.FixtureRequest, make: Make, traefik: Start, tree_url: str
) -> tuple[Driver, Running]:
    """A driver, started, and its Traefik: by each of the ways in that are written to."""
    if request.param == "redis":
        gateway, driver = traefik(redis_url=tree_url), make()
    else:
        gateway = traefik(PUSHED)
        driver = pushing(gateway)
    driver.start(epoch=1)
    return driver, gateway
