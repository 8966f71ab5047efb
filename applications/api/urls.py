"""Where the applications' doors are."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from .apis import AllApisViewSet, ApiViewSet
from .trace import TraceViewSet
from .views import ApplicationViewSet, UpstreamViewSet


def register(router: BaseRouter) -> None:
    router.register("applications", ApplicationViewSet)
    router.register(
        "applications/<uuid:application_id>/upstreams", UpstreamViewSet, "application-upstream"
    )
    router.register("applications/<uuid:application_id>/apis", ApiViewSet, "application-api")
    router.register("apis", AllApisViewSet)
    router.register("trace", TraceViewSet, "trace")
