"""`manage.py rotatesecrets`: after it, the older keys are needed no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from console import secrets
from registries.models import Registry
from tests.factories import make_gateway, make_registry

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgetting_ciphers() -> Iterator[None]:
    yield
    secrets._cipher.cache_clear()


def use(settings: Settings, *keys: str) -> None:
    settings.SECRET_KEYS = list(keys)
    secrets._cipher.cache_clear()


def test_the_first_key_alone_opens_everything(settings: Settings) -> None:
    old, new = secrets.new_key(), secrets.new_key()
    use(settings, old)
    registry = make_registry(token="a-token")
    make_gateway()
    use(settings, new, old)
    call_command("rotatesecrets")
    use(settings, new)
    assert Registry.objects.get(pk=registry.pk).token.reveal() == "a-token"
