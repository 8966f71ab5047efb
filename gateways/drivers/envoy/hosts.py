"""Which of Envoy's routes a virtual host has. Pure.

Envoy looks for a request's virtual host first and never into another one. So each has all routes
that its requests could take: its own, those of the wildcard that fits it, and those of every host.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import api
from .expressions import PATH_HEADER
from .routes import Piece, one_label

EVERY = ""


def relatives(host: str) -> tuple[str, ...]:
    """The patterns whose routes a virtual host has, the most specific first."""
    if host == EVERY:
        return (EVERY,)
    if host.startswith("*."):
        return (host, EVERY)
    _label, dot, rest = host.partition(".")
    return (host, f"*.{rest}", EVERY) if dot else (host, EVERY)


def virtual_host(host: str, found: Iterable[tuple[str, Iterable[Piece]]]) -> bytes:
    """A VirtualHost, as a part of a RouteConfiguration. `found`: routes by their keys, with
    their pieces; of each route those of its most specific pattern count."""
    related = {pattern: place for place, pattern in enumerate(relatives(host))}
    chosen: list[tuple[int, str, int, Piece]] = []
    for key, pieces in found:
        near = [piece for piece in pieces if piece.host in related]
        nearest = min((related[piece.host] for piece in near), default=0)
        chosen += [
            (-piece.rank, key, number, piece)
            for number, piece in enumerate(near)
            if related[piece.host] == nearest
        ]
    made = api.VirtualHost(name=host or "*", domains=[host or "*"])
    for _rank, _key, _number, piece in sorted(chosen, key=lambda one: one[:3]):
        route = made.routes.add()
        route.CopyFrom(piece.route)
        if host.startswith("*.") and piece.host == host:
            route.match.headers.add(**one_label(host))
    return api.body(api.Routes(virtual_hosts=[made]))


def configuration(name: str, virtual_hosts: Iterable[bytes]) -> bytes:
    """A RouteConfiguration: what is repeated in a message may be written one by one."""
    head = api.Routes(
        name=name,
        ignore_port_in_host_matching=True,
        request_headers_to_remove=[PATH_HEADER],
    )
    return b"".join([api.body(head), *virtual_hosts])
