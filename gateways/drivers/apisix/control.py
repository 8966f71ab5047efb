"""Asking APISIX's Control API what a worker uses, and not too often.

To answer, it copies all objects of a kind, or all before the one that it is asked for, and that
worker serves no request meanwhile: with 1,000 upstreams for some 5 ms, with 5,000 for 100. So it is
asked within a budget of time, and if it answers slowly it is left alone for a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from gateways.drivers.base import DriverError

from . import listing, names
from .admin import Api
from .plain import plain
from .render import Objects

_QUICK = 0.05  # seconds that it may take for one object
_HANGS = 1.0  # seconds after which one slow answer is enough
_OFTEN = 3  # slow answers in a row, after which it rests
_REST = 60.0  # seconds
_SHARE = 0.2  # of the time, that it may be busy with us
_SPARE = 0.2  # seconds of it that may be saved up
_DISCOVERY = "/v1/discovery/portolan"


class Control:
    """Of one gateway; methods raise `DriverError`. Not for two threads."""

    def __init__(self, api: Api, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.api = api
        self._clock = clock
        self._slow = 0  # answers in a row
        self._rests_until = 0.0
        self._spare, self._spared_at = _SPARE, clock()

    @property
    def resting(self) -> bool:
        """Whether it answered slowly; it is better asked elsewhere, for a minute."""
        return self._slow >= _OFTEN and self._clock() < self._rests_until

    @property
    def affordable(self) -> bool:
        """Whether it may be asked for one more object now."""
        now = self._clock()
        self._spare = min(_SPARE, self._spare + _SHARE * (now - self._spared_at))
        self._spared_at = now
        return self._spare > 0

    def alive(self) -> None:
        """Whether it answers: a question that copies nothing."""
        self.api.ask("GET", "/v1/healthcheck/upstreams/-")

    def one(self, name: str) -> dict[str, Any] | None:
        """An object that a worker uses, plain; None: it knows none."""
        kind = names.kind_of(name)
        with self._measured():
            answer = self.api.ask("GET", f"/v1/{kind[:-1]}/{names.id_of(name)}")
        if answer.status == 404:
            return None
        body = listing.body_of(answer.body)
        return plain(kind, body) if body is not None else None

    def ours(self, prefix: str) -> Objects:
        """All objects of ours."""
        found: Objects = {}
        for kind in names.KINDS:
            answer = self.api.ask("GET", f"/v1/{kind}")
            if answer.status != 200:
                raise DriverError(
                    f"The Control API at {self.api.place} answers oddly ({answer.status}).",
                    code="answer",
                )
            # Lua writes an empty list as an empty object; null: there never was one.
            for item in answer.body if isinstance(answer.body, list) else ():
                body = listing.body_of(item)
                if body is not None and names.is_ours(prefix, body):
                    found[f"{kind}/{body['id']}"] = plain(kind, body)
        return found

    def followed(self, *upstreams: str) -> Mapping[str, Any] | None:
        """Nodes that our discovery module has, by upstreams, of some or of all; None: it is not
        there, or is of a release that tells only all."""
        some = f"/nodes?{urlencode([('id', one) for one in upstreams])}"
        answer = self.api.ask("GET", _DISCOVERY + (some if upstreams else "/dump"))
        said = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
        if not isinstance(said.get("services"), list):
            return None
        return {
            str(one.get("name")): one.get("nodes")
            for one in said["services"]
            if isinstance(one, dict)
        }

    @contextmanager
    def _measured(self) -> Iterator[None]:
        began = self._clock()
        try:
            yield
        finally:
            took = self._clock() - began
            self._spare -= took
            if took <= _QUICK:
                self._slow = 0
            else:
                self._slow = min(_OFTEN, self._slow + 1) if took < _HANGS else _OFTEN
                self._rests_until = self._clock() + _REST
