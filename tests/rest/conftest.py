"""The REST API as a program sees it: JSON in, JSON out, a token in the header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.test import APIClient

    from console.models import ControlPlane


@pytest.fixture
def token(bo: User) -> str:
    """The text of a token of Bo's, used a moment ago."""
    from django.utils import timezone

    from console import actions
    from console.models import ApiToken

    row, text = actions.create_api_token(user=bo, name="tests")
    ApiToken.objects.filter(pk=row.pk).update(last_used_at=timezone.now())
    return text


@pytest.fixture(scope="session")
def _client() -> APIClient:
    """One for all tests: making one reads the list of all static files."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.default_format = "json"
    return client


@pytest.fixture
def api(_client: APIClient, token: str) -> APIClient:
    """A client that has Bo's token."""
    from django.core.cache import cache

    cache.clear()  # of what throttles have counted
    _client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return _client


@pytest.fixture
def ruling(bo: User) -> None:
    """Bo as a superuser: makes control planes, sees what belongs to none."""
    bo.is_superuser = True
    bo.save()


@pytest.fixture
def plane(db: None) -> ControlPlane:
    """The only control plane."""
    from tests import factories

    return factories.make_control_plane(name="Main", slug="main")
