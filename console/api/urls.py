"""Every address below ``/api/v1/``."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from applications.api.urls import register as register_applications
from gateways.api.urls import register as register_gateways
from registries.api.urls import register as register_registries

from . import schema  # noqa: F401 - describes our authentication to drf-spectacular
from .activity import ActivityView
from .members import MembershipViewSet
from .troubles import TroublesView
from .views import ApiTokenViewSet, AuditEntryViewSet, ControlPlaneViewSet, NowhereView

router = DefaultRouter(use_regex_path=False)
router.include_format_suffixes = False
router.register("control-planes", ControlPlaneViewSet)
router.register(
    "control-planes/<uuid:control_plane_id>/members", MembershipViewSet, "control-plane-member"
)
router.register("tokens", ApiTokenViewSet)
router.register("audit-entries", AuditEntryViewSet)
register_registries(router)
register_applications(router)
register_gateways(router)

app_name = "api"
urlpatterns = [
    path("", include(router.urls)),
    path("activity/", ActivityView.as_view(), name="activity"),
    path("troubles/", TroublesView.as_view(), name="troubles"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "docs/",
        login_required(SpectacularSwaggerSplitView.as_view(url_name="api:schema")),
        name="docs",
    ),
    path("<path:nowhere>", NowhereView.as_view()),
]
