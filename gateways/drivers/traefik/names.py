"""What our objects are called in Traefik. Pure.

Names are made of our own ids, so that nothing a cluster or a person typed becomes a key, and end
with a word of ours, so that nothing else is ever touched. The id comes first: Traefik finds a key's
object by comparing names one after the other, letter by letter, and names that begin alike make
that the greater part of reading its tree.
"""

from __future__ import annotations

import re

NONE = "portolan-none"
# Of the document that was pushed: by whom, and which.
MARK = "portolan-mark"
_MARK = "-portolan"
_TRANSPORT = re.compile(r"portolan-(\d{1,10})-(\d{1,10})")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
# Of this release and of those before it, which put the word first.
_OURS = re.compile(
    r"http/(?:routers|services|middlewares|serversTransports)/(?:portolan-[^/]+|[^/]+-portolan[^/]*)"
)


def is_id(text: str) -> bool:
    """Whether it can be part of a name: Traefik compares names without case, takes digits alone
    for a place in a list and refuses ``@``."""
    return bool(_ID.fullmatch(text))


def service(upstream_id: str) -> str:
    return f"{upstream_id}{_MARK}"


def router(route_id: str, part: int = 0) -> str:
    return f"{route_id}{_MARK}{f'-{part}' if part else ''}"


def middleware(route_id: str, deed: str) -> str:
    return f"{route_id}{_MARK}-{deed}"


def transport(connect: int, read: int) -> str:
    """One for all services of the same timeouts."""
    return f"portolan-{connect}-{read}"


def times_of(transport_name: str) -> tuple[int, int] | None:
    """The timeouts of a transport of ours; None: it is not one."""
    found = _TRANSPORT.fullmatch(transport_name)
    return (int(found[1]), int(found[2])) if found else None


def object_of(key: str) -> str:
    """The object of ours that a key below the root belongs to; empty: it is not ours."""
    found = _OURS.match(key)
    return found.group() if found and key[found.end() : found.end() + 1] in ("", "/") else ""


def upstream_key(service_name: str) -> str:
    """The feed's key of a service of ours; empty: it is not one."""
    if not service_name.endswith(_MARK):
        return ""
    return f"upstream/{service_name.removesuffix(_MARK)}"


def route_key(object_name: str) -> str:
    """The feed's key of the route that a router or a middleware was made for; empty: of none."""
    kind, _, name = object_name.removeprefix("http/").partition("/")
    head, mark, _tail = name.rpartition(_MARK)
    return f"route/{head}" if mark and kind in ("routers", "middlewares") else ""
