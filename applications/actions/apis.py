"""Verbs of APIs."""

from __future__ import annotations

from django.db import transaction

from applications.models import Api
from console import audit
from console.audit import Actor
from console.models import AuditEntry

from .touch import touch


def create_api(*, api: Api, actor: Actor) -> Api:
    """Save a new API; it answers once it and its application are published."""
    api.full_clean()
    with transaction.atomic():
        api.save(force_insert=True)
        audit.record(actor=actor, verb=AuditEntry.Verb.CREATED, row=api, after=audit.facts(api))
        touch(api.application)
    return api


def change_api(*, api: Api, actor: Actor) -> Api:
    api.full_clean()
    with transaction.atomic():
        before = audit.facts(Api.objects.select_for_update().get(pk=api.pk))
        api.save(force_update=True)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CHANGED,
            row=api,
            before=before,
            after=audit.facts(api),
        )
        touch(api.application)
    return api


def publish_api(*, api: Api, actor: Actor) -> Api:
    return _set_published(api, actor=actor, published=True)


def unpublish_api(*, api: Api, actor: Actor) -> Api:
    return _set_published(api, actor=actor, published=False)


def delete_api(*, api: Api, actor: Actor) -> None:
    with transaction.atomic():
        audit.record(actor=actor, verb=AuditEntry.Verb.DELETED, row=api, before=audit.facts(api))
        touch(api.application)
        api.delete()


def _set_published(api: Api, *, actor: Actor, published: bool) -> Api:
    if api.published == published:
        return api
    verb = AuditEntry.Verb.PUBLISHED if published else AuditEntry.Verb.UNPUBLISHED
    with transaction.atomic():
        api.published = published
        api.save(update_fields=["published", "updated_at"])
        audit.record(actor=actor, verb=verb, row=api)
        touch(api.application)
    return api
