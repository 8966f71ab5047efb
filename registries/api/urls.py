"""Where the registries' doors are."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from .views import RegistryViewSet


def register(router: BaseRouter) -> None:
    router.register("registries", RegistryViewSet)
