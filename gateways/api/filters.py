"""How lists of gateways are narrowed."""

from __future__ import annotations

import django_filters

from gateways.models import Gateway


class GatewayFilter(django_filters.FilterSet):
    control_plane = django_filters.UUIDFilter(field_name="control_plane_id")

    class Meta:
        model = Gateway
        fields = ("control_plane", "name", "enabled", "kind")
