"""What Traefik 3.7 makes of a tree: the rules of its key-value decoder, as far as our trees go.

`decode` raises `Frozen` where Traefik's whole provider would stop.
"""

from __future__ import annotations

import re
from typing import Any

FILTERS = ("traefik/http", "traefik/tcp", "traefik/udp", "traefik/tls")
_LIST = re.compile(r"(.+)/\d+")
_DURATION = re.compile(r"\d+|(\d+(\.\d+)?(ns|us|ms|s|m|h))+")


class Frozen(Exception):
    """Traefik would keep what it had."""


def _bool(text: str) -> Any:
    if text.lower() not in ("1", "t", "true", "0", "f", "false"):
        raise Frozen(f"no flag: {text}")
    return text.lower() in ("1", "t", "true")


def _int(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", text) or not -(2**63) <= int(text) < 2**63:
        raise Frozen(f"no number: {text}")
    return int(text)


def _duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise Frozen(f"no duration: {text}")
    return text


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


class Named(dict):
    """Any names of one shape."""


class Listed(list):
    """A list of one shape."""


_CHECK = {
    "scheme": str,
    "path": str,
    "interval": _duration,
    "unhealthyInterval": _duration,
    "timeout": _duration,
    "hostname": str,
    "port": _int,
    "status": _int,
    "followRedirects": _bool,
}
SHAPE: dict[str, Any] = {
    "http": {
        "routers": Named(
            all={
                "rule": str,
                "priority": _int,
                "service": str,
                "entryPoints": _words,
                "middlewares": _words,
            }
        ),
        "services": Named(
            all={
                "loadBalancer": {
                    "passHostHeader": _bool,
                    "strategy": str,
                    "serversTransport": str,
                    "healthCheck": _CHECK,
                    "servers": Listed([{"url": str, "weight": _int, "preservePath": _bool}]),
                }
            }
        ),
        "middlewares": Named(
            all={
                "redirectScheme": {"scheme": str, "permanent": _bool},
                "stripPrefix": {"prefixes": _words},
                "headers": {"customRequestHeaders": Named(all=str)},
                "retry": {"attempts": _int},
            }
        ),
        "serversTransports": Named(
            all={
                "forwardingTimeouts": {"dialTimeout": _duration, "responseHeaderTimeout": _duration}
            }
        ),
    }
}


def decode(pairs: dict[str, str]) -> dict[str, Any]:
    """The configuration of a tree below ``traefik``."""
    root: dict[str, Any] = {}
    merged: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for key in sorted(pairs):
        if not pairs[key] or not key.lower().startswith(FILTERS):
            continue  # passed over
        found = _LIST.fullmatch(key)
        if found:
            lists.setdefault(found.group(1), []).append(pairs[key])
        else:
            merged[key] = pairs[key]
    merged |= {key: ",".join(values) for key, values in lists.items()}
    for key in sorted(merged):
        inside = root
        *parents, last = key.removesuffix("/").split("/")[1:]
        for parent in parents:
            inside = inside.setdefault(_same(inside, parent), {})
            if not isinstance(inside, dict):
                raise Frozen(f"a value has children: {key}")
        inside[_same(inside, last)] = merged[key]
    return _fill(root, SHAPE, "")


def _same(inside: dict[str, Any], name: str) -> str:
    """Names are compared without case: the first one stays."""
    return next((one for one in inside if one.lower() == name.lower()), name)


def _fill(value: Any, shape: Any, at: str) -> Any:
    if callable(shape):
        if not isinstance(value, str):
            raise Frozen(f"{at} is no value")
        return shape(value)
    if not isinstance(value, dict):
        raise Frozen(f"{at} is a value")
    if isinstance(shape, Named):
        for name in value:
            if name.isdigit() or not name:
                raise Frozen(f"{at}/{name} is a place in a list")
        return {name: _fill(one, shape["all"], f"{at}/{name}") for name, one in value.items()}
    if isinstance(shape, Listed):
        return [_fill(one, shape[0], f"{at}/{name}") for name, one in value.items()]
    known = {name.lower(): name for name in shape}
    filled = {}
    for name, one in value.items():
        if name.lower() not in known:
            raise Frozen(f"{at}/{name}: field not found")
        filled[known[name.lower()]] = _fill(one, shape[known[name.lower()]], f"{at}/{name}")
    return filled
