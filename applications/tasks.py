"""The chart room's tasks: the long one, and the tick that sees to it that it runs."""

from __future__ import annotations

from celery import shared_task

from applications import follower
from console.contract import keys
from console.models import ControlPlane
from console.ownership import claim, ensure, own
from console.shutdown import STOP


@shared_task(ignore_result=True, acks_late=False)
def compile_control_plane(control_plane_id: str) -> None:
    """Compile a control plane until it is deleted or this worker stops."""
    own(
        keys.control_plane(control_plane_id),
        claim_epoch=lambda: claim(ControlPlane, control_plane_id),
        body=lambda ownership: follower.compile_(control_plane_id, ownership),
        stop=STOP,
        lift_epoch=lambda epoch: ControlPlane.lift_epoch(control_plane_id, epoch),
    )


@shared_task(ignore_result=True)
def ensure_compilers() -> None:
    """Start a compiler for every control plane that has none."""
    ids = ControlPlane.objects.values_list("pk", flat=True)
    ensure(compile_control_plane, map(str, ids), owner=keys.control_plane)
