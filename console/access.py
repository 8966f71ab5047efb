"""Who may do what, and where: the one place that every door asks.

A person has a seat in each control plane that they are a member of; a superuser has an
administrator's seat in all of them. Rows belong to a control plane by their own field, or by the
one of the row that they must belong to, so that a new model is guarded by being there. Whatever is
in nobody's seat is not found, rather than forbidden.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import models
from django.db.models import QuerySet

from console.models import ControlPlane, Membership
from console.roles import Role

RowT = TypeVar("RowT", bound=models.Model)

Person = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place in a control plane."""

    control_plane: ControlPlane
    role: Role

    def may(self, role: Role) -> bool:
        return self.role.includes(role)


@dataclass(frozen=True, slots=True)
class May:
    """What templates ask: `{% if may.edit %}`. Without a seat, nothing."""

    role: Role | None = None
    everywhere: bool = False  # a superuser: makes control planes, opens Django admin

    @property
    def look(self) -> bool:
        return self.role is not None

    @property
    def edit(self) -> bool:
        return self.role is not None and self.role.includes(Role.EDITOR)

    @property
    def administer(self) -> bool:
        return self.role is not None and self.role.includes(Role.ADMIN)


def rules_all(user: Person) -> bool:
    """Whether someone administers every control plane and the console itself."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


def seats_of(user: Person) -> list[Seat]:
    """Someone's seats, in order of the control planes' names. One query."""
    if not user.is_authenticated or not user.is_active:
        return []
    if rules_all(user):
        return [Seat(plane, Role.ADMIN) for plane in ControlPlane.objects.all()]
    memberships = Membership.objects.filter(user_id=user.pk).select_related("control_plane")
    return [
        Seat(one.control_plane, Role(one.role))
        for one in memberships.order_by("control_plane__name")
    ]


def planes_of(user: Person) -> QuerySet[ControlPlane]:
    """The control planes in which someone has a seat."""
    if not user.is_authenticated or not user.is_active:
        return ControlPlane.objects.none()
    if rules_all(user):
        return ControlPlane.objects.all()
    return ControlPlane.objects.filter(memberships__user_id=user.pk)


def answers_for(person: Person, user: AbstractBaseUser) -> bool:
    """Whether someone may turn an account on and off, end its tokens, and hand out the link that
    gives it its first password."""
    return user.pk in accounts_of(person, {user.pk})


def accounts_of(person: Person, user_ids: Collection[int]) -> set[int]:
    """Of these accounts those that someone answers for: all for superusers; else those of people
    who are members only where the person administers. An administrator of one control plane must
    not get at what its members have elsewhere."""
    if rules_all(person) or not user_ids:
        return set(user_ids)
    mine = [seat.control_plane.pk for seat in seats_of(person) if seat.may(Role.ADMIN)]
    users = User.objects.filter(pk__in=user_ids, is_superuser=False, is_staff=False)
    elsewhere = Membership.objects.filter(user__in=user_ids).exclude(control_plane__in=mine)
    return set(
        users.filter(memberships__control_plane__in=mine)
        .exclude(pk__in=elsewhere.values("user"))
        .values_list("pk", flat=True)
    )


def sees_all(user: Person) -> bool:
    """Whether someone has a seat in every control plane."""
    return rules_all(user) or planes_of(user).count() == ControlPlane.objects.count()


def within(rows: QuerySet[RowT], planes: Iterable[ControlPlane]) -> QuerySet[RowT]:
    """The rows that belong to one of the control planes."""
    path = path_to_plane(rows.model)
    if path is None:
        raise LookupError(f"{rows.model._meta.label} belongs to no control plane")
    return rows.filter(**{f"{path}__in": [plane.pk for plane in planes]})


def plane_id_of(row: models.Model) -> uuid.UUID | None:
    """The control plane that a row belongs to; None: to none."""
    path = path_to_plane(row.__class__)  # a request's user is wrapped: its type is not its class
    if path is None:
        return None
    *owners, last = path.split("__")
    owner = functools.reduce(getattr, owners, row)
    found: uuid.UUID | None = getattr(owner, last)
    return found


@functools.cache
def path_to_plane(model: type[models.Model]) -> str | None:
    """Where the id of a row's control plane stands, as a lookup: ``application__control_plane_id``.
    None: rows of this model belong to none."""
    if model is ControlPlane:
        return "id"
    fields = model._meta.concrete_fields
    if any(field.attname == "control_plane_id" for field in fields):
        return "control_plane_id"
    for field in fields:
        if not isinstance(field, models.ForeignKey) or field.null:
            continue
        owner = field.related_model
        if isinstance(owner, type) and owner is not model and (path := path_to_plane(owner)):
            return f"{field.name}__{path}"
    return None
