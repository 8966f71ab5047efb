"""A comparison of the whole that somebody asks for, beside those that come by themselves.

It is the safety list, at once: the watch is ended for it and opened again from where it was, so a
list that fails costs nothing but the moment. Whoever asks does so again and again until the verdict
is there, for an open watch can be ended only while it is open.
"""

from __future__ import annotations

from dataclasses import dataclass

from .watching import Watching


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the request `number`; 0: of none yet. `different` objects were not as held;
    `error` is why the list could not be read (hostile text), `reason` its code."""

    number: int = 0
    different: int = 0
    error: str = ""
    reason: str = ""


class Recheck:
    """`ask` and `verdict` are for another thread, the rest for the reading one."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._asked = self._taken = 0
        self._ended = False
        self.verdict = Verdict()

    def ask(self, number: int) -> None:
        """Ask for a comparison that begins after this moment; numbers grow with each request."""
        if number <= self.verdict.number:
            return
        self._asked = number
        # Before it is ended: the reading thread may look at once.
        self._ended = True
        self._ended = self._watching.close()

    @property
    def due(self) -> bool:
        return self._asked > self.verdict.number

    def ended_watch(self) -> bool:
        """Whether the watch that is over was ended for a comparison: no sign of anything."""
        ended, self._ended = self._ended, False
        return ended

    def begin(self) -> None:
        """A list begins: it answers what was asked until now."""
        self._taken = self._asked

    def answer(self, *, different: int = 0, error: str = "", reason: str = "") -> None:
        """The list is over."""
        if self._taken > self.verdict.number:
            self.verdict = Verdict(self._taken, different, error, reason)
