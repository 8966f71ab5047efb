"""Every check of the settings, by its id."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core import checks
from pytest_django import Settings

import console.checks
from console import redis
from console.redis import Client


def ids() -> list[str]:
    return [message.id for message in checks.run_checks() if message.id.startswith("console.")]


def test_the_settings_of_the_tests_pass() -> None:
    assert ids() == []


def test_a_lease_that_runs_out_between_renewals_is_e001(settings: Settings) -> None:
    settings.LEASE_TTL = 2
    assert ids() == ["console.E001"]


def test_feeds_in_the_brokers_database_are_e002(settings: Settings) -> None:
    settings.REDIS_BROKER_URL = settings.REDIS_URL
    assert ids() == ["console.E002"]


def test_a_silence_longer_than_a_watch_is_e003(monkeypatch: pytest.MonkeyPatch) -> None:
    timing = console.checks.TIMING
    impatient = replace(timing, silence=timing.watch_for[0] + 1)
    monkeypatch.setattr(console.checks, "TIMING", impatient)
    assert ids() == ["console.E003"]


def test_loopback_nodes_in_production_are_w001(settings: Settings) -> None:
    settings.REGISTRIES_ALLOW_LOOPBACK_NODES = True
    settings.HTTPS = True
    assert ids() == ["console.W001"]
    settings.REGISTRIES_ALLOW_LOOPBACK_NODES = False
    assert ids() == []


def deploy_ids() -> list[str]:
    found = checks.run_checks(include_deployment_checks=True)
    return [message.id for message in found if message.id.startswith("console.")]


def test_a_redis_that_evicts_is_w002(evicting: Client) -> None:
    assert "console.W002" in deploy_ids()
    assert ids() == [], "a command that is no deploy check asks no server"
    evicting.config_set("maxmemory-policy", "noeviction")
    assert "console.W002" not in deploy_ids()


def test_a_redis_that_does_not_answer_is_w003(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    assert "console.W003" in deploy_ids()
