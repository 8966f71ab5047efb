"""From one resource to APISIX's objects. Pure.

A route becomes parts of one rank each (`console.contract.matching`). APISIX takes the host first
(exact, then longer wildcards), then the path (equal, then longer prefixes), and only then the
priority, which is the rank: all three lead to the same order. Release 2.15 takes the path first.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import msgspec

from console.contract import matching
from console.contract.wire import Node, Path, Resource, Route, Upstream

from . import conditions, names
from .conditions import Condition, Unsupported
from .plain import plain
from .settings import Settings

# Name → the object.
Objects = dict[str, dict[str, Any]]

METHODS = frozenset(
    ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE"]
)
_BALANCE = {
    "roundrobin": "roundrobin",
    "consistent_hash": "chash",
    "least_conn": "least_conn",
    "ewma": "ewma",
}
_HASH_VARIABLES = frozenset(
    [
        "uri",
        "server_name",
        "server_addr",
        "request_uri",
        "remote_port",
        "remote_addr",
        "query_string",
        "host",
        "hostname",
    ]
)
_DESCRIPTION = "Written by Portolan; what is changed here is overwritten."
_LONGEST_NAME = {"3": 256, "2.15": 100}


def render(resource: Resource, settings: Settings) -> Objects:
    """Raises `Unsupported`."""
    if not names.is_id(resource.id):
        raise Unsupported("Its id cannot be one of APISIX's.")
    if isinstance(resource, Upstream):
        return _upstream(resource, settings)
    return _route(resource, settings)


def nodes(upstream: Upstream) -> list[dict[str, Any]]:
    """Nodes as APISIX has them. One of weight 0 gets no requests: it is left out, as APISIX asks a
    single node whatever its weight is, and ewma all of them."""
    return [_node(node) for node in upstream.nodes if node.weight > 0]


def _upstream(upstream: Upstream, settings: Settings) -> Objects:
    body = _head(upstream, settings) | {
        "type": _balance(upstream.balance),
        "scheme": upstream.scheme,
        "pass_host": upstream.host_mode,
        "timeout": {
            name: _seconds(getattr(upstream.timeouts, name)) for name in ("connect", "send", "read")
        },
    }
    if settings.discovery == "portolan":
        body |= {"discovery_type": "portolan", "service_name": upstream.id}
    else:
        body["nodes"] = nodes(upstream)
    if upstream.balance == "consistent_hash":
        body |= _hash(upstream.hash_key)
    if upstream.retries is not None:
        body["retries"] = upstream.retries
    if upstream.host_mode == "rewrite":
        body["upstream_host"] = upstream.host
    if upstream.checks:
        body["checks"] = upstream.checks
    name = names.upstream(settings.id_prefix, upstream.id)
    return {name: plain("upstreams", body | {"id": names.id_of(name)})}


def _route(route: Route, settings: Settings) -> Objects:
    strange = sorted(set(route.methods) - METHODS)
    if strange:
        raise Unsupported("APISIX knows no method %(methods)s.", methods=", ".join(strange))
    body = _head(route, settings) | {
        "upstream_id": f"{settings.id_prefix}{route.upstream}",
    }
    if route.methods:
        body["methods"] = list(route.methods)
    if route.websocket:
        body["enable_websocket"] = True
    if plugins := _plugins(route):
        body["plugins"] = plugins
    asked = conditions.conditions(route, release=settings.release)
    objects: Objects = {}
    parts = _parts(route)
    for part, rank, extra in parts:
        # Parts keep their names when others come and go: no request falls between two writings.
        suffixes = _suffixes(part) if len(parts) > 1 else [""]
        found = (names.route(settings.id_prefix, route.id, suffix) for suffix in suffixes)
        name = next(name for name in found if name not in objects)
        one = body | {"id": names.id_of(name), "uris": _uris(part.paths)}
        # 14 digits: what APISIX writes and reads of a number.
        one["priority"] = rank >> 1
        if part.hosts:
            one["hosts"] = list(part.hosts)
        if wild := [host for host in part.hosts if host.startswith("*.")]:
            extra = [*extra, conditions.one_label(wild)]
        if asked or extra:
            one["vars"] = [*asked, *extra]
        objects[name] = plain("routes", one)
    return objects


def _parts(route: Route) -> list[tuple[Route, int, list[Condition]]]:
    """A route in parts of one rank each, the highest first, with conditions of the part. Paths that
    uris cannot say have parts of their own."""
    hosts, paths = defaultdict(list), defaultdict(list)
    for host in route.hosts or ("",):
        hosts[matching.host_rank(host)].append(host)
    for path in matching.paths_of(route):
        own = "" if conditions.is_plain(path) else path.path
        paths[matching.path_rank(path), own].append(path)
    found = [
        (
            msgspec.structs.replace(route, hosts=tuple(filter(None, some)), paths=tuple(these)),
            matching.rank(route, host=some[0], path=these[0]),
            [conditions.guarded(these[0])[1]] if own else [],
        )
        for some in hosts.values()
        for (_rank, own), these in paths.items()
    ]
    return sorted(found, key=lambda part: part[1], reverse=True)


def _suffixes(part: Route) -> Iterator[str]:
    """What may name a part among those of its route: two digits for its hosts, the others for its
    paths. There is no room for more, so that of two paths the second may need another one."""
    path = part.paths[0]
    host = f"{matching.host_rank(part.hosts[0] if part.hosts else ''):02x}"
    if conditions.is_plain(path):
        yield f"{host}{matching.path_rank(path):04x}"
        return
    for more in range(1 << 16):
        said = repr(path) + (str(more) if more else "")
        yield f"{host}x{blake2b(said.encode(), digest_size=2).hexdigest()}"


def _uris(paths: Iterable[Path]) -> list[str]:
    found: dict[str, None] = {}
    for path in paths:
        said = conditions.uris(path) if conditions.is_plain(path) else conditions.guarded(path)[0]
        found |= dict.fromkeys(said)
    return list(found)


def _plugins(route: Route) -> dict[str, Any]:
    """A person's plugins, and ours where the route asks for them."""
    plugins = dict(route.plugins)
    prefix = unquote(route.strip_prefix).rstrip("/")
    if prefix:
        theirs = plugins.get("proxy-rewrite", {})
        if {"uri", "regex_uri"} & theirs.keys():
            raise Unsupported("Both its plugin proxy-rewrite and its prefix rewrite the path.")
        below = f"^{re.escape(prefix)}(?:/|$)((?:.|\\n)*)"
        plugins["proxy-rewrite"] = theirs | {"regex_uri": [below, "/$1"]}
    if route.redirect_https:
        theirs = plugins.get("redirect", {})
        if {"uri", "regex_uri"} & theirs.keys():
            raise Unsupported("Its plugin redirect leads elsewhere than to HTTPS.")
        plugins["redirect"] = theirs | {"http_to_https": True}
    return plugins


def _head(resource: Resource, settings: Settings) -> dict[str, Any]:
    return {
        "name": resource.name[: _LONGEST_NAME[settings.release]] or resource.id,
        "desc": _DESCRIPTION,
        "labels": {names.LABEL: settings.id_prefix},
    }


def _node(node: Node) -> dict[str, Any]:
    body = {"host": bracketed(node.host), "port": node.port, "weight": node.weight}
    return body | {"priority": node.priority} if node.priority else body


def _balance(balance: str) -> str:
    if balance not in _BALANCE:
        raise Unsupported("APISIX has no load balancing by %(balance)s.", balance=balance)
    return _BALANCE[balance]


def _hash(key: str) -> dict[str, str]:
    """By header:NAME, cookie:NAME, query:NAME, or one of nginx's variables."""
    subject, colon, name = key.partition(":")
    if not colon:
        for begin, of in (("http_", "header"), ("cookie_", "cookie"), ("arg_", "query")):
            if key.startswith(begin):
                subject, name = of, key.removeprefix(begin)
    if subject in ("header", "cookie"):
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise Unsupported(
                "APISIX cannot hash by the %(subject)s “%(name)s”.", subject=subject, name=name
            )
        return {"hash_on": subject, "key": name}
    if subject == "query":
        return {"key": f"arg_{name}"}
    if subject in _HASH_VARIABLES and not colon:
        return {"key": subject}
    if colon or not re.fullmatch(r"[a-z0-9_]+", key):
        raise Unsupported("APISIX cannot hash by “%(key)s”.", key=key)
    return {"hash_on": "vars_combinations", "key": f"${key}"}


def _seconds(milliseconds: int) -> float:
    whole, rest = divmod(max(1, milliseconds), 1000)
    return whole if not rest else max(1, milliseconds) / 1000


def bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host
