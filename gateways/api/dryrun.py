"""What publishing an application, or saving what was sent, would change, gateway by gateway."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from applications import dryrun
from applications.api.apis import SavesApis
from applications.api.views import SavesApplications
from applications.dryrun import Sketch
from applications.models import Api, Application
from gateways import publishing
from gateways.diffing import Kind
from gateways.throttling import ReadingThrottle

Row = TypeVar("Row", Api, Application)
Save = Callable[[BaseSerializer[Row]], None]


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
    changes = DocumentChangeSerializer(many=True, source="first")
    more = serializers.IntegerField(help_text=_("How many changes are not listed"))
    refused = RefusedSerializer(many=True)


DRY_RUN: dict[str, Any] = {
    "url_path": "dry-run",
    "pagination_class": None,
    "throttle_classes": [ReadingThrottle],
}
EFFECTS = EffectSerializer(many=True)


@extend_schema(tags=["gateways"])
class ApplicationDryRunViewSet(SavesApplications, GenericViewSet[Application]):
    """Applications, for what gateways would be given."""

    @extend_schema(
        operation_id="applications_dry_run",
        filters=False,
        parameters=[DryRunQuery],
        responses=EFFECTS,
    )
    @action(detail=True, **DRY_RUN)
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
        return _answer(dryrun.sketch(application, apis=wanted))

    @extend_schema(operation_id="applications_dry_run_create", filters=False, responses=EFFECTS)
    @action(detail=False, methods=["post"], **DRY_RUN)
    def dry_run_create(self, request: Request) -> Response:
        """What creating it would change; a draft is taken as if it were published."""
        return self._saved(self.get_serializer(data=request.data), self.perform_create)

    @extend_schema(operation_id="applications_dry_run_update", filters=False, responses=EFFECTS)
    @dry_run.mapping.put
    def dry_run_update(self, request: Request, pk: uuid.UUID) -> Response:
        """What replacing it would change; a draft is taken as if it were published."""
        serializer = self.get_serializer(self.get_object(), data=request.data)
        return self._saved(serializer, self.perform_update)

    @extend_schema(
        operation_id="applications_dry_run_partial_update", filters=False, responses=EFFECTS
    )
    @dry_run.mapping.patch
    def dry_run_partial_update(self, request: Request, pk: uuid.UUID) -> Response:
        """What changing it would change; a draft is taken as if it were published."""
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        return self._saved(serializer, self.perform_update)

    def _saved(self, serializer: BaseSerializer[Application], save: Save[Application]) -> Response:
        serializer.is_valid(raise_exception=True)
        with dryrun.undone():
            save(serializer)
            row = cast(Application, serializer.instance)
            sketched = dryrun.saved(row, was=row.published)
        return _answer(sketched)


@extend_schema(tags=["gateways"])
class ApiDryRunViewSet(SavesApis, GenericViewSet[Api]):
    """APIs of an application, for what gateways would be given."""

    @extend_schema(
        operation_id="applications_apis_dry_run_create", filters=False, responses=EFFECTS
    )
    @action(detail=False, methods=["post"], **DRY_RUN)
    def dry_run_create(self, request: Request, application_id: uuid.UUID) -> Response:
        """What creating it would change; a draft is taken as if it were published."""
        return self._saved(self.get_serializer(data=request.data), self.perform_create)

    @extend_schema(
        operation_id="applications_apis_dry_run_update", filters=False, responses=EFFECTS
    )
    @action(detail=True, methods=["put"], **DRY_RUN)
    def dry_run(self, request: Request, application_id: uuid.UUID, pk: uuid.UUID) -> Response:
        """What replacing it would change; a draft is taken as if it were published."""
        serializer = self.get_serializer(self.get_object(), data=request.data)
        return self._saved(serializer, self.perform_update)

    @extend_schema(
        operation_id="applications_apis_dry_run_partial_update", filters=False, responses=EFFECTS
    )
    @dry_run.mapping.patch
    def dry_run_partial_update(
        self, request: Request, application_id: uuid.UUID, pk: uuid.UUID
    ) -> Response:
        """What changing it would change; a draft is taken as if it were published."""
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=True)
        return self._saved(serializer, self.perform_update)

    def _saved(self, serializer: BaseSerializer[Api], save: Save[Api]) -> Response:
        serializer.is_valid(raise_exception=True)
        with dryrun.undone():
            save(serializer)
            row = cast(Api, serializer.instance)
            sketched = dryrun.saved_api(row, was=row.published)
        return _answer(sketched)


def _answer(sketched: Sketch) -> Response:
    return Response(EffectSerializer(publishing.effects(sketched), many=True).data)
