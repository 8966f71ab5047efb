"""API tokens: made and revoked."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from console import audit
from console.audit import Actor
from console.models import ApiToken, AuditEntry


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
