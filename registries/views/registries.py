"""The registries that a request may be about."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from console.ui.pages import control_plane_of
from registries.models import Registry


def rows_of(request: HttpRequest) -> QuerySet[Registry]:
    return Registry.objects.filter(control_plane=control_plane_of(request))
