"""API tokens in the Authorization header."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from console.models import ApiToken

# How exact `last_used_at` is; between two updates a token costs one read and no write.
_USE_NOTED_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer ptl_…``: found by its hash, neither expired nor of an inactive user.

    `request.auth` is the `ApiToken`.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _blank, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        digest = ApiToken.digest_of(text.strip())
        token = ApiToken.objects.select_related("user").filter(digest=digest).first()
        if token is None:
            raise AuthenticationFailed(_("This token is not known."))
        if token.expired:
            raise AuthenticationFailed(_("This token has expired."))
        if not token.user.is_active:
            raise AuthenticationFailed(_("The user of this token is not active."))
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Having it makes a refusal a 401 that says how to authenticate."""
        return 'Bearer realm="Portolan"'


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    due = now - _USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < due:
        ApiToken.objects.filter(
            Q(last_used_at__isnull=True) | Q(last_used_at__lt=due), pk=token.pk
        ).update(last_used_at=now)
