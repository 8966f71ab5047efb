"""The verbs of the floor: control planes and API tokens."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from console import audit, feed, redis, wakeups
from console.audit import Actor
from console.contract import keys
from console.models import ApiToken, AuditEntry, ControlPlane


def create_control_plane(*, control_plane: ControlPlane, actor: Actor) -> ControlPlane:
    control_plane.full_clean()
    with transaction.atomic():
        control_plane.save(force_insert=True)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CREATED,
            row=control_plane,
            after=audit.facts(control_plane),
        )
    return control_plane


def change_control_plane(*, control_plane: ControlPlane, actor: Actor) -> ControlPlane:
    control_plane.full_clean()
    with transaction.atomic():
        before = audit.facts(ControlPlane.objects.select_for_update().get(pk=control_plane.pk))
        control_plane.save(update_fields=["name", "slug", "description", "updated_at"])
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CHANGED,
            row=control_plane,
            before=before,
            after=audit.facts(control_plane),
        )
    return control_plane


def delete_control_plane(*, control_plane: ControlPlane, actor: Actor) -> None:
    """Delete a control plane that owns nothing. Raises `ValidationError`."""
    topic = keys.control_plane(str(control_plane.pk))
    with transaction.atomic():
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.DELETED,
            row=control_plane,
            before=audit.facts(control_plane),
        )
        try:
            control_plane.delete()
        except ProtectedError as error:
            raise ValidationError(
                _("The control plane still has registries, applications or gateways."),
                code="in_use",
            ) from error
        wakeups.send(topic)
        transaction.on_commit(lambda: feed.erase(redis.store(), keys.feed(topic)), robust=True)


def create_api_token(
    *, user: AbstractBaseUser, name: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token for a user; the second value is its text, which is shown once."""
    token = ApiToken(user_id=user.pk, name=name, expires_at=expires_at)
    text = token.renew_text()
    token.full_clean()
    with transaction.atomic():
        token.save(force_insert=True)
        audit.record(actor=user, verb=AuditEntry.Verb.CREATED, row=token)
    return token, text


def revoke_api_token(*, token: ApiToken, actor: Actor) -> None:
    with transaction.atomic():
        audit.record(actor=actor, verb=AuditEntry.Verb.DELETED, row=token)
        token.delete()
