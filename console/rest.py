"""What the rooms' REST doors share: serializers that make drafts, views that call actions.

One rule, two doors: a serializer checks the shape of a request only (types, lengths, choices).
Everything else is said by the models and actions, exactly as forms hear it, and
`console.api.errors` carries it to its place in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from console import access
from console.models import ControlPlane
from console.permissions import RolePermission, planes, seats
from console.roles import Role
from console.secrets import Secret

RowT = TypeVar("RowT", bound=models.Model)
OwnerT = TypeVar("OwnerT", bound=models.Model)

REQUIRED = _("This field is required.")
_MAKING = Role.EDITOR


class RelatedRow(serializers.PrimaryKeyRelatedField[Any]):
    """Another row, of a control plane in which who asks has a seat."""

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        request = self.context.get("request")
        if rows is None or request is None:
            return rows if rows is None else rows.none()
        return access.within(rows, planes(request))


class RowSerializer(serializers.ModelSerializer[RowT]):
    """The shape of a row. A field that the request has and the row has not is an error, so that a
    misspelt name is not taken for an omitted one."""

    serializer_related_field = RelatedRow

    def build_standard_field(
        self, field_name: str, model_field: Any
    ) -> tuple[type[serializers.Field[Any, Any, Any, Any]], dict[str, Any]]:
        """Leave the model's own validators to the model: they run in its `full_clean`."""
        field_class, options = super().build_standard_field(field_name, model_field)
        return field_class, {key: one for key, one in options.items() if key != "validators"}

    def get_validators(self) -> list[Any]:
        return []  # constraints are the model's business too

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in data.keys() - self.fields.keys())
            if unknown:
                raise ValidationError({name: [_("There is no such field.")] for name in unknown})
        return super().to_internal_value(data)

    def draft(self) -> RowT:
        """The row as the request wants it, not saved. Only for a serializer found valid."""
        return self.fill(self.instance, self.validated_data)

    def fill(self, row: RowT | None, values: Mapping[str, Any]) -> RowT:
        """Put the values that are columns into `row`, or into a new one."""
        model = self.Meta.model
        columns = {field.name for field in model._meta.concrete_fields}
        if row is None:
            row = cast(RowT, model())
        for name, value in values.items():
            if name in columns:
                setattr(row, name, value)
        return row

    class Meta:
        model: type[Any]
        fields: tuple[str, ...]


def draft_of(serializer: serializers.BaseSerializer[RowT]) -> RowT:
    """What `perform_…` of a view is given, as a draft."""
    return cast(RowSerializer[RowT], serializer).draft()


class OwnedByControlPlane(RowSerializer[RowT]):
    """A row of a control plane, which may be left out where there is only one to choose and stays
    what it was at the row's creation."""

    control_plane = RelatedRow(
        queryset=ControlPlane.objects.all(),
        required=False,
        help_text=_("May be left out if there is only one"),
    )

    def validate_control_plane(self, value: ControlPlane) -> ControlPlane:
        row: Any = self.instance
        if row is not None and row.control_plane_id != value.pk:
            raise ValidationError(_("The control plane cannot be changed."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs["control_plane"] = self._home(attrs.get("control_plane"))
        return attrs

    def _home(self, wanted: ControlPlane | None) -> ControlPlane:
        """Where a new row is to be: as wanted, or where else who asks may make one."""
        found = [seat.control_plane for seat in seats(self.context["request"]) if seat.may(_MAKING)]
        if wanted is None:
            if len(found) != 1:
                raise ValidationError({"control_plane": [REQUIRED]})
            return found[0]
        if wanted not in found:
            raise PermissionDenied
        return wanted


class SecretField(serializers.CharField):
    """A secret goes in and never comes out; left out of a change it stays as it is."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("allow_blank", True)
        options.setdefault("max_length", 16_384)
        super().__init__(write_only=True, **options)

    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        return Secret(value) if isinstance(value, str) else value


class IsSet(serializers.BooleanField):
    """Whether a secret is there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> bool:
        return bool(value)


class MillisecondsField(serializers.DateTimeField):
    """Milliseconds since the Unix epoch as an ISO 8601 time; 0 as null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def to_representation(self, value: Any) -> Any:
        return (
            super().to_representation(datetime.fromtimestamp(value / 1000, UTC)) if value else None
        )


class LagSerializer(serializers.Serializer[Any]):
    """A bucket of a histogram (`console.lags.of`)."""

    up_to = serializers.FloatField(allow_null=True, help_text=_("Seconds; null: longer than all"))
    count = serializers.IntegerField(help_text=_("Changes of this bucket alone"))


class RoomView(GenericAPIView[RowT]):
    """What every view of rows has: who acts, rows of their control planes only, UUIDs in addresses,
    lists in a total order."""

    permission_classes = [RolePermission]
    reading = Role.VIEWER
    writing = Role.EDITOR
    personal = False
    lookup_value_converter = "uuid"
    ordering: tuple[str, ...] = ("name",)
    ordering_fields: tuple[str, ...] = ("name", "created_at", "updated_at")
    search_fields: tuple[str, ...] = ("name", "description")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may not change what the address names hears so before their words are weighed."""
        super().initial(request, *args, **kwargs)
        if request.method in SAFE_METHODS or not kwargs:
            return
        if "pk" in kwargs:
            self.get_object()
        else:
            self.get_queryset()

    @property
    def actor(self) -> User:
        return cast(User, self.request.user)

    def filter_queryset(self, queryset: QuerySet[RowT, Any]) -> QuerySet[RowT, Any]:
        """Nobody's rows but those of who asks. The filters are for lists only: an object is found
        by its address, whatever its query says. Rows that are equal in what was asked for keep
        their order from page to page."""
        if not self.personal:
            queryset = self.within(queryset)
        if "pk" in self.kwargs:
            return queryset
        found = super().filter_queryset(queryset)
        return found.order_by(*found.query.order_by, "pk")

    def within(self, rows: QuerySet[OwnerT, Any]) -> QuerySet[OwnerT, Any]:
        """The rows in the control planes of who asks."""
        return access.within(rows, planes(self.request))

    def owner(self, rows: QuerySet[OwnerT, Any], name: str) -> OwnerT:
        """The row that the address names above this one, by the argument `name`. Raises `Http404`
        for one that who asks may not see, `PermissionDenied` for one that is not theirs to
        change."""
        row: OwnerT = get_object_or_404(self.within(rows), pk=self.kwargs[name])
        self.check_object_permissions(self.request, row)
        return row


class RowViewSet(RoomView[RowT], viewsets.ModelViewSet[RowT]):
    """Create, read, change and delete; each room's views name the actions in `perform_…`."""


class ReadOnlyRowViewSet(RoomView[RowT], viewsets.ReadOnlyModelViewSet[RowT]):
    """List and read."""


class ConnectionThrottle(UserRateThrottle):
    """Requests that make the house call out are few by nature; more is a scan of a network."""

    scope = "connections"
    rate = "60/min"
