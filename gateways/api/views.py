"""Gateways, and the instances that report to them."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

import msgspec
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from applications.models import Application
from console import lags
from console.rest import ConnectionThrottle, RoomView, RowViewSet, draft_of
from gateways import (
    actions,
    fleet,
    publications,
    readback,
    rendering,
    standing,
    verification,
    wording,
)
from gateways.models import Gateway
from gateways.throttling import ReadingThrottle

from .filters import GatewayFilter
from .serializers import (
    GatewayInstanceSerializer,
    GatewaySerializer,
    GatewayStatusSerializer,
    GatewayTestSerializer,
    PublicationSerializer,
    RenderedQuery,
    RenderedSerializer,
    ServingQuery,
    ServingSerializer,
    UnsavedGatewaySerializer,
)

_PUBLICATIONS = 100  # commits of one answer
_SERVED = 1_000  # upstreams of one answer; the search finds the others


@extend_schema(tags=["gateways"])
class GatewayViewSet(RowViewSet[Gateway]):
    """Data planes that what is published goes out to."""

    queryset = Gateway.objects.all()
    serializer_class = GatewaySerializer
    filterset_class = GatewayFilter
    search_fields = ("name", "description", "url")

    def perform_create(self, serializer: BaseSerializer[Gateway]) -> None:
        serializer.instance = actions.create_gateway(gateway=draft_of(serializer), actor=self.actor)

    def perform_update(self, serializer: BaseSerializer[Gateway]) -> None:
        serializer.instance = actions.change_gateway(gateway=draft_of(serializer), actor=self.actor)

    def perform_destroy(self, instance: Gateway) -> None:
        actions.delete_gateway(gateway=instance, actor=self.actor)

    @extend_schema(
        operation_id="gateways_test_unsaved",
        request=UnsavedGatewaySerializer,
        responses=GatewayTestSerializer,
    )
    @action(detail=False, methods=["post"], throttle_classes=[ConnectionThrottle])
    def test(self, request: Request) -> Response:
        """Try whether a gateway could be driven; nothing is saved."""
        serializer = UnsavedGatewaySerializer(
            data=request.data, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        gateway = serializer.draft()
        gateway.full_clean(
            exclude={"name", "control_plane"}, validate_unique=False, validate_constraints=False
        )
        actions.refuse_address("", gateway, self.actor)
        return _tested(gateway)

    @extend_schema(operation_id="gateways_test", request=None, responses=GatewayTestSerializer)
    @action(
        detail=True,
        methods=["post"],
        url_path="test",
        url_name="test-saved",
        throttle_classes=[ConnectionThrottle],
    )
    def test_saved(self, request: Request, pk: uuid.UUID) -> Response:
        """Try whether the gateway, as it is saved, can be driven."""
        return _tested(self.get_object())

    @extend_schema(operation_id="gateways_status", responses=GatewayStatusSerializer)
    @action(detail=True)
    def status(self, request: Request, pk: uuid.UUID) -> Response:
        """How the gateway stands: what its driver last said, and how far it is behind."""
        gateway = self.get_object()
        key = str(gateway.pk)
        stands = standing.of([gateway])[key]
        phase = standing.phase_of(gateway, stands)
        members = fleet.of([gateway])[key]
        words = wording.of_phase(phase, stands.status, by_agent=gateway.by_agent)
        far = standing.progress_of(str(gateway.control_plane_id), [(gateway, stands)])[key]
        refused, otherwise = stands.status.refusals, standing.differences_of(stands.status)
        found = {
            **msgspec.structs.asdict(stands.status),
            **asdict(words),
            **asdict(far),
            "phase": phase,
            "refused": {one: wording.reason(why) for one, why in refused.items()},
            "differences": {one: wording.reason(why) for one, why in otherwise.items()},
            "lags": lags.of(members),
            "lag_sum": members.lag_sum,
        }
        return Response(GatewayStatusSerializer(found).data)

    @extend_schema(
        operation_id="gateways_publications",
        filters=False,
        responses=PublicationSerializer(many=True),
    )
    @action(detail=True, pagination_class=None)
    def publications(self, request: Request, pk: uuid.UUID) -> Response:
        """The last commits of its control plane, newest first, and whether it has them."""
        gateway = self.get_object()
        status = standing.of([gateway])[str(gateway.pk)].status
        found = publications.last(gateway, status, count=_PUBLICATIONS)
        return Response(PublicationSerializer(found, many=True).data)

    @extend_schema(
        operation_id="gateways_rendered",
        filters=False,
        parameters=[RenderedQuery],
        responses=RenderedSerializer,
    )
    @action(detail=True)
    def rendered(self, request: Request, pk: uuid.UUID) -> Response:
        """What the gateway is given for what is published; asks no gateway."""
        query = RenderedQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked, gateway = query.validated_data, self.get_object()
        plane = str(gateway.control_plane_id)
        if "resource" in asked:
            resources = rendering.some(plane, [asked["resource"]])
        elif "application" in asked:
            rows = Application.objects.filter(control_plane=gateway.control_plane_id)
            row = get_object_or_404(rows, pk=asked["application"])
            resources = rendering.some(plane, rendering.keys_of(row))
        else:
            resources = rendering.published(plane)
        shown = rendering.preview(gateway, resources)
        found: dict[str, Any] = {
            "gateway_kind": gateway.kind,
            "documents": rendering.fitting(shown.documents, asked.get("q", "")),
            "refused": {key: wording.reason(why) for key, why in shown.refused.items()},
            "error": shown.error,
        }
        return Response(RenderedSerializer(found).data)

    @extend_schema(
        operation_id="gateways_serving",
        filters=False,
        parameters=[ServingQuery],
        responses=ServingSerializer,
    )
    @action(detail=True, throttle_classes=[ReadingThrottle])
    def serving(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask the gateway what it serves, and compare: what the clusters say, what is compiled,
        what it uses. A gateway that an agent drives is not asked: the agent has said it, at
        `served_at`."""
        query = ServingQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        gateway = self.get_object()
        asked = rendering.serving(gateway)
        plane = str(gateway.control_plane_id)
        shown = readback.upstreams(plane, query.validated_data.get("q", ""))[:_SERVED]
        refused = standing.of([gateway])[str(gateway.pk)].status.refusals
        found = {
            "asked": asked.served is not None,
            "served_at": asked.at or None,
            "error": asked.error,
            "upstreams": readback.lines(gateway, shown, asked, refused),
        }
        return Response(ServingSerializer(found).data)


@extend_schema(tags=["gateways"])
class GatewayInstanceViewSet(RoomView[Gateway], GenericViewSet[Gateway]):
    """The running processes of a gateway, as they last reported themselves."""

    queryset = Gateway.objects.none()
    serializer_class = GatewayInstanceSerializer  # type: ignore[assignment]

    def list(self, request: Request, gateway_id: str) -> Response:
        gateway = self.owner(Gateway.objects.all(), "gateway_id")
        found = fleet.of([gateway])[str(gateway.pk)].members
        return Response(self.get_serializer(found, many=True).data)


def _tested(gateway: Gateway) -> Response:
    results = verification.examine(gateway)
    report = {"ok": all(one.ok for one in results), "findings": results}
    return Response(GatewayTestSerializer(report).data)
