"""Every address of the console."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from console.views import audit, metrics, overview, settings, tokens

console_patterns = [
    path("", overview.overview, name="overview"),
    path("overview/", overview.overview_live, name="overview-live"),
    path(
        "login/",
        LoginView.as_view(template_name="console/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("settings/", settings.general, name="settings-general"),
    path("settings/tokens/", tokens.token_list, name="token-list"),
    path("settings/tokens/new/", tokens.token_create, name="token-create"),
    path("settings/tokens/<uuid:pk>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("audit/", audit.audit_list, name="audit-list"),
]

urlpatterns = [
    path("", include((console_patterns, "console"))),
    path("settings/registries/", include("registries.urls")),
    path("settings/gateways/", include("gateways.urls")),
    path("applications/", include("applications.urls")),
    path("api/v1/", include("console.api.urls")),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]
