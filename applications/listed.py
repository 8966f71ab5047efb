"""Applications as their list shows them: how many nodes stand behind each, and why not more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from applications import standing
from applications.models import Application, Member
from applications.topics import services


@dataclass(frozen=True, slots=True)
class Listed:
    """`nodes`: what gateways are told if it is `compiled` (published with an API), else what the
    members of its default version would bring now; None: not known. `kept` says that gateways go
    to nodes that are none any more, `reasons` why members bring no nodes or perhaps old ones."""

    row: Application
    compiled: bool = False
    nodes: int | None = None
    kept: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """All there is to say, for a tooltip."""
        return "\n".join(filter(None, (self.kept, *self.reasons)))

    @property
    def colour(self) -> str:
        """Tabler's name of it: red where requests fail now."""
        if self.nodes is None:
            return "secondary"
        if not self.nodes or self.kept:
            return "red" if self.row.published and not self.nodes else "orange"
        return "orange" if self.reasons else "green"


def listed(applications: Iterable[Application]) -> list[Listed]:
    """The applications in their order, at a constant number of looks into Redis. They share a
    control plane and have ``upstreams__members__registry`` prefetched."""
    rows = list(applications)
    told = standing.of_applications(rows)
    members = {row.pk: _members(row) for row in rows}
    explained = iter(standing.of_members([one for some in members.values() for one in some]))
    found = []
    for row in rows:
        said = [next(explained) for _ in members[row.pk]]
        here = {(node.host, node.port) for one in said for node in one.nodes}
        compiled = told[str(row.pk)]
        count = len(here) if all(one.known for one in said) else None
        found.append(
            Listed(
                row,
                compiled=compiled.nodes is not None,
                nodes=count if compiled.nodes is None else compiled.nodes,
                kept=compiled.warning,
                reasons=tuple(dict.fromkeys(one.reason for one in said if one.reason)),
            )
        )
    return found


def topics(control_plane_id: str, rows: Iterable[Listed]) -> str:
    """What changes these rows. Of what is compiled the compiler tells; the services of the others
    are listened to one by one."""
    followed = services(one for shown in rows if not shown.compiled for one in _members(shown.row))
    plane = (f"control-plane:{control_plane_id}", f"rows:{control_plane_id}")
    return " ".join((*plane, *sorted(followed)[:_MOST]))


# An open page names 300 topics at most.
_MOST = 250


def _members(row: Application) -> list[Member]:
    upstream = row.default_upstream
    return list(upstream.members.all()) if upstream else []
