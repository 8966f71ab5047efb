"""How lists of registries and of their services are narrowed."""

from __future__ import annotations

import django_filters
from rest_framework import serializers

from registries.models import Registry


class RegistryFilter(django_filters.FilterSet):
    control_plane = django_filters.UUIDFilter(field_name="control_plane_id")

    class Meta:
        model = Registry
        fields = ("control_plane", "name", "enabled")


class ServiceQuery(serializers.Serializer[None]):
    """The query of a list of services."""

    namespace = serializers.CharField(required=False, default="", help_text="Exactly this one")
    search = serializers.CharField(required=False, default="", help_text="A part of the name")
