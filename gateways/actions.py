"""The verbs of the outlet. Each is one transaction, writes the audit log and wakes the driver."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from console import access, audit, wakeups
from console.audit import Actor
from console.contract import keys
from console.models import AuditEntry
from console.roles import Role
from gateways import drivers, health
from gateways.models import Gateway

ADDRESS_IS_GIVEN = _("Only an administrator of the control plane gives a gateway its address.")


def create_gateway(*, gateway: Gateway, actor: Actor) -> Gateway:
    """Save a new gateway. Raises `ValidationError`, also for an address that the actor may not give
    (`refuse_address`); then nothing is saved."""
    gateway.full_clean()
    refuse_address("", gateway, actor)
    with transaction.atomic():
        gateway.save(force_insert=True)
        audit.record(
            actor=actor, verb=AuditEntry.Verb.CREATED, row=gateway, after=audit.facts(gateway)
        )
        wakeups.send(keys.gateway(str(gateway.pk)))
    return gateway


def change_gateway(*, gateway: Gateway, actor: Actor) -> Gateway:
    """Save a changed gateway; its driver starts again with the new settings. Raises
    `ValidationError`, also for a stored secret that would go elsewhere (`refuse_detour`) and for an
    address that the actor may not give (`refuse_address`)."""
    gateway.full_clean()
    known = Gateway.objects.get(pk=gateway.pk)
    refuse_detour(known, gateway)
    refuse_address(known.url, gateway, actor)
    with transaction.atomic():
        stored = Gateway.objects.select_for_update().get(pk=gateway.pk)
        before, after = audit.facts(stored), audit.facts(gateway)
        if stored.secret != gateway.secret:
            after["secret"] = "(replaced)"  # noqa: S105 - says that, not what
        gateway.revision = stored.revision + 1
        gateway.epoch = stored.epoch
        gateway.save(force_update=True)
        audit.record(
            actor=actor, verb=AuditEntry.Verb.CHANGED, row=gateway, before=before, after=after
        )
        wakeups.send(keys.gateway(str(gateway.pk)))
    return gateway


def refuse_detour(known: Gateway, gateway: Gateway) -> None:
    """A stored secret stays with its server: if the settings lead it elsewhere, it has to be given
    again. Else who cannot read it could have it sent to a place where he can. Raises
    `ValidationError`."""
    if not gateway.secret or not gateway.secret.stored:
        return
    guarded = drivers.KINDS[gateway.kind].guarded
    if known.kind != gateway.kind or any(
        known.settings.get(name) != gateway.settings.get(name) for name in guarded
    ):
        text = _("The secret would go to another server: give it again.")
        raise ValidationError({"secret": ValidationError(text, code="secret_needed")})


def refuse_address(known: str, gateway: Gateway, actor: Actor) -> None:
    """Where clients reach a gateway is for administrators of its control plane to say: *Try it*
    sends there what an editor types, from the console's place in the network, and shows the
    answer. Nobody (None) is the console itself. A gateway that is only tried out may have no
    control plane: then who administers any may. Raises `ValidationError`."""
    if gateway.url == known or actor is None:
        return
    ruled = [one.control_plane.pk for one in access.seats_of(actor) if one.may(Role.ADMIN)]
    home = gateway.control_plane_id
    if not ruled or home not in (None, *ruled):
        raise ValidationError({"url": ValidationError(ADDRESS_IS_GIVEN, code="admin_needed")})


def delete_gateway(*, gateway: Gateway, actor: Actor) -> None:
    """Forget a gateway. What it has been given stays with it: it goes on serving."""
    gateway_id = str(gateway.pk)
    with transaction.atomic():
        audit.record(
            actor=actor, verb=AuditEntry.Verb.DELETED, row=gateway, before=audit.facts(gateway)
        )
        gateway.delete()
        transaction.on_commit(lambda: health.forget(gateway_id))
        wakeups.send(keys.gateway(gateway_id))
