"""Members of a control plane: invited or added, given another role, sent away.

A control plane that has administrators keeps one: the last cannot go, be turned off or get a lesser
role. Changes of one control plane's members wait for each other, so that two of the last two cannot
go at the same moment.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from console import audit
from console.audit import Actor
from console.errors import by_field
from console.models import AuditEntry, ControlPlane, Membership
from console.roles import Role


def add_member(
    *, control_plane: ControlPlane, username: str, role: str, email: str = "", actor: Actor
) -> tuple[Membership, bool]:
    """Make someone a member. Who has no account gets one without a password: the second value is
    true, and whoever is handed their invitation sets it. Raises `ValidationError`."""
    with transaction.atomic():
        user = User.objects.filter(username__iexact=username).first()
        made = user is None
        user = user or _account(username, email)
        membership = Membership(control_plane=control_plane, user=user, role=role)
        try:
            membership.full_clean()
        except ValidationError as error:
            raise ValidationError(
                {
                    "username" if name == "user" else name: found
                    for name, found in by_field(error).items()
                }
            ) from error
        membership.save(force_insert=True)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.CREATED,
            row=membership,
            after={"role": membership.role, "account": "made" if made else "known"},
        )
    return membership, made


def change_role(*, membership: Membership, role: str, actor: Actor) -> Membership:
    """Raises `ValidationError` for the last administrator."""
    with transaction.atomic():
        before = _locked(membership)
        if role != Role.ADMIN:
            _keep_an_administrator(before)
        membership.role = role
        membership.full_clean()
        membership.save(update_fields=["role", "updated_at"])
        _record(membership, actor, {"role": before.role}, {"role": membership.role})
    return membership


def remove_member(*, membership: Membership, actor: Actor) -> None:
    """The account stays. Raises `ValidationError` for the last administrator."""
    with transaction.atomic():
        before = _locked(membership)
        _keep_an_administrator(before)
        audit.record(
            actor=actor,
            verb=AuditEntry.Verb.DELETED,
            row=membership,
            before={"role": before.role},
        )
        membership.delete()


def switch_account(*, membership: Membership, active: bool, actor: Actor) -> Membership:
    """Turn a member's account on or off: their sessions and tokens end or work again, in every
    control plane. Raises `ValidationError` where they are the last administrator."""
    user = membership.user
    with transaction.atomic():
        if not active:
            for one in user.memberships.order_by("control_plane_id"):
                _keep_an_administrator(_locked(one))
        before, user.is_active = user.is_active, active
        user.save(update_fields=["is_active"])
        _record(membership, actor, {"active": before}, {"active": active})
    return membership


def forget_password(*, membership: Membership, actor: Actor) -> None:
    """End a member's password, and with it their sessions; an invitation sets another. Their API
    tokens go on."""
    user = membership.user
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        _record(membership, actor, {"password": "(set)"}, {"password": ""})


def _account(username: str, email: str) -> User:
    user = User(username=username, email=email)
    user.set_unusable_password()
    user.full_clean()
    user.save()
    return user


def _locked(membership: Membership) -> Membership:
    """The member as they are now; nobody else changes members of this control plane until the
    transaction ends."""
    ControlPlane.objects.select_for_update().get(pk=membership.control_plane_id)
    return Membership.objects.select_related("control_plane").get(pk=membership.pk)


def _keep_an_administrator(leaving: Membership) -> None:
    if leaving.role != Role.ADMIN:
        return
    others = Membership.objects.filter(
        control_plane=leaving.control_plane_id, role=Role.ADMIN, user__is_active=True
    ).exclude(pk=leaving.pk)
    if not others.exists():
        raise ValidationError(
            _("The last admin of “%(name)s” stays: make somebody else an admin first."),
            code="last_admin",
            params={"name": leaving.control_plane.name},
        )


def _record(membership: Membership, actor: Actor, before: audit.Facts, after: audit.Facts) -> None:
    audit.record(
        actor=actor, verb=AuditEntry.Verb.CHANGED, row=membership, before=before, after=after
    )
