"""Agents as processes of their own, with a user of the store that may do what docs say."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings

from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import Client
from gateways import instances
from gateways.instances import Instance
from tests.gateways.conftest import proxy, serve
from tests.gateways.examples import route, upstream
from tests.threads import eventually

__all__ = ["PASSWORD", "RULE", "URL", "Agent", "proxy", "serve"]

# Imports of these fail in the agent's process.
_WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "celery", "kombu", "psycopg"):
            raise ImportError(f"an agent has no {name}")
sys.meta_path.insert(0, Without())
from gateways.agent.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
PASSWORD = "agent-pw-4711"
RULE = "traefik/http/routers/r1-portolan/rule"
URL = "traefik/http/services/u1-portolan/loadBalancer/servers/{}/url"


class Agent:
    """A control plane's feed, a gateway's tree, and the agent between them."""

    def __init__(self, store: Client, tree: Client, tree_url: str, folder: Path) -> None:
        self.store, self.tree = store, tree
        self.folder = folder
        self.plane, self.id = str(uuid.uuid4()), str(uuid.uuid4())
        self.user = f"agent-{self.id[:8]}"
        self.feed = keys.feed(keys.control_plane(self.plane))
        self.writer = FeedWriter(store, self.feed, epoch=1)
        self.writer.open()
        store.execute_command("ACL", "SETUSER", self.user, *self.rights())
        self.store_url = self._store_url(urlsplit(settings.REDIS_URL).port or 6379)
        self.secret = f":{urlsplit(settings.REDIS_URL).password}"
        self.tree_url = tree_url
        self.children: list[subprocess.Popen[bytes]] = []

    def rights(self) -> list[str]:
        """As docs/gateways/agent.md says."""
        text = (Path(__file__).parents[2] / "docs/gateways/agent.md").read_text()
        found = re.search(r"ACL SETUSER agent on >PASSWORD (.*?)\n\n", text, re.S)
        assert found is not None
        said = found[1].replace("\\", " ").replace("CONTROL_PLANE", self.plane)
        return ["on", f">{PASSWORD}", *said.replace("GATEWAY", self.id).split()]

    def commit(self, **changes: wire.Resource | None) -> None:
        self.writer.commit(
            {
                key.replace("_", "/"): wire.encode(one) if one else None
                for key, one in changes.items()
            },
            always=True,
        )

    def publish(self) -> None:
        self.commit(upstream_u1=upstream(), route_r1=route())

    def environment(self, **more: str) -> dict[str, str]:
        values = {
            "REDIS_URL": self.store_url,
            "REDIS_PASSWORD": PASSWORD,
            "CONTROL_PLANE": self.plane,
            "GATEWAY": self.id,
            "KIND": "traefik",
            "SETTINGS": f'{{"redis_url": "{self.tree_url}"}}',
            "SECRET": self.secret,
            "STATE_FOLDER": str(self.folder / "state"),
            "LOG_LEVEL": "DEBUG",
        } | more
        path = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return path | {f"PORTOLAN_AGENT_{name}": value for name, value in values.items()}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _WITHOUT, *arguments],
            env=self.environment(**more),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-c", _WITHOUT, *arguments],
                env=self.environment(**more),
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=log,
            )
        self.children.append(child)
        return child

    def end(self, child: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> int:
        child.send_signal(number)
        return child.wait(10)

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def instances(self) -> list[Instance]:
        return instances.read(self.store, [self.id])[self.id]

    def has(self, key: str = RULE) -> bool:
        return bool(self.tree.get(key))

    def gets(self, key: str = RULE) -> None:
        eventually(lambda: self.has(key), within=20, what=f"{key}\n{self.log}")

    def via(self, port: int) -> str:
        """The store by another way."""
        return self._store_url(port)

    def _store_url(self, port: int) -> str:
        parts = urlsplit(settings.REDIS_URL)
        return urlunsplit(parts._replace(netloc=f"{self.user}@{parts.hostname}:{port}"))

    def close(self) -> None:
        for child in self.children:
            child.kill()
            child.wait(10)
        self.store.execute_command("ACL", "DELUSER", self.user)


@pytest.fixture
def agent(
    store: Client, gateway_store: Client, gateway_redis_url: str, tmp_path: Path
) -> Iterator[Agent]:
    made = Agent(store, gateway_store, gateway_redis_url, tmp_path)
    yield made
    made.close()
