"""From one resource to Traefik's own objects. Pure.

An object is named by its place, ``http/services/…``, and made of JSON's types. `keys` flattens them
to the keys of a tree, `document` joins them to one document. What equals Traefik's defaults is left
out: each key more makes every reading of the tree longer.

One value that Traefik cannot decode stops its whole provider, so what this kind cannot express
raises `Unsupported` and stays out.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from console.contract import matching
from console.contract.wire import Expression, Node, Path, Resource, Route, Upstream
from gateways.drivers import reasons
from gateways.drivers.reasons import UNRENDERED, reason

from . import checks, names

# Place of an object, e.g. ``http/services/…`` → what it is.
Objects = dict[str, Any]

# Traefik passes over a configuration without any router, service or middleware and goes on with the
# last one: after the last route went it would serve that route for ever. So something stays.
ALWAYS: Objects = {f"http/services/{names.NONE}": {"loadBalancer": {"passHostHeader": True}}}

_BALANCE = {"roundrobin": "", "least_conn": "p2c", "ewma": "leasttime", "consistent_hash": "hrw"}
_GREATEST = 2**31
_HOST = re.compile(r"[\w.:%-]{1,255}", re.ASCII)


class Unsupported(reasons.Unsupported):
    """Traefik cannot express the resource."""


def render(resource: Resource, *, entry_points: Sequence[str] = ()) -> Objects:
    if not names.is_id(resource.id):
        raise Unsupported("Its id cannot be part of a name in Traefik.")
    if isinstance(resource, Upstream):
        return _service(resource)
    return _router(resource, entry_points)


def unsupported(resource: Resource) -> list[str]:
    """What Traefik cannot do of a resource, in sentences; such a resource is either refused or
    served without it."""
    try:
        render(resource)
    except UNRENDERED as error:
        return [reason("", error)]
    return list(checks.lost(resource.checks)) if isinstance(resource, Upstream) else []


def servers(upstream: Upstream) -> list[tuple[str, int]]:
    """Address of a server and its weight, of those that requests are sent to."""
    highest = max((node.priority for node in upstream.nodes), default=0)
    serving = [node for node in upstream.nodes if node.priority == highest and node.weight > 0]
    # Equal weights are told as 1, which is Traefik's own.
    shared = math.gcd(*(node.weight for node in serving))
    return [(_url(upstream.scheme, node), node.weight // shared) for node in serving]


def _service(upstream: Upstream) -> Objects:
    if upstream.balance not in _BALANCE:
        raise Unsupported("Traefik has no load balancing by %(balance)s.", balance=upstream.balance)
    if upstream.balance == "consistent_hash" and upstream.hash_key != "remote_addr":
        raise Unsupported("Traefik's consistent hash takes the client's address only.")
    if upstream.scheme not in ("http", "https"):
        raise Unsupported("Traefik does not speak %(scheme)s to nodes.", scheme=upstream.scheme)
    times = upstream.timeouts
    numbers = (times.connect, times.read, *(node.weight for node in upstream.nodes))
    if not all(0 <= number <= _GREATEST for number in numbers):
        raise Unsupported("A timeout or a weight is too great for Traefik.")
    transport = names.transport(times.connect, times.read)
    balancer: dict[str, Any] = {"serversTransport": transport}
    if upstream.host_mode == "node":
        balancer["passHostHeader"] = False
    if strategy := _BALANCE[upstream.balance]:
        balancer["strategy"] = strategy
    if check := checks.health_check(upstream.checks):
        balancer["healthCheck"] = check
    if found := servers(upstream):
        balancer["servers"] = [
            {"url": url, "weight": weight} if weight != 1 else {"url": url} for url, weight in found
        ]
    return {
        **transport_of(times.connect, times.read),
        f"http/services/{names.service(upstream.id)}": {"loadBalancer": balancer},
    }


def transport_of(connect: int, read: int) -> Objects:
    """How services of these timeouts are spoken to, in milliseconds."""
    return {
        f"http/serversTransports/{names.transport(connect, read)}": {
            "forwardingTimeouts": {
                "dialTimeout": f"{connect}ms",
                "responseHeaderTimeout": f"{read}ms",
            }
        }
    }


def _url(scheme: str, node: Node) -> str:
    if not _HOST.fullmatch(node.host) or not 0 < node.port < 65_536:
        raise Unsupported(
            "%(host)s:%(port)s is no address of a node.", host=node.host, port=node.port
        )
    return f"{scheme}://{_bracketed(node.host)}:{node.port}"


def _router(route: Route, entry_points: Sequence[str]) -> Objects:
    if route.plugins:
        raise Unsupported(
            "Traefik has none of the plugins: %(plugins)s", plugins=", ".join(sorted(route.plugins))
        )
    if (route.retries or 0) > _GREATEST:
        raise Unsupported("Traefik does not try that often.")
    if not names.is_id(route.upstream):
        raise Unsupported("Its upstream's id cannot be part of a name in Traefik.")
    objects = _middlewares(route)
    middlewares = [place.rpartition("/")[2] for place in objects]
    for number, (part, priority) in enumerate(_parts(route)):
        router: dict[str, Any] = {
            "rule": rule(part),
            "priority": priority,
            "service": names.service(route.upstream),
        }
        if entry_points:
            router["entryPoints"] = list(entry_points)
        if middlewares:
            router["middlewares"] = middlewares
        objects[f"http/routers/{names.router(route.id, number)}"] = router
    return objects


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


def _middlewares(route: Route) -> Objects:
    """What is done to a request on its way, in this order."""
    deeds: dict[str, Any] = {}
    if route.redirect_https:
        deeds["https"] = {"redirectScheme": {"scheme": "https", "permanent": True}}
    if route.strip_prefix:
        deeds["strip"] = {"stripPrefix": {"prefixes": [route.strip_prefix]}}
    if route.rewrite_host:
        deeds["host"] = {"headers": {"customRequestHeaders": {"Host": route.rewrite_host}}}
    if route.retries and route.retries > 0:
        # Traefik counts the first attempt too.
        deeds["retry"] = {"retry": {"attempts": route.retries + 1}}
    return {
        f"http/middlewares/{names.middleware(route.id, deed)}": what for deed, what in deeds.items()
    }


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
        raise Unsupported(
            "Traefik cannot compare a %(subject)s by %(operator)s.",
            subject=one.subject,
            operator=one.operator,
        )
    return f"!{matcher}" if negated else matcher


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
