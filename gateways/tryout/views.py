"""Try it: the form, and the answer beside what the route tracer says."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.throttling import UserRateThrottle

from applications import explain, tracing
from applications.models import Api
from applications.tracing.tracing import Outcome
from console.roles import Role
from console.ui.forms import focus_first_error
from console.ui.pages import control_plane_of, page

from . import nodes, sending
from .asking import TryForm, gateways_of
from .sending import Answer, NotSent
from .wording import why

log = logging.getLogger(__name__)

_TEXTUAL = ("text/", "json", "xml", "javascript", "x-www-form-urlencoded")


class TryThrottle(UserRateThrottle):
    """A person tries now and then; more is a load test, or a scan."""

    scope = "tries"
    rate = "30/min"


@page("GET", "POST", role=Role.EDITOR)
def try_api(request: HttpRequest, pk: str) -> HttpResponse:
    """Asked for by htmx, only the form with its answer."""
    apis = Api.objects.filter(application__control_plane=control_plane_of(request))
    api = get_object_or_404(apis.select_related("application__control_plane"), pk=pk)
    form = TryForm(request.POST or None, api=api)
    context: dict[str, Any] = {"api": api, "form": form, "has_gateways": gateways_of(api).exists()}
    if request.method == "POST":
        if form.is_valid():
            context |= _tried(request, api, form)
        else:
            focus_first_error(form)
    part = request.headers.get("HX-Request")
    return render(request, "gateways/_try.html" if part else "gateways/try.html", context)


def _tried(request: HttpRequest, api: Api, form: TryForm) -> dict[str, Any]:
    throttle = TryThrottle()
    # It asks for the user only, which both kinds of request have.
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        return {"failure": _("Too many tries; wait %d seconds.") % int(throttle.wait() or 60)}
    call = form.call
    asked = _asked(form)
    traced = tracing.trace(api.application.control_plane_id, asked.request)
    upstream = traced.upstream() or api.application.default_upstream
    explanation = explain.of_upstream(upstream) if upstream else None
    context: dict[str, Any] = {
        "call": call,
        "trace": traced,
        "trace_url": f"{reverse('applications:trace')}?{urlencode(_typed(form))}",
    }
    try:
        answer = sending.send(call, allow_loopback=settings.GATEWAYS_ALLOW_LOOPBACK)
    except NotSent as error:
        _log(request, form, error.code)
        return {**context, "failure": why(error), "detail": error.detail}
    _log(request, form, answer.status)
    return context | {
        "answer": answer,
        "body": _text(answer),
        "node": nodes.of(answer, explanation),
        "agreement": _agreement(answer, traced),
    }


def _typed(form: TryForm) -> dict[str, str]:
    """What was typed, as the tracer takes it."""
    chosen = form.cleaned_data
    return {
        "method": chosen["method"],
        "scheme": "https" if urlsplit(chosen["gateway"].url).scheme == "https" else "http",
        "host": chosen["host"],
        "path": chosen["path"],
        "headers": "\n".join(f"{name}: {value}" for name, value in chosen["headers"]),
    }


def _asked(form: TryForm) -> tracing.Asked:
    asked = tracing.Asked(_typed(form))
    if not asked.is_valid():
        raise ValueError(f"the form of a try took what the tracer does not: {asked.errors}")
    return asked


def _agreement(answer: Answer, traced: tracing.Trace) -> str:
    """What the tracer says to the answer, where that helps."""
    if answer.status == 404 and traced.outcome is Outcome.NOT_FOUND:
        return _("The gateway has no such route; the tracer says why.")
    if answer.status == 404 and traced.outcome is Outcome.ROUTED:
        return _(
            "A route takes this request: either its application answers 404 itself, or the gateway"
            " does not have the route yet."
        )
    if traced.outcome is Outcome.NOT_FOUND:
        return _("The gateway answers, though no route of this control plane takes the request.")
    if answer.status in (502, 503, 504):
        return _("A route takes this request, but nobody behind it answers; the tracer says more.")
    return ""


def _text(answer: Answer) -> str:
    """The body as text; nothing for what is none."""
    kind = answer.header("Content-Type").lower()
    if answer.header("Content-Encoding") or (kind and not any(one in kind for one in _TEXTUAL)):
        return ""
    return answer.body.decode(errors="replace").replace("\x00", "�")


def _log(request: HttpRequest, form: TryForm, result: object) -> None:
    """Who made the console call whom; not what was sent."""
    chosen = form.cleaned_data
    log.info(
        "try it: %s sent %s to %s of the gateway %s: %s",
        request.user.get_username(),
        chosen["method"],
        chosen["host"],
        chosen["gateway"].pk,
        result,
    )
