"""Which route takes a request."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from applications import explain, tracing
from applications.explain import UpstreamExplanation
from applications.models import Upstream
from applications.tracing.candidates import State
from applications.tracing.tracing import Outcome, Trace, Traced
from console import permissions

from .explain import ExplainedUpstreamSerializer, upstream_data


class CheckSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    ok = serializers.BooleanField(allow_null=True, help_text=_("null: only the gateway can tell"))
    text = serializers.CharField()
    values = serializers.DictField()


class TracedSerializer(serializers.Serializer[Any]):
    application = serializers.CharField()
    application_id = serializers.UUIDField(allow_null=True)
    api = serializers.CharField()
    api_id = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=[one.value for one in State])
    fits = serializers.BooleanField(allow_null=True)
    checks = CheckSerializer(many=True)


class TraceSerializer(serializers.Serializer[Any]):
    request = serializers.DictField()
    outcome = serializers.ChoiceField(choices=[one.value for one in Outcome])
    known = serializers.BooleanField(help_text=_("False: told from rows, as Redis did not answer"))
    winner = TracedSerializer(allow_null=True)
    upstream = ExplainedUpstreamSerializer(allow_null=True)
    perhaps = TracedSerializer(many=True)
    others = TracedSerializer(many=True)
    beyond = serializers.IntegerField()


_ASKED = [
    OpenApiParameter("host", str, description="The host that is asked for"),
    OpenApiParameter("path", str, description="With its query, or a whole address"),
    OpenApiParameter("method", str, description="GET, if it is left out"),
    OpenApiParameter("scheme", str, description="http, if it is left out"),
    OpenApiParameter("headers", str, description="One a line: `Name: value`"),
    OpenApiParameter(
        "control_plane", uuid.UUID, description="May be left out if there is only one"
    ),
]


@extend_schema(tags=["applications"])
class TraceViewSet(GenericViewSet[Upstream]):
    """Which route takes a request. Nothing is sent."""

    queryset = Upstream.objects.none()
    serializer_class = TraceSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        operation_id="trace_request", parameters=_ASKED, responses=TraceSerializer, filters=False
    )
    def list(self, request: Request) -> Response:
        """Which application, API, upstream and nodes a request would reach, and why the other
        routes do not take it."""
        asked = tracing.Asked(request.query_params)
        if not asked.is_valid():
            raise ValidationError(
                {name: list(map(str, said)) for name, said in asked.errors.items()}
            )
        found = tracing.trace(self._plane(request), asked.request)
        upstream = found.upstream()
        return Response(_trace(found, explain.of_upstream(upstream) if upstream else None))

    def _plane(self, request: Request) -> uuid.UUID:
        wanted = request.query_params.get("control_plane", "")
        found = {str(one.pk): one.pk for one in permissions.planes(request)}
        if wanted in found:
            return found[wanted]
        if wanted or len(found) != 1:
            text = _("There is no such control plane.") if wanted else _("This field is required.")
            raise ValidationError({"control_plane": [text]})
        return next(iter(found.values()))


def _trace(found: Trace, explanation: UpstreamExplanation | None) -> dict[str, Any]:
    asked = found.request
    return {
        "request": {
            "scheme": asked.scheme,
            "host": asked.host,
            "method": asked.method,
            "path": asked.path,
            "query": [list(pair) for pair in asked.query],
            "headers": [list(pair) for pair in asked.headers],
        },
        "outcome": found.outcome.value,
        "known": found.known,
        "winner": _traced(found.winner) if found.winner else None,
        "upstream": upstream_data(explanation) if explanation else None,
        "perhaps": [_traced(one) for one in found.perhaps],
        "others": [_traced(one) for one in found.others],
        "beyond": found.beyond,
    }


def _traced(found: Traced) -> dict[str, Any]:
    candidate = found.candidate
    return {
        "application": candidate.application,
        "application_id": candidate.application_id and str(candidate.application_id),
        "api": candidate.api,
        "api_id": candidate.api_id and str(candidate.api_id),
        "state": candidate.state.value,
        "fits": found.fits,
        "checks": [
            {"code": one.code, "ok": one.ok, "text": one.text, "values": one.values}
            for one in found.checks
        ],
    }
