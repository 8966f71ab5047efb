"""From one resource to the keys of Traefik's tree. Pure.

Names are made of our own ids, so that nothing a cluster or a person typed becomes a key. A value
is never empty: Traefik's provider passes empty values over. One value that Traefik cannot decode
stops its whole provider, so what this kind cannot express raises `Unsupported` and stays out.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from console.contract import matching
from console.contract.wire import Expression, Path, Resource, Route, Upstream

# Key below the tree's root → value.
Keys = dict[str, str]

_BALANCE = {"roundrobin": "wrr", "least_conn": "p2c", "ewma": "leasttime", "consistent_hash": "hrw"}


class Unsupported(ValueError):
    """This kind of gateway cannot express the resource."""


def render(resource: Resource, *, entry_points: Sequence[str] = ()) -> Keys:
    if isinstance(resource, Upstream):
        return _service(resource)
    return _router(resource, entry_points)


def _service(upstream: Upstream) -> Keys:
    name = f"http/services/{service_name(upstream.id)}/loadBalancer"
    transport = f"http/serversTransports/{service_name(upstream.id)}"
    if upstream.balance not in _BALANCE:
        raise Unsupported(f"Traefik has no load balancing by {upstream.balance}.")
    keys = {
        f"{name}/passHostHeader": _flag(upstream.host_mode != "node"),
        f"{name}/strategy": _BALANCE[upstream.balance],
        f"{name}/serversTransport": service_name(upstream.id),
        f"{transport}/forwardingTimeouts/dialTimeout": f"{upstream.timeouts.connect}ms",
        f"{transport}/forwardingTimeouts/responseHeaderTimeout": f"{upstream.timeouts.read}ms",
    }
    if upstream.balance == "consistent_hash" and upstream.hash_key != "remote_addr":
        raise Unsupported("Traefik's consistent hash takes the client's address only.")
    # A stable order of nodes keeps the names of those that stay.
    highest = max((node.priority for node in upstream.nodes), default=0)
    serving = [node for node in upstream.nodes if node.priority == highest and node.weight > 0]
    for number, node in enumerate(serving):
        server = f"{name}/servers/{number}"
        keys[f"{server}/url"] = f"{upstream.scheme}://{_bracketed(node.host)}:{node.port}"
        keys[f"{server}/weight"] = str(node.weight)
    return keys


def _router(route: Route, entry_points: Sequence[str]) -> Keys:
    if route.plugins:
        raise Unsupported("Traefik has none of the plugins: " + ", ".join(sorted(route.plugins)))
    keys, middlewares = _middlewares(route)
    for number, (part, priority) in enumerate(_parts(route)):
        name = f"http/routers/{route_name(route.id)}{f'-{number}' if number else ''}"
        keys[f"{name}/rule"] = rule(part)
        keys[f"{name}/priority"] = str(priority)
        keys[f"{name}/service"] = service_name(route.upstream)
        for place, entry_point in enumerate(entry_points):
            keys[f"{name}/entryPoints/{place}"] = entry_point
        for place, middleware in enumerate(middlewares):
            keys[f"{name}/middlewares/{place}"] = middleware
    return keys


def _parts(route: Route) -> list[tuple[Route, int]]:
    """A route in parts of one rank each (`console.contract.matching`), the highest first. Without a
    priority Traefik would prefer the longest rule: the route with the most hosts."""
    hosts, paths = defaultdict(list), defaultdict(list)
    for host in route.hosts or ("",):
        hosts[matching.host_rank(host)].append(host)
    for path in matching.paths_of(route):
        paths[matching.path_rank(path)].append(path)
    found = [
        (
            msgspec.structs.replace(
                route, hosts=tuple(filter(None, some)), paths=tuple(these) if route.paths else ()
            ),
            matching.rank(route, host=some[0], path=these[0]),
        )
        for some in hosts.values()
        for these in paths.values()
    ]
    return sorted(found, key=lambda part: part[1], reverse=True)


def _middlewares(route: Route) -> tuple[Keys, list[str]]:
    """What is done to a request on its way, in this order, and the names of it."""
    keys: Keys = {}
    names: list[str] = []
    if route.redirect_https:
        names.append(f"{route_name(route.id)}-https")
        keys[f"http/middlewares/{names[-1]}/redirectScheme/scheme"] = "https"
        keys[f"http/middlewares/{names[-1]}/redirectScheme/permanent"] = "true"
    if route.strip_prefix:
        names.append(f"{route_name(route.id)}-strip")
        keys[f"http/middlewares/{names[-1]}/stripPrefix/prefixes/0"] = route.strip_prefix
    if route.rewrite_host:
        names.append(f"{route_name(route.id)}-host")
        keys[f"http/middlewares/{names[-1]}/headers/customRequestHeaders/Host"] = route.rewrite_host
    if route.retries:
        names.append(f"{route_name(route.id)}-retry")
        # Traefik counts the first attempt too.
        keys[f"http/middlewares/{names[-1]}/retry/attempts"] = str(route.retries + 1)
    return keys, names


def rule(route: Route) -> str:
    """Traefik's rule for a route; all parts have to match."""
    parts = [
        _any(_host(host) for host in route.hosts),
        _any(_path(path) for path in route.paths),
        _any(f"Method({_quoted(method)})" for method in route.methods),
    ]
    expressions = [_expression(one) for one in route.expressions]
    parts.append(_any(expressions) if route.match_any else " && ".join(expressions))
    return " && ".join(part for part in parts if part) or f"PathPrefix({_quoted('/')})"


def _host(host: str) -> str:
    if host.startswith("*."):
        return f"HostRegexp({_quoted('^[^.]+' + re.escape(host[1:]) + '$')})"
    return f"Host({_quoted(host)})"


def _path(path: Path) -> str:
    if path.exact:
        return f"Path({_quoted(path.path)})"
    if path.path == "/":
        return f"PathPrefix({_quoted('/')})"
    # Traefik's PathPrefix compares letters: /shop would take /shopping too.
    below = _quoted(path.path.rstrip("/") + "/")
    return f"(Path({_quoted(path.path)}) || PathPrefix({below}))"


def _expression(one: Expression) -> str:
    text = _quoted(one.value)
    name = _quoted(one.name)
    matchers = {
        ("header", "equal"): f"Header({name}, {text})",
        ("header", "regex_match"): f"HeaderRegexp({name}, {text})",
        ("header", "present"): f"HeaderRegexp({name}, {_quoted('.*')})",
        ("query", "equal"): f"Query({name}, {text})",
        ("query", "regex_match"): f"QueryRegexp({name}, {text})",
        ("query", "present"): f"QueryRegexp({name}, {_quoted('.*')})",
        ("path", "equal"): f"Path({text})",
        ("path", "regex_match"): f"PathRegexp({text})",
    }
    opposites = {
        "not_equal": "equal",
        "regex_not_match": "regex_match",
        "not_present": "present",
    }
    negated = one.operator in opposites
    matcher = matchers.get((one.subject, opposites.get(one.operator, one.operator)))
    if matcher is None:
        raise Unsupported(f"Traefik cannot compare a {one.subject} by {one.operator}.")
    return f"!{matcher}" if negated else matcher


def route_name(route_id: str) -> str:
    """Never digits alone, as Traefik would take those for a list index."""
    return f"portolan-api-{route_id}"


def service_name(upstream_id: str) -> str:
    return f"portolan-upstream-{upstream_id}"


def _any(parts: Iterable[str]) -> str:
    found = list(parts)
    return f"({' || '.join(found)})" if len(found) > 1 else "".join(found)


def _quoted(text: str) -> str:
    """A string in Traefik's rule language; what holds a backtick cannot be said in it."""
    if "`" in text:
        raise Unsupported("Traefik's rules cannot hold a backtick.")
    return f"`{text}`"


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def _flag(value: bool) -> str:
    return "true" if value else "false"
