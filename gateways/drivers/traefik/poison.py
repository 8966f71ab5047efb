"""Keys of others below a tree's root that stop Traefik's whole provider. Pure.

Traefik decodes all that lies below http, tcp, udp and tls, or nothing of it: one key that it cannot
decode freezes every route of the tree. What others may say there is theirs to know, and more with
each release of Traefik; what is told of here is wrong in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_SECTIONS = {
    "http": {"routers", "services", "middlewares", "serverstransports", "models"},
    "tcp": {"routers", "services", "middlewares", "serverstransports", "models"},
    "udp": {"routers", "services"},
    "tls": {"certificates", "options", "stores"},
}
_FIRST = tuple(_SECTIONS)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d{1,18}", text))


def _is_flag(text: str) -> bool:
    return text.lower() in ("1", "t", "true", "0", "f", "false")


_Check = Callable[[str], bool]
# Below http, without case; what a value there has to be, and how that is called.
_LEAVES: tuple[tuple[re.Pattern[str], _Check, str], ...] = tuple(
    (re.compile(rf"http/{place}", re.IGNORECASE), check, word)
    for place, check, word in (
        (r"routers/[^/]+/priority", _is_number, "a number"),
        (r"services/[^/]+/loadbalancer/servers/\d+/weight", _is_number, "a number"),
        (r"services/[^/]+/loadbalancer/servers/\d+/preservepath", _is_flag, "true or false"),
        (r"services/[^/]+/loadbalancer/passhostheader", _is_flag, "true or false"),
        (r"services/[^/]+/loadbalancer/healthcheck/(?:port|status)", _is_number, "a number"),
        (r"services/[^/]+/weighted/services/\d+/weight", _is_number, "a number"),
        (r"middlewares/[^/]+/retry/attempts", _is_number, "a number"),
        (r"middlewares/[^/]+/redirect(?:scheme|regex)/permanent", _is_flag, "true or false"),
        (r"middlewares/[^/]+/ratelimit/(?:average|burst)", _is_number, "a number"),
    )
)


def decoded(name: str) -> bool:
    """Whether Traefik decodes the key of this name below its root."""
    return name.lower().startswith(_FIRST)


def why(name: str, value: str) -> str:
    """What stops Traefik about this key; empty: nothing, or nothing that we know. It passes over
    what has no value."""
    if not value or not decoded(name):
        return ""
    kind, *rest = name.lower().rstrip("/").split("/")
    if kind not in _SECTIONS:
        return f"Traefik knows no “{kind}”."
    if rest and rest[0] not in _SECTIONS[kind]:
        return f"Traefik knows no “{kind}/{rest[0]}”."
    for place, check, word in _LEAVES:
        if place.fullmatch(name) and not check(value):
            return f"It has to be {word}."
    return ""
