"""`manage.py createtoken`: a key to the REST API from the command line."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from console.models import ApiToken


def createtoken(*words: str) -> str:
    out = io.StringIO()
    call_command("createtoken", *words, stdout=out)
    return out.getvalue().strip()


def test_the_text_is_printed_and_only_its_hash_is_kept(ada: User) -> None:
    text = createtoken("ada", "ci")
    token = ApiToken.objects.get()
    assert text.startswith("ptl_")
    assert token.digest == ApiToken.digest_of(text)
    assert (token.user, token.name, token.expires_at) == (ada, "ci", None)


def test_days_limit_its_life(ada: User) -> None:
    createtoken("ada", "ci", "--days", "7")
    left = ApiToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_an_unknown_user_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="no user named nobody"):
        createtoken("nobody", "ci")


def test_a_life_in_the_past_is_refused(ada: User) -> None:
    with pytest.raises(CommandError, match="already passed"):
        createtoken("ada", "ci", "--days", "-1")
    assert not ApiToken.objects.exists()
