"""The driver: which keys each resource has in the tree, so that a change costs what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Meta, Struct

from console import redis
from console.contract.wire import Resource
from gateways.drivers.base import Applied, BadSetting, Changes, gettext_noop

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

    redis_url: Annotated[
        str,
        Meta(
            title=gettext_noop("Redis of the tree"),
            description=gettext_noop(
                "Server and database that Traefik's Redis provider reads, without a password."
            ),
            examples=["redis://127.0.0.1:6379/2"],
        ),
    ]
    root_key: Annotated[
        str,
        Meta(
            title=gettext_noop("Root key"),
            description=gettext_noop(
                "As in Traefik's providers.redis.rootKey. Two roots in one database must not begin"
                " alike."
            ),
            examples=["traefik"],
        ),
    ] = "traefik"
    entry_points: Annotated[
        list[str],
        Meta(
            title=gettext_noop("Entry points"),
            description=gettext_noop(
                "Names of the entry points that routes are served on. Empty: Traefik's defaults."
            ),
            examples=["web websecure"],
        ),
    ] = []

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.redis_url)
            _port = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise BadSetting("redis_url", gettext_noop("Write it as redis://host:port/database."))
        if parts.password:
            raise BadSetting(
                "redis_url", gettext_noop("The password belongs into the secret, not into here.")
            )
        if not _ROOT.fullmatch(self.root_key):
            raise BadSetting(
                "root_key", gettext_noop("One word of letters, digits, dots and dashes.")
            )
        for name in self.entry_points:
            if not re.fullmatch(r"[\w-]{1,63}", name):
                raise BadSetting(
                    "entry_points",
                    gettext_noop("“%(name)s” is no entry point's name."),
                    name=name,
                )


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
    tree = Tree(redis.connect(with_password(settings.redis_url, secret)), settings.root_key)
    return TraefikDriver(tree, entry_points=settings.entry_points)


def with_password(url: str, secret: str) -> str:
    if not secret:
        return url
    parts = urlsplit(url)
    user, colon, password = secret.rpartition(":")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}")) if colon or password else url
