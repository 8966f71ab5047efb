"""What Traefik itself says that it has: its API tells what it uses, the tree and the file what it
reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console import redis
from console.contract.wire import Resource, Upstream
from console.redis import RedisError
from gateways.drivers.base import DriverError, Process, Served
from gateways.drivers.folders import permitted_file

from . import document, names, telling
from .api import Api
from .faults import away
from .render import Unsupported, servers
from .settings import FILE, REDIS, REST, Settings, with_password
from .tree import Tree


class TraefikReader:
    """Asks one gateway (`gateways.drivers.base.Reader`)."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._secret = secret
        # Only where it is the API's own is the secret shown to it.
        shown = secret if settings.provider == REST else ""
        self._api = Api(settings.api_url, shown) if settings.api_url else None

    def processes(self) -> list[Process]:
        if self._api is None:
            return []
        said = self._api.get("/api/version")
        version = said.get("Version", "") if isinstance(said, dict) else ""
        place = self._api.place
        return [Process(place, urlsplit(f"//{place}").hostname or place, str(version)[:100])]

    def documents(self) -> Mapping[str, Any] | None:
        if self._settings.provider == REDIS:
            return self._tree()
        if self._settings.provider == FILE:
            return _content(permitted_file(self._settings.file))
        return telling.objects(self._api, self._settings.provider) if self._api else None

    def served(self) -> Served | None:
        if self._api is None:
            return None
        services, routers = self._ours("services"), self._ours("routers")
        upstreams = {names.upstream_key(name): _addresses(one) for name, one in services.items()}
        routes = {
            names.route_key(f"http/routers/{name}")
            for name, one in routers.items()
            if one.get("status") == "enabled"
        }
        upstreams.pop("", None)
        return Served(upstreams, frozenset(routes - {""}))

    def served_of(self, resources: Mapping[str, Resource]) -> Served | None:
        if self._api is None:
            return None
        provider = self._settings.provider
        upstreams: dict[str, tuple[str, ...]] = {}
        routes: set[str] = set()
        for key, one in resources.items():
            if isinstance(one, Upstream):
                name = f"{names.service(one.id)}@{provider}"
                found = self._api.get(f"/api/http/services/{name}")
                if found is not None:
                    upstreams[key] = _addresses(found)
            else:
                found = self._api.get(f"/api/http/routers/{names.router(one.id)}@{provider}")
                if isinstance(found, dict) and found.get("status") == "enabled":
                    routes.add(key)
        return Served(upstreams, frozenset(routes))

    def confirms(self, upstream: Upstream) -> bool | None:
        if self._api is None:
            return None
        try:
            wanted = sorted(servers(upstream))
        except Unsupported:
            return None
        name = f"{names.service(upstream.id)}@{self._settings.provider}"
        found = self._api.get(f"/api/http/services/{name}")
        return found is not None and sorted(_servers(found)) == wanted

    def close(self) -> None:
        if self._api is not None:
            self._api.close()

    def _ours(self, section: str) -> dict[str, dict[str, Any]]:
        assert self._api is not None  # noqa: S101 - its callers asked
        return telling.ours(self._api, section, self._settings.provider)

    def _tree(self) -> Mapping[str, Any]:
        client = redis.connect(with_password(self._settings.redis_url, self._secret))
        try:
            found = Tree(client, self._settings.root_key).look()
        except RedisError as error:
            raise away(error) from error
        finally:
            client.close()
        return dict(sorted(found.items()))


def _content(path: Path) -> Mapping[str, Any]:
    try:
        return document.split(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DriverError(f"{path.name} cannot be read: {error}", code="file") from error


def _servers(service: Any) -> list[tuple[str, int]]:
    balancer = service.get("loadBalancer") if isinstance(service, dict) else None
    found = balancer.get("servers") if isinstance(balancer, dict) else None
    return [
        (str(one.get("url", "")), int(one.get("weight") or 1))
        for one in found or ()
        if isinstance(one, dict)
    ]


def _addresses(service: Any) -> tuple[str, ...]:
    return tuple(sorted(urlsplit(url).netloc for url, _weight in _servers(service)))
