"""Verbs of applications."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from applications.models import Application, Claim, Member, Upstream
from console import audit
from console.audit import Actor
from console.errors import by_field
from console.models import AuditEntry

from . import upstreams
from .apis import delete_api
from .touch import lock, touch


def create_application(
    *, application: Application, upstream: Upstream, members: Sequence[Member], actor: Actor
) -> Application:
    """Save a new application with its default upstream, whose fields are reported below
    ``upstream.``."""
    upstream.application = application
    upstream.version = application.default_version
    errors: dict[str, list[ValidationError]] = {}
    checks: tuple[Callable[[], None], ...] = (
        application.full_clean,
        lambda: _check_claims(application),
        lambda: upstreams.check(upstream, members, path="upstream"),
    )
    for check in checks:
        try:
            check()
        except ValidationError as error:
            errors.update(by_field(error))
    if errors:
        raise ValidationError(errors)
    with transaction.atomic():
        lock(application.control_plane)
        _check_claims(application)
        application.save(force_insert=True)
        _claim(application)
        upstreams.insert(upstream, members)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CREATED,
            row=application,
            after={**audit.facts(application), "upstream": upstreams.facts(upstream)},
        )
        touch(application)
    return application


def change_application(*, application: Application, actor: Actor) -> Application:
    """Save a changed application; its upstreams have verbs of their own. Its default version is
    one of them."""
    application.full_clean()
    with transaction.atomic():
        lock(application.control_plane)
        _check_claims(application)
        _check_default_version(application)
        before = _facts(Application.objects.get(pk=application.pk))
        application.save(force_update=True)
        _claim(application)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CHANGED,
            row=application,
            before=before,
            after=_facts(application),
        )
        touch(application)
    return application


def publish_application(*, application: Application, actor: Actor) -> Application:
    return _set_published(application, actor=actor, published=True)


def unpublish_application(*, application: Application, actor: Actor) -> Application:
    return _set_published(application, actor=actor, published=False)


def delete_application(*, application: Application, actor: Actor, with_apis: bool = False) -> None:
    """Delete an application with its upstreams. One that still has APIs is refused, unless these
    are to go with it."""
    apis = list(application.apis.all())
    if apis and not with_apis:
        raise ValidationError(
            _("The application still has %(count)d APIs; delete these first."),
            code="in_use",
            params={"count": len(apis)},
        )
    with transaction.atomic():
        for api in apis:
            delete_api(api=api, actor=actor)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.DELETED,
            row=application,
            before=audit.facts(application),
        )
        touch(application)
        application.delete()


def _set_published(application: Application, *, actor: Actor, published: bool) -> Application:
    if application.published == published:
        return application
    verb = AuditEntry.Verb.PUBLISHED if published else AuditEntry.Verb.UNPUBLISHED
    with transaction.atomic():
        lock(application.control_plane)
        application.published = published
        application.save(update_fields=["published", "updated_at"])
        audit.record(actor=actor, verb=verb, row=application)
        touch(application)
    return application


def _facts(application: Application) -> audit.Facts:
    return {**audit.facts(application), "default_version": application.default_version}


def _check_default_version(application: Application) -> None:
    if application.default_upstream is None:
        raise ValidationError(
            {
                "default_version": ValidationError(
                    _("The application has no version “%(version)s”."),
                    params={"version": application.default_version},
                )
            }
        )


def _check_claims(application: Application) -> None:
    """Refuse a host and prefix that another application has. The control plane's row lock, taken
    before, keeps two that save at once from both passing; the constraint stands behind."""
    taken = (
        Claim.objects.filter(
            control_plane=application.control_plane,
            host__in=application.claims(),
            path_prefix=application.path_prefix,
        )
        .exclude(application_id=application.pk)
        .select_related("application")
    )
    errors = [
        ValidationError(
            _("The application “%(other)s” has %(host)s with the path prefix %(prefix)s already."),
            code="claimed",
            params={
                "other": claim.application.name,
                "host": claim.host if claim.host != "*" else _("every host"),
                "prefix": claim.path_prefix,
            },
        )
        for claim in taken
    ]
    if errors:
        raise ValidationError({"hosts": errors})


def _claim(application: Application) -> None:
    Claim.objects.filter(application=application).delete()
    Claim.objects.bulk_create(
        Claim(
            control_plane=application.control_plane,
            application=application,
            host=host,
            path_prefix=application.path_prefix,
        )
        for host in application.claims()
    )
