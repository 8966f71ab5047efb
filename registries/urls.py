"""Addresses of service registries, below the settings."""

from __future__ import annotations

from django.urls import path

from registries.views import deeds, details, guide, roster, rotation, services, status, trial

app_name = "registries"

urlpatterns = [
    path("", roster.registry_list, name="registry-list"),
    path("new/", guide.registry_create, name="registry-create"),
    path("new/test/", trial.registry_try, name="registry-try"),
    path("new/kubeconfig/", guide.registry_kubeconfig, name="registry-kubeconfig"),
    path("new/rights/", guide.registry_rbac, name="registry-rbac"),
    path("<uuid:pk>/", details.registry_detail, name="registry-detail"),
    path("<uuid:pk>/live/", status.registry_live, name="registry-live"),
    path("<uuid:pk>/history/", status.registry_history, name="registry-history"),
    path("<uuid:pk>/services/", details.registry_services, name="registry-services"),
    path("<uuid:pk>/edit/", guide.registry_edit, name="registry-edit"),
    path("<uuid:pk>/edit/test/", trial.registry_try_changed, name="registry-try-changed"),
    path("<uuid:pk>/rotate/", rotation.registry_rotate, name="registry-rotate"),
    path("<uuid:pk>/rotate/look/", rotation.registry_rotate_look, name="registry-rotate-look"),
    path("<uuid:pk>/switch/", deeds.registry_switch, name="registry-switch"),
    path("<uuid:pk>/resync/", deeds.registry_resync, name="registry-resync"),
    path("<uuid:pk>/test/", trial.registry_test, name="registry-test"),
    path("<uuid:pk>/accept/", status.registry_accept, name="registry-accept"),
    path("<uuid:pk>/delete/", deeds.registry_delete, name="registry-delete"),
    path(
        "<uuid:pk>/services/<str:namespace>/<str:name>/",
        services.service_detail,
        name="service-detail",
    ),
]
