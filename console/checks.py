"""Settings that are wrong together, each with an id; `manage.py check` and every start run them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from console import storage
from console.redis import RedisError
from registries.kube.reflector import TIMING


@register()
def check_lease(**_: Any) -> list[CheckMessage]:
    if settings.LEASE_TTL < 3:
        return [
            Error(
                "LEASE_TTL is below 3 seconds: a lease would run out between two renewals.",
                hint="Set LEASE_TTL to 10 or more.",
                id="console.E001",
            )
        ]
    return []


@register()
def check_databases(**_: Any) -> list[CheckMessage]:
    if settings.REDIS_URL == settings.REDIS_BROKER_URL:
        return [
            Error(
                "REDIS_BROKER_URL is the feeds' database: Celery's keys would lie among them.",
                hint="Give the broker a database or a server of its own.",
                id="console.E002",
            )
        ]
    return []


@register()
def check_watch_times(**_: Any) -> list[CheckMessage]:
    if not TIMING.watch_for[0] > TIMING.silence:
        return [
            Error(
                "A silent watch would end by the server's clock before the client notices.",
                id="console.E003",
            )
        ]
    return []


@register()
def check_loopback(**_: Any) -> list[CheckMessage]:
    if settings.REGISTRIES_ALLOW_LOOPBACK_NODES and settings.HTTPS:
        return [
            Warning(
                "REGISTRIES_ALLOW_LOOPBACK_NODES is on: whoever writes endpoints in a cluster can"
                " make gateways call themselves.",
                hint="It is meant for the demo; unset it.",
                id="console.W001",
            )
        ]
    return []


@register(deploy=True)
def check_storage(**_: Any) -> list[CheckMessage]:
    """Asks Redis, so only `check --deploy` does it: other commands must run without."""
    try:
        warnings = storage.look().warnings()
    except RedisError as error:
        return [Warning(f"REDIS_URL: no answer to INFO memory: {error}", id="console.W003")]
    return [Warning(text, id="console.W002") for text in warnings]
