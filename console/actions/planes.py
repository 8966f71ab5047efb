"""Control planes: made, changed, deleted."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from console import audit, feed, redis, wakeups
from console.audit import Actor
from console.contract import keys
from console.models import AuditEntry, ControlPlane, Membership
from console.roles import Role


def create_control_plane(*, control_plane: ControlPlane, actor: Actor) -> ControlPlane:
    """Make a control plane; who makes it administers it."""
    control_plane.full_clean()
    with transaction.atomic():
        control_plane.save(force_insert=True)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CREATED,
            row=control_plane,
            after=audit.facts(control_plane),
        )
        if isinstance(actor, AbstractBaseUser):
            founder = Membership(control_plane=control_plane, user_id=actor.pk, role=Role.ADMIN)
            founder.save(force_insert=True)
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
        forms = keys.last_forms(topic)
        transaction.on_commit(lambda: redis.store().unlink(forms), robust=True)
