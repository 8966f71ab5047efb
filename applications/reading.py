"""From rows to specs: the compiler's reading side. A constant number of queries for any number of
applications."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import msgspec

from applications.models import Api, Application, Member, Upstream
from applications.specs import ApiSpec, ApplicationSpec, MemberSpec, UpstreamSpec
from console.contract import wire


def revisions(control_plane_id: str) -> dict[str, int]:
    """The published applications of a control plane and when each last changed."""
    rows = Application.objects.published().filter(control_plane_id=uuid.UUID(control_plane_id))
    return {str(pk): revision for pk, revision in rows.values_list("pk", "revision")}


def specs(application_ids: Iterable[str]) -> list[ApplicationSpec]:
    """Read published applications. One that was unpublished meanwhile is left out."""
    rows = (
        Application.objects.published()
        .filter(pk__in=[uuid.UUID(one) for one in application_ids])
        .prefetch_related("upstreams__members", "apis")
    )
    return [_application(row) for row in rows]


def draft(application_id: str, apis: Iterable[str] = ()) -> ApplicationSpec | None:
    """An application as if it were published, and with it those of its APIs that are published or
    named by their ids. None: there is none."""
    rows = Application.objects.filter(pk=uuid.UUID(application_id))
    row = rows.prefetch_related("upstreams__members", "apis").first()
    return _application(row, frozenset(apis)) if row else None


def _application(row: Application, drafts: frozenset[str] = frozenset()) -> ApplicationSpec:
    versions = {one.version for one in row.upstreams.all()}
    return ApplicationSpec(
        id=str(row.pk),
        name=row.name,
        revision=row.revision,
        default_version=row.default_version,
        upstreams=tuple(_upstream(row, one) for one in row.upstreams.all()),
        hosts=tuple(row.hosts),
        path_prefix=row.path_prefix,
        protocols=tuple(row.protocols),
        plugins=row.plugins,
        # Without its default version an API leads nowhere.
        apis=tuple(
            _api(one)
            for one in row.apis.all()
            if (one.published or str(one.pk) in drafts) and row.default_version in versions
        ),
    )


def _upstream(application: Application, row: Upstream) -> UpstreamSpec:
    return UpstreamSpec(
        id=str(row.pk),
        name=f"{application.name}/{row.version}",
        version=row.version,
        members=tuple(_member(one) for one in row.members.all()),
        scheme=row.scheme,
        balance=row.balance,
        hash_key=row.hash_key,
        retries=row.retries,
        timeouts=wire.Timeouts(
            connect=row.connect_timeout, send=row.send_timeout, read=row.read_timeout
        ),
        host_mode=row.host_mode,
        host=row.host,
        checks=row.checks,
        on_empty=row.on_empty,
        keep_for=row.keep_for,
    )


def _member(row: Member) -> MemberSpec:
    return MemberSpec(
        weight=row.weight,
        priority=row.priority,
        host=row.host,
        port=row.port or 0,
        registry=str(row.registry_id or ""),
        namespace=row.namespace,
        service=row.service,
        service_port=row.service_port,
    )


def _api(row: Api) -> ApiSpec:
    return ApiSpec(
        id=str(row.pk),
        name=row.name,
        paths=tuple((entry["path"], entry["type"]) for entry in row.paths),
        methods=tuple(row.methods),
        strip_path_prefix=row.strip_path_prefix,
        websocket=row.kind == Api.Kind.WEBSOCKET,
        expressions=tuple(msgspec.convert(entry, wire.Expression) for entry in row.expressions),
        match_any=row.match_any,
        plugins=row.plugins,
    )
