"""Addresses of gateways, below the settings."""

from __future__ import annotations

from django.urls import path

from gateways import explaining
from gateways.tryout import views as tryout
from gateways.views import details, gateways, testing

app_name = "gateways"

urlpatterns = [
    path("", gateways.gateway_list, name="gateway-list"),
    path("new/", gateways.gateway_create, name="gateway-create"),
    path("new/test/", testing.gateway_test_new, name="gateway-test-new"),
    path("upstreams/<uuid:pk>/", explaining.upstream_standing, name="upstream-standing"),
    path("try/<uuid:pk>/", tryout.try_api, name="try"),
    path("traces/", explaining.trace_standing, name="trace-standing"),
    path("<uuid:pk>/", details.gateway_detail, name="gateway-detail"),
    path("<uuid:pk>/edit/", gateways.gateway_edit, name="gateway-edit"),
    path("<uuid:pk>/switch/", gateways.gateway_switch, name="gateway-switch"),
    path("<uuid:pk>/test/", testing.gateway_test, name="gateway-test"),
    path("<uuid:pk>/delete/", gateways.gateway_delete, name="gateway-delete"),
]
