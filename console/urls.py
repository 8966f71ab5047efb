"""Every address of the console."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from console.views import (
    activity,
    find,
    login,
    members,
    metrics,
    overview,
    planes,
    profile,
    settings,
    tokens,
)

console_patterns = [
    path("", overview.overview, name="overview"),
    path("overview/", overview.overview_live, name="overview-live"),
    path("find/", find.found, name="find"),
    path("login/", login.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("invitation/<str:uidb64>/<str:token>/", login.Invitation.as_view(), name="invitation"),
    path("look/", profile.look, name="look"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.password, name="profile-password"),
    path("profile/sessions/", profile.sessions, name="profile-sessions"),
    path("control-plane/", planes.plane_switch, name="plane-switch"),
    path("control-plane/new/", planes.plane_create, name="plane-create"),
    path("settings/", settings.general, name="settings-general"),
    path("settings/delete/", settings.delete, name="settings-delete"),
    path("settings/members/", members.member_list, name="member-list"),
    path("settings/members/new/", members.member_create, name="member-create"),
    path("settings/members/<uuid:pk>/", members.member_edit, name="member-edit"),
    path("settings/members/<uuid:pk>/remove/", members.member_remove, name="member-remove"),
    path("settings/members/<uuid:pk>/account/", members.member_account, name="member-account"),
    path("settings/members/<uuid:pk>/link/", members.member_link, name="member-link"),
    path("settings/tokens/", tokens.token_list, name="token-list"),
    path("settings/tokens/new/", tokens.token_create, name="token-create"),
    path("settings/tokens/<uuid:pk>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("activity/", activity.activity, name="activity"),
    path("activity/live/", activity.activity_live, name="activity-live"),
    path("audit/", activity.audit_list, name="audit-list"),
]

urlpatterns = [
    path("", include((console_patterns, "console"))),
    path("settings/registries/", include("registries.urls")),
    path("settings/gateways/", include("gateways.urls")),
    path("gateways/", include("gateways.serving.urls")),
    path("applications/", include("applications.urls")),
    path("api/v1/", include("console.api.urls")),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]
