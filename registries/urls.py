"""Addresses of service registries, below the settings."""

from __future__ import annotations

from django.urls import path

from registries.views import deeds, details, registries, roster, services, status

app_name = "registries"

urlpatterns = [
    path("", roster.registry_list, name="registry-list"),
    path("new/", registries.registry_create, name="registry-create"),
    path("<uuid:pk>/", details.registry_detail, name="registry-detail"),
    path("<uuid:pk>/live/", status.registry_live, name="registry-live"),
    path("<uuid:pk>/services/", details.registry_services, name="registry-services"),
    path("<uuid:pk>/edit/", registries.registry_edit, name="registry-edit"),
    path("<uuid:pk>/switch/", deeds.registry_switch, name="registry-switch"),
    path("<uuid:pk>/resync/", deeds.registry_resync, name="registry-resync"),
    path("<uuid:pk>/test/", registries.registry_test, name="registry-test"),
    path("<uuid:pk>/accept/", status.registry_accept, name="registry-accept"),
    path("<uuid:pk>/delete/", deeds.registry_delete, name="registry-delete"),
    path(
        "<uuid:pk>/services/<str:namespace>/<str:name>/",
        services.service_detail,
        name="service-detail",
    ),
]
