"""How an API is called from outside: its paths in full, what its service receives, and a line to
try it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit

from applications.compiler.routes import join
from applications.models import Api

_PLACEHOLDER = "http://GATEWAY"
# What a browser sends to open a WebSocket; the key is any 16 bytes.
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "cG9ydG9sYW4tdHJpZXMtMQ==",
}


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
    """A command that calls the API through the gateway at `base`, ready for a shell: with what the
    API asks of a request, as far as that can be told from its conditions."""
    path = api.paths[0]["path"] if api.paths else "/"
    gateway = urlsplit(base or _PLACEHOLDER)
    host = api.application.hosts[0].replace("*.", "www.", 1) if api.application.hosts else ""
    asked = _asked(api)
    rest = gateway.path.rstrip("/") + join(api.application.path_prefix, path)
    rest += f"?{urlencode(asked['query'])}" if asked["query"] else ""
    words = ["curl"]
    if api.application.protocols == ["https"] and host:
        # The name must be the one that TLS is asked for; where its gateway is stands beside it.
        port = gateway.port or 443 if gateway.scheme == "https" else 443
        words += [shlex.quote(f"https://{host}{rest}")]
        words += ["--connect-to", shlex.quote(f"{host}:443:{_bracketed(gateway)}:{port}")]
    else:
        scheme, place = gateway.scheme, gateway.netloc
        if api.application.protocols == ["https"] and scheme == "http":
            scheme, place = "https", _bracketed(gateway)
        words += [shlex.quote(f"{scheme}://{place}{rest}")]
        words += _header("Host", host) if host else []
    if api.methods and "GET" not in api.methods:
        words += ["-X", api.methods[0]]
    for name, value in asked["header"].items():
        words += _header(name, value)
    if asked["cookie"]:
        pairs = "; ".join(f"{name}={value}" for name, value in asked["cookie"].items())
        words += ["-b", shlex.quote(pairs)]
    if api.kind == Api.Kind.WEBSOCKET:
        words += ["--http1.1", "-N"]
        for name, value in _UPGRADE.items():
            words += _header(name, value)
    return " ".join([*words, "-i"])


def _asked(api: Api) -> dict[str, dict[str, str]]:
    """What a request needs to meet the conditions, by where it stands; of several of which one is
    enough, the first that can be met."""
    found: dict[str, dict[str, str]] = {"header": {}, "query": {}, "cookie": {}}
    for one in api.expressions:
        place = found.get(one.get("subject", ""))
        if place is None or one.get("operator") not in ("equal", "present"):
            continue
        place[one.get("name", "")] = one.get("value", "") or "1"
        if api.match_any:
            break
    return found


def _header(name: str, value: str) -> list[str]:
    return ["-H", shlex.quote(f"{name}: {value}")]


def _bracketed(gateway: SplitResult) -> str:
    host = gateway.hostname or ""
    return f"[{host}]" if ":" in host else host


def _received(api: Api, path: str) -> str:
    prefix = api.application.path_prefix
    if not api.strip_path_prefix or prefix == "/":
        return path
    return path.removeprefix(prefix) or "/"
