"""Addresses of applications and their APIs."""

from __future__ import annotations

from django.urls import path

from applications.views import apis, applications, choices, explain, lists, trace, versions

app_name = "applications"

urlpatterns = [
    path("", lists.application_list, name="application-list"),
    path("rows/", lists.application_rows, name="application-rows"),
    path("trace/", trace.trace, name="trace"),
    path("new/", applications.application_create, name="application-create"),
    path("<uuid:pk>/", applications.application_detail, name="application-detail"),
    path("<uuid:pk>/live/", applications.application_live, name="application-live"),
    path("<uuid:pk>/edit/", applications.application_edit, name="application-edit"),
    path("<uuid:pk>/publish/", lists.application_publish, name="application-publish"),
    path("<uuid:pk>/unpublish/", lists.application_unpublish, name="application-unpublish"),
    path("<uuid:pk>/delete/", applications.application_delete, name="application-delete"),
    path("<uuid:application>/apis/", apis.api_list, name="api-list"),
    path("<uuid:application>/apis/preview/", apis.api_preview, name="api-preview"),
    path("<uuid:application>/apis/new/", apis.api_create, name="api-create"),
    path("apis/<uuid:pk>/", apis.api_edit, name="api-edit"),
    path("apis/<uuid:pk>/publish/", apis.api_publish, name="api-publish"),
    path("apis/<uuid:pk>/unpublish/", apis.api_unpublish, name="api-unpublish"),
    path("apis/<uuid:pk>/delete/", apis.api_delete, name="api-delete"),
    path("upstreams/<uuid:pk>/explain/", explain.upstream_explain, name="upstream-explain"),
    path("<uuid:application>/versions/new/", versions.version_create, name="version-create"),
    path("versions/<uuid:pk>/", versions.version_edit, name="version-edit"),
    path("versions/<uuid:pk>/default/", versions.version_choose, name="version-choose"),
    path("versions/<uuid:pk>/delete/", versions.version_delete, name="version-delete"),
    path("overtaken/", applications.overtaken, name="overtaken"),
    path("choices/namespaces/", choices.namespaces, name="choices-namespaces"),
    path("choices/services/", choices.services, name="choices-services"),
    path("choices/ports/", choices.ports, name="choices-ports"),
    path("choices/nodes/", choices.member_nodes, name="choices-nodes"),
    path("using/<uuid:registry>/", applications.registry_users, name="registry-users"),
]
