"""The door of Traefik's HTTP provider: the gateway's own secret opens it, and nothing else."""

from __future__ import annotations

import hmac
import threading
import time
import uuid
from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_GET

from console import redis
from console.throttle import address_of

from .callers import Caller
from .desk import Desk
from .rows import Row, Rows, Unknown, digest

LONGEST_WAIT = 8.0  # seconds; as long may a console take to end
_FORGOTTEN = 300.0  # seconds after the last question
_MOST_CALLERS = 1000  # of one gateway


@dataclass(slots=True)
class _Counter:
    """A gateway's desk, and its callers."""

    row: Row
    desk: Desk
    callers: dict[str, Caller] = field(default_factory=dict)


_rows = Rows()
_counters: dict[str, _Counter] = {}
_lock = threading.Lock()


@login_not_required
@require_GET
def traefik_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """What Traefik is to have. ``?wait=4``: hold the answer back for so many seconds while there is
    nothing new, so that a change arrives at once. ``?instance=name`` names the asking process."""
    gateway_id = str(pk)
    try:
        counter = _counter(gateway_id)
    except Unknown:
        return _plain("The gateways cannot be read now.", 503)
    if counter is None or not hmac.compare_digest(digest(_token(request)), counter.row.digest):
        return _plain("The gateway's secret is missing or wrong.", 401)
    caller = _caller(counter, request)
    has = caller.come(int(request.META.get("REMOTE_PORT") or 0))
    caller.tell(redis.store(), gateway_id)
    wait = _seconds(request.GET.get("wait", ""))
    wanted = request.headers.get("If-None-Match", "").strip().strip('"')
    page = counter.desk.page(but=wanted or has, wait=wait)
    if page is None:
        return _plain("Nothing was compiled yet.", 503)
    caller.given = page
    answer = (
        HttpResponse(status=304)
        if wanted == page.etag
        else HttpResponse(page.body, content_type="application/json")
    )
    answer["ETag"] = f'"{page.etag}"'
    answer["X-Portolan-Position"] = page.position
    answer["Cache-Control"] = "no-store"
    return answer


def _counter(gateway_id: str) -> _Counter | None:
    """The gateway's; None: there is no such gateway that fetches. Raises `Unknown`."""
    row = _rows.find(gateway_id)
    now = time.monotonic()
    with _lock:
        for one in [one for one, it in _counters.items() if now - it.desk.asked > _FORGOTTEN]:
            del _counters[one]
        if row is None:
            _counters.pop(gateway_id, None)
            return None
        held = _counters.get(gateway_id)
        if held is None or held.row.revision != row.revision:
            desk = Desk(redis.store(), row.control_plane, entry_points=row.entry_points)
            held = _counters[gateway_id] = _Counter(row, desk)
        return held


def _caller(counter: _Counter, request: HttpRequest) -> Caller:
    address = address_of(request)
    name = request.GET.get("instance", "")[:100]
    name = name if name.isprintable() and name.strip() else address
    with _lock:
        if name not in counter.callers and len(counter.callers) >= _MOST_CALLERS:
            counter.callers.clear()
        return counter.callers.setdefault(name, Caller(id=name, hostname=name))


def _token(request: HttpRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 0.0), LONGEST_WAIT)
    except ValueError:
        return 0.0


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")
