"""What is wrong with the applications of a control plane: published, and nobody answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from applications import compiled, standing
from applications.explain import Sentence, explain
from applications.models import Api, Application, Member, Upstream
from console import redis
from console.contract import keys
from console.models import ControlPlane
from console.redis import RedisError
from console.ui.troubles import Trouble, Weight

# Applications of one sort that are told of one by one; the others are counted.
NAMED = 8


class _Glance(Struct, tag="upstream"):
    """As much of a compiled upstream as tells whether somebody answers: a thousand are read."""

    nodes: tuple[msgspec.Raw, ...] = ()
    kept_until: int = 0


class _Row(NamedTuple):
    """A published application. `upstream` is the id of its default version."""

    id: Any
    name: str
    upstream: Any
    has_api: bool


def of(control_plane: ControlPlane) -> Iterator[Trouble]:
    """Two queries and two looks into Redis, however many applications there are; one look more for
    each registry of those that are named."""
    rows = _published(control_plane)
    plane_id = str(control_plane.pk)
    try:
        glances = _glances(plane_id, [str(row.upstream) for row in rows if row.upstream])
    except RedisError:
        glances = {}
    callable_ = [row for row in rows if row.has_api]
    empty = [row for row in callable_ if (it := glances.get(str(row.upstream))) and not it.nodes]
    kept = [row for row in callable_ if (it := glances.get(str(row.upstream))) and it.kept_until]
    yield from _empty(empty)
    yield from _kept(plane_id, kept)
    yield from _forgotten([row for row in rows if not row.has_api])


def _published(control_plane: ControlPlane) -> list[_Row]:
    upstream = Upstream.objects.filter(
        application=OuterRef("pk"), version=OuterRef("default_version")
    )
    api = Api.objects.filter(application=OuterRef("pk"), published=True)
    rows = (
        Application.objects.published()
        .filter(control_plane=control_plane)
        .annotate(upstream=Subquery(upstream.values("pk")[:1]), has_api=Exists(api))
        .order_by("name")
    )
    return [_Row(*row) for row in rows.values_list("pk", "name", "upstream", "has_api")]


def _glances(control_plane_id: str, upstream_ids: Sequence[str]) -> dict[str, _Glance]:
    """What is not compiled yet is left out: that is the compiler's trouble. Raises `RedisError`."""
    if not upstream_ids:
        return {}
    states = redis.store().hmget(
        keys.feed(keys.control_plane(control_plane_id)).states,
        [keys.upstream(one) for one in upstream_ids],
    )
    decode = msgspec.json.Decoder(_Glance).decode
    return {one: decode(state) for one, state in zip(upstream_ids, states, strict=True) if state}


def _empty(rows: Sequence[_Row]) -> Iterator[Trouble]:
    named = rows[:NAMED]
    causes = _causes(row.upstream for row in named)
    for row in named:
        found = causes.get(row.upstream, [])
        yield _trouble(
            row,
            "no_nodes",
            Weight.BROKEN,
            _("“%(name)s” is published and has no node: callers get 503.") % {"name": row.name},
            detail=" ".join(cause.text for cause in found),
            fix=next((cause.fix for cause in found if cause.fix), ""),
            command=next((cause.command for cause in found if cause.command), ""),
        )
    more = len(rows) - len(named)
    yield from _others(
        more,
        "more_without_nodes",
        Weight.BROKEN,
        ngettext(
            "%(count)d more published application has no node.",
            "%(count)d more published applications have no node.",
            more,
        ),
    )


def _causes(upstream_ids: Iterable[Any]) -> dict[Any, list[Sentence]]:
    """Why the members of each upstream bring no node."""
    members = Member.objects.filter(upstream_id__in=list(upstream_ids)).select_related("registry")
    found: dict[Any, list[Sentence]] = {}
    for explanation in explain(members):
        if explanation.cause:
            found.setdefault(explanation.member.upstream_id, []).append(explanation.cause)
    return found


def _kept(control_plane_id: str, rows: Sequence[_Row]) -> Iterator[Trouble]:
    named = rows[:NAMED]
    try:
        found = compiled.upstreams(control_plane_id, [str(row.upstream) for row in named])
    except RedisError:
        return
    for row in named:
        upstream = found.get(str(row.upstream))
        if upstream is None or not upstream.kept_until:
            continue  # it is over since the first look
        yield _trouble(
            row,
            "kept_nodes",
            Weight.AT_RISK,
            _("“%(name)s” lives on nodes that were taken away.") % {"name": row.name},
            detail=standing.kept(upstream),
            since=upstream.kept_since,
        )
    more = len(rows) - len(named)
    yield from _others(
        more,
        "more_on_kept_nodes",
        Weight.AT_RISK,
        ngettext(
            "%(count)d more application lives on kept nodes.",
            "%(count)d more applications live on kept nodes.",
            more,
        ),
    )


def _forgotten(rows: Sequence[_Row]) -> Iterator[Trouble]:
    named = rows[:NAMED]
    for row in named:
        yield _trouble(
            row,
            "no_api",
            Weight.HINT,
            _("“%(name)s” is published, but no API of it: nobody can call it.")
            % {"name": row.name},
            fix=_("Publish an API of it, or take it back."),
        )
    more = len(rows) - len(named)
    yield from _others(
        more,
        "more_without_api",
        Weight.HINT,
        ngettext(
            "%(count)d more published application has no published API.",
            "%(count)d more published applications have no published API.",
            more,
        ),
    )


def _trouble(row: _Row, code: str, weight: Weight, text: str, **more: Any) -> Trouble:
    return Trouble(
        code=f"application.{code}",
        weight=weight,
        text=text,
        url=reverse("applications:application-detail", args=[row.id]),
        action=_("Open the application"),
        row_type="application",
        row_id=str(row.id),
        row_name=row.name,
        **more,
    )


def _others(count: int, code: str, weight: Weight, text: str) -> Iterator[Trouble]:
    """Those that are only counted, if there are any."""
    if count > 0:
        yield Trouble(
            code=f"application.{code}",
            weight=weight,
            text=text % {"count": count},
            url=reverse("applications:application-list"),
            action=_("See all applications"),
        )
