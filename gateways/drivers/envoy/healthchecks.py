"""From an upstream's checks, whose fields are named as in APISIX, to Envoy's. Pure.

Envoy counts less finely: a passive check counts answers of 500 and above, refused connections and
timeouts; which statuses are healthy again it does not ask, for a node comes back by itself after
thirty seconds (then sixty, …). Fields that Envoy has no place for are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console.contract.wire import Upstream

from .errors import Unsupported

_KEPT_OUT = 30  # seconds after the first time, as Envoy's default
_NEVER = {"value": 0}


def active(upstream: Upstream) -> list[dict[str, Any]]:
    """HealthChecks; none if nodes are not asked. Raises `Unsupported`."""
    check = _part(upstream, "active")
    if not check:
        return []
    healthy, unhealthy = _part(check, "healthy"), _part(check, "unhealthy")
    kind = check.get("type", "http")
    failures = "tcp_failures" if kind == "tcp" else "http_failures"
    found: dict[str, Any] = {
        "timeout": _seconds(check.get("timeout", 1)),
        "interval": _seconds(healthy.get("interval", 1)),
        "no_traffic_interval": _seconds(healthy.get("interval", 1)),
        "unhealthy_interval": _seconds(unhealthy.get("interval", 1)),
        "healthy_threshold": {"value": max(1, _number(healthy.get("successes", 2)))},
        "unhealthy_threshold": {"value": max(1, _number(unhealthy.get(failures, 5)))},
    }
    if kind == "tcp":
        found["tcp_health_check"] = {}
        return [found]
    if kind not in ("http", "https"):
        raise Unsupported("Envoy has no health check by %(kind)s.", kind=kind)
    if kind != upstream.scheme:
        raise Unsupported(
            "Envoy checks nodes as it calls them, by %(scheme)s.", scheme=upstream.scheme
        )
    expected = sorted({_number(one) for one in healthy.get("http_statuses", [200, 302])})
    found["http_health_check"] = {
        "path": str(check.get("http_path", "/")),
        "host": str(check.get("host", "")),
        "expected_statuses": [{"start": one, "end": one + 1} for one in expected],
        # Without these, one answer of another status would be enough to leave a node out.
        "retriable_statuses": list(_others(expected)),
    }
    return [found]


def port(upstream: Upstream) -> int:
    """Where nodes are asked; 0: at their own port. Raises `Unsupported`."""
    return _number(_part(upstream, "active").get("port") or 0)


def passive(upstream: Upstream) -> dict[str, Any]:
    """An OutlierDetection; empty if answers are not watched. Raises `Unsupported`."""
    check = _part(upstream, "passive")
    if not check:
        return {}
    unhealthy = _part(check, "unhealthy")
    answers = _number(unhealthy.get("http_failures", 5))
    refusals = [
        count
        for name, default in (("tcp_failures", 2), ("timeouts", 7))
        if (count := _number(unhealthy.get(name, default)))
    ]
    found: dict[str, Any] = {
        "split_external_local_origin_errors": True,
        "base_ejection_time": {"seconds": _KEPT_OUT},
        "max_ejection_percent": {"value": 100},
        "enforcing_success_rate": _NEVER,
        "enforcing_local_origin_success_rate": _NEVER,
        "consecutive_gateway_failure": {"value": max(1, answers)},
        "enforcing_consecutive_gateway_failure": _NEVER,
    }
    found["consecutive_5xx"] = {"value": max(1, answers)}
    found["enforcing_consecutive_5xx"] = {"value": 100 if answers else 0}
    found["consecutive_local_origin_failure"] = {"value": min(refusals, default=1)}
    found["enforcing_consecutive_local_origin_failure"] = {"value": 100 if refusals else 0}
    return found


def _others(expected: Iterable[int]) -> Iterable[dict[str, int]]:
    """The ranges between these statuses."""
    start = 100
    for status in (*expected, 600):
        if status > start:
            yield {"start": start, "end": status}
        start = status + 1


def _part(values: Upstream | dict[str, Any], name: str) -> dict[str, Any]:
    found = (values.checks if isinstance(values, Upstream) else values).get(name) or {}
    if not isinstance(found, dict):
        raise Unsupported("The health checks' “%(name)s” is no object.", name=name)
    return found


def _number(value: object) -> int:
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        raise Unsupported(
            "The health checks have “%(value)s” where a number belongs.", value=value
        ) from error
    if not 0 <= number <= 65_535:
        raise Unsupported(
            "The health checks have a number out of range: %(number)s.", number=number
        )
    return int(number)


def _seconds(value: object) -> dict[str, int]:
    if not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise Unsupported("The health checks have “%(value)s” where seconds belong.", value=value)
    whole, part = divmod(round(value * 1000), 1000)
    return {"seconds": whole, "nanos": part * 1_000_000}
