"""Objects as they are compared: without APISIX's bookkeeping and the defaults that say nothing,
with the defaults of health checks. Pure.

Releases differ in which defaults they write into what they store. Both what we render and what is
read back are made plain, so that equal objects are equal. A health check's defaults are written
out, as they hold only in the parts of it that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BOOKKEEPING = ("create_time", "update_time", "modifiedIndex", "createdIndex")
_DONE = [*range(200, 209), 226, *range(300, 309)]
_DEFAULTS: dict[str, dict[str, Any]] = {
    "upstreams": {"scheme": "http", "pass_host": "pass", "hash_on": "vars"},
    "routes": {"status": 1, "priority": 0},
    "redirect": {"ret_code": 302, "encode_uri": False, "append_query_string": False},
    "proxy-rewrite": {"use_real_request_uri_unsafe": False},
    "active": {
        "type": "http",
        "timeout": 1,
        "concurrency": 10,
        "http_method": "GET",
        "http_path": "/",
        "http_req_body": "",
        "https_verify_certificate": True,
    },
    "active.healthy": {"interval": 1, "http_statuses": [200, 302], "successes": 2},
    "active.unhealthy": {
        "interval": 1,
        "http_statuses": [429, 404, 500, 501, 502, 503, 504, 505],
        "http_failures": 5,
        "tcp_failures": 2,
        "timeouts": 3,
    },
    "passive": {"type": "http"},
    "passive.healthy": {"http_statuses": _DONE, "successes": 5},
    "passive.unhealthy": {
        "http_statuses": [429, 500, 503],
        "tcp_failures": 2,
        "timeouts": 7,
        "http_failures": 5,
    },
}


def plain(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`kind`: routes or upstreams. What is not shaped as it should be stays as it is."""
    found = {name: value for name, value in body.items() if name not in _BOOKKEEPING}
    found = _without(found, kind)
    if kind == "upstreams":
        # A default too, but 2.15 takes no upstream that does not say it.
        found.setdefault("type", "roundrobin")
    if isinstance(found.get("nodes"), dict):
        # An empty list, as Lua may write it; else nodes by their addresses, which we never say.
        found["nodes"] = found["nodes"] or []
    if isinstance(found.get("nodes"), list):
        found["nodes"] = [_node(one) for one in found["nodes"]]
    if isinstance(found.get("checks"), dict):
        found["checks"] = _checks(found["checks"])
    if isinstance(found.get("plugins"), dict):
        found["plugins"] = {
            name: _without(said, name) if isinstance(said, dict) else said
            for name, said in found["plugins"].items()
        }
    return found


def same(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether APISIX has what it was given. In plugins it may have more: their own defaults."""
    plugins, others = wanted.get("plugins", {}), found.get("plugins", {})
    if not isinstance(others, dict):
        return False
    if {**wanted, "plugins": 0} != {**found, "plugins": 0} or plugins.keys() != others.keys():
        return False
    return all(_within(said, others[name]) for name, said in plugins.items())


def _within(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and _within(value, found[name]) for name, value in wanted.items())
    if isinstance(wanted, dict | list) and not wanted:
        return not found  # Lua does not tell an empty list from an empty object
    return bool(wanted == found)


def _node(node: Any) -> Any:
    if isinstance(node, dict) and node.get("priority") == 0:
        return {name: value for name, value in node.items() if name != "priority"}
    return node


def _checks(checks: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(checks)
    for side in ("active", "passive"):
        if not isinstance(found.get(side), dict):
            continue
        one = _DEFAULTS[side] | found[side]
        for state in ("healthy", "unhealthy"):
            if isinstance(one.get(state), dict):
                one[state] = _DEFAULTS[f"{side}.{state}"] | one[state]
        found[side] = one
    return found


def _without(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    defaults = _DEFAULTS.get(kind, {})
    return {
        name: value
        for name, value in body.items()
        if name not in defaults or defaults[name] != value
    }
