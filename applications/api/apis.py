"""APIs: below their application, and all of them in one list."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from applications import actions
from applications.models import Api, Application
from console.rest import ReadOnlyRowViewSet, RoomView, RowViewSet, draft_of

from .filters import ApiFilter, NestedApiFilter
from .serializers import ApiSerializer


class SavesApis(RoomView[Api]):
    """Takes an API of the application that its address names, as it was sent."""

    queryset = Api.objects.all()
    serializer_class = ApiSerializer

    def get_queryset(self) -> QuerySet[Api]:
        if getattr(self, "swagger_fake_view", False):
            return Api.objects.none()
        application = self.owner(Application.objects.all(), "application_id")
        return Api.objects.filter(application=application)

    def perform_create(self, serializer: BaseSerializer[Api]) -> None:
        api = draft_of(serializer)
        api.application = self.owner(Application.objects.all(), "application_id")
        serializer.instance = actions.create_api(api=api, actor=self.actor)

    def perform_update(self, serializer: BaseSerializer[Api]) -> None:
        serializer.instance = actions.change_api(api=draft_of(serializer), actor=self.actor)


@extend_schema(tags=["applications"])
class ApiViewSet(SavesApis, RowViewSet[Api]):
    """Paths and methods of an application that requests may take."""

    filterset_class = NestedApiFilter

    def perform_destroy(self, instance: Api) -> None:
        actions.delete_api(api=instance, actor=self.actor)

    @extend_schema(operation_id="applications_apis_publish", request=None, responses=ApiSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, application_id: uuid.UUID, pk: uuid.UUID) -> Response:
        """Let it answer requests, once its application is published too."""
        row = actions.publish_api(api=self.get_object(), actor=self.actor)
        return Response(self.get_serializer(row).data)

    @extend_schema(
        operation_id="applications_apis_unpublish", request=None, responses=ApiSerializer
    )
    @action(detail=True, methods=["post"])
    def unpublish(self, request: Request, application_id: uuid.UUID, pk: uuid.UUID) -> Response:
        """Take it off the gateways; nothing of it is forgotten."""
        row = actions.unpublish_api(api=self.get_object(), actor=self.actor)
        return Response(self.get_serializer(row).data)


@extend_schema(tags=["applications"])
class AllApisViewSet(ReadOnlyRowViewSet[Api]):
    """The APIs of all applications, to find one; each is changed below its application."""

    queryset = Api.objects.all()
    serializer_class = ApiSerializer
    filterset_class = ApiFilter
