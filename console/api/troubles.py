"""“Is everything true right now?” for programs: what is wrong, the worst first."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.models import ControlPlane
from console.overview.troubles import gather
from console.overview.verdict import needy
from console.permissions import RolePermission, planes
from console.rest import MillisecondsField
from console.ui.troubles import Trouble, Weight


class TroublesQuery(serializers.Serializer[None]):
    """Whose troubles are asked for."""

    control_plane = serializers.UUIDField(
        required=False, help_text="Left out: every control plane of who asks"
    )


class TroubleSerializer(serializers.Serializer[Trouble]):
    """Texts are in the language of the request, and for people; programs compare `code`."""

    code = serializers.CharField(help_text="E.g. registry.failing")
    weight = serializers.ChoiceField(
        source="weight.word",
        choices=[weight.word for weight in Weight],
        help_text="broken: clients get errors or old answers; at_risk: not fully, or not for long;"
        " hint: nothing is wrong, it looks unfinished",
    )
    text = serializers.CharField()
    detail = serializers.CharField(help_text="What a cluster or a server said")
    fix = serializers.CharField(help_text="What to do")
    command = serializers.CharField(help_text="What to type for it")
    page = serializers.CharField(source="url", help_text="The page of the console for it")
    since = MillisecondsField()
    object_type = serializers.CharField(source="row_type")
    object_id = serializers.CharField(source="row_id")
    object_name = serializers.CharField(source="row_name")


class PlaneSerializer(serializers.Serializer[Any]):
    """A control plane and its troubles, the worst first. `well`: nothing is broken or at risk."""

    control_plane = serializers.UUIDField()
    name = serializers.CharField()
    well = serializers.BooleanField()
    troubles = TroubleSerializer(many=True)


class TroublesSerializer(serializers.Serializer[Any]):
    """`well`: all of them are."""

    well = serializers.BooleanField()
    results = PlaneSerializer(many=True)


class TroublesView(APIView):
    """What is wrong right now, in every control plane of who asks or in one of them. Redis being
    away is a trouble, not an error."""

    permission_classes = [RolePermission]

    @extend_schema(
        tags=["console"],
        operation_id="troubles_list",
        parameters=[TroublesQuery],
        responses=TroublesSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = TroublesQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        results = [
            _of(plane) for plane in _wanted(request, asked.validated_data.get("control_plane"))
        ]
        answer = {"well": all(one["well"] for one in results), "results": results}
        return Response(TroublesSerializer(answer).data)


def _of(plane: ControlPlane) -> dict[str, Any]:
    found = gather(plane)
    return {
        "control_plane": plane.pk,
        "name": plane.name,
        "well": not needy(found),
        "troubles": found,
    }


def _wanted(request: Request, wanted: Any) -> list[ControlPlane]:
    found = planes(request)
    if wanted is None:
        return found
    chosen = [plane for plane in found if plane.pk == wanted]
    if not chosen:
        raise NotFound
    return chosen
