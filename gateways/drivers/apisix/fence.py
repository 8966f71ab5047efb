"""Shutting out a driver that another one has outlived, where the Admin API writes to etcd.

APISIX compares nothing when it writes, so the mark is looked at right before: whoever slept since
looks again. What still slips through between look and writing is one object a connection; the newer
driver puts it right when it comes to look at that one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gateways.drivers.base import DriverError

from . import listing, mark
from .admin import Api
from .listing import ROOT

_HOLDS = 0.25  # seconds for which a look is believed


class Fence:
    """Of one driver. Its methods raise `Outlived`, and `DriverError` if the mark is not his."""

    def __init__(self, prefix: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix = prefix
        self._name = mark.name_of(prefix)
        self._clock = clock
        self._epoch = 0  # there is no fence
        self._looked = -_HOLDS

    def take(self, api: Api, epoch: int) -> None:
        """From now on older drivers are shut out."""
        self._epoch = epoch
        if not epoch:
            return
        found = listing.one(api, self._name)
        mark.refuse_newer(found, epoch)
        if mark.epoch_of(found) != epoch:
            answer = api.ask("PUT", f"{ROOT}/{self._name}", mark.made(self._prefix, epoch))
            if answer.status not in (200, 201):
                raise listing.odd(answer, api)

    def prove(self, api: Api) -> None:
        """Look at the mark; one small question."""
        if not self._epoch:
            return
        found = listing.one(api, self._name)
        if found is None:
            raise DriverError("Our mark is gone: APISIX's etcd was emptied.", code="emptied")
        mark.refuse_newer(found, self._epoch)
        if mark.epoch_of(found) != self._epoch:
            raise DriverError("An older driver has written, or etcd was restored.", code="changed")
        self._looked = self._clock()

    def hold(self, api: Api) -> None:
        """Look again, if it was not looked at just now."""
        if self._clock() - self._looked > _HOLDS:
            self.prove(api)
