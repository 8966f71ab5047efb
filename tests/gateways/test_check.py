"""Trying a gateway: what was done is reported, and what failed, with what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from console.embedded import ports
from gateways import drivers

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from console.redis import Client

    from .conftest import Serve


@pytest.fixture
def secret() -> str:
    from django.conf import settings

    parts = urlsplit(settings.REDIS_URL)
    return f"{parts.username or ''}:{parts.password}" if parts.password else ""


def _check(url: str, secret: str) -> list[tuple[str, bool]]:
    found = drivers.check("traefik", {"redis_url": url, "root_key": "tried"}, secret)
    return [(one.step, one.ok) for one in found]


def test_a_tree_that_can_be_driven_passes_and_is_left_as_it_was(
    gateway_store: Client, gateway_redis_url: str, secret: str
) -> None:
    gateway_store.set("tried/http/routers/kept/rule", "1")
    assert _check(gateway_redis_url, secret) == [
        ("connection", True),
        ("writing", True),
        ("root", True),
        ("events", True),
    ]
    assert gateway_store.keys() == [b"tried/http/routers/kept/rule"]


def test_another_root_that_begins_alike_is_told(
    gateway_store: Client, gateway_redis_url: str, secret: str
) -> None:
    gateway_store.set("tried2/http/kept", "1")
    assert ("root", False) in _check(gateway_redis_url, secret)


def test_a_key_of_others_that_stops_traefik_is_told(
    gateway_store: Client, gateway_redis_url: str, secret: str
) -> None:
    gateway_store.set("tried/http/routers/theirs/rule", "Host(`theirs.test`)")
    assert ("foreign", False) not in _check(gateway_redis_url, secret)
    gateway_store.set("tried/http/routers/theirs/priority", "high")
    found = drivers.check("traefik", {"redis_url": gateway_redis_url, "root_key": "tried"}, secret)
    [told] = [one for one in found if not one.ok]
    assert (told.step, told.params["key"]) == ("foreign", "tried/http/routers/theirs/priority")
    assert "number" in told.detail


def test_a_redis_that_evicts_is_told(
    gateway_store: Client, gateway_redis_url: str, secret: str
) -> None:
    gateway_store.config_set("maxmemory-policy", "allkeys-lru")
    try:
        steps = _check(gateway_redis_url, secret)
    finally:
        gateway_store.config_set("maxmemory-policy", "noeviction")
    assert [step for step, ok in steps if not ok] == ["memory"]


def test_one_that_fetches_needs_a_secret_worth_the_name() -> None:
    assert [one.ok for one in drivers.check("traefik", {}, "short")] == [False]
    assert [one.ok for one in drivers.check("traefik", {}, "0123456789abcdef")] == [True]


def test_an_api_that_does_not_answer_is_told() -> None:
    settings = {"api_url": f"http://127.0.0.1:{ports.free()}"}
    *_, last = drivers.check("traefik", settings, "0123456789abcdef")
    assert (last.step, last.ok, last.setting) == ("api", False, "api_url")


def test_a_server_that_is_not_there_is_told(secret: str) -> None:
    [found] = drivers.check("traefik", {"redis_url": f"redis://127.0.0.1:{ports.free()}/0"}, "any")
    assert (found.step, found.ok, found.setting) == ("connection", False, "redis_url")
    assert found.fix
    assert "refused" in found.detail


def test_a_wrong_secret_is_told_and_not_shown(gateway_redis_url: str, secret: str) -> None:
    if not secret:
        pytest.fail("the tests' Redis has a password")
    [found] = drivers.check("traefik", {"redis_url": gateway_redis_url}, "wrong-password")
    assert (found.step, found.ok, found.setting) == ("login", False, "secret")
    assert "wrong-password" not in str(found)


def test_a_user_who_may_not_write_is_told(gateway_store: Client, gateway_redis_url: str) -> None:
    gateway_store.execute_command(
        "ACL", "SETUSER", "reader", "on", ">reads", "~tried/*", "+@read", "+@connection"
    )
    try:
        steps = _check(gateway_redis_url, "reader:reads")
    finally:
        gateway_store.execute_command("ACL", "DELUSER", "reader")
    assert steps == [("connection", True), ("writing", False)]


def test_a_server_without_keyspace_events_is_told(
    gateway_store: Client, gateway_redis_url: str, secret: str
) -> None:
    before = gateway_store.config_get("notify-keyspace-events")["notify-keyspace-events"]
    gateway_store.config_set("notify-keyspace-events", "")
    try:
        steps = _check(gateway_redis_url, secret)
    finally:
        gateway_store.config_set("notify-keyspace-events", before)
    assert steps[-1] == ("events", False)


@pytest.mark.django_db
def test_the_address_is_asked_for_any_answer(
    gateway_redis_url: str, secret: str, serve: Serve, settings: SettingsWrapper
) -> None:
    settings.GATEWAYS_ALLOW_LOOPBACK = True
    from console.secrets import Secret
    from gateways import verification
    from gateways.models import Gateway

    gateway = Gateway(
        name="x",
        kind="traefik",
        url=f"http://127.0.0.1:{serve('127.0.0.1')}",
        settings={"redis_url": gateway_redis_url},
        secret=Secret(secret),
    )
    *_driver, last = verification.examine(gateway)
    assert last.ok
    assert "(200)" in last.text
    gateway.url = f"http://127.0.0.1:{ports.free()}"
    *_driver, last = verification.examine(gateway)
    assert not last.ok
    assert gateway.url in last.text
    assert last.fix
