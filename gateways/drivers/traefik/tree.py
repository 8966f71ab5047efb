"""Writing Traefik's tree: one atomic change, one event, one writer.

The tree is known: it is read when a driver starts and then kept in memory, so that a change costs
the keys that differ. Equal values are never written.

Nothing is removed by a change: a value is emptied, which Traefik reads as gone, and the name is
taken away later. Names that a reading of the tree misses because they came while it was going on
are healed by a reminder; `driver` sees to it that nothing refers to names that are so new.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping

from console.redis import Client, RedisError
from gateways.drivers.base import DriverError, Outlived

from . import scripts
from .faults import away, code_of
from .keys import Keys
from .walk import CHUNK, Walk, text

# Outside of http, tcp, udp and tls, and a hash: Traefik's decoder passes it over, its subscription
# does not.
TICK = "~portolan"
# A reading that was going on during a change may have missed names of it.
HEAL_AFTER = 2.5  # seconds
# Pub/sub forgets whom it could not reach; each reminder heals all that was missed before it, and
# costs Traefik one reading of the tree.
REMIND_EVERY = 30.0  # seconds
# All of the tree is compared with what was written once in so long, in steps: when there is time,
# and where there is none after changes, never before one.
VERIFY_EVERY = 30.0  # seconds
_MEANWHILE = 4 * CHUNK  # names after a change at most: the next one may be waiting
_FEW = 20  # names taken away at once from a server that makes an event of each
_NAMED = 5  # keys of others that are told of
_EMPTIED = "The tree is gone: its Redis was emptied."


class Tree:
    """The keys of ours below one root, by their names below it."""

    def __init__(
        self, client: Client, root: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._root = root
        self._walk = Walk(client, root)
        self._clock = clock
        self._commit = client.register_script(scripts.COMMIT)
        self._epoch = 0
        self._loud = self._unsure = False
        self._held: Keys = {}
        self._emptied: dict[str, float] = {}  # names to take away, since when they are empty
        self._ticked = self._verified = self._cleaned = clock()
        self._healed = True  # since the last change, from readings that it tore

    def open(self, epoch: int = 0) -> None:
        """Check that Traefik will hear of changes, shut out older writers, then read what the tree
        has of ours. Raises `DriverError`."""
        self._epoch = epoch
        try:
            self._learn_events()
            self._run({}, [], anew=True)
            self._walk = Walk(self._client, self._root)
            held = self._walk.all()
        except RedisError as error:
            raise away(error) from error
        self._verified = now = self._clock()
        self._held = {name: value for name, value in held.items() if value}
        self._emptied = {name: now for name, value in held.items() if not value}

    def look(self) -> Keys:
        """What the tree has of ours now. Raises `RedisError`."""
        return {name: value for name, value in self._walk.all().items() if value}

    @property
    def keys(self) -> Mapping[str, str]:
        return self._held

    @property
    def poison(self) -> Mapping[str, str]:
        """Keys of others that stop Traefik, with the reason: those that were found so far."""
        found = sorted(self._walk.poison.items())[:_NAMED]
        return {f"{self._root}/{name}": why for name, why in found}

    def write(self, wanted: Mapping[str, str], gone: Iterable[str] = ()) -> int:
        """Set and remove names in one step; return how many differed. Raises `DriverError`; then
        what happened is unknown and `open` finds out."""
        sets = {name: value for name, value in wanted.items() if self._held.get(name) != value}
        emptied = {name: "" for name in gone if name in self._held and name not in wanted}
        if not sets and not emptied:
            return 0
        now = self._clock()
        try:
            self._run(sets | emptied, self._meanwhile_away(now, sets))
            self._healed = False
            self._held.update(sets)
            for name in sets:
                self._emptied.pop(name, None)
            for name in emptied:
                del self._held[name]
                self._emptied[name] = now
            self._verify(now, most=_MEANWHILE)
        except RedisError as error:
            raise DriverError(
                f"The tree could not be written: {error}", code=code_of(error)
            ) from error
        return len(sets) + len(emptied)

    def touch(self) -> int:
        """Make sure that the tree is there and ours; repair what others did to a part of it, now
        and then take away empty names, and make Traefik read it again: it may have missed an
        event. Return how many names were repaired. Raises `DriverError`."""
        now = self._clock()
        try:
            epoch = self._client.hmget(self._key(TICK), ["epoch"])[0]
            if epoch is None:
                raise DriverError(_EMPTIED, code="emptied")
            if self._epoch and int(epoch) > self._epoch:
                raise Outlived(int(epoch))
            repaired = self._verify(now)
            if now - self._ticked >= REMIND_EVERY:
                self._run({}, self._to_take_away(now))
            elif not self._healed and now - self._ticked >= HEAL_AFTER:
                self._run({}, self._to_take_away(now))
                self._healed = True
        except RedisError as error:
            raise away(error) from error
        return repaired

    def _verify(self, now: float, *, most: float = math.inf) -> int:
        """Compare as much of the tree as is due with what was written, and put right what
        differs."""
        share = min(1.0, (now - self._verified) / VERIFY_EVERY)
        if share < 1 and len(self._held) * share < CHUNK:
            return 0
        found = self._walk.step(self._held, min(share, most / max(1, len(self._held))))
        self._verified = now
        for name in found.empty:
            self._emptied.setdefault(name, now)
        if found.right or found.wrong:
            self._run(found.right | dict.fromkeys(found.wrong, ""), [])
            self._emptied |= dict.fromkeys(found.wrong, now)
            self._healed = False
        return len(found.right) + len(found.wrong)

    def _to_take_away(self, now: float) -> list[str]:
        self._cleaned = now
        due = [name for name, since in self._emptied.items() if now - since >= HEAL_AFTER]
        return due[:_FEW] if self._loud else due

    def _meanwhile_away(self, now: float, kept: Mapping[str, str]) -> list[str]:
        """What can go in the same step as a change."""
        if self._loud and now - self._cleaned < REMIND_EVERY:
            return []
        return [name for name in self._to_take_away(now) if name not in kept]

    def _run(self, sets: Mapping[str, str], away: list[str], *, anew: bool = False) -> None:
        """One change, which ends with the event that tells of it."""
        put = sorted(sets.items())
        answer = self._commit(
            keys=[self._key(name) for name in (TICK, *(name for name, _value in put), *away)],
            args=[
                self._epoch,
                time.time_ns(),
                int(anew),
                int(self._loud or self._unsure),
                len(put),
                *(value for _name, value in put),
            ],
        )
        if answer == b"emptied":
            raise DriverError(_EMPTIED, code="emptied")
        if answer != b"done":
            raise Outlived(int(answer))
        for name in away:
            self._emptied.pop(name, None)
        self._ticked = self._clock()

    def _learn_events(self) -> None:
        try:
            flags = self._client.config_get("notify-keyspace-events")
        except RedisError as error:
            if code_of(error) == "denied" or "unknown command" in str(error).lower():
                # A managed server tells nobody; the operator has been told in the docs.
                self._loud = self._unsure = True
                return
            raise
        held = "".join(text(value) for value in flags.values())
        if not tells(held):
            raise DriverError(
                "Redis sends no keyspace events, so Traefik would read its tree once and never"
                " again. Set notify-keyspace-events to Kh on the tree's server"
                f" (it is “{held}”).",
                code="no_events",
                permanent=True,
            )
        self._loud = bool({"g", "A"} & set(held))
        self._unsure = not {"h", "A"} & set(held)

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"


def tells(flags: str) -> bool:
    """Whether a server with these keyspace events tells Traefik of changes."""
    return "K" in flags and bool({"h", "g", "A"} & set(flags))


def quiet(flags: str) -> bool:
    """Whether a change of many keys is one event."""
    return tells(flags) and not {"g", "A", "$"} & set(flags)
