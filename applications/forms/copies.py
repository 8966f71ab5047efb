"""What a copy of an application begins with."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

from applications import actions
from applications.models import Application, Member, Upstream
from console.audit import Actor

RowT = TypeVar("RowT", bound=models.Model)
_OWN = frozenset({"id", "created_at", "updated_at"})


def application_of(source: Application, *, name: str) -> Application:
    """An unsaved draft like the source."""
    return _like(source, name=name, published=False, revision=0, default_version="default")


def upstream_of(source: Application) -> tuple[Upstream, list[Member]]:
    """An unsaved copy of the default version, and of its members."""
    upstream = source.upstreams.get(version=source.default_version)
    members = [_like(one) for one in upstream.members.select_related("registry")]
    return _like(upstream), members


def version_of(source: Upstream, *, version: str) -> tuple[Upstream, list[Member]]:
    """An unsaved copy of a version under another name."""
    members = [_like(one) for one in source.members.select_related("registry")]
    return _like(source, version=version), members


def copy_apis(source: Application, application: Application, *, actor: Actor) -> None:
    """Create the APIs of the source in the new application, published where they are there."""
    for api in source.apis.all():
        copied = _like(api, application=application, published=False)
        actions.create_api(api=copied, actor=actor)
        if api.published:
            actions.publish_api(api=copied, actor=actor)


def _like(row: RowT, **changes: object) -> RowT:
    values = {
        field.name: getattr(row, field.name)
        for field in row._meta.concrete_fields
        if field.name not in _OWN
    }
    return type(row)(**{**values, **changes})
