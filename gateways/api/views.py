"""Gateways, and the instances that report to them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from console import redis
from console.rest import RoomView, RowViewSet, draft_of
from gateways import actions, instances
from gateways.models import Gateway

from .filters import GatewayFilter
from .serializers import GatewayInstanceSerializer, GatewaySerializer


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


@extend_schema(tags=["gateways"])
class GatewayInstanceViewSet(RoomView[Gateway], GenericViewSet[Gateway]):
    """The running processes of a gateway, as they last reported themselves."""

    queryset = Gateway.objects.none()
    serializer_class = GatewayInstanceSerializer  # type: ignore[assignment]

    def list(self, request: Request, gateway_id: str) -> Response:
        gateway = self.owner(Gateway.objects.all(), "gateway_id")
        found = instances.read(redis.store(), [str(gateway.pk)])[str(gateway.pk)]
        return Response(self.get_serializer(found, many=True).data)
