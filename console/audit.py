"""Writing the audit log: one call in each action, inside its transaction."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.forms.models import model_to_dict

from console import access, wakeups
from console.contract import keys
from console.models import AuditEntry
from console.secrets import Secret, SecretField

# Who acts: a user, or None for the house itself (start-up, a command).
Actor = AbstractBaseUser | AnonymousUser | None
Facts = dict[str, Any]


def facts(row: models.Model) -> Facts:
    """What a row says, as JSON values. A secret appears only as whether it is set."""
    values: Facts = {}
    for name, value in model_to_dict(row).items():
        values[name] = _plain(value)
    for field in row._meta.concrete_fields:
        if isinstance(field, SecretField):
            secret: Secret = getattr(row, field.attname)
            values[field.name] = "(set)" if secret else ""
    return values


def record(
    *,
    actor: Actor,
    verb: AuditEntry.Verb,
    row: models.Model,
    before: Facts | None = None,
    after: Facts | None = None,
) -> AuditEntry:
    """Append an entry, and tell open pages once it is committed. Of a change only the fields that
    differ are kept."""
    if before is not None and after is not None:
        changed = {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        before = {name: before.get(name) for name in sorted(changed)}
        after = {name: after.get(name) for name in sorted(changed)}
    user = actor if isinstance(actor, AbstractBaseUser) else None
    plane_id = access.plane_id_of(row)
    if plane_id:
        wakeups.send(keys.rows(str(plane_id)))
    return AuditEntry.objects.create(
        actor_id=user.pk if user else None,
        actor_name=user.get_username() if user else "portolan",
        verb=verb,
        control_plane_id=plane_id,
        object_type=row._meta.model_name or "",
        object_id=str(row.pk),
        object_name=str(row),
        before=before,
        after=after,
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    return str(value)
