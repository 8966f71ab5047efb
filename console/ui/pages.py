"""What views of every room share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from console import actions
from console.models import ControlPlane
from console.roles import Role

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
RowType = TypeVar("RowType", bound=Model)

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in one word, with Tabler's name of its colour."""

    label: Any
    colour: str = "secondary"


def page(*methods: str, role: Role | None = None) -> Callable[[View[P]], View[P]]:
    """Declare a view of the console, its methods, and the role that it takes.

    Who may see it is decided here and nowhere else. Without a role: reading takes a viewer,
    everything else an editor.
    """

    def declare(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            return view(request, *args, **kwargs)

        limited = require_http_methods([*(methods or ("GET",)), "HEAD"])(guarded)
        return cast("View[P]", limited)

    return declare


def control_plane_of(request: HttpRequest) -> ControlPlane:
    """The control plane that a request is about. The first visit to an empty console makes one."""
    found = ControlPlane.objects.first()
    return found or actions.create_control_plane(
        control_plane=ControlPlane(name="Default", slug="default"), actor=request.user
    )


def paginate(
    request: HttpRequest, rows: QuerySet[RowType], *, size: int = PER_PAGE
) -> Page[RowType]:
    """The page that the address asks for; the nearest one if there is no such page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
