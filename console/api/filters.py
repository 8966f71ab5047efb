"""How lists of the floor's rows are narrowed."""

from __future__ import annotations

import django_filters

from console.models import AuditEntry, ControlPlane, Membership


class ControlPlaneFilter(django_filters.FilterSet):
    class Meta:
        model = ControlPlane
        fields = ("name", "slug")


class MembershipFilter(django_filters.FilterSet):
    username = django_filters.CharFilter(field_name="user__username")

    class Meta:
        model = Membership
        fields = ("username", "role")


class AuditEntryFilter(django_filters.FilterSet):
    control_plane = django_filters.UUIDFilter(field_name="control_plane_id")
    actor = django_filters.CharFilter(field_name="actor_name")
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields = ("control_plane", "actor", "verb", "object_type", "object_id", "since", "until")
