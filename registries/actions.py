"""The verbs of the intake. Each is one transaction, writes the audit log and wakes the watcher."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console import audit, wakeups
from console.audit import Actor
from console.contract import keys
from console.models import AuditEntry
from console.secrets import Secret
from registries import health, publisher, verification
from registries.models import Registry


def create_registry(*, registry: Registry, actor: Actor, verify: bool = True) -> Registry:
    """Save a new registry. With `verify` the cluster is asked first, and what it refuses is an
    error at the field to blame. Raises `ValidationError`; then nothing is saved."""
    registry.full_clean()
    if verify and registry.enabled:
        verification.verify(registry)
    with transaction.atomic():
        registry.save(force_insert=True)
        audit.record(
            actor=actor, verb=AuditEntry.Verb.CREATED, row=registry, after=audit.facts(registry)
        )
        wakeups.send(keys.registry(str(registry.pk)))
    return registry


def change_registry(*, registry: Registry, actor: Actor, verify: bool = True) -> Registry:
    """Save a changed registry; see `create_registry`. Its watcher starts again with the new
    settings and keeps the nodes that it has published meanwhile.

    The cluster is asked only if something changed that it has a say in. The token may have to be
    given again: `keep_token_home`."""
    registry.full_clean()
    known = Registry.objects.get(pk=registry.pk)
    keep_token_home(registry=registry, known=known)
    if verify and registry.enabled and _asks_anew(known, registry):
        verification.verify(registry)
    with transaction.atomic():
        stored = Registry.objects.select_for_update().get(pk=registry.pk)
        before, after = audit.facts(stored), audit.facts(registry)
        if stored.token != registry.token:
            after["token"] = "(replaced)"  # noqa: S105 - says that, not what
        registry.revision = stored.revision + 1
        registry.epoch = stored.epoch
        registry.resync_asked_at = stored.resync_asked_at
        same = registry.server == stored.server
        registry.accepted_cluster = stored.accepted_cluster if same else ""
        registry.save(force_update=True)
        audit.record(
            actor=actor, verb=AuditEntry.Verb.CHANGED, row=registry, before=before, after=after
        )
        wakeups.send(keys.registry(str(registry.pk)))
    return registry


def keep_token_home(*, registry: Registry, known: Registry) -> None:
    """Refuse to send a stored token to another server than the `known` one, or to one that is not
    verified any more: else who cannot read it could have it sent to a place where he can. Raises
    `ValidationError`."""
    if registry.token.stored and (
        registry.server != known.server or (known.verify_tls and not registry.verify_tls)
    ):
        text = _("The token would go to another server: give it again.")
        raise ValidationError({"token": ValidationError(text, code="token_needed")})


def rotate_token(*, registry: Registry, token: Secret, actor: Actor) -> Registry:
    """Put a new token in the place of the old one, after the cluster has accepted it at the stored
    address. The old one stays until then; the watcher takes the new one up and keeps the nodes that
    it has published meanwhile. Raises `ValidationError`; then nothing has changed."""
    row = Registry.objects.get(pk=registry.pk)
    if row.token == token:
        text = _("This is the token that is stored already.")
        raise ValidationError({"token": ValidationError(text, code="same")})
    row.token, row.token_file = token, ""
    row.full_clean()
    verification.verify(row)
    with transaction.atomic():
        stored = Registry.objects.select_for_update().get(pk=row.pk)
        if stored.revision != row.revision:
            text = _("The registry was changed meanwhile. Look at it and try again.")
            raise ValidationError(text, code="changed")
        before = audit.facts(stored)
        stored.token, stored.token_file = row.token, ""
        stored.revision += 1
        stored.save(force_update=True)
        after = audit.facts(stored) | {"token": "(replaced)"}
        audit.record(
            actor=actor, verb=AuditEntry.Verb.CHANGED, row=stored, before=before, after=after
        )
        wakeups.send(keys.registry(str(stored.pk)))
    return stored


def accept_cluster(*, registry: Registry, cluster: str, actor: Actor) -> Registry:
    """Confirm that the cluster which a registry's address leads to now is meant. `cluster` is the
    identity that the person was shown (`Status.cluster`): if it changes again, it is asked again.
    Raises `ValidationError` if it is not the present one, `RedisError`."""
    present = health.read([str(registry.pk)])[str(registry.pk)].cluster
    if not present:
        text = _("The cluster's identity is not known: it has not been read yet.")
        raise ValidationError({"cluster": ValidationError(text, code="unknown")})
    if cluster != present:
        text = _("This is not the cluster that the address leads to now. Look again.")
        raise ValidationError({"cluster": ValidationError(text, code="changed")})
    with transaction.atomic():
        stored = Registry.objects.select_for_update().get(pk=registry.pk)
        before = audit.facts(stored)
        stored.accepted_cluster = cluster
        stored.revision += 1
        stored.full_clean()
        stored.save(force_update=True)
        after = audit.facts(stored) | {"accepted_cluster": cluster}
        audit.record(
            actor=actor, verb=AuditEntry.Verb.CHANGED, row=stored, before=before, after=after
        )
        wakeups.send(keys.registry(str(stored.pk)))
    return stored


def resync_registry(*, registry: Registry, actor: Actor) -> Registry:
    """Ask for everything to be read anew, now (`registries.resync`). Nothing is removed that could
    not be read. Raises `ValidationError` if nobody watches because the registry is disabled."""
    with transaction.atomic():
        stored = Registry.objects.select_for_update().get(pk=registry.pk)
        if not stored.enabled:
            text = _("The registry is paused: resume it first, then it is read.")
            raise ValidationError(text, code="disabled")
        before = stored.resync_asked_at
        stored.resync_asked_at = timezone.now()
        stored.save(update_fields=["resync_asked_at"])
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CHANGED,
            row=stored,
            before={"resync_asked_at": before and before.isoformat()},
            after={"resync_asked_at": stored.resync_asked_at.isoformat()},
        )
        wakeups.send(keys.registry(str(stored.pk)))
    return stored


def _asks_anew(before: Registry, after: Registry) -> bool:
    """Whether a change may decide if the cluster can be watched."""
    return before.to_spec() != replace(after.to_spec(), name=before.name) or not before.enabled


def delete_registry(*, registry: Registry, actor: Actor) -> None:
    """Delete a registry that nothing uses. Raises `ValidationError` naming what does."""
    registry_id = str(registry.pk)
    with transaction.atomic():
        # Who writes its history meanwhile is waited for, or finds it gone.
        Registry.objects.select_for_update().get(pk=registry.pk)
        audit.record(
            actor=actor, verb=AuditEntry.Verb.DELETED, row=registry, before=audit.facts(registry)
        )
        try:
            registry.delete()
        except ProtectedError as error:
            users = sorted({str(row) for row in error.protected_objects})
            raise ValidationError(
                _("The registry is in use: %(users)s. Point these elsewhere first."),
                code="in_use",
                params={"users": ", ".join(users[:10]) + (", …" if len(users) > 10 else "")},
            ) from error
        wakeups.send(keys.registry(registry_id))
        transaction.on_commit(lambda: publisher.erase(registry_id), robust=True)
