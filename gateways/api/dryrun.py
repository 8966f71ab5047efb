"""What publishing an application would change, gateway by gateway."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from applications.models import Application
from console.rest import RoomView
from gateways import publishing
from gateways.diffing import Kind
from gateways.throttling import ReadingThrottle


class DryRunQuery(serializers.Serializer[Any]):
    drafts = serializers.BooleanField(
        default=True, help_text=_("As if its unpublished APIs were published too")
    )
    api = serializers.UUIDField(required=False, help_text=_("Of the unpublished APIs, this one"))


class DocumentChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text=_("The document's name in the gateway"))
    change = serializers.ChoiceField(source="kind", choices=[one.value for one in Kind])
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class RefusedSerializer(serializers.Serializer[Any]):
    resource = serializers.CharField(source="key")
    name = serializers.CharField(source="title")
    why = serializers.CharField()


class EffectSerializer(serializers.Serializer[Any]):
    """What would change at one gateway."""

    gateway = serializers.UUIDField(source="gateway.pk")
    name = serializers.CharField(source="gateway.name")
    live = serializers.BooleanField(
        help_text=_("Compared with what the gateway has; else with what is published now")
    )
    why = serializers.CharField(help_text=_("Why the gateway was not asked; may be empty"))
    error = serializers.CharField()
    changes = DocumentChangeSerializer(many=True)
    refused = RefusedSerializer(many=True)


@extend_schema(tags=["gateways"])
class ApplicationDryRunViewSet(RoomView[Application], GenericViewSet[Application]):
    """Applications, for what gateways would be given."""

    queryset = Application.objects.all()
    serializer_class = EffectSerializer

    @extend_schema(
        operation_id="applications_dry_run",
        filters=False,
        parameters=[DryRunQuery],
        responses=EffectSerializer(many=True),
    )
    @action(
        detail=True,
        url_path="dry-run",
        pagination_class=None,
        throttle_classes=[ReadingThrottle],
    )
    def dry_run(self, request: Request, pk: uuid.UUID) -> Response:
        """What publishing would change at each gateway; nothing is written."""
        query = DryRunQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        application = self.get_object()
        rows = application.apis.filter(published=False)
        if "api" in asked:
            rows = rows.filter(pk=asked["api"])
        elif not asked["drafts"]:
            rows = rows.none()
        wanted = [str(one) for one in rows.values_list("pk", flat=True)]
        found = publishing.effects(application, apis=wanted)
        return Response(EffectSerializer(found, many=True).data)
