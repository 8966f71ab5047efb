"""The intake's tasks: the long one, the tick that sees to it that it runs, and the one that looks
whether what it says is true."""

from __future__ import annotations

from celery import shared_task

from console.contract import keys
from console.ownership import claim, ensure, own
from console.shutdown import STOP
from registries import health, rounds, watcher
from registries.models import Registry


@shared_task(ignore_result=True, acks_late=False)
def watch_registry(registry_id: str) -> None:
    """Watch a registry until it is disabled, deleted, or this worker stops."""
    own(
        keys.registry(registry_id),
        claim_epoch=lambda: claim(Registry, registry_id),
        body=lambda ownership: watcher.watch(registry_id, ownership),
        stop=STOP,
        lift_epoch=lambda epoch: Registry.lift_epoch(registry_id, epoch),
        quarantined=lambda hold: health.tell_quarantine(registry_id, hold.text),
    )


@shared_task(ignore_result=True)
def ensure_watchers() -> None:
    """Start a watcher for every enabled registry that has none."""
    ids = Registry.objects.enabled().values_list("pk", flat=True)
    ensure(watch_registry, map(str, ids), owner=keys.registry)


@shared_task(ignore_result=True)
def compare_feeds() -> None:
    """Compare some services of every registry's feed with its cluster (`registries.truth`)."""
    rounds.compare_all(stop=STOP)
