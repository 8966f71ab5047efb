"""The driver: which keys each resource has in the tree, so that a change costs what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from console import redis
from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes

from .render import Keys, Unsupported, render
from .tree import Tree

# Traefik passes over a tree without any service, router or middleware and goes on with the last
# one: after the last route went it would serve that route for ever. So something always stays.
ALWAYS: Keys = {"http/services/portolan-none/loadBalancer/passHostHeader": "true"}
_ROOT = re.compile(r"[A-Za-z][\w.-]{0,62}")


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    """`redis_url`: the server and database of the tree, without password (that is the gateway's
    secret). `root_key`: as in Traefik's providers.redis.rootKey; roots in one database must not
    begin alike. `entry_points`: of the routers; none means Traefik's default ones."""

    redis_url: str
    root_key: str = "traefik"
    entry_points: list[str] = []

    def __post_init__(self) -> None:
        parts = urlsplit(self.redis_url)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError("redis_url is written redis://host:port/database")
        if parts.password:
            raise ValueError("the password belongs into the secret, not into redis_url")
        if not _ROOT.fullmatch(self.root_key):
            raise ValueError("root_key is one word of letters, digits, dots and dashes")
        for name in self.entry_points:
            if not re.fullmatch(r"[\w-]{1,63}", name):
                raise ValueError(f"entry_points: {name!r} is no entry point's name")


class TraefikDriver:
    """Drives one tree (`gateways.drivers.base.Driver`)."""

    def __init__(self, tree: Tree, *, entry_points: list[str]) -> None:
        self._tree = tree
        self._entry_points = entry_points
        self._rendered: dict[str, Keys] = {}
        self._refused: dict[str, str] = {}

    def start(self) -> None:
        self._tree.open()

    def replace(self, resources: Mapping[str, Resource]) -> Applied:
        rendered, refused = self._render(resources)
        wanted = dict(ALWAYS)
        for keys in rendered.values():
            wanted |= keys
        written = self._tree.write(wanted, self._tree.names() - wanted.keys())
        self._rendered, self._refused = rendered, refused
        return Applied(written, dict(refused))

    def apply(self, changes: Changes) -> Applied:
        rendered, refused = self._render(
            {key: resource for key, resource in changes.items() if resource is not None}
        )
        wanted: Keys = {}
        gone: set[str] = set()
        for key in changes:
            gone |= self._rendered.get(key, {}).keys()
            wanted |= rendered.get(key, {})
        written = self._tree.write(wanted, gone - wanted.keys())
        for key in changes:
            self._rendered.pop(key, None)
            self._refused.pop(key, None)
        self._rendered |= rendered
        self._refused |= refused
        return Applied(written, dict(self._refused))

    def touch(self) -> None:
        self._tree.touch()

    def describe(self) -> dict[str, Any]:
        return {"resources": len(self._rendered), "keys": len(self._tree)}

    def _render(self, resources: Mapping[str, Resource]) -> tuple[dict[str, Keys], dict[str, str]]:
        """Render each; one that cannot be expressed is left out and named."""
        rendered: dict[str, Keys] = {}
        refused: dict[str, str] = {}
        for key, resource in resources.items():
            try:
                rendered[key] = render(resource, entry_points=self._entry_points)
            except Unsupported as error:
                refused[key] = f"{resource.name}: {error}"
        return rendered, refused


def build(settings: Settings, secret: str) -> TraefikDriver:
    """Make a driver. The secret is ``password`` or ``user:password`` of the tree's Redis."""
    tree = Tree(redis.connect(_with_password(settings.redis_url, secret)), settings.root_key)
    return TraefikDriver(tree, entry_points=settings.entry_points)


def _with_password(url: str, secret: str) -> str:
    if not secret:
        return url
    parts = urlsplit(url)
    user, colon, password = secret.rpartition(":")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}")) if colon or password else url
