"""Keys of others below a tree's root that stop Traefik's whole provider. Pure.

Traefik decodes all that lies below http, tcp, udp and tls, or nothing of it: one key that it cannot
decode freezes every route of the tree. What others may say there is theirs to know, and more with
each release of Traefik; what is told of here is wrong in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateways.drivers.base import gettext_noop
from gateways.drivers.reasons import Reason

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
_UNKNOWN = gettext_noop("Not ours, and stops all that Traefik is given: it knows no “%(what)s”.")
_NUMBER = gettext_noop("Not ours, and stops all that Traefik is given: it has to be a number.")
_FLAG = gettext_noop("Not ours, and stops all that Traefik is given: it has to be true or false.")
# Below http, without case; what a value there has to be, and what is said of others.
_LEAVES: tuple[tuple[re.Pattern[str], _Check, str], ...] = tuple(
    (re.compile(rf"http/{place}", re.IGNORECASE), check, word)
    for place, check, word in (
        (r"routers/[^/]+/priority", _is_number, _NUMBER),
        (r"services/[^/]+/loadbalancer/servers/\d+/weight", _is_number, _NUMBER),
        (r"services/[^/]+/loadbalancer/servers/\d+/preservepath", _is_flag, _FLAG),
        (r"services/[^/]+/loadbalancer/passhostheader", _is_flag, _FLAG),
        (r"services/[^/]+/loadbalancer/healthcheck/(?:port|status)", _is_number, _NUMBER),
        (r"services/[^/]+/weighted/services/\d+/weight", _is_number, _NUMBER),
        (r"middlewares/[^/]+/retry/attempts", _is_number, _NUMBER),
        (r"middlewares/[^/]+/redirect(?:scheme|regex)/permanent", _is_flag, _FLAG),
        (r"middlewares/[^/]+/ratelimit/(?:average|burst)", _is_number, _NUMBER),
    )
)


def decoded(name: str) -> bool:
    """Whether Traefik decodes the key of this name below its root."""
    return name.lower().startswith(_FIRST)


def why(name: str, value: str) -> Reason | None:
    """What stops Traefik about this key; None: nothing, or nothing that we know. It passes over
    what has no value."""
    if not value or not decoded(name):
        return None
    kind, *rest = name.lower().rstrip("/").split("/")
    if kind not in _SECTIONS:
        return Reason(_UNKNOWN, {"what": kind})
    if rest and rest[0] not in _SECTIONS[kind]:
        return Reason(_UNKNOWN, {"what": f"{kind}/{rest[0]}"})
    for place, check, word in _LEAVES:
        if place.fullmatch(name) and not check(value):
            return Reason(word)
    return None
