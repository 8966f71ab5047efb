"""From a route to Envoy's. Pure.

Envoy takes the first route that fits, so each carries its rank (`console.contract.matching`) and a
virtual host sorts them. One of ours becomes several: one for each path, for each expression of
which one is enough, and before a redirect to HTTPS one for requests that came by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from console.contract import matching
from console.contract.wire import Path, Route, Upstream

from . import api, clusters, expressions, patterns
from .errors import Unsupported

_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"}
_SAFE = "connect-failure,refused-stream,reset-before-request"
_RETRIES = 2  # where nobody said how many


@dataclass(frozen=True, slots=True)
class Piece:
    """One of Envoy's routes for one of our host patterns; `rank` is the route's where a request
    comes by these, `labels` whether the pattern's wildcard still has to be checked."""

    host: str
    rank: int
    route: Any


class Traits(msgspec.Struct, frozen=True):
    """What Envoy's routes need of the upstream that they lead to."""

    read: int = 60_000
    send: int = 60_000
    balance: str = ""
    hash_key: str = ""
    host_mode: str = "pass"


def traits(upstream: Upstream | None) -> Traits:
    if upstream is None:
        return Traits()
    hashed = upstream.balance == "consistent_hash"
    return Traits(
        read=upstream.timeouts.read,
        send=upstream.timeouts.send,
        balance=upstream.balance,
        hash_key=upstream.hash_key if hashed else "",
        host_mode=upstream.host_mode,
    )


def pieces(route: Route, of: Traits) -> list[Piece]:
    """Raises `Unsupported`."""
    if route.plugins:
        raise Unsupported(
            "Envoy has none of the plugins: %(plugins)s", plugins=", ".join(sorted(route.plugins))
        )
    hosts = route.hosts or ("",)
    for host in hosts:
        if host and not _HOST.fullmatch(host.lower()):
            raise Unsupported("“%(host)s” is no host name.", host=host)
    paths = [(path, _path(path)) for path in matching.paths_of(route)]
    conditions = list(_conditions(route))
    taken = _taken(route, of)
    return [
        Piece(
            host.lower(),
            matching.rank(route, host=host, path=path),
            api.Route(
                name=f"route/{route.id}",
                match={**match, "headers": headers + more},
                **action,
            ),
        )
        for host in hosts
        for path, match in paths
        for headers in conditions
        for more, action in taken
    ]


def one_label(host: str) -> dict[str, Any]:
    """A HeaderMatcher for the hosts of a wildcard; Envoy's own wildcards stand for any number of
    labels."""
    pattern = rf"(?i)[^.]+{patterns.literal(host[1:])}(?::[0-9]+)?"
    return {"name": ":authority", "string_match": expressions.whole(pattern)}


def _path(path: Path) -> dict[str, Any]:
    if not path.path.startswith("/") or re.search(r"[?#\x00-\x20\x7f]", path.path):
        raise Unsupported("“%(path)s” is no path.", path=path.path)
    if path.exact:
        return {"path": path.path}
    if path.path.endswith("/"):
        return {"prefix": path.path}
    return {"path_separated_prefix": path.path}


def _conditions(route: Route) -> Iterator[list[dict[str, Any]]]:
    """HeaderMatchers; all of a list have to fit, one list is enough."""
    methods: list[dict[str, Any]] = []
    if route.methods:
        if not all(re.fullmatch(r"[A-Z]+", method) for method in route.methods):
            raise Unsupported("A method is no word of capital letters.")
        fits = expressions.whole("|".join(route.methods))
        if len(route.methods) == 1:
            fits = {"exact": route.methods[0]}
        methods = [{"name": ":method", "string_match": fits}]
    found = [expressions.matcher(one) for one in route.expressions]
    if route.match_any and found:
        for one in found:
            yield [*methods, one]
    else:
        yield methods + found


def _taken(route: Route, of: Traits) -> list[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """What is done with a request that fits, with what more has to fit for it."""
    sent = {"route": _action(route, of)}
    if not route.redirect_https:
        return [([], sent)]
    by_https = {"name": "x-forwarded-proto", "string_match": {"exact": "https"}}
    redirect = {"https_redirect": True, "response_code": "MOVED_PERMANENTLY"}
    return [([by_https], sent), ([], {"redirect": redirect})]


def _action(route: Route, of: Traits) -> dict[str, Any]:
    action: dict[str, Any] = {
        "cluster": clusters.name(route.upstream),
        # The whole answer may take as long as it likes, as long as something moves.
        "timeout": {},
        "idle_timeout": api.seconds(max(of.read, of.send) + 1_000),
        "retry_policy": _retries(route, of),
    }
    if route.strip_prefix:
        action["regex_rewrite"] = {
            "pattern": {"regex": f"^{patterns.literal(route.strip_prefix.rstrip('/'))}(?:/|$)"},
            "substitution": "/",
        }
    if route.rewrite_host:
        action["host_rewrite_literal"] = route.rewrite_host
    elif of.host_mode == "node":
        action["auto_host_rewrite"] = {"value": True}
    if route.websocket:
        action["upgrade_configs"] = [{"upgrade_type": "websocket", "enabled": {"value": True}}]
        # Nobody need speak on an open WebSocket.
        action["idle_timeout"] = {}
        del action["retry_policy"]["per_try_idle_timeout"]
    if of.balance == "consistent_hash":
        action["hash_policy"] = [clusters.hashed(of.hash_key)]
    return action


def _retries(route: Route, of: Traits) -> dict[str, Any]:
    """A RetryPolicy. Without a word of the upstream's: what surely reached no node is sent to
    another one. What may have been done is repeated only for methods that allow it."""
    wanted = _RETRIES if route.retries is None else route.retries
    policy: dict[str, Any] = {"per_try_idle_timeout": api.seconds(of.read)}
    if wanted:
        again = route.methods and set(route.methods) <= _IDEMPOTENT
        policy |= {
            "retry_on": _SAFE + (",reset" if again else ""),
            "num_retries": {"value": wanted},
            "retry_host_predicate": [
                api.extension("envoy.retry_host_predicates.previous_hosts", api.PreviousHosts())
            ],
            "host_selection_retry_max_attempts": 5,
        }
    return policy
