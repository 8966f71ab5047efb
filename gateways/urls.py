"""Addresses of gateways, below the settings."""

from __future__ import annotations

from django.urls import path

from gateways import explaining, views

app_name = "gateways"

urlpatterns = [
    path("", views.gateway_list, name="gateway-list"),
    path("new/", views.gateway_create, name="gateway-create"),
    path("upstreams/<uuid:pk>/", explaining.upstream_standing, name="upstream-standing"),
    path("routes/<uuid:pk>/", explaining.route_standing, name="route-standing"),
    path("<uuid:pk>/", views.gateway_detail, name="gateway-detail"),
    path("<uuid:pk>/edit/", views.gateway_edit, name="gateway-edit"),
    path("<uuid:pk>/delete/", views.gateway_delete, name="gateway-delete"),
]
