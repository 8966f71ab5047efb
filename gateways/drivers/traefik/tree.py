"""Writing Traefik's tree: one atomic change, one event.

The tree is known: it is read when a driver starts and then kept in memory, so that a change costs
the keys that differ. Equal values are never written, for each would be an event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from console.redis import AuthenticationError, Client, RedisError
from gateways.drivers.base import DriverError

# Outside of http, tcp, udp and tls: Traefik's decoder passes it over, its subscription does not.
TICK = "~tick"
# Pub/sub forgets whom it could not reach; each reminder heals all that was missed before it, and
# costs Traefik one reading of the tree.
REMIND_EVERY = 30.0  # seconds
_LONG = 315_360_000  # seconds; ten years. EXPIRE is for its event, not for expiry
_OWN = (
    "http/routers/portolan-",
    "http/services/portolan-",
    "http/middlewares/portolan-",
    "http/serversTransports/portolan-",
)
_SCAN = 500
_EMPTIED = "The tree is gone: its Redis was emptied."


class Tree:
    """The keys of ours below one root, by their names below it."""

    def __init__(
        self, client: Client, root: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._root = root
        self._clock = clock
        self._ticked = clock()
        self._held: dict[str, str] = {}
        self._marked = False  # by a tick, which is gone only if the server was emptied

    def __len__(self) -> int:
        return len(self._held)

    def open(self) -> None:
        """Check that Traefik will hear of changes, then read what the tree has of ours. Raises
        `DriverError`."""
        try:
            self._check_events()
            self._held = self._read()
            self._marked = bool(self._client.exists(self._key(TICK)))
        except RedisError as error:
            raise _away(error) from error

    def names(self) -> set[str]:
        return set(self._held)

    def write(self, wanted: Mapping[str, str], gone: Iterable[str]) -> int:
        """Set and remove names in one step; return how many differed. Raises `DriverError`; then
        what happened is unknown and `open` finds out."""
        sets = {name: value for name, value in wanted.items() if self._held.get(name) != value}
        removed = sorted(name for name in gone if name in self._held and name not in wanted)
        if not sets and not removed:
            return 0
        try:
            with self._client.pipeline(transaction=True) as change:
                change.exists(self._key(TICK))
                for name, value in sorted(sets.items()):
                    change.set(self._key(name), value)
                for name in removed:
                    change.unlink(self._key(name))
                self._tick(change)
                was_there = change.execute()[0]
        except RedisError as error:
            raise DriverError(
                f"The tree could not be written: {error}", code=_code(error)
            ) from error
        if self._marked and not was_there:
            raise DriverError(_EMPTIED, code="emptied")
        self._marked = True
        self._held.update(sets)
        for name in removed:
            del self._held[name]
        return len(sets) + len(removed)

    def touch(self) -> None:
        """Make sure that the tree is there, and now and then make Traefik read it again: it may
        have missed an event. Raises `DriverError`."""
        try:
            if self._marked and not self._client.exists(self._key(TICK)):
                raise DriverError(_EMPTIED, code="emptied")
            if self._clock() - self._ticked > REMIND_EVERY:
                with self._client.pipeline(transaction=True) as change:
                    self._tick(change)
                    change.execute()
        except RedisError as error:
            raise _away(error) from error

    def _tick(self, change: Client) -> None:
        key = self._key(TICK)
        change.set(key, str(time.time_ns()))
        change.expire(key, _LONG)
        self._ticked = self._clock()

    def _check_events(self) -> None:
        try:
            flags = self._client.config_get("notify-keyspace-events")
        except RedisError as error:
            if "NOPERM" in str(error) or "unknown command" in str(error).lower():
                return  # a managed server tells nobody; the operator has been told in the docs
            raise
        held = "".join(_text(value) for value in flags.values())
        if not tells(held):
            raise DriverError(
                "Redis sends no keyspace events, so Traefik would read its tree once and never"
                " again. Set notify-keyspace-events to Kgxe on the tree's server"
                f" (it is “{held}”).",
                code="no_events",
                permanent=True,
            )

    def _read(self) -> dict[str, str]:
        prefix = self._key("")
        found = [
            key
            for key in self._client.scan_iter(match=f"{_escaped(prefix)}*", count=_SCAN)
            if _text(key).removeprefix(prefix).startswith(_OWN)
        ]
        held: dict[str, str] = {}
        for start in range(0, len(found), _SCAN):
            chunk = found[start : start + _SCAN]
            for key, value in zip(chunk, self._client.mget(chunk), strict=True):
                if value is not None:
                    held[_text(key).removeprefix(prefix)] = _text(value)
        return held

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"


def tells(flags: str) -> bool:
    """Whether a server with these keyspace events tells Traefik of changes."""
    return "K" in flags and bool({"g", "A"} & set(flags))


def _away(error: RedisError) -> DriverError:
    return DriverError(f"The tree's Redis does not answer: {error}", code=_code(error))


def _code(error: RedisError) -> str:
    if isinstance(error, AuthenticationError):
        return "unauthorized"
    return "denied" if "NOPERM" in str(error) else "unreachable"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _escaped(prefix: str) -> str:
    """A literal for SCAN's pattern."""
    return "".join(f"\\{sign}" if sign in "*?[]\\" else sign for sign in prefix)
