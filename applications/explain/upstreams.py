"""Why an upstream has the nodes that gateways are told of: its members together, whether anything
published leads to it, and what the compiler made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications import compiled
from applications.models import Application, Upstream
from console.contract import wire
from console.redis import RedisError

from .kept import kept
from .members import Explanation, explain
from .of_registry import shown
from .sentences import Level, Sentence, in_order

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class UpstreamExplanation:
    """`compiled` is what gateways are told; None: nothing, or it is not known (`known` False)."""

    upstream: Upstream
    members: tuple[Explanation, ...]
    compiled: wire.Upstream | None = None
    sentences: tuple[Sentence, ...] = ()
    known: bool = True

    @property
    def all_sentences(self) -> tuple[Sentence, ...]:
        """Also those of the members, the worst first."""
        found = [*self.sentences, *(one for member in self.members for one in member.sentences)]
        return in_order(found)


def of_upstream(upstream: Upstream) -> UpstreamExplanation:
    [found] = of_upstreams(upstream.application, [upstream])
    return found


def of_upstreams(
    application: Application, upstreams: Iterable[Upstream]
) -> list[UpstreamExplanation]:
    """Explain upstreams of one application, in the given order. Their members are read with their
    registries unless they were prefetched so; four looks into Redis at most."""
    rows = list(upstreams)
    listed = [
        list(
            one.members.all()
            if "members" in getattr(one, "_prefetched_objects_cache", {})
            else one.members.select_related("registry")
        )
        for one in rows
    ]
    explained = iter(explain([member for members in listed for member in members]))
    parts = [tuple(next(explained) for _member in members) for members in listed]
    apis = application.apis.aggregate(
        all=Count("pk"), published=Count("pk", filter=Q(published=True))
    )
    known = True
    try:
        found = compiled.upstreams(str(application.control_plane_id), [str(row.pk) for row in rows])
    except RedisError:
        found, known = {}, False
    return [
        UpstreamExplanation(
            upstream=row,
            members=members,
            compiled=found.get(str(row.pk)),
            sentences=in_order(
                [
                    *_publication(application, row, apis["all"], apis["published"]),
                    *_together(members),
                    *_compiled(application, row, members, found.get(str(row.pk)), apis, known),
                ]
            ),
            known=known and all(one.known for one in members),
        )
        for row, members in zip(rows, parts, strict=True)
    ]


def _publication(
    application: Application, upstream: Upstream, apis: int, published: int
) -> Iterator[Sentence]:
    detail = {
        "url": reverse("applications:application-detail", args=[application.pk]),
        "action": _("Open the application"),
    }
    name = {"application": application.name}
    if not application.published:
        yield Sentence(
            code="application_draft",
            level=Level.PROBLEM,
            text=_("The application “%(application)s” is a draft: gateways do not know it.") % name,
            fix=_("Publish it."),
            values=name,
            **detail,
        )
    if not apis:
        yield Sentence(
            code="no_api",
            level=Level.PROBLEM,
            text=_("The application “%(application)s” has no API: no request leads here.") % name,
            fix=_("Create an API."),
            url=reverse("applications:api-create", args=[application.pk]),
            action=_("Create API"),
            values=name,
        )
    elif not published:
        yield Sentence(
            code="no_published_api",
            level=Level.PROBLEM,
            text=ngettext(
                "The API of “%(application)s” is a draft: no request leads here.",
                "None of the %(count)d APIs of “%(application)s” is published: no request leads"
                " here.",
                apis,
            )
            % {**name, "count": apis},
            fix=_("Publish an API."),
            values={**name, "count": apis},
            **detail,
        )
    if upstream.version != application.default_version:
        values = {"version": upstream.version, "default": application.default_version}
        yield Sentence(
            code="not_default",
            level=Level.NOTE,
            text=_("Requests go to the version “%(default)s”, not to “%(version)s”.") % values,
            fix=_("Make it the default version to send them there: its card has a button for it."),
            values=values,
            **detail,
        )


def _together(members: Sequence[Explanation]) -> Iterator[Sentence]:
    """What members do to each other."""
    nodes = [node for member in members for node in member.nodes]
    if nodes and not _serving(nodes):
        yield Sentence(
            code="all_weightless",
            level=Level.PROBLEM,
            text=_("All nodes of the highest priority have weight 0: requests are answered 503."),
            fix=_("Give one of these members a weight above 0."),
        )
    standing_by = [node for node in nodes if node.priority < max(one.priority for one in nodes)]
    if standing_by:
        yield Sentence(
            code="standing_by",
            level=Level.NOTE,
            text=ngettext(
                "%(count)d node of lower priority stands by while others have nodes.",
                "%(count)d nodes of lower priority stand by while others have nodes.",
                len(standing_by),
            )
            % {"count": len(standing_by)},
            values={"count": len(standing_by)},
        )
    brought = Counter(
        address for member in members for address in {_address(node) for node in member.nodes}
    )
    doubles = sorted(address for address, times in brought.items() if times > 1)
    if doubles:
        names = [_spelt(one) for one in doubles]
        yield Sentence(
            code="doubles",
            level=Level.NOTE,
            text=_("Several members bring %(nodes)s; the first one's weight counts.")
            % {"nodes": shown(names)},
            values={"nodes": names},
        )


def _compiled(
    application: Application,
    upstream: Upstream,
    members: Sequence[Explanation],
    found: wire.Upstream | None,
    apis: dict[str, int],
    known: bool,
) -> Iterator[Sentence]:
    """What gateways are told, beside what the clusters say."""
    expected = (
        application.published
        and apis["published"]
        and upstream.version == application.default_version
    )
    if found is None:
        if known and expected:
            yield Sentence(
                code="not_compiled",
                level=Level.PROBLEM,
                text=_("It is published, but not compiled yet: gateways are not told of it."),
                fix=_("That takes a moment. If it stays so, no worker has room for the compiler."),
            )
        return
    if found.kept_until:
        yield Sentence(
            code="nodes_kept",
            level=Level.WARNING,
            text=kept(found),
            fix=_("A ready endpoint ends it; the upstream says how long nodes are kept."),
            values={
                "since": found.kept_since,
                "until": found.kept_until,
                "count": len(found.nodes),
            },
        )
        return
    if not all(one.known for one in members):
        return
    said = {_address(node) for member in members for node in member.nodes}
    told = {_address(node) for node in found.nodes}
    if said != told:
        more = [_spelt(one) for one in sorted(told - said)]
        fewer = [_spelt(one) for one in sorted(said - told)]
        yield _different(len(said), len(told), more, fewer)


def _different(said: int, told: int, more: list[str], fewer: list[str]) -> Sentence:
    values = {"clusters": said, "compiled": told, "more": more, "fewer": fewer}
    parts = [
        _("The clusters say %(clusters)d nodes, gateways are told %(compiled)d.") % values,
        _("Still told: %(nodes)s.") % {"nodes": shown(more)} if more else "",
        _("Not told yet: %(nodes)s.") % {"nodes": shown(fewer)} if fewer else "",
    ]
    return Sentence(
        code="compiled_differs",
        level=Level.WARNING,
        text=" ".join(part for part in parts if part),
        fix=_(
            "A difference of a moment is normal. One that stays: the compiler waits for a registry,"
            " or no worker has room for it."
        ),
        values=values,
    )


def _serving(nodes: Sequence[wire.Node]) -> bool:
    highest = max(node.priority for node in nodes)
    return any(node.weight for node in nodes if node.priority == highest)


def _address(node: wire.Node) -> Address:
    return (node.host, node.port)


def _spelt(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
