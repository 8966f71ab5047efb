"""Applications and their upstreams."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from applications import actions, compiled, explain
from applications.models import Application, Upstream
from console.contract import wire
from console.errors import by_field, under
from console.rest import RoomView, RowViewSet, draft_of

from .filters import ApplicationFilter, UpstreamFilter
from .serializers import ApplicationSerializer
from .upstreams import NodesSerializer, UpstreamSerializer, members_of


class SavesApplications(RoomView[Application]):
    """Takes an application with its default upstream, as they were sent."""

    queryset = Application.objects.prefetch_related("upstreams__members")
    serializer_class = ApplicationSerializer

    def perform_create(self, serializer: BaseSerializer[Application]) -> None:
        values = serializer.validated_data["default_upstream"]
        serializer.instance = actions.create_application(
            application=draft_of(serializer),
            upstream=UpstreamSerializer().fill(None, values),
            members=members_of(values) or (),
            actor=self.actor,
        )

    def perform_update(self, serializer: BaseSerializer[Application]) -> None:
        """The application and its default upstream change together or not at all, and what is
        wrong with either is said at once."""
        application = draft_of(serializer)

        def change_application() -> None:
            actions.change_application(application=application, actor=self.actor)

        def change_upstream() -> None:
            values = serializer.validated_data.get("default_upstream")
            upstream = application.default_upstream
            if values is None or upstream is None:
                return
            with under("upstream"):
                actions.change_upstream(
                    upstream=UpstreamSerializer().fill(upstream, values),
                    members=members_of(values),
                    actor=self.actor,
                )

        _all_or_nothing(change_application, change_upstream)
        serializer.instance = self.get_object()


@extend_schema(tags=["applications"])
class ApplicationViewSet(SavesApplications, RowViewSet[Application]):
    """What teams publish: hosts, a path prefix, and where requests go."""

    filterset_class = ApplicationFilter

    def perform_destroy(self, instance: Application) -> None:
        actions.delete_application(application=instance, actor=self.actor)

    @extend_schema(
        operation_id="applications_publish", request=None, responses=ApplicationSerializer
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: uuid.UUID) -> Response:
        """Let its published APIs answer requests."""
        row = actions.publish_application(application=self.get_object(), actor=self.actor)
        return Response(self.get_serializer(row).data)

    @extend_schema(
        operation_id="applications_unpublish", request=None, responses=ApplicationSerializer
    )
    @action(detail=True, methods=["post"])
    def unpublish(self, request: Request, pk: uuid.UUID) -> Response:
        """Take all its APIs off the gateways; nothing of it is forgotten."""
        row = actions.unpublish_application(application=self.get_object(), actor=self.actor)
        return Response(self.get_serializer(row).data)


@extend_schema(tags=["applications"])
class UpstreamViewSet(RowViewSet[Upstream]):
    """The versions of an application's backend; requests go to its `default_version`."""

    queryset = Upstream.objects.all()
    serializer_class = UpstreamSerializer
    filterset_class = UpstreamFilter
    ordering = ("version",)
    ordering_fields = ("version", "created_at", "updated_at")
    search_fields = ("version",)

    def get_queryset(self) -> QuerySet[Upstream]:
        if getattr(self, "swagger_fake_view", False):
            return Upstream.objects.none()
        return Upstream.objects.filter(application=self._application()).prefetch_related("members")

    def perform_create(self, serializer: BaseSerializer[Upstream]) -> None:
        upstream = draft_of(serializer)
        upstream.application = self._application()
        serializer.instance = actions.create_upstream(
            upstream=upstream,
            members=members_of(serializer.validated_data) or (),
            actor=self.actor,
        )

    def perform_update(self, serializer: BaseSerializer[Upstream]) -> None:
        actions.change_upstream(
            upstream=draft_of(serializer),
            members=members_of(serializer.validated_data),
            actor=self.actor,
        )
        serializer.instance = self.get_object()

    def perform_destroy(self, instance: Upstream) -> None:
        actions.delete_upstream(upstream=instance, actor=self.actor)

    @extend_schema(operation_id="applications_upstreams_nodes", responses=NodesSerializer)
    @action(detail=True)
    def nodes(self, request: Request, application_id: uuid.UUID, pk: uuid.UUID) -> Response:
        """The nodes that gateways are told to send requests to now."""
        upstream = self.get_object()
        control_plane_id = str(upstream.application.control_plane_id)
        found = compiled.upstreams(control_plane_id, [str(pk)]).get(str(pk))
        shown = msgspec.structs.asdict(found or wire.Upstream(id=str(pk), name=""))
        said = {"compiled": found is not None, "warning": explain.kept(found) if found else ""}
        return Response(NodesSerializer(shown | said).data)

    def _application(self) -> Application:
        return self.owner(Application.objects.all(), "application_id")


def _all_or_nothing(*steps: Callable[[], None]) -> None:
    """Take all steps in one transaction. Raises one `ValidationError` with what each refused."""
    errors: dict[str, list[ValidationError]] = {}
    with transaction.atomic():
        for step in steps:
            try:
                step()
            except ValidationError as error:
                errors.update(by_field(error))
        if errors:
            raise ValidationError(errors)
