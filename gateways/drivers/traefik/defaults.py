"""What Traefik's parsers fill in by themselves. Pure.

Its REST provider decodes without them, so its document has to say what the others leave out; and
what Traefik's API tells holds them again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BALANCER = {
    "passHostHeader": True,
    "strategy": "wrr",
    "responseForwarding": {"flushInterval": "100ms"},
}
_CHECK = {"mode": "http"}
_RETRY = {"maxRequestBodyBytes": 2 * 1024 * 1024}
_TIMES = {"idleConnTimeout": "90s", "pingTimeout": "15s"}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_MILLIS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def whole(said: Mapping[str, Any]) -> dict[str, Any]:
    """An object with what Traefik would fill in, which never replaces what is said."""
    if balancer := said.get("loadBalancer"):
        filled = {**_BALANCER, **balancer}
        if check := balancer.get("healthCheck"):
            filled["healthCheck"] = {**_CHECK, **check}
        return {**said, "loadBalancer": filled}
    if retry := said.get("retry"):
        return {**said, "retry": {**_RETRY, **retry}}
    if times := said.get("forwardingTimeouts"):
        return {**said, "forwardingTimeouts": {**_TIMES, **times}}
    return dict(said)


def without(told: Mapping[str, Any]) -> dict[str, Any]:
    """An object as Traefik tells it, as we say it: the inverse of `whole`. Hostile."""
    found = dict(told)
    balancer = told.get("loadBalancer")
    if isinstance(balancer, dict):
        kept = {
            name: value for name, value in balancer.items() if _BALANCER.get(name, ...) != value
        }
        check = balancer.get("healthCheck")
        if isinstance(check, dict):
            kept["healthCheck"] = {
                name: _millis(value) for name, value in check.items() if _CHECK.get(name) != value
            }
        # One without anything would not be there.
        found["loadBalancer"] = kept or {"passHostHeader": True}
    retry = told.get("retry")
    if isinstance(retry, dict):
        found["retry"] = {name: value for name, value in retry.items() if name not in _RETRY}
    return found


def _millis(value: Any) -> Any:
    """A length of time in our unit; anything else as it is."""
    if not isinstance(value, str) or not re.fullmatch(f"(?:{_PART.pattern})+", value):
        return value
    return f"{sum(round(float(number) * _MILLIS[unit]) for number, unit in _PART.findall(value))}ms"
