"""What APISIX itself says that it has: its Control API tells what a worker uses, the Admin API and
the file what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.contract.wire import Upstream
from gateways.drivers.base import DriverError, Process, Served
from gateways.drivers.folders import permitted_file

from . import document, file, listing, names, standalone
from .admin import Api, version
from .plain import plain
from .render import Objects, bracketed
from .settings import ADMIN, STANDALONE, Settings

_TIMEOUT = 5.0  # seconds


class ApisixReader:
    """Asks one gateway (`gateways.drivers.base.Reader`)."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._prefix = settings.id_prefix
        self._admin = (
            Api(settings.admin_url, secret, timeout=_TIMEOUT)
            if settings.mode in (ADMIN, STANDALONE)
            else None
        )
        self._control = (
            Api(settings.control_url, timeout=_TIMEOUT) if settings.control_url else None
        )

    def processes(self) -> list[Process]:
        """One: what answers at the settings' addresses. Only the Admin API tells its release."""
        if self._control is not None:
            self._control.ask("GET", "/v1/upstream/-")
        if self._admin is not None:
            small = "plugins/list" if self._settings.mode == ADMIN else "configs"
            self._admin.ask("HEAD" if small == "configs" else "GET", f"{listing.ROOT}/{small}")
        api = self._control or self._admin
        release = version(self._admin.server) if self._admin else ""
        return [Process(api.place, api.host, release)] if api else []

    def documents(self) -> Mapping[str, Any] | None:
        if self._settings.mode == ADMIN and self._admin is not None:
            found = listing.ours(self._admin, self._prefix)
        elif self._admin is not None:
            found = document.ours(standalone.read(self._admin)[0], self._prefix)
        else:
            path: Path = permitted_file(self._settings.file)
            found = document.ours(file.parse(file.read(path), path), self._prefix)
        return dict(sorted(found.items()))

    def served(self) -> Served | None:
        objects = self._used() if self._control is not None else self._given()
        if objects is None:
            return None
        upstreams: dict[str, tuple[str, ...]] = {}
        followed = self._followed(objects)
        for name, body in objects.items():
            if names.kind_of(name) != "upstreams":
                continue
            if "discovery_type" in body:
                if followed is None:
                    return None  # who could tell its nodes cannot be asked
                body = {"nodes": followed.get(str(body.get("service_name")), [])}
            upstreams[names.key_of(self._prefix, name)] = _addresses(body)
        routes = {
            names.key_of(self._prefix, name) for name in objects if names.kind_of(name) == "routes"
        }
        return Served(upstreams, frozenset(routes))

    def confirms(self, upstream: Upstream) -> bool | None:
        wanted = tuple(
            sorted(f"{bracketed(one.host)}:{one.port}" for one in upstream.nodes if one.weight > 0)
        )
        name = names.upstream(self._prefix, upstream.id)
        if self._control is not None:
            body = self._one_used(name)
        elif self._settings.mode == ADMIN and self._admin is not None:
            body = listing.one(self._admin, name)
        else:
            return None  # the whole document would not be a small question
        if body is None:
            return False
        # Of a followed upstream only the dump of all tells the nodes, which is no small question.
        return None if "discovery_type" in body else _addresses(body) == wanted

    def close(self) -> None:
        for api in (self._admin, self._control):
            if api is not None:
                api.close()

    def _given(self) -> Mapping[str, Any] | None:
        return self.documents() if self._admin is not None else None

    def _used(self) -> Objects:
        """Objects of ours that a worker uses."""
        assert self._control is not None  # noqa: S101 - its callers asked
        found: Objects = {}
        for kind in names.KINDS:
            answer = self._control.ask("GET", f"/v1/{kind}")
            if answer.status != 200:
                raise DriverError(
                    f"The Control API at {self._control.place} answers oddly ({answer.status}).",
                    code="answer",
                )
            # Lua writes an empty list as an empty object; null: there never was one.
            for item in answer.body if isinstance(answer.body, list) else ():
                body = listing.body_of(item)
                if body is not None and names.is_ours(self._prefix, body):
                    found[f"{kind}/{body['id']}"] = plain(kind, body)
        return found

    def _one_used(self, name: str) -> dict[str, Any] | None:
        assert self._control is not None  # noqa: S101 - its callers asked
        answer = self._control.ask("GET", f"/v1/upstream/{names.id_of(name)}")
        if answer.status == 404:
            return None
        body = listing.body_of(answer.body)
        return plain("upstreams", body) if body is not None else None

    def _followed(self, objects: Mapping[str, Any]) -> dict[str, Any] | None:
        """Nodes that our discovery module has, by upstreams; None: it cannot be asked."""
        if self._control is None or not any("discovery_type" in one for one in objects.values()):
            return None
        answer = self._control.ask("GET", "/v1/discovery/portolan/dump")
        said = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
        if not isinstance(said.get("services"), list):
            return None
        return {
            str(one.get("name")): one.get("nodes")
            for one in said["services"]
            if isinstance(one, dict)
        }


def _addresses(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Of an upstream's nodes, sorted."""
    found = body.get("nodes")
    return tuple(
        sorted(
            # The module resolves names, and keeps them.
            f"{bracketed(str(one.get('domain') or one.get('host', '')))}:{one.get('port')}"
            for one in (found if isinstance(found, list) else ())
            if isinstance(one, dict) and one.get("weight") != 0
        )
    )
