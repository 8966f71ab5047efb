"""Reading one list to its end: page by page, within limits of objects, bytes and time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from registries.kube import errors
from registries.kube.client import Client
from registries.kube.slices import Resource

from .answers import Thing, read_page
from .pulse import Pulse
from .timing import Limits, Timing

# A page arrives within this many seconds or its request fails (`Client.get`); what is beyond is
# for the watchdog.
_PAGE_WITHIN = 120.0

Query = Mapping[str, str]


def not_older_than(version: str) -> Query:
    """Any state at or after the version; the newest there is, if there is no version."""
    if not version:
        return {}
    return {"resourceVersion": version, "resourceVersionMatch": "NotOlderThan"}


def exactly(version: str) -> Query:
    """The state at this very version, which the server may have forgotten (`Expired`)."""
    return {"resourceVersion": version, "resourceVersionMatch": "Exact"}


class Lister:
    """Reads lists of one scope. Used by one thread."""

    def __init__(
        self,
        client: Client,
        *,
        scope: str,
        query: Query,
        stop: threading.Event,
        pulse: Pulse,
        timing: Timing,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._scope = scope
        self._query = query
        self._stop = stop
        self._pulse = pulse
        self._timing = timing
        self._limits = limits
        self._clock = clock

    def read(self, resource: Resource, at: Query) -> tuple[list[Thing], str]:
        """All objects and the version they are at. Raises `KubeError`; then there is nothing."""
        things: list[Thing] = []
        began, size, pages = self._clock(), 0, 0
        # Pages after the first carry on what their token says; a version beside it is refused.
        query: Query = {**self._query, **at, "limit": str(self._limits.page)}
        while not self._stop.is_set():
            self._pulse.enter("listing", within=_PAGE_WITHIN)
            body = self._client.get(resource.path(self._scope), query)
            page = read_page(resource, body)
            things += page.things
            size += len(body)
            if not page.continue_:
                return things, page.version
            if len(things) > self._limits.objects or size > self._limits.size:
                raise errors.too_much(
                    f"a list of more than {len(things):,} objects, {size:,} bytes"
                )
            pages += 1
            if pages > self._limits.pages:
                raise errors.bad_answer(f"a list of more than {self._limits.pages:,} pages")
            if self._clock() - began > self._timing.list_within:
                raise errors.bad_answer("a list that does not end in time")
            query = {
                **self._query,
                "limit": str(self._limits.page),
                "continue": page.continue_,
            }
        raise errors.Cut("cut", "Stopped while listing.")

    def prove(self, resource: Resource, version: str) -> None:
        """Ask for one object no older than the version. Raises `TooLarge` if the server has never
        been there: it was set back, and would be silent about everything until it gets there."""
        self._pulse.enter("asking for the version", within=_PAGE_WITHIN)
        query = {**self._query, **not_older_than(version), "limit": "1"}
        read_page(resource, self._client.get(resource.path(self._scope), query))
