"""Gateways, and the instances that report to them."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from console.rest import RoomView, RowViewSet, draft_of
from gateways import actions
from gateways.models import Gateway, GatewayInstance

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
class GatewayInstanceViewSet(
    RoomView[GatewayInstance], ListModelMixin, GenericViewSet[GatewayInstance]
):
    """The running processes of a gateway, as they last reported themselves."""

    queryset = GatewayInstance.objects.all()
    serializer_class = GatewayInstanceSerializer
    ordering = ("hostname",)
    ordering_fields = ("hostname", "last_seen_at", "registered_at")
    search_fields = ("hostname",)

    def get_queryset(self) -> QuerySet[GatewayInstance]:
        if getattr(self, "swagger_fake_view", False):
            return GatewayInstance.objects.none()
        gateway = self.owner(Gateway.objects.all(), "gateway_id")
        return GatewayInstance.objects.filter(gateway=gateway)
