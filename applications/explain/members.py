"""Why a member has the nodes that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from applications import nodes
from applications.models import Member
from console.contract import wire
from console.redis import RedisError
from registries import standing as registry_standing
from registries.standing import Standing

from . import of_registry, of_service
from .looks import Found, look, name_of
from .sentences import Level, Sentence, in_order

# With nodes there, these say that they may be old.
_STALE = frozenset({"registry_disabled", "registry_failing"})
# Something is still to be chosen: no fault yet.
_TO_CHOOSE = frozenset({"registry_not_chosen", "service_not_chosen", "target_not_chosen"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """A member, the nodes that it brings now, and what there is to say of them, the worst first.
    `known` is False when Redis did not answer: then nothing is known of the nodes."""

    member: Member
    nodes: tuple[wire.Node, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    registry: Standing | None = None
    known: bool = True

    @property
    def incomplete(self) -> bool:
        """Whether something is still to be chosen."""
        return any(one.code in _TO_CHOOSE for one in self.sentences)

    @property
    def cause(self) -> Sentence | None:
        """Why there is no node, or why the nodes may be old; None if neither."""
        if not self.known:
            return None
        for one in self.sentences:
            if one.code in _STALE or one.code in _TO_CHOOSE:
                return one
            if not self.nodes and one.level is Level.PROBLEM:
                return one
        return None

    @property
    def reason(self) -> str:
        """The cause in one sentence; empty if there is none."""
        return self.cause.text if self.cause else ""


def explain(members: Iterable[Member]) -> list[Explanation]:
    """Explain each member, in the given order. Members need not be saved; those that are have
    their registry at hand. Three looks into Redis at most, no query."""
    rows = list(members)
    followed = [row for row in rows if row.kind == Member.Kind.DISCOVERY and row.registry]
    standings = registry_standing.of({row.registry for row in followed if row.registry})
    try:
        found = look(row for row in followed if row.namespace and row.service)
    except RedisError:
        found = None
    return [_of_member(row, standings.get(str(row.registry_id)), found) for row in rows]


def _of_member(member: Member, standing: Standing | None, found: Found | None) -> Explanation:
    if member.kind == Member.Kind.STATIC:
        return _of_static(member)
    if standing is None:
        chosen = Sentence(
            code="registry_not_chosen", level=Level.NOTE, text=_("Choose a registry.")
        )
        return Explanation(member, sentences=(chosen,))
    if found is None or not standing.known:
        return Explanation(member, sentences=(_unknown(),), registry=standing, known=False)
    service = found.services.get(name_of(member))
    here = tuple(
        nodes.of(service, member.service_port, weight=member.weight, priority=member.priority)
        if service
        else ()
    )
    said = in_order(_sentences(member, standing, service, found, has_nodes=bool(here)))
    return Explanation(member, here, said, standing)


def _sentences(
    member: Member,
    standing: Standing,
    service: wire.Service | None,
    found: Found,
    *,
    has_nodes: bool,
) -> Iterator[Sentence]:
    """From the cluster outwards: the registry, the choice, the service, the endpoints."""
    assert member.registry is not None  # noqa: S101 - it has a standing
    status = standing.status
    told = list(of_registry.sentences(member.registry, status, has_nodes=has_nodes))
    yield from told
    if not (member.namespace and member.service):
        yield Sentence(code="service_not_chosen", level=Level.NOTE, text=_("Choose a service."))
        return
    yield from of_registry.scope(member.registry, member.namespace, has_nodes=has_nodes)
    if service is not None:
        yield from of_service.sentences(member, service, status)
    elif of_registry.is_read(status):
        names = found.names.get(str(member.registry_id), [])
        yield from of_service.absent(member, names)
    if member.weight == 0:
        yield _weightless()


def _of_static(member: Member) -> Explanation:
    if not member.host or not member.port:
        text = _("Type a host and a port.")
        return Explanation(
            member, sentences=(Sentence(code="target_not_chosen", level=Level.NOTE, text=text),)
        )
    node = wire.Node(
        host=member.host, port=member.port, weight=member.weight, priority=member.priority
    )
    said = [
        Sentence(
            code="static_target",
            level=Level.NOTE,
            text=_("A static target is always a node: nobody checks here whether it answers."),
            fix=_("Health checks of the upstream let the gateway find out."),
        )
    ]
    if member.weight == 0:
        said.append(_weightless())
    return Explanation(member, (node,), in_order(said))


def _unknown() -> Sentence:
    return Sentence(
        code="unknown",
        level=Level.WARNING,
        text=_("Redis does not answer: the nodes are unknown."),
        fix=_("Gateways go on with what they have. The nodes are shown when Redis answers again."),
    )


def _weightless() -> Sentence:
    return Sentence(
        code="weight_zero",
        level=Level.WARNING,
        text=_("Its weight is 0: gateways send it no requests."),
        fix=_("Give it a weight above 0, e.g. 100."),
    )
