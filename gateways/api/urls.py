"""Where the gateways' doors are."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from .dryrun import ApiDryRunViewSet, ApplicationDryRunViewSet
from .explain import UpstreamExplainViewSet
from .views import GatewayInstanceViewSet, GatewayViewSet


def register(router: BaseRouter) -> None:
    router.register("gateways", GatewayViewSet)
    router.register("applications", ApplicationDryRunViewSet, "application-dry-run")
    router.register(
        "applications/<uuid:application_id>/apis", ApiDryRunViewSet, "application-api-dry-run"
    )
    router.register("upstreams", UpstreamExplainViewSet)
    router.register(
        "gateways/<uuid:gateway_id>/instances", GatewayInstanceViewSet, "gateway-instance"
    )
