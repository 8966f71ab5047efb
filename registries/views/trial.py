"""Trying a connection while somebody looks on: a row for each finding as soon as it is there.

The answer is a stream of JSON lines for `static/registry-form.js`; a browser without it gets the
whole page once all is done.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.exceptions import ValidationError
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from console.rest import ConnectionThrottle
from console.ui.pages import control_plane_of, page
from registries import actions, verification
from registries.forms import TrialForm
from registries.kube.preflight import State
from registries.models import Registry

from . import guide
from .registries import rows_of

LINES = "application/x-ndjson"


@page("POST")
def registry_try(request: HttpRequest) -> HttpResponseBase:
    """Ask a cluster that is being typed into the form; nothing is saved."""
    return _try(request, Registry(control_plane=control_plane_of(request)))


@page("POST")
def registry_try_changed(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Ask a registry's cluster with what is being changed. Its stored token goes where it went."""
    return _try(request, get_object_or_404(rows_of(request), pk=pk))


@page("POST")
def registry_test(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Ask the cluster step by step with the stored settings; a stream, or a part of a page."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    if not _allowed(request):
        return _refused(request, [_too_many()])
    if _streams(request):
        return _stream(request, registry, pinnable=False)
    rows = verification.stages(verification.walk(registry))
    return render(request, "registries/_test_result.html", {"stages": rows})


def _try(request: HttpRequest, registry: Registry) -> HttpResponseBase:
    if not _allowed(request):
        return _refused(request, [_too_many()])
    known = None if registry._state.adding else Registry.objects.get(pk=registry.pk)
    form = TrialForm(request.POST, instance=registry)
    if form.is_valid() and known is not None:
        try:
            actions.keep_token_home(registry=registry, known=known)
        except ValidationError as error:
            form.add_error(None, error)
    if not _streams(request):
        return guide.tried(request, registry, valid=form.is_valid())
    if not form.is_valid():
        return _refused(request, _said(form))
    return _stream(request, registry, pinnable=True)


def _said(form: TrialForm) -> list[str]:
    """What is wrong with a form, each with the name of its field."""
    found = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        found += [f"{label}: {text}" if label else str(text) for text in errors]
    return found


def _allowed(request: HttpRequest) -> bool:
    """As often as by REST: more is a scan of a network."""
    return ConnectionThrottle().allow_request(request, None)  # type: ignore[arg-type]


def _too_many() -> str:
    return _("That were many tests in a row. Wait a minute.")


def _streams(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith(LINES)


def _refused(request: HttpRequest, errors: list[str]) -> HttpResponse:
    """Nothing was tried."""
    html = render_to_string("registries/_trial_refused.html", {"errors": errors}, request)
    if not _streams(request):
        return HttpResponse(html)
    return HttpResponse(_line({"refused": True, "html": html}), content_type=LINES)


def _stream(request: HttpRequest, registry: Registry, *, pinnable: bool) -> StreamingHttpResponse:
    lines = _lines(registry, pinnable=pinnable, language=translation.get_language())
    content: Any = _apart(lines) if isinstance(request, ASGIRequest) else lines
    answer = StreamingHttpResponse(content, content_type=LINES)
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"  # a proxy that gathers would keep the rows back
    return answer


def _lines(registry: Registry, *, pinnable: bool, language: str) -> Generator[bytes, None, None]:
    """The stream begins when the request is over: its language is gone by then."""
    good = True
    for finding in verification.walk(registry):
        if finding.state is State.RUNNING:
            yield _line({"step": finding.step, "state": finding.state.value})
            continue
        good = good and finding.ok
        with translation.override(language):
            row = verification.Row(finding, verification.tell(finding))
            html = render_to_string(
                "registries/_finding.html",
                {"row": row, "pinnable": pinnable, "server": registry.server},
            )
        yield _line({"step": finding.step, "state": finding.state.value, "html": html})
    with translation.override(language):
        html = render_to_string("registries/_trial_end.html", {"good": good})
    yield _line({"end": True, "good": good, "html": html})


def _line(thing: dict[str, Any]) -> bytes:
    return json.dumps(thing).encode() + b"\n"


async def _apart(lines: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """Run a generator in a thread of its own, so that the server's loop is free meanwhile. One who
    leaves ends it, after the step that it is at."""
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1, "trial")
    try:
        while (line := await loop.run_in_executor(thread, next, lines, None)) is not None:
            yield line
    finally:
        thread.submit(lines.close)
        thread.shutdown(wait=False)
