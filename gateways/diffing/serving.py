"""What the console has compiled beside what a gateway serves: the differences, with addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.contract import keys
from console.contract.wire import Node, Resource, Upstream
from gateways.drivers.base import Served


class Differing(StrEnum):
    """In what way a gateway has something else. `NODES`: other addresses; `ABSENT`: it has nothing
    of the kind; `STRANGE`: it has what is compiled no more."""

    NODES = "nodes"
    ABSENT = "absent"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True)
class Difference:
    """One resource of which the gateway has something else. `missing` are addresses that it does
    not send requests to and should, `extra` those that it should not."""

    key: str
    name: str
    what: Differing
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def address(node: Node) -> str:
    """``host:port`` as gateways are compared by; IPv6 in brackets."""
    host = f"[{node.host}]" if ":" in node.host else node.host
    return f"{host}:{node.port}"


def addresses(upstream: Upstream) -> tuple[str, ...]:
    """Where requests go while all is well: the nodes of the highest priority that have a weight.
    Some kinds leave the others out; a gateway that has them too is none the worse."""
    highest = max((node.priority for node in upstream.nodes), default=0)
    wanted = (one for one in upstream.nodes if one.priority == highest and one.weight > 0)
    return tuple(sorted({address(node) for node in wanted}))


def differences(
    compiled: Mapping[str, Resource], served: Served, refused: Collection[str] = ()
) -> list[Difference]:
    """What the gateway has otherwise than it was compiled, by key; what it `refused` is none."""
    found = (
        _upstream(key, one, served) if isinstance(one, Upstream) else _route(key, one.name, served)
        for key, one in compiled.items()
        if key not in refused
    )
    mine = [one for one in found if one is not None]
    return sorted([*mine, *_strange(compiled, served)], key=lambda one: one.key)


def of_upstream(upstream: Upstream, has: Iterable[str] | None) -> Difference | None:
    """The same for one upstream; None: no difference."""
    key = keys.upstream(upstream.id)
    wanted, known = set(addresses(upstream)), {address(node) for node in upstream.nodes}
    if has is None:
        if not wanted:
            return None  # nowhere to go: some kinds have nothing to keep for that
        return Difference(key, upstream.name, Differing.ABSENT, missing=tuple(sorted(wanted)))
    mine = {_plain(one) for one in has}
    missing, extra = wanted - mine, mine - known
    if not missing and not extra:
        return None
    return Difference(
        key, upstream.name, Differing.NODES, tuple(sorted(missing)), tuple(sorted(extra))
    )


def _plain(said: str) -> str:
    """An address as we write it: some kinds write IPv6 without brackets."""
    host, _colon, port = said.rpartition(":")
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else said


def _upstream(key: str, upstream: Upstream, served: Served) -> Difference | None:
    return of_upstream(upstream, served.upstreams.get(key))


def _route(key: str, name: str, served: Served) -> Difference | None:
    return None if key in served.routes else Difference(key, name, Differing.ABSENT)


def _strange(compiled: Mapping[str, Resource], served: Served) -> Iterable[Difference]:
    for key in (served.upstreams.keys() | served.routes) - compiled.keys():
        extra = tuple(served.upstreams.get(key, ()))
        yield Difference(key, key, Differing.STRANGE, extra=extra)
