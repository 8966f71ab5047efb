"""What APISIX says against an object, as its schemas have it (apisix/schema_def.lua, admin/*.lua):
as far as an object of ours could be wrong."""

from __future__ import annotations

import re
from typing import Any

ID = re.compile(r"[a-zA-Z0-9-_.]{1,64}")
_HOST = re.compile(r"\*|\*?[0-9a-zA-Z\-._\[\]:]+")
_METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE"}
_HEAD = {"id", "name", "desc", "labels", "create_time", "update_time", "modifiedIndex"}
_FIELDS = {
    "routes": _HEAD
    | {
        "uri",
        "uris",
        "priority",
        "methods",
        "host",
        "hosts",
        "vars",
        "plugins",
        "upstream_id",
        "enable_websocket",
    }
    | {"enable_websocket", "status", "timeout", "service_id"},
    "upstreams": _HEAD
    | {
        "nodes",
        "retries",
        "timeout",
        "type",
        "checks",
        "hash_on",
        "key",
        "scheme",
        "discovery_type",
    }
    | {
        "discovery_type",
        "service_name",
        "pass_host",
        "upstream_host",
        "keepalive_pool",
        "tls",
        "retry_timeout",
    },
}
_LONGEST = {
    "3": {"name": 256, "desc": 256, "label": 256},
    "2.15": {"name": 100, "desc": 256, "label": 64},
}
_COMPARISONS = {"==", "~=", ">", ">=", "<", "<=", "~~", "~*", "in", "has", "ipmatch"}
_VARIABLES = re.compile(
    r"(uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname"
    r"|mqtt_client_id|arg_[0-9a-zA-Z_-]+)"
)
_PLUGINS: dict[str, set[str]] = {  # what each needs
    "proxy-rewrite": set(),
    "redirect": set(),
    "limit-count": {"count", "time_window"},
    "uri-blocker": {"block_rules"},
    "key-auth": set(),
}


def refusal(kind: str, body: dict[str, Any], *, release: str = "3") -> str:
    """Empty: it is taken."""
    longest = _LONGEST[release]
    if "id" in body and not ID.fullmatch(str(body["id"])):
        return 'invalid configuration: property "id" validation failed'
    for name in body.keys() - _FIELDS.get(kind, body.keys()):
        return f"invalid configuration: additional properties forbidden, found {name}"
    for name in ("name", "desc"):
        if len(body.get(name, "-")) > longest[name]:
            return f'invalid configuration: property "{name}" validation failed: string too long'
    for value in body.get("labels", {}).values():
        if not re.fullmatch(r"\S+", value) or len(value) > longest["label"]:
            return 'invalid configuration: property "labels" validation failed'
    if kind == "upstreams":
        return _upstream(body, release)
    return _route(body) if kind == "routes" else ""


def _upstream(body: dict[str, Any], release: str) -> str:
    discovered = "service_name" in body and "discovery_type" in body
    typed = "type" in body or release == "3"
    if ("nodes" in body) == discovered or not typed:
        return "invalid configuration: value should match only one schema, but matches none"
    for node in body.get("nodes", ()):
        if not _HOST.fullmatch(node.get("host", "")) or not 1 <= node.get("port", 80) <= 65535:
            return 'invalid configuration: property "nodes" validation failed'
        if not _whole(node.get("weight")) or node["weight"] < 0:
            return 'invalid configuration: property "nodes" validation failed: weight'
        if not _whole(node.get("priority", 0)):
            return 'invalid configuration: property "nodes" validation failed: priority'
    timeout = body.get("timeout", {"connect": 1, "send": 1, "read": 1})
    if timeout.keys() != {"connect", "send", "read"} or min(timeout.values()) <= 0:
        return 'invalid configuration: property "timeout" validation failed'
    if not _whole(body.get("retries", 0)) or body.get("retries", 0) < 0:
        return 'invalid configuration: property "retries" validation failed'
    if body.get("pass_host") == "rewrite" and not body.get("upstream_host"):
        return "`upstream_host` can't be empty when `pass_host` is `rewrite`"
    if "checks" in body and "active" not in body["checks"]:
        return 'invalid configuration: property "checks" validation failed'
    if body.get("type") == "chash":
        if not body.get("key"):
            return "missing key"
        if body.get("hash_on", "vars") == "vars" and not _VARIABLES.fullmatch(body["key"]):
            return "invalid configuration: failed to match pattern"
    return ""


def _route(body: dict[str, Any]) -> str:
    if ("uri" in body) == ("uris" in body) or not (body.get("uris") or body.get("uri")):
        return "invalid configuration: allOf 1 failed: value should match only one schema"
    if "hosts" in body and not body["hosts"]:
        return 'invalid configuration: property "hosts" validation failed: expect array to have 1'
    for name in ("hosts", "uris", "methods"):
        if len(set(body.get(name, ()))) != len(body.get(name, ())):
            return f'invalid configuration: property "{name}" validation failed: expected unique'
    if not all(_HOST.fullmatch(host) for host in body.get("hosts", ())):
        return 'invalid configuration: property "hosts" validation failed: failed to match pattern'
    if not set(body.get("methods", ())) <= _METHODS:
        return 'invalid configuration: property "methods" validation failed: matches none'
    if not _whole(body.get("priority", 0)):
        return 'invalid configuration: property "priority" validation failed: wrong type'
    for name, said in body.get("plugins", {}).items():
        if name not in _PLUGINS:
            return f"unknown plugin [{name}]"
        for needed in _PLUGINS[name] - said.keys():
            return (
                f"failed to check the configuration of plugin {name} err: property"
                f' "{needed}" is required'
            )
    wrong = _expressions(body.get("vars", []))
    return f"failed to validate the 'vars' expression: {wrong}" if wrong else ""


def _expressions(rules: list[Any]) -> str:
    """As lua-resty-expr compiles them."""
    if rules and isinstance(rules[0], list):
        return next(filter(None, map(_expressions, rules)), "")
    if rules and str(rules[0]).upper() in ("OR", "AND", "!OR", "!AND"):
        return "rule too short" if len(rules) <= 2 else _expressions(rules[1:])
    if len(rules) == 4 and rules[1] != "!":
        return "bad 'not' expression"
    if rules and (len(rules) not in (3, 4) or rules[-2] not in _COMPARISONS):
        return "invalid operator"
    return ""


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
