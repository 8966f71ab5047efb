"""How lists of applications and APIs are narrowed."""

from __future__ import annotations

import django_filters

from applications.models import Api, Application, Upstream


class _LabelFilter(django_filters.CharFilter):
    """Rows that have a label."""

    def __init__(self) -> None:
        super().__init__(field_name="labels", lookup_expr="contains", label="Has this label")

    def filter(self, queryset, value):  # type: ignore[no-untyped-def] # untyped library
        return super().filter(queryset, [value]) if value else queryset


class ApplicationFilter(django_filters.FilterSet):
    control_plane = django_filters.UUIDFilter(field_name="control_plane_id")
    host = django_filters.CharFilter(field_name="claimed__host", label="Claims exactly this host")
    label = _LabelFilter()

    class Meta:
        model = Application
        fields = ("control_plane", "name", "published", "host", "label")


class ApiFilter(django_filters.FilterSet):
    control_plane = django_filters.UUIDFilter(field_name="application__control_plane_id")
    application = django_filters.UUIDFilter(field_name="application_id")
    label = _LabelFilter()

    class Meta:
        model = Api
        fields = ("control_plane", "application", "name", "published", "kind", "label")


class NestedApiFilter(django_filters.FilterSet):
    """Below an application there is no choice of it."""

    label = _LabelFilter()

    class Meta:
        model = Api
        fields = ("name", "published", "kind", "label")


class UpstreamFilter(django_filters.FilterSet):
    class Meta:
        model = Upstream
        fields = ("version", "scheme", "balance")
