"""Which node has answered, as far as the answer tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from applications import discovered
from applications.explain import UpstreamExplanation
from applications.models import Member
from console.contract import keys, wire
from console.redis import RedisError

from .sending import Answer

# Headers by which applications and gateways tell who answered, the surest first.
_TELLING = (
    "X-Practice-Pod",
    "X-Pod-Name",
    "X-Pod",
    "X-Upstream-Addr",
    "X-APISIX-Upstream-Addr",
    "X-Backend-Server",
    "X-Served-By",
)


@dataclass(frozen=True, slots=True)
class Answering:
    """`header` said `value`, hostile text; without a header the node is the only one there is.
    `endpoint` is what the cluster says of it, if it is known there."""

    header: str = ""
    value: str = ""
    endpoint: wire.Endpoint | None = None


def of(answer: Answer, explanation: UpstreamExplanation | None) -> Answering | None:
    """None: nobody tells."""
    endpoints = list(_endpoints(explanation)) if explanation else []
    for name in _TELLING:
        value = answer.header(name)
        if value:
            return Answering(name, value[:300], _find(value, endpoints))
    compiled = explanation.compiled if explanation else None
    if compiled and len(compiled.nodes) == 1 and answer.status < 500:
        [node] = compiled.nodes
        return Answering("", f"{node.host}:{node.port}", _find(node.host, endpoints))
    return None


def _endpoints(explanation: UpstreamExplanation) -> Iterator[wire.Endpoint]:
    for member in (one.member for one in explanation.members):
        if member.kind == Member.Kind.DISCOVERY:
            name = keys.service(member.namespace, member.service)
            try:
                found = discovered.services(str(member.registry_id), [name])
            except RedisError:
                return
            for service in found.values():
                for subset in service.subsets:
                    yield from subset.endpoints


def _find(value: str, endpoints: list[wire.Endpoint]) -> wire.Endpoint | None:
    host = value.rpartition(":")[0] if value.count(":") == 1 else value
    for one in endpoints:
        if value == one.pod or host in (one.address, one.pod):
            return one
    return None
