"""What comes next: list, watch, ask again or wait.

`run` repeats `step`, and is too simple to be wrong. A step gets a first state if there is no
version to watch from, then follows one watch to its end. The version to go on from comes from the
list, from events of a watch that began at a version, and from bookmarks; it is opaque and never
compared. A watch that ends, is cut or goes silent is opened again from the last version, without a
list. Only a version that the server no longer has (410, as an HTTP status or as an ERROR event) or
has not reached (too large) leads to a new list.

An end that nobody ordered may mean another server: a restored one, or another cluster's. Before a
watch is opened again after it, the cluster's identity is checked and the server is asked whether
it has ever been at our version; a watch from a version of the future would be silent, not refused.

Clock, stop, chance and the client are passed in; waiting is `stop.wait`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

from registries.kube import errors
from registries.kube.budget import LISTS, Budget
from registries.kube.client import Client
from registries.kube.errors import Cut, Denied, Doubtful, Expired, KubeError, Silent, TooLarge
from registries.kube.identity import Identity
from registries.kube.sink import Sink
from registries.kube.slices import Resource

from . import answers
from .doubts import Doubts
from .gathering import Gathering
from .lists import Lister, Query, exactly, not_older_than
from .pulse import Pulse
from .recheck import Recheck
from .timing import LIMITS, TIMING, Limits, Timing
from .trouble import Keep, Trouble
from .watching import Watching

log = logging.getLogger(__name__)


class Reflector:
    """Follows one resource in one scope: a namespace, or all of them if empty.

    `resources` are tried in order: the next one when the server insists on denying the one before,
    or at once if an earlier reader was `denied` the first. While it is not the first that is read,
    that is asked for again now and then. No list is taken that is older than `since`, a version at
    which an earlier reader was. `streamed`: ask for
    the first state as events of a watch, where the server can.
    """

    def __init__(
        self,
        client: Client,
        *,
        scope: str,
        resources: tuple[Resource, ...],
        sink: Sink,
        stop: threading.Event,
        identity: Identity | None = None,
        since: str = "",
        denied: bool = False,
        streamed: bool = True,
        label_selector: str = "",
        timing: Timing = TIMING,
        limits: Limits = LIMITS,
        lists: Budget = LISTS,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._scope = scope
        self._resources = resources
        self._sink = sink
        self._stop = stop
        self._identity = identity or Identity(client)
        selector = {"labelSelector": label_selector} if label_selector else {}
        self._timing = timing
        self._limits = limits
        self._budget = lists
        self._doubts = Doubts(timing=timing, clock=clock, random=random)
        self._trouble = Trouble(timing=timing, clock=clock, random=random)
        self.pulse = Pulse(clock=clock)
        self._lister = Lister(
            client,
            scope=scope,
            query=selector,
            stop=stop,
            pulse=self.pulse,
            timing=timing,
            limits=limits,
            clock=clock,
        )
        self._watching = Watching(
            client,
            scope=scope,
            query=selector,
            stop=stop,
            pulse=self.pulse,
            timing=timing,
            clock=clock,
            random=random,
        )
        self.recheck = Recheck(self._watching)
        self._doubted = False
        self._patient = not denied
        self._floor = since
        self.streamed = streamed
        self.preferred = self.resource = resources[0]
        self.version: str | None = None
        self.newest = since  # the newest version of which the sink may have heard

    def run(self) -> None:
        """Repeat `step` until stopped."""
        while not self._stop.is_set():
            try:
                pause = self.step()
            except Exception:  # the outermost loop: what nobody thought of must not end it silently
                log.exception("watching %s failed unexpectedly", self._scope or "all namespaces")
                text = "Reading failed; this worker's log says why."
                self._tell(KubeError("internal", text), failed=True)
                pause = self._trouble.unexpected()
            self._wait(pause)

    def step(self) -> float:
        """List if need be, then watch once; return the seconds to wait before the next step."""
        self._watching.reset()
        try:
            self._advance()
        except KubeError as error:
            if isinstance(error, Cut) and self.recheck.ended_watch():
                return 0.0
            return self._conclude(error)
        if self.recheck.ended_watch():
            return 0.0
        outcome = self._trouble.after_end(self._watching.lived, self._watching.asked_for)
        self._doubts.note(outcome)
        return outcome.pause

    def close(self) -> None:
        """End the open watch at once; called by another thread."""
        self._watching.close()

    # Getting on -----------------------------------------------------------------------------------

    def _advance(self) -> None:
        """One watch, with all that has to come before it."""
        if self.version is not None and self._doubts.uncertain:
            self._reassure(self.version)
        elif self.version is not None and self._doubts.left <= 0:
            self._check(self.version)
        if self.version is not None and self.recheck.due:
            self._check(self.version)
        if self.version is not None and self.resource is not self.preferred:
            self._prefer(self.version)
        if self.version is None:
            self.pulse.enter("asking for the identity", within=120.0)
            self._identity.check()
            if self._begin():
                return
        self._watch(self.resource)

    def _reassure(self, version: str) -> None:
        self.pulse.enter("asking for the identity", within=120.0)
        self._identity.check()
        self._lister.prove(self.resource, version)
        self._doubts.proven()

    def _prefer(self, version: str) -> None:
        """See whether the preferred resource is permitted by now."""
        try:
            self._lister.prove(self.preferred, version)
        except KubeError:
            return  # as before
        self._forget()
        self.resource = self.preferred

    def _check(self, version: str) -> None:
        """The safety list: what the server held at our version must be what we hold."""
        self._take_turn()
        self.recheck.begin()
        try:
            things, _ = self._lister.read(self.resource, exactly(version))
        except (Expired, TooLarge):
            self._forget()  # a quiet cluster without bookmarks: an ordinary list does as well
        except KubeError as error:
            self._tell(error, failed=False)  # the watch does not depend on it
            self.recheck.answer(error=error.text, reason=error.code)
        else:
            different = self._sink.differences(self._scope, things)
            if different:
                self._judge(things)
            self.recheck.answer(different=different)
        self._doubts.compared()

    def _begin(self) -> bool:
        """Get the first state of the first permitted resource. True if it came by a watch, which
        is over now."""
        self._take_turn()
        self.recheck.begin()
        denied: Denied | None = None
        for resource in self._candidates():
            try:
                return self._begin_with(resource)
            except Denied as error:
                denied = denied or error
        if denied:
            raise denied
        raise errors.bad_answer("nothing to read")

    def _begin_with(self, resource: Resource) -> bool:
        floor = not_older_than(self._floor)
        if self.streamed:
            try:
                self._watch_from_nothing(resource, floor)
            except KubeError as error:
                if not self._lists_instead(error):
                    raise
            else:
                return True
        things, version = self._lister.read(resource, floor)
        self._begun(resource, things, version)
        return False

    def _lists_instead(self, error: KubeError) -> bool:
        """Whether a watch that should have begun with a list failed because the server does not
        know such lists. Whatever goes wrong among the first events, it is not tried again."""
        if self.version is not None or isinstance(error, Denied | Doubtful | Expired | TooLarge):
            return False
        if not self._watching.opened:
            self.streamed = error.code != "refused_request"
            return not self.streamed
        self.streamed = False
        self._watching.reset()
        return isinstance(error, Silent)

    def _begun(self, resource: Resource, things: list[answers.Thing], version: str) -> None:
        self.resource, self._patient = resource, True
        self._trouble.denials = 0
        self.newest = version
        self._judge(things)
        self._sink.alive(self._scope, listed=True)
        self.version = version
        self._doubts.compared()
        self.recheck.answer()

    def _judge(self, things: list[answers.Thing]) -> None:
        """Hand a complete list over, unless it is so bare that it is read twice."""
        if not self._doubted and self._sink.doubts(self._scope, things):
            self._doubted = True
            raise Doubtful(
                "mass_deletion",
                "The cluster suddenly lists less than half of its endpoints; asking again"
                " before any is removed.",
            )
        self._doubted = False
        self._sink.replace(self._scope, things)

    def _candidates(self) -> tuple[Resource, ...]:
        if self._patient and self._trouble.denials < self._timing.denials:
            return (self.resource,)
        return self._resources

    # Watching -------------------------------------------------------------------------------------

    def _watch(self, resource: Resource) -> None:
        """Follow a watch from our version to its clean end."""
        lines = self._watching.lines(
            resource,
            {"resourceVersion": self.version or ""},
            patience=self._timing.silence,
            at_most=self._doubts.left,
        )
        with closing(lines):
            self._take_all(lines)

    def _watch_from_nothing(self, resource: Resource, floor: Query) -> None:
        """Follow a watch whose first events are a list, to its clean end."""
        at = {**floor, "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        gathering = Gathering(resource, self._limits)
        patience = self._timing.first_silence
        with closing(self._watching.lines(resource, at, patience=patience)) as lines:
            for line in lines:
                if line and gathering.take(line):
                    break
                if self._watching.lived > self._timing.list_within:
                    raise errors.bad_answer("a list that does not end in time")
            else:
                raise Cut("cut", "The watch ended before its first events were complete.")
            self._begun(resource, gathering.things(), gathering.version)
            self._watching.be_patient(self._timing.silence)
            self._open()
            self._take_all(lines)

    def _take_all(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            if line:
                self._take(line)
            else:
                self._open()

    def _open(self) -> None:
        self._trouble.denials = 0
        self._sink.alive(self._scope, watching=True)

    def _take(self, line: bytes) -> None:
        """Apply one event. Its version counts only once it has been applied."""
        kind, thing = answers.read_event(self.resource, line)
        self.newest = thing.metadata.resource_version or self.newest
        if kind in ("ADDED", "MODIFIED"):
            self._sink.put(thing)
        elif kind == "DELETED":
            self._sink.drop(thing)
        elif kind == "BOOKMARK":
            self._sink.alive(self._scope, bookmark=True)
        else:
            raise errors.bad_answer(f"an event of type {kind[:20]!r}")
        self.version = thing.metadata.resource_version or self.version

    # What went wrong ------------------------------------------------------------------------------

    def _conclude(self, error: KubeError) -> float:
        outcome = self._trouble.after(error, lived=self._watching.lived)
        if outcome.keep is not Keep.ALL:
            self._forget()
        if outcome.keep is Keep.NOTHING:
            self._floor = ""
        self._doubts.note(outcome)
        self._tell(error, failed=outcome.told)
        return outcome.pause

    def _forget(self) -> None:
        """List before the next watch, and take nothing older than what is known."""
        self._floor = self.version or self._floor
        self.version = None

    def _tell(self, error: KubeError, *, failed: bool) -> None:
        if not self._stop.is_set():  # closing our own socket is no failure
            (self._sink.failed if failed else self._sink.noticed)(self._scope, error)

    # Time -----------------------------------------------------------------------------------------

    def _take_turn(self) -> None:
        self._wait(self._budget.take())

    def _wait(self, seconds: float) -> None:
        self.pulse.enter("waiting", within=seconds + 30.0)
        self._stop.wait(seconds)
