"""The outlet's tasks: the long one, and the tick that sees to it that it runs."""

from __future__ import annotations

from celery import shared_task

from console.contract import keys
from console.ownership import claim, ensure, own
from console.shutdown import STOP
from gateways import follower
from gateways.models import Gateway


@shared_task(ignore_result=True, acks_late=False)
def drive_gateway(gateway_id: str) -> None:
    """Drive a gateway until it is disabled, deleted, or this worker stops."""
    own(
        keys.gateway(gateway_id),
        claim_epoch=lambda: claim(Gateway, gateway_id),
        body=lambda ownership: follower.drive(gateway_id, ownership),
        stop=STOP,
        lift_epoch=lambda epoch: Gateway.lift_epoch(gateway_id, epoch),
        quarantined=lambda hold: follower.tell_failure(gateway_id, hold.text, reason="quarantined"),
    )


@shared_task(ignore_result=True)
def ensure_drivers() -> None:
    """Start a driver for every enabled gateway that has none."""
    ids = Gateway.objects.enabled().values_list("pk", flat=True)
    ensure(drive_gateway, map(str, ids), owner=keys.gateway)
