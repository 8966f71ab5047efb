"""How an API is called from outside: its paths in full, what its service receives, and a line to
try it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from applications.compiler.routes import join
from applications.models import Api

_PLACEHOLDER = "http://GATEWAY"


@dataclass(frozen=True, slots=True)
class Address:
    """One of the addresses of an API. `below`: everything below it too. `receives` is the path
    that the service is asked for; `anywhere`: whatever the host."""

    scheme: str
    host: str
    path: str
    below: bool
    receives: str

    @property
    def anywhere(self) -> bool:
        return not self.host


def effective_paths(api: Api) -> list[tuple[str, bool]]:
    """The paths below the application's prefix, and whether everything below each counts too."""
    prefix = api.application.path_prefix
    return [
        (join(prefix, entry["path"]), entry.get("type", "prefix") == "prefix")
        for entry in api.paths
    ]


def effective(api: Api) -> Iterator[Address]:
    """Every address: hosts times paths."""
    secure = api.application.protocols == ["https"]
    scheme = ("ws" if api.kind == Api.Kind.WEBSOCKET else "http") + ("s" if secure else "")
    for host in api.application.hosts or [""]:
        for path, below in effective_paths(api):
            yield Address(scheme, host, path, below, _received(api, path))


def curl(api: Api, base: str) -> str:
    """A command that calls the API through the gateway at `base`, ready for a shell."""
    path = api.paths[0]["path"] if api.paths else "/"
    url = (base or _PLACEHOLDER).rstrip("/") + join(api.application.path_prefix, path)
    words = ["curl", shlex.quote(url)]
    if api.application.hosts:
        host = api.application.hosts[0].replace("*.", "www.", 1)
        words += ["-H", f"'Host: {host}'"]
    if api.methods and "GET" not in api.methods:
        words += ["-X", api.methods[0]]
    return " ".join([*words, "-i"])


def _received(api: Api, path: str) -> str:
    prefix = api.application.path_prefix
    if not api.strip_path_prefix or prefix == "/":
        return path
    return path.removeprefix(prefix) or "/"
