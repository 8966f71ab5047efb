"""The loops that this process runs, and how many it may.

A process that has not joined the crew (a test, a shell) knows no limit.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from console.crew import Member
from console.spread import Share, portion


class Loop(Protocol):
    """One owner's work, as far as this module needs it."""

    @property
    def movable(self) -> bool: ...

    def give_back(self) -> None: ...


class Loops:
    """Thread-safe. A loop counts from `enter` to `leave`, whether or not it gets its lease."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        # The random part tells containers apart that all are process 1 of hosts of one name.
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.kinds: frozenset[str] = frozenset()
        self.most = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._running: list[tuple[str, Loop]] = []
        self._shares: dict[str, Share] = {}
        self._gave = clock()
        self._threads: set[threading.Thread] = set()
        self._starting: dict[threading.Thread, str] = {}

    def join(self, *, kinds: Iterable[str], most: int) -> None:
        """Become a worker that runs loops of these kinds, `most` at a time."""
        self.kinds = frozenset(kinds)
        self.most = most

    def leave_crew(self) -> None:
        self.kinds = frozenset()

    def member(self) -> Member:
        """What the others are to know."""
        with self._lock:
            held = self._held.total()
        return Member(kinds=tuple(sorted(self.kinds)), held=held, most=self.most)

    def know(self, kind: str, share: Share) -> None:
        """Learn what this worker should hold of a kind."""
        with self._lock:
            self._shares[kind] = share

    def may_take(self, kind: str, *, share: bool = True) -> bool:
        """Whether another loop is this worker's to take: by its maximum, and by its share."""
        with self._lock:
            return self._may_take(kind, share=share)

    def enter(self, kind: str) -> bool:
        """Take a place for a loop, if there is one; then `leave` must follow."""
        with self._lock:
            reserved = self._starting.pop(threading.current_thread(), None) == kind
            if not reserved and not self._may_take(kind):
                return False
            self._held[kind] += 1
            return True

    def leave(self, kind: str) -> None:
        with self._lock:
            self._held[kind] -= 1

    def started(self, kind: str, loop: Loop) -> None:
        with self._lock:
            self._running.append((kind, loop))

    def ended(self, kind: str, loop: Loop) -> None:
        with self._lock:
            self._running.remove((kind, loop))

    def give_back(self, kind: str, *, every: float) -> int:
        """Tell some loops to end if this worker has more than its share; return how many. The
        youngest go: nobody has got used to them. A worker gives once in `every` seconds."""
        with self._lock:
            share = self._shares.get(kind)
            excess = share.excess(self._held[kind]) if share else 0
            if not excess or self._clock() - self._gave < every:
                return 0
            self._gave = self._clock()
            movable = [loop for of, loop in self._running if of == kind and loop.movable]
            chosen = movable[::-1][: portion(excess, self._held[kind])]
        for loop in chosen:
            loop.give_back()
        return len(chosen)

    def run(self, kind: str, work: Callable[[], object], *, name: str) -> None:
        """Run a loop in a thread of its own, for which `wait` waits. Its place is kept from now
        on until it takes it with `enter`; the caller has asked `may_take`."""

        def main() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._threads.discard(thread)
                    self._starting.pop(thread, None)

        thread = threading.Thread(target=main, name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
            self._starting[thread] = kind
        thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the threads that `run` started."""
        end = self._clock() + seconds
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, end - self._clock()))

    def _may_take(self, kind: str, *, share: bool = True) -> bool:
        taken = self._held + Counter(self._starting.values())
        if self.most and taken.total() >= self.most:
            return False
        mine = self._shares.get(kind)
        return not share or mine is None or not mine.declines(taken[kind])


LOOPS = Loops()
