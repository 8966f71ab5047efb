"""The link with which an account without a password gets one."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode


def link(request: HttpRequest, user: User) -> str:
    """An address of this console. It is a key: shown once, kept nowhere. It opens until it has been
    used, and for as long as PASSWORD_RESET_TIMEOUT says."""
    person = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return request.build_absolute_uri(reverse("console:invitation", args=[person, token]))
