"""From health checks as APISIX names them to Traefik's one of a service. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def health_check(checks: Mapping[str, Any]) -> dict[str, Any] | None:
    """Traefik's healthCheck; None: there is none, or it cannot be said."""
    active = checks.get("active")
    if not isinstance(active, dict) or active.get("type", "http") not in ("http", "https"):
        return None
    said: dict[str, Any] = {
        "scheme": active.get("type", "http"),
        "path": _text(active.get("http_path"), "/"),
        "interval": _seconds(_of(active, "healthy", "interval"), 1),
        "unhealthyInterval": _seconds(_of(active, "unhealthy", "interval"), 1),
        "timeout": _seconds(active.get("timeout"), 1),
        "followRedirects": False,
    }
    if host := _text(active.get("host"), ""):
        said["hostname"] = host
    if _within(active.get("port"), 1, 65_535):
        said["port"] = active["port"]
    statuses = _of(active, "healthy", "http_statuses")
    if isinstance(statuses, list) and len(statuses) == 1 and _within(statuses[0], 100, 599):
        said["status"] = statuses[0]
    return said


def lost(checks: Mapping[str, Any]) -> Iterator[str]:
    """What of the checks Traefik is not told, in sentences."""
    active = checks.get("active")
    if active:
        kind = active.get("type", "http") if isinstance(active, dict) else str(active)
        if kind not in ("http", "https"):
            yield f"Traefik has no health checks by {kind}; there are none."
        elif _counts(active):
            yield "Traefik takes a node out at the first failed check, and back at the first good."
    if isinstance(active, dict):
        statuses = _of(active, "healthy", "http_statuses")
        if isinstance(statuses, list) and len(statuses) > 1:
            yield "Traefik expects one status, or any below 400: it takes any below 400."
    if checks.get("passive"):
        yield "Traefik has no passive health checks."


def _counts(active: Mapping[str, Any]) -> bool:
    names = ("http_failures", "tcp_failures", "timeouts")
    return _of(active, "healthy", "successes") not in (None, 1) or any(
        _of(active, "unhealthy", name) not in (None, 1) for name in names
    )


def _of(active: Mapping[str, Any], part: str, name: str) -> Any:
    found = active.get(part)
    return found.get(name) if isinstance(found, dict) else None


def _within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _text(value: object, default: str) -> str:
    """Of what a person or a program wrote: one line, never empty."""
    return value if isinstance(value, str) and value and value.isprintable() else default


def _seconds(value: object, default: float) -> str:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
    return f"{int((value if good else default) * 1000)}ms"  # type: ignore[operator]
