"""Registries: the rows, and what is known of their clusters."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any, cast

import msgspec
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from console import lags
from console.rest import ConnectionThrottle, RowViewSet, draft_of
from registries import (
    actions,
    catalogue,
    health,
    history,
    rbac,
    truth,
    verification,
    wording,
)
from registries.kube.preflight import State
from registries.models import Registry

from .filters import RegistryFilter, ServiceQuery
from .rights import RightsQuery
from .serializers import (
    AcceptClusterSerializer,
    NamespacesSerializer,
    RegistrySerializer,
    ResyncSerializer,
    ServiceSerializer,
    SpellSerializer,
    StatusSerializer,
    UnsavedRegistrySerializer,
)
from .services import Services
from .trials import ConnectionTestSerializer, ManifestSerializer


@extend_schema(tags=["registries"])
class RegistryViewSet(RowViewSet[Registry]):
    """Kubernetes clusters that are watched."""

    queryset = Registry.objects.all()
    serializer_class = RegistrySerializer
    filterset_class = RegistryFilter
    search_fields = ("name", "description", "server")

    def perform_create(self, serializer: BaseSerializer[Registry]) -> None:
        serializer.instance = actions.create_registry(
            registry=draft_of(serializer), actor=self.actor, verify=_verify(serializer)
        )

    def perform_update(self, serializer: BaseSerializer[Registry]) -> None:
        serializer.instance = actions.change_registry(
            registry=draft_of(serializer), actor=self.actor, verify=_verify(serializer)
        )

    def perform_destroy(self, instance: Registry) -> None:
        actions.delete_registry(registry=instance, actor=self.actor)

    @extend_schema(
        operation_id="registries_test_unsaved",
        request=UnsavedRegistrySerializer,
        responses=ConnectionTestSerializer,
    )
    @action(detail=False, methods=["post"], throttle_classes=[ConnectionThrottle])
    def test(self, request: Request) -> Response:
        """Ask a cluster whether it could be watched; nothing is saved."""
        serializer = UnsavedRegistrySerializer(
            data=request.data, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        registry = serializer.draft()
        registry.full_clean(
            exclude={"name", "control_plane"}, validate_unique=False, validate_constraints=False
        )
        return _tested(registry)

    @extend_schema(operation_id="registries_test", request=None, responses=ConnectionTestSerializer)
    @action(
        detail=True,
        methods=["post"],
        url_path="test",
        url_name="test-saved",
        throttle_classes=[ConnectionThrottle],
    )
    def test_saved(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask the registry's cluster, as it is saved, whether it can be watched."""
        return _tested(self.get_object())

    @extend_schema(
        operation_id="registries_rbac",
        filters=False,
        parameters=[RightsQuery],
        responses=ManifestSerializer,
    )
    @action(detail=False, pagination_class=None)
    def rbac(self, request: Request) -> Response:
        """The rights that a registry needs in its cluster, as a manifest to apply there."""
        query = RightsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wish = query.wish()
        found = {"manifest": rbac.manifest(wish), "commands": rbac.commands(wish)}
        return Response(ManifestSerializer(found).data)

    @extend_schema(operation_id="registries_status", responses=StatusSerializer)
    @action(detail=True)
    def status(self, request: Request, pk: uuid.UUID) -> Response:
        """What the registry's worker last said about it."""
        registry_id = self._id()
        said = health.read([registry_id])[registry_id]
        parts = {
            **msgspec.structs.asdict(said),
            **asdict(wording.of(said)),
            "lags": lags.of(said),
            "comparison": truth.read([registry_id])[registry_id],
        }
        return Response(StatusSerializer(parts).data)

    @extend_schema(filters=False, responses=SpellSerializer(many=True))
    @action(detail=True)
    def history(self, request: Request, pk: uuid.UUID) -> Response:
        """How the registry stood, newest first: a row for each change of phase or reason."""
        rows = self.get_object().transitions
        page: Any = self.paginate_queryset(cast("Any", rows.all()))
        newer = rows.filter(pk__gt=page[0].pk).last() if page else None
        found = history.spells(page, newer=newer)
        return self.get_paginated_response(SpellSerializer(found, many=True).data)

    @extend_schema(
        operation_id="registries_resync", request=None, responses={202: ResyncSerializer}
    )
    @action(detail=True, methods=["post"], throttle_classes=[ConnectionThrottle])
    def resync(self, request: Request, pk: uuid.UUID) -> Response:
        """Read everything anew, now. Nothing is removed that could not be read; the status says
        when it is done and what was found."""
        asked = actions.resync_registry(registry=self.get_object(), actor=self.actor)
        return Response(ResyncSerializer(asked).data, status=202)

    @extend_schema(
        operation_id="registries_accept_cluster",
        request=AcceptClusterSerializer,
        responses=RegistrySerializer,
    )
    @action(detail=True, methods=["post"], url_path="accept-cluster")
    def accept_cluster(self, request: Request, pk: uuid.UUID) -> Response:
        """Confirm that the cluster which the address leads to now is the right one. Until then
        nothing new is published."""
        serializer = AcceptClusterSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        registry = actions.accept_cluster(
            registry=self.get_object(),
            cluster=serializer.validated_data["cluster"],
            actor=self.actor,
        )
        return Response(self.get_serializer(registry).data)

    @extend_schema(operation_id="registries_namespaces", responses=NamespacesSerializer)
    @action(detail=True)
    def namespaces(self, request: Request, pk: uuid.UUID) -> Response:
        """The namespaces in which services are known."""
        return Response({"namespaces": catalogue.namespaces(self._id())})

    @extend_schema(filters=False, parameters=[ServiceQuery], responses=ServiceSerializer(many=True))
    @action(detail=True)
    def services(self, request: Request, pk: uuid.UUID) -> Response:
        """The services that are known, in order of namespace and name."""
        query = ServiceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page: Any = self.paginate_queryset(Services(self._id(), **query.validated_data))
        return self.get_paginated_response(ServiceSerializer(page, many=True).data)

    @extend_schema(operation_id="registries_services_retrieve", responses=ServiceSerializer)
    @action(
        detail=True,
        url_path="services/<str:namespace>/<str:name>",
        url_name="service",
    )
    def service(self, request: Request, pk: uuid.UUID, namespace: str, name: str) -> Response:
        """One service with its endpoints."""
        found = catalogue.get(self._id(), namespace, name)
        if found is None:
            raise Http404
        return Response(ServiceSerializer(found).data)

    def _id(self) -> str:
        """The registry's id, if there is such a registry."""
        return str(self.get_object().pk)


def _verify(serializer: BaseSerializer[Registry]) -> bool:
    return bool(serializer.validated_data.get("verify", True))


def _tested(registry: Registry) -> Response:
    findings = [one for one in verification.walk(registry) if one.state is not State.RUNNING]
    report = {"ok": all(finding.ok for finding in findings), "findings": findings}
    return Response(ConnectionTestSerializer(report).data)
