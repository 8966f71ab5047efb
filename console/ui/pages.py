"""What views of every room share."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console import access
from console.access import Seat
from console.models import ControlPlane
from console.roles import Role
from console.ui import shown

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
RowType = TypeVar("RowType", bound=Model)

PER_PAGE = 25
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in one word, with Tabler's name of its colour."""

    label: Any
    colour: str = "secondary"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may see a view, by method. `view.rule` and `view.methods` are there for tests to find.
    Personal pages are about the person and take no seat; those of the house are for superusers."""

    reading: Role | None = None
    writing: Role | None = None
    personal: bool = False
    house: bool = False

    def role(self, method: str | None) -> Role | None:
        return self.reading if method in _READING else self.writing


def page(
    *methods: str, role: Role | None = None, reading: Role | None = None
) -> Callable[[View[P]], View[P]]:
    """Declare a page of a control plane, its methods, and the role that it takes.

    Who may see it is decided here and nowhere else. Without a role: a page that only reads takes a
    viewer; one that also writes takes an editor, for its form too. `reading` is for a page that
    shows more than its form.
    """
    allowed = methods or ("GET",)
    writing = role or (Role.VIEWER if _READING.issuperset(allowed) else Role.EDITOR)
    rule = Rule(reading=reading or writing, writing=writing)

    def declare(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            needed = rule.role(request.method)
            seat = shown.seat(request)
            if seat is None or needed is None:
                return render(request, "console/no_control_plane.html", status=403)
            if not seat.may(needed):
                raise PermissionDenied(_refusal(seat, needed))
            try:
                return view(request, *args, **kwargs)
            except Http404:
                if not any(isinstance(value, uuid.UUID) for value in kwargs.values()):
                    raise
                return _elsewhere(request, needed, lambda: view(request, *args, **kwargs))

        return cast("View[P]", _declared(guarded, allowed, rule))

    return declare


def personal_page(*methods: str) -> Callable[[View[P]], View[P]]:
    """Declare a page about the person who is logged in; it takes no control plane."""
    return lambda view: _declared(view, methods or ("GET",), Rule(personal=True))


def house_page(*methods: str) -> Callable[[View[P]], View[P]]:
    """Declare a page about the whole console, for superusers."""

    def declare(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not access.rules_all(request.user):
                raise PermissionDenied(_("This page is for administrators of the whole console."))
            return view(request, *args, **kwargs)

        return cast("View[P]", _declared(guarded, methods or ("GET",), Rule(house=True)))

    return declare


def control_plane_of(request: HttpRequest) -> ControlPlane:
    """The control plane that a request is about. Raises `PermissionDenied` for who has none."""
    seat = shown.seat(request)
    if seat is None:
        raise PermissionDenied(_("You are not a member of a control plane yet."))
    return seat.control_plane


def paginate(
    request: HttpRequest, rows: QuerySet[RowType], *, size: int = PER_PAGE, param: str = "page"
) -> Page[RowType]:
    """The page that the address asks for; the nearest one if there is no such page."""
    return Paginator(rows, size).get_page(request.GET.get(param))


def _declared(view: Any, methods: tuple[str, ...], rule: Rule) -> Any:
    limited = require_http_methods([*methods, "HEAD"])(view)
    limited.rule = rule
    limited.methods = methods
    return limited


def _elsewhere(
    request: HttpRequest, needed: Role, view: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """What an address names is perhaps in another control plane of the person: a link opens
    whatever is shown at the moment, and what is shown follows it. Views look up what they are
    about before they do anything, so that asking again does nothing twice."""
    first = shown.seat(request)
    for seat in shown.seats(request):
        if seat == first or not seat.may(needed):
            continue
        shown.take(request, seat)
        try:
            answer = view()
        except Http404:
            continue
        if request.method == "GET" and "HX-Request" not in request.headers:
            shown.choose(request, seat)
        return answer
    if first is not None:
        shown.take(request, first)
    raise Http404


def _refusal(seat: Seat, needed: Role) -> str:
    return _("You are %(role)s of the control plane “%(name)s”; this takes %(needed)s.") % {
        "role": seat.role.with_article,
        "name": seat.control_plane.name,
        "needed": needed.with_article,
    }
