"""One's own account: name, password, sessions, and how the console looks."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from console import audit
from console.models import AuditEntry, Preferences

_NAMES = ("first_name", "last_name", "email")


def change_account(*, user: User) -> User:
    """Save one's names and e-mail address."""
    user.full_clean()
    with transaction.atomic():
        before = _names(User.objects.select_for_update().get(pk=user.pk))
        user.save(update_fields=_NAMES)
        _record(user, before, _names(user))
    return user


def set_password(*, user: User, password: str) -> None:
    """Give the account a password that was found good enough. Other sessions end with the old
    one."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        _record(user, {"password": ""}, {"password": "(set)"})


def save_preferences(
    *, user: User, language: str | None = None, theme: str | None = None
) -> Preferences:
    """Keep what is not None. How a page looks is nobody's history: no entry in the audit log."""
    preferences = Preferences.objects.filter(user=user).first() or Preferences(user=user)
    if language is not None:
        preferences.language = language
    if theme is not None:
        preferences.theme = theme
    preferences.full_clean(validate_unique=False)
    preferences.save()
    return preferences


def end_other_sessions(*, user: User, keep: str | None) -> int:
    """Log a user out everywhere but in the session of this key; how many sessions ended."""
    ended = []
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.session_key != keep and (
            session.get_decoded().get("_auth_user_id") == str(user.pk)
        ):
            ended.append(session.session_key)
    Session.objects.filter(session_key__in=ended).delete()
    return len(ended)


def _names(user: User) -> audit.Facts:
    return {name: getattr(user, name) for name in _NAMES}


def _record(user: User, before: audit.Facts, after: audit.Facts) -> None:
    audit.record(actor=user, verb=AuditEntry.Verb.CHANGED, row=user, before=before, after=after)
