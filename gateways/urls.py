"""Addresses of gateways, below the settings."""

from __future__ import annotations

from django.urls import path

from gateways import explaining
from gateways.tryout import views as tryout
from gateways.views import (
    details,
    gateways,
    instances,
    publishing,
    rendered,
    serving,
    testing,
    typed,
)

app_name = "gateways"

urlpatterns = [
    path("", gateways.gateway_list, name="gateway-list"),
    path("new/", gateways.gateway_create, name="gateway-create"),
    path("new/test/", testing.gateway_test_new, name="gateway-test-new"),
    path("upstreams/<uuid:pk>/", explaining.upstream_standing, name="upstream-standing"),
    path("try/<uuid:pk>/", tryout.try_api, name="try"),
    path("traces/", explaining.trace_standing, name="trace-standing"),
    path("dry-runs/<uuid:pk>/", publishing.application_dryrun, name="application-dryrun"),
    path("typed/", typed.application_typed_new, name="application-typed-new"),
    path("typed/<uuid:pk>/", typed.application_typed, name="application-typed"),
    path("typed/<uuid:application>/apis/", typed.api_typed_new, name="api-typed-new"),
    path("typed/apis/<uuid:pk>/", typed.api_typed, name="api-typed"),
    path("warnings/<uuid:pk>/", publishing.application_warnings, name="application-warnings"),
    path("<uuid:pk>/", details.gateway_detail, name="gateway-detail"),
    path("<uuid:pk>/instances/", instances.gateway_instances, name="gateway-instances"),
    path("<uuid:pk>/publications/", details.gateway_publications, name="gateway-publications"),
    path("<uuid:pk>/rendered/", rendered.gateway_rendered, name="gateway-rendered"),
    path("<uuid:pk>/serving/", serving.gateway_serving, name="gateway-serving"),
    path("<uuid:pk>/edit/", gateways.gateway_edit, name="gateway-edit"),
    path("<uuid:pk>/switch/", gateways.gateway_switch, name="gateway-switch"),
    path("<uuid:pk>/test/", testing.gateway_test, name="gateway-test"),
    path("<uuid:pk>/delete/", gateways.gateway_delete, name="gateway-delete"),
]
