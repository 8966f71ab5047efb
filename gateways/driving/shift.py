"""One run of a driver with one configuration, to its first failure.

The first thing that a gateway is given is everything, then what changed. Nothing is sent before
something is known. Whatever fails ends the shift; the next one starts the driver anew, which learns
what the gateway has and replaces what differs.

A driver may leave some of what it was given for later. Until it has brought that, the gateway is
not where the feed is; what changes meanwhile is given to the driver first.

A gateway that builds everything anew for any change is left in peace until it has: the first change
after a quiet moment goes at once, what comes while it is busy goes together afterwards, removals no
later than additions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from console.feed import States
from gateways.drivers.base import Applied, Driver
from gateways.instances import Instance

from .auditor import Auditor
from .claims import judge
from .decoding import Decoder
from .news import IN_SYNC, WAITING, News
from .patience import Pace
from .source import Source

WAIT = 0.5  # seconds; the longest time until a lost lease or a shutdown is noticed
LONGEST_REST = 2.0  # seconds that a change waits at most for what a gateway is busy with


class House(Protocol):
    """What a shift needs of whoever runs it."""

    @property
    def going(self) -> bool:
        """Whether to go on."""

    @property
    def changed(self) -> bool:
        """Whether there is another configuration: the shift ends."""

    def prove(self) -> None:
        """Called right before every write. Raises if another one has taken over."""

    def settled(self) -> None:
        """The gateway has taken what it was given."""

    def tell(self, news: News) -> None:
        """Called at every round, at most a few times a second."""

    def instances(self) -> list[Instance]:
        """What was reported of the gateway's processes: asked where they say how it stands."""


class Shift:
    """`applied` tells whether the gateway has taken anything."""

    def __init__(
        self,
        *,
        driver: Driver,
        source: Source,
        house: House,
        auditor: Auditor,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._driver = driver
        self._source = source
        self._house = house
        self._auditor = auditor
        self._pace = pace
        self._clock = clock
        self._decoder = Decoder()
        self._news = News(phase=WAITING)
        self._pulled = driver.pulled
        self._left = 0
        self._rests_until = clock()
        self.applied = False

    def run(self, epoch: int) -> None:
        """Raises `DriverError` and what the source and the house raise."""
        self._driver.start(epoch=epoch)
        self._source.begin()
        # By a clock of its own: under constant change, too, something may have become of what the
        # gateway was given before.
        touch_at = self._clock() + self._pace.touch
        while self._house.going and not self._house.changed:
            if self._source.known and not self._resting and self._step() and not self._left:
                self._house.settled()
            if self.applied and self._clock() >= touch_at:
                self._house.prove()
                refused = self._driver.touch()
                if refused is not None:
                    self._refused(refused)
                touch_at = self._clock() + self._pace.touch
            if self.applied and self._auditor.wants_all_anew():
                return
            self._tell()
            self._source.wait(self._resting or (0 if self._left else WAIT))

    def _step(self) -> bool:
        """Bring the gateway up to the feed; tell whether there was anything to do."""
        taken = self._source.take()
        if self.applied and not taken and not self._left:
            # Commits that changed nothing: there is nothing that the gateway lacks.
            if self._news.applied != self._source.position:
                self._news = replace(self._news, applied=self._source.position)
                self._auditor.moved(self._source.position)
            return False
        if taken or not self.applied:
            self._bring(taken)
        if self._left:
            self._bring({})
        return True

    def _bring(self, taken: States) -> None:
        resources = self._decoder.decode(taken)
        unreadable = self._decoder.unreadable
        self._house.prove()
        if self.applied:
            done = self._driver.apply(resources)
            self._left, refused = done.left, {**done.refused, **unreadable}
            self._auditor.applied(resources, self._position, refused, left=done.left)
        else:
            whole = {key: resource for key, resource in resources.items() if resource}
            done = self._driver.replace(whole, keep=unreadable.keys())
            self._left, refused = done.left, {**done.refused, **unreadable}
            self._auditor.replaced(whole, self._position, refused, left=done.left)
            self.applied = True
        self._rests_until = self._clock() + min(done.rest, LONGEST_REST)
        self._note(done)

    def _note(self, done: Applied) -> None:
        if not done.left:
            self._news = replace(self._news, phase=IN_SYNC, applied_at=millis())
        self._news = replace(
            self._news,
            applied=self._position,
            resources=int(self._driver.describe().get("resources", 0)),
            written=self._news.written + done.written,
        )
        self._refused(done.refused)

    def _refused(self, found: Mapping[str, str]) -> None:
        self._news = replace(self._news, refused={**found, **self._decoder.unreadable})

    @property
    def _resting(self) -> float:
        """Seconds for which the gateway is left in peace yet: those that one waits at a time."""
        return min(WAIT, max(0.0, self._rests_until - self._clock()))

    @property
    def _position(self) -> str:
        """Up to where the gateway has everything."""
        return self._news.applied if self._left else self._source.position

    def _tell(self) -> None:
        found = self._auditor.findings
        self._news = replace(
            self._news,
            lag_ms=found.lag_ms,
            audited_at=found.audited_at,
            differences=found.differences,
            healed=found.healed,
        )
        news = self._news
        if self._pulled and self.applied:
            news = judge(news, self._house.instances(), now=millis())
        self._house.tell(news)


def millis() -> int:
    """The wall clock as the contract's times are given, in milliseconds."""
    return int(time.time() * 1000)
