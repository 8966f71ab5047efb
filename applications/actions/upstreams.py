"""Verbs of upstreams: the versions of an application's backend."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications import discovered
from applications.models import Application, Member, Upstream
from console import audit
from console.audit import Actor
from console.errors import by_field, validate_all
from console.models import AuditEntry

from .touch import lock, touch

MAX_MEMBERS = 64


def create_upstream(*, upstream: Upstream, members: Sequence[Member], actor: Actor) -> Upstream:
    """Save a new version with its members."""
    check(upstream, members, path="")
    with transaction.atomic():
        insert(upstream, members)
        audit.record(actor=actor, verb=AuditEntry.Verb.CREATED, row=upstream, after=facts(upstream))
        touch(upstream.application)
    return upstream


def change_upstream(
    *, upstream: Upstream, members: Sequence[Member] | None = None, actor: Actor
) -> Upstream:
    """Save a changed version. `members` replace the ones it has; None leaves them. The default
    version stays the default under a new name."""
    check(upstream, list(upstream.members.all()) if members is None else members, path="")
    with transaction.atomic():
        stored = Upstream.objects.select_for_update().get(pk=upstream.pk)
        lock(upstream.application.control_plane)  # before the application's row, as all do
        before = facts(stored)
        upstream.save(force_update=True)
        Application.objects.filter(
            pk=upstream.application_id, default_version=stored.version
        ).update(default_version=upstream.version)
        if members is not None:
            upstream.members.all().delete()
            _insert_members(upstream, members)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CHANGED,
            row=upstream,
            before=before,
            after=facts(upstream),
        )
        touch(upstream.application)
    return upstream


def delete_upstream(*, upstream: Upstream, actor: Actor) -> None:
    """Delete a version that is not the default."""
    application = Application.objects.get(pk=upstream.application_id)
    if application.default_version == upstream.version:
        raise ValidationError(_("This is the application's default version."), code="in_use")
    with transaction.atomic():
        audit.record(
            actor=actor, verb=AuditEntry.Verb.DELETED, row=upstream, before=facts(upstream)
        )
        upstream.delete()
        touch(application)


def facts(upstream: Upstream) -> audit.Facts:
    """An upstream as the audit log keeps it: with its members in words."""
    members = Member.objects.filter(upstream=upstream).select_related("registry")
    return {**audit.facts(upstream), "members": sorted(str(one) for one in members)}


def check(upstream: Upstream, members: Sequence[Member], *, path: str) -> None:
    """Raise `ValidationError` unless the upstream could be saved and compiled."""
    here = f"{path}." if path else ""
    if not members:
        raise ValidationError({f"{here}members": _("An upstream needs at least one member.")})
    if len(members) > MAX_MEMBERS:
        raise ValidationError(
            {f"{here}members": _("An upstream has at most %d members.") % MAX_MEMBERS}
        )
    rows: list[tuple[str, Upstream | Member]] = [(path, upstream)]
    for number, member in enumerate(members):
        member.upstream = upstream
        rows.append((f"{here}members.{number}", member))
    errors: dict[str, list[ValidationError]] = {}
    try:
        unsaved = (
            ("application", "upstream") if upstream.application._state.adding else ("upstream",)
        )
        validate_all(list(rows), exclude=unsaved)
    except ValidationError as error:
        errors.update(by_field(error))
    for number, member in enumerate(members):
        place = f"{here}members.{number}"
        if not any(name.startswith(f"{place}.") for name in errors):
            problem = discovered.port_problem(member)
            if problem:
                errors[f"{place}.service_port"] = [ValidationError(problem)]
    if errors:
        raise ValidationError(errors)


def insert(upstream: Upstream, members: Sequence[Member]) -> None:
    upstream.save(force_insert=True)
    _insert_members(upstream, members)


def _insert_members(upstream: Upstream, members: Sequence[Member]) -> None:
    for member in members:
        member.upstream = upstream
        member.save(force_insert=True)
