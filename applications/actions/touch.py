"""What every verb here does last: date the application and wake its compiler."""

from __future__ import annotations

from applications.models import Api, Application, Upstream
from console import wakeups
from console.contract import keys
from console.models import ControlPlane


def touch(application: Application) -> None:
    """Give the application the control plane's next revision: the compiler reads again what is
    newer than what it has. Inside the caller's transaction, whose row lock orders the numbers."""
    revision = lock(application.control_plane)
    Application.objects.filter(pk=application.pk).update(revision=revision)
    application.revision = revision
    wakeups.send(keys.control_plane(str(application.control_plane_id)))


def hold(*, application: Application, row: Api | Upstream) -> None:
    """Let nobody else change this row or its application until the transaction ends: what is read
    after this is what will be replaced. The row first and the control plane then, as every verb
    takes them, so that no two wait for each other."""
    type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    lock(application.control_plane)


def lock(control_plane: ControlPlane) -> int:
    """Take the control plane's next revision and with it its row lock."""
    return control_plane.next_revision()
