"""One practice cluster put together: store, controllers, server. The command line and the tests
both run this.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from practice import pki
from practice.accounts import AccountController
from practice.bootstrap import DISCOVERY_ACCOUNT, DISCOVERY_SECRET, bootstrap
from practice.endpoints import EndpointsController
from practice.faults import Faults
from practice.handlers import Handlers
from practice.lists import Lister
from practice.mirroring import MirroringController
from practice.persist import Keeper, load
from practice.rbac import Rbac
from practice.schema import NAMESPACES, SECRETS, Json
from practice.server import Server
from practice.store import Saved, Store
from practice.tokens import Tokens
from practice.watches import WatchSettings
from practice.workload import Workload
from practice.writes import Writer


@dataclass(kw_only=True)
class Options:
    """`window` counts the changes per resource a watch may start behind; times are in seconds."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    workload: bool = True
    replicas: int = 3
    target_port: int = 8081
    drain: float = 1.0
    release: str = "1.36"
    window: int = 20_000
    keep: bool = True
    watching: WatchSettings = field(default_factory=WatchSettings)


class Cluster:
    def __init__(self, options: Options) -> None:
        self.options = options
        data = options.data
        data.mkdir(parents=True, exist_ok=True)
        self.pki = pki.prepare(data, host=options.host)
        self.store = Store(window=options.window)
        self.tokens = Tokens(self.store, self.pki.signer, admin_token=_admin_token(data))
        self.rbac = Rbac(self.store)
        self.writer = Writer(self.store)
        self.lister = Lister(self.store)
        self.faults = Faults()
        options.watching.initial_events = options.release != "1.23"
        options.watching.watch_list = options.watching.initial_events
        self.handlers = Handlers(
            self.store,
            lister=self.lister,
            writer=self.writer,
            rbac=self.rbac,
            tokens=self.tokens,
            watching=options.watching,
            release=options.release,
        )
        self.server = Server(self.handlers, rbac=self.rbac, tokens=self.tokens, faults=self.faults)
        self.workload: Workload | None = None
        self.keeper: Keeper | None = None
        self.accounts: AccountController | None = None
        self.saved: Saved | None = None

    @property
    def url(self) -> str:
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        return f"https://{host}:{self.server.port}"

    @property
    def kubeconfig(self) -> Path:
        return self.options.data / "kubeconfig"

    @property
    def discovery_token(self) -> str:
        entry = self.store.must(SECRETS, f"{DISCOVERY_ACCOUNT[0]}/{DISCOVERY_SECRET}")
        return base64.b64decode(entry.object()["data"]["token"]).decode()

    async def start(self) -> None:
        """Bind first, so that a taken port fails before anything else has begun."""
        options = self.options
        await self.server.start(options.host, options.port, self.pki.tls)
        self.handlers.address = self.url.removeprefix("https://")
        if options.keep:
            load(self.store, options.data)
        self.accounts = AccountController(
            self.store, self.tokens, ca=self.pki.ca, legacy=options.release == "1.23"
        )
        EndpointsController(self.store)
        MirroringController(self.store)
        bootstrap(self.store, self.writer)
        for entry in list(self.store.tables[NAMESPACES].entries.values()):
            self.accounts.furnish(entry.name)
        self.accounts.fill_secret(f"{DISCOVERY_ACCOUNT[0]}/{DISCOVERY_SECRET}")
        # Like a server that has run for a while: what made this cluster is no longer to be watched.
        self.store.compact()
        self.write_files()
        if options.keep:
            self.keeper = Keeper(self.store, options.data)
        if options.workload:
            self.workload = Workload(
                self.store,
                self.writer,
                replicas=options.replicas,
                target_port=options.target_port,
                drain=options.drain,
            )
            await self.workload.start()

    async def stop(self) -> None:
        await self.server.stop()
        if self.workload is not None:
            await self.workload.stop()
        if self.keeper is not None:
            await self.keeper.stop()

    def write_files(self) -> None:
        data = self.options.data
        pki.write_private(self.kubeconfig, yaml.safe_dump(self._kubeconfig(), sort_keys=False))
        pki.write_private(data / "token", self.discovery_token)

    def _kubeconfig(self) -> Json:
        cluster = {
            "server": self.url,
            "certificate-authority-data": base64.b64encode(self.pki.ca.encode()).decode(),
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "practice", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.tokens.admin_token}}],
            "contexts": [{"name": "practice", "context": {"cluster": "practice", "user": "admin"}}],
            "current-context": "practice",
        }


def _admin_token(data: Path) -> str:
    path = data / "admin-token"
    if not path.exists():
        pki.write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


async def settle() -> None:
    """Let the controllers' turns run that were asked for with call_soon."""
    for _ in range(5):
        await asyncio.sleep(0)
