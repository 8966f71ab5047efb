"""Whether Redis keeps what it is given, asked of a real one."""

from __future__ import annotations

import pytest

from console import redis, storage
from console.redis import Client, RedisError
from console.storage import Storage


def test_a_server_that_keeps_everything_is_no_trouble(store: Client) -> None:
    found = storage.look()
    assert (found.policy, found.evicts, found.warnings()) == ("noeviction", False, [])
    assert found.used > 0


def test_a_server_that_evicts_is_named(evicting: Client) -> None:
    [warning] = storage.look().warnings()
    assert "maxmemory-policy allkeys-random" in warning
    assert "noeviction" in warning


def test_it_is_seen_by_a_user_who_may_not_read_the_configuration(
    evicting: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    evicting.acl_setuser(
        "modest", enabled=True, passwords=["+pw"], commands=["+info", "+ping", "+hello", "+select"]
    )
    try:
        address = evicting.connection_pool.connection_kwargs
        url = f"redis://modest:pw@{address['host']}:{address['port']}/{address['db']}"
        monkeypatch.setattr(redis, "_store", redis.connect(url))
        with pytest.raises(RedisError):
            redis.store().config_get("maxmemory-policy")
        assert storage.look().evicts
    finally:
        redis.store().close()
        evicting.acl_deluser("modest")


def test_memory_that_runs_out_is_told_before_it_has() -> None:
    [warning] = Storage(policy="noeviction", used=95, limit=100).warnings()
    assert "95 %" in warning
    assert Storage(policy="noeviction", used=50, limit=100).warnings() == []


def test_a_server_that_does_not_say_is_not_blamed() -> None:
    assert Storage().warnings() == []
