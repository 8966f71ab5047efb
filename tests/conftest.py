"""What every test may ask for: people, the store, a practice cluster.

The servers behind it come from `tests.servers`; rows from `tests.factories`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from pytest_django.fixtures import Settings

    from console.redis import Client
    from practice.testing import PracticeCluster

# The same examples in every run, however slow the machine is; `--hypothesis-profile default` looks
# for others.
hypothesis.settings.register_profile(
    "portolan",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("portolan")


def pytest_sessionstart() -> None:
    """Pages in another language are those that the catalogue has now."""
    from console.i18n import catalogue

    catalogue.compile_changed(Path(__file__).parents[1] / "locale")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the running house go to one process: one house is enough."""
    for item in items:
        if "house" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("house"))


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """A good hash takes a quarter of a second for each user that a test makes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _quiet_threads() -> Iterator[None]:
    """Threads that ask PostgreSQL beside a loop have done so before its tables are emptied."""
    yield
    if "registries.history" in sys.modules:
        from registries.history import WRITER
        from registries.rows import ROWS
        from tests.threads import eventually

        eventually(lambda: WRITER.idle, within=20, what="the history is written")
        with ROWS.reading:
            pass
    if "gateways.rows" in sys.modules:
        from gateways.rows import ROWS as GATEWAYS

        with GATEWAYS.reading:
            pass


@pytest.fixture
def ada(db: None) -> User:
    """The administrator."""
    from django.contrib.auth.models import User

    return User.objects.create_superuser("ada", password="ada-ada-ada")


@pytest.fixture
def bo(db: None) -> User:
    """The operator: an editor in the test's first control plane, administers nobody."""
    from django.contrib.auth.models import User

    from tests import factories

    user = User.objects.create_user("bo", password="bo-bo-bo-bo", is_staff=True)
    factories.seat_operator()
    return user


@pytest.fixture
def cy(db: None) -> User:
    """The stranger: can log in, has nothing."""
    from django.contrib.auth.models import User

    return User.objects.create_user("cy", password="cy-cy-cy-cy")


@pytest.fixture
def store() -> Iterator[Client]:
    """The Redis database of feeds, leases and status; empty before and after."""
    from console import redis

    client = redis.store()
    client.flushdb()
    yield client
    client.flushdb()


@pytest.fixture
def evicting(store: Client) -> Iterator[Client]:
    """The store, evicting what it likes."""
    before = store.config_get("maxmemory-policy")["maxmemory-policy"]
    store.config_set("maxmemory-policy", "allkeys-random")
    yield store
    store.config_set("maxmemory-policy", before)


@pytest.fixture
def gateway_store() -> Iterator[Client]:
    """A Redis database of its own for a gateway's tree; empty before and after."""
    client = _gateway_client()
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def gateway_redis_url() -> str:
    """The address, without its password, of the database for a gateway's tree."""
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(_gateway_url())
    return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{parts.port}"))


@pytest.fixture
def cluster() -> Iterator[PracticeCluster]:
    """A practice cluster of the test's own, without processes behind its services."""
    from practice.testing import PracticeCluster

    with PracticeCluster() as running:
        yield running


def _gateway_url() -> str:
    from django.conf import settings

    from console.local import with_database

    number = int(settings.REDIS_URL.rpartition("/")[2])
    return with_database(settings.REDIS_URL, number + 2)


def _gateway_client() -> Client:
    from console import redis

    return redis.connect(_gateway_url())
