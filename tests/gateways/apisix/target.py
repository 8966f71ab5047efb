"""What the flow tests drive: a stand-in of each mode, or the real APISIX that the environment
names.

``APISIX_ADMIN_URL`` and ``APISIX_ADMIN_KEY`` (or ``APISIX_FILE``) with ``APISIX_MODE`` admin,
standalone or file; ``APISIX_URL`` is where it serves requests, ``APISIX_CONTROL_URL`` its Control
API; ``APISIX_NODES_HOST`` is the address by which it reaches this machine; ``APISIX_ROUTER`` is its
`apisix.router.http`, if that is not its release's default. The release it says itself.
"""

from __future__ import annotations

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateways import drivers
from gateways.drivers.apisix import mark
from gateways.drivers.base import Applied, Driver, Reader
from tests.threads import eventually

from .standin import StandIn

MODES = ("admin", "standalone", "file")
REAL = bool(os.environ.get("APISIX_ADMIN_URL") or os.environ.get("APISIX_FILE"))
REAL_MODE = os.environ.get("APISIX_MODE", "admin")


@dataclass
class Target:
    """`url`: where it serves requests, if it does. `host_first`: whether its router looks at a
    request's host before the path."""

    mode: str
    settings: dict[str, Any]
    secret: str
    url: str = ""
    standin: StandIn | None = None
    host_first: bool = True

    def driver(self, **settings: Any) -> Driver:
        return drivers.build("apisix", self.settings | settings, self.secret)

    def started(self, **settings: Any) -> Driver:
        found = self.driver(**settings)
        found.start()
        return found

    def reader(self) -> Reader:
        return drivers.reader("apisix", self.settings, self.secret)

    def documents(self) -> dict[str, Any]:
        reader = self.reader()
        try:
            found = reader.documents()
        finally:
            reader.close()
        assert found is not None
        return dict(found)

    def preview(self, resources: dict[str, Any]) -> dict[str, Any]:
        return dict(drivers.preview("apisix", self.settings, resources).documents)

    # What others do, not by our driver.

    def put_foreign(self, kind: str, body: dict[str, Any]) -> None:
        if self.mode == "admin":
            self._ask("PUT", f"{kind}/{body['id']}", body)
            return
        found = self._document()
        items = [one for one in found.get(kind) or [] if one["id"] != body["id"]]
        self._put_document({**found, kind: [*items, body]}, kind)

    def foreign(self, kind: str, name: str) -> dict[str, Any] | None:
        if self.mode == "admin":
            found = self._ask("GET", f"{kind}/{name}")
            return found and found.get("node", found)["value"]
        items = self._document().get(kind) or []
        return next((one for one in items if one["id"] == name), None)

    def delete(self, kind: str, name: str) -> None:
        if self.mode == "admin":
            self._ask("DELETE", f"{kind}/{name}")
            return
        found = self._document()
        items = [one for one in found.get(kind) or [] if one["id"] != name]
        self._put_document({**found, kind: items}, kind)

    def _document(self) -> dict[str, Any]:
        if self.mode == "file":
            path = Path(self.settings["file"])
            return (yaml.safe_load(path.read_text()) if path.exists() else None) or {}
        return self._ask("GET", "configs") or {}

    def _put_document(self, found: dict[str, Any], kind: str) -> None:
        if self.mode == "file":
            Path(self.settings["file"]).write_text(f"{yaml.safe_dump(found)}#END\n")
            return
        sent = {name: value for name, value in found.items() if not name.startswith("X-")}
        sent[f"{kind}_conf_version"] += 1
        self._ask("PUT", "configs", sent, digest=secrets.token_hex(8))

    def _ask(self, method: str, path: str, body: Any = None, digest: str = "") -> Any:
        request = urllib.request.Request(
            f"{self.settings['admin_url']}/apisix/admin/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"X-API-KEY": self.secret, "X-Digest": digest},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                raise AssertionError(error.read().decode()) from error
        return json.loads(content) if content else None


def filled(driver: Driver, resources: Mapping[str, Any]) -> Applied:
    """Bring all of it, as whoever drives does."""
    done = driver.replace(resources)
    written = done.written
    while done.left:
        done = driver.apply({})
        written += done.written
    return Applied(written, done.refused)


def followed(driver: Driver, changes: Mapping[str, Any]) -> Applied:
    """Bring all of these changes, likewise."""
    done = driver.apply(changes)
    while done.left:
        done = driver.apply({})
    return done


def emptied(target: Target) -> None:
    """Take away all that was made there."""
    driver = target.started()
    filled(driver, {})
    eventually(lambda: settled(driver), within=15, what="what was made here to go")
    kind, _, name = mark.name_of(target.settings["id_prefix"]).partition("/")
    if target.foreign(kind, name):
        target.delete(kind, name)
    assert target.documents() == {}


def settled(driver: Driver) -> bool:
    """Whether all is gone that should go. A worker that has not heard yet that a route went does
    not let its upstream go."""
    if driver.describe().get("lingering"):
        driver.touch()
    return not driver.describe().get("lingering")


def real() -> Target:
    env = os.environ.get
    settings = {
        "mode": REAL_MODE,
        "admin_url": env("APISIX_ADMIN_URL", ""),
        "control_url": env("APISIX_CONTROL_URL", ""),
        "file": env("APISIX_FILE", ""),
        "id_prefix": f"portolan-{secrets.token_hex(3)}-",
        "release": _release(env("APISIX_ADMIN_URL") or env("APISIX_URL", "")),
    }
    usual = "radixtree_uri" if settings["release"] == "2.15" else "radixtree_host_uri"
    return Target(
        REAL_MODE,
        settings,
        env("APISIX_ADMIN_KEY", ""),
        env("APISIX_URL", ""),
        host_first=env("APISIX_ROUTER", usual) == "radixtree_host_uri",
    )


def _release(url: str) -> str:
    """As the settings call what answers there."""
    if not url:
        return "3"
    try:
        with urllib.request.urlopen(f"{url}/apisix/admin/routes", timeout=10) as answer:
            said = answer.headers["Server"]
    except urllib.error.HTTPError as error:
        with error:
            said = error.headers["Server"]
    return "2.15" if said.startswith("APISIX/2.") else "3"


def standin(mode: str, folder: Path) -> Target:
    settings: dict[str, Any] = {"mode": mode, "id_prefix": "portolan-"}
    if mode == "file":
        return Target(mode, settings | {"file": str(folder / "apisix.yaml")}, "")
    server = StandIn(mode, secrets.token_hex(16))
    server.up()
    settings |= {"admin_url": server.url, "control_url": server.url}
    return Target(mode, settings, server.key, standin=server)
