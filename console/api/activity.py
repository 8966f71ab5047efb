"""The timeline for programs: what people changed and what nodes did, page by page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from console import timeline
from console.models import AuditEntry, ControlPlane
from console.permissions import RolePermission, seats
from console.redis import RedisError
from console.rest import REQUIRED
from console.timeline import Entry, Kind, Place, Query, diff
from registries import chronicle


class ActivityQuery(serializers.Serializer[None]):
    """What to look for; everything may be left out."""

    control_plane = serializers.UUIDField(
        required=False, help_text="May be left out if there is only one"
    )
    kind = serializers.ChoiceField(
        choices=[Kind.CHANGES, Kind.NODES], required=False, help_text="One of the two sources"
    )
    object = serializers.CharField(
        required=False,
        max_length=64,
        help_text="The id of an object: its changes, and the nodes of the services that it uses",
    )
    object_type = serializers.CharField(required=False, max_length=50)
    registry = serializers.UUIDField(required=False)
    service = serializers.CharField(
        required=False, max_length=500, help_text="namespace/name, or a namespace"
    )
    actor = serializers.CharField(required=False, max_length=150, help_text="Exactly this name")
    verb = serializers.ChoiceField(choices=AuditEntry.Verb.values, required=False)
    search = serializers.CharField(
        required=False,
        max_length=200,
        help_text="A part of an object's, actor's, service's or pod's name, or of an address",
    )
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False, help_text="Does not count itself")
    page_size = serializers.IntegerField(
        required=False, default=50, min_value=1, max_value=200, help_text="At most 200"
    )
    before = serializers.CharField(
        required=False, max_length=150, help_text="Where a page begins: from `next`"
    )

    def validate_before(self, value: str) -> Place:
        place = timeline.parse(value)
        if place is None:
            raise serializers.ValidationError(_("This is not a place in the timeline."))
        return place


class NodeChangeSerializer(serializers.Serializer[chronicle.Change]):
    """What happened to one address."""

    address = serializers.CharField()
    pod = serializers.CharField()
    what = serializers.ChoiceField(
        choices=[
            "added",
            "removed",
            "ready",
            "not-ready",
            "terminating",
            "drained",
            "back",
            "dipped",
        ]
    )
    ready = serializers.BooleanField(help_text="As it is now")


class MoveSerializer(serializers.Serializer[chronicle.Move]):
    """What the nodes of a service did within a moment. `services` counts those that a move of many
    is about; such a move names none."""

    kind = serializers.ChoiceField(
        choices=["moved", "appeared", "deleted", "first", "restored", "many", "missed"]
    )
    registry = serializers.UUIDField(source="registry_id")
    namespace = serializers.CharField()
    service = serializers.CharField(source="name")
    ready_before = serializers.IntegerField()
    ready_after = serializers.IntegerField()
    total_before = serializers.IntegerField()
    total_after = serializers.IntegerField()
    services = serializers.IntegerField()
    cause = serializers.SerializerMethodField()
    changes = NodeChangeSerializer(many=True)
    left_out = serializers.IntegerField(help_text="Changes beyond those that are named")

    def get_cause(self, move: chronicle.Move) -> str:
        return chronicle.cause(move)


class ChangeSerializer(serializers.ModelSerializer[AuditEntry]):
    """What somebody changed, without secrets."""

    before = serializers.SerializerMethodField(help_text="Of a change, the fields that differ")
    after = serializers.SerializerMethodField()

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "actor_name",
            "verb",
            "object_type",
            "object_id",
            "object_name",
            "before",
            "after",
        )
        read_only_fields = fields

    def get_before(self, row: AuditEntry) -> dict[str, Any] | None:
        return row.before and diff.clean(row.before)

    def get_after(self, row: AuditEntry) -> dict[str, Any] | None:
        return row.after and diff.clean(row.after)


class EntrySerializer(serializers.Serializer[Entry]):
    """One of both: `change` or `nodes`, the other is null."""

    id = serializers.CharField(source="place", help_text="Its place in the timeline")
    at = serializers.DateTimeField(source="place.moment")
    change = ChangeSerializer(allow_null=True)
    nodes = MoveSerializer(source="move", allow_null=True)


class TimelineSerializer(serializers.Serializer[Any]):
    """A page; `next` leads to older entries. A search may end a page before it is full."""

    next = serializers.URLField(allow_null=True)
    results = EntrySerializer(many=True)


class ActivityView(APIView):
    """What people changed and what nodes did, as one timeline, the newest first."""

    permission_classes = [RolePermission]

    @extend_schema(
        tags=["console"],
        operation_id="activity_list",
        parameters=[ActivityQuery],
        responses=TimelineSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = ActivityQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted: dict[str, Any] = dict(asked.validated_data)
        before, limit = wanted.pop("before", None), wanted.pop("page_size")
        query = self._query(request, wanted)
        page = timeline.page(query, before=before, limit=limit)
        if not page.known and query.followed:
            raise RedisError("Redis does not answer")
        further = request.build_absolute_uri()
        answer = {
            "next": replace_query_param(further, "before", str(page.older)) if page.older else None,
            "results": page.entries,
        }
        return Response(TimelineSerializer(answer).data)

    def _query(self, request: Request, wanted: dict[str, Any]) -> Query:
        plane = _plane(request, wanted.pop("control_plane", None))
        names = {"search": "text", "object": "object_id"}
        criteria = {names.get(name, name): value for name, value in wanted.items()}
        if "registry" in criteria:
            criteria["registry"] = str(criteria["registry"])
        if "service" in criteria:
            criteria["service"] = criteria["service"].strip().rstrip("/")
        return Query(
            control_plane=plane,
            person=request.user,
            registries=timeline.registries_of(plane),
            **criteria,
        )


def _plane(request: Request, wanted: Any) -> ControlPlane:
    """The control plane that is asked for, else the only one of who asks."""
    found = [seat.control_plane for seat in seats(request)]
    if wanted is None:
        if len(found) != 1:
            raise serializers.ValidationError({"control_plane": [REQUIRED]})
        return found[0]
    for plane in found:
        if plane.pk == wanted:
            return plane
    raise NotFound
