"""From the publisher's hand into Redis, by a thread that nobody waits for.

The thread gathers what is handed over until nothing has come for a moment, or for a second; then it
compares and writes. It does so in small steps: it shares the interpreter with the publishers, whose
work is urgent, while its own is not.

Entries of a registry are written only where its feed is: one that was deleted stays deleted,
however late a worker is. Otherwise a late entry does no harm: it tells of a commit that was made.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from console import redis
from console.contract import keys
from console.contract.wire import Service
from console.redis import Client, RedisError
from registries.chronicle.moves import Kind, Move, moves_of, summary

log = logging.getLogger(__name__)

KEPT = 5_000  # entries of a registry: some megabytes
WAITING = 20_000  # services that wait to be compared; beyond that they are dropped and counted
MANY = 1_000  # services of one registry at once that are told as one
QUIET = 0.25  # seconds without news after which what has come is written
LONGEST = 1.0  # seconds that the first of them waits
_RETRY = 5.0  # seconds between two attempts to say what was missed
_STEP = 50  # services that are compared before the others have their turn
_BETWEEN = 8  # states between the first and the last of one moment that are looked at
_BATCH = 200  # entries of one script, which holds the server for less than a millisecond

# A service's key, its state before and after a commit.
Pair = tuple[str, Service | None, Service | None]

# KEYS: the stream, the feed's meta hash. ARGV: how many to keep; then per entry its age in ms, the
# service's key, and what happened.
_APPEND = """
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local ms, number = -1, 0
if last[1] then
  local a, b = string.match(last[1][1], '^(%d+)-(%d+)$')
  ms, number = tonumber(a), tonumber(b)
end
for i = 2, #ARGV, 3 do
  local at = now - tonumber(ARGV[i])
  if at > ms then ms, number = at, 0 else number = number + 1 end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], string.format('%.0f-%.0f', ms, number),
    'service', ARGV[i + 1], 'move', ARGV[i + 2])
end
return (#ARGV - 1) / 3
"""


@dataclass(frozen=True, slots=True)
class _Handed:
    """What one commit was, `at` by the recorder's clock; `whole`: a move that needs no pairs."""

    registry_id: str
    at: float
    pairs: Sequence[Pair] = ()
    whole: Move | None = None


@dataclass(slots=True)
class _Gathered:
    """A registry's news of one moment: by service the time and its states, the one before first."""

    services: dict[str, tuple[float, list[Service | None]]] = field(default_factory=dict)
    whole: list[tuple[float, Move]] = field(default_factory=list)


class Recorder:
    """`client` gives the store. The thread begins with the first thing that is handed over;
    without one (`threaded=False`) `write` does its work."""

    def __init__(
        self,
        *,
        client: Callable[[], Client] = redis.store,
        threaded: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._threaded = threaded
        self._clock = clock
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._handed: deque[_Handed] = deque()
        self._waiting = 0
        self._missed: Counter[str] = Counter()
        self._thread: threading.Thread | None = None
        self.writing = threading.Lock()  # held while Redis is told

    @property
    def idle(self) -> bool:
        """Whether everything that was handed over is written or dropped."""
        return not self._handed and not self.writing.locked()

    @property
    def missed(self) -> dict[str, int]:
        """The services by registry whose moves were dropped since this was last written down."""
        with self._lock:
            return dict(self._missed)

    def hand(
        self, registry_id: str, *, pairs: Sequence[Pair] = (), whole: Move | None = None
    ) -> None:
        """Take a commit; never waits and never raises."""
        with self._lock:
            if self._waiting + len(pairs) > WAITING:
                self._missed[registry_id] += len(pairs)
                return
            self._waiting += len(pairs)
            self._handed.append(_Handed(registry_id, self._clock(), pairs, whole))
            if self._threaded and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chronicle", daemon=True)
                self._thread.start()
                atexit.register(self.write)
        if not self._news.is_set():  # setting it takes longer than all the rest
            self._news.set()

    def write(self) -> None:
        """Compare and write all that waits; what Redis does not take is dropped and counted."""
        with self.writing:
            gathered = self._gather()
            with self._lock:
                missed, self._missed = self._missed, Counter()
            away = False
            for registry_id in gathered.keys() | missed.keys():
                entries = self._entries(gathered.get(registry_id, _Gathered()))
                try:
                    if not away:
                        self._append(registry_id, entries, missed[registry_id])
                        continue
                except RedisError as error:
                    log.warning("the chronicle has a gap: %s", error)
                    away = True  # the others need not wait for an answer too
                with self._lock:
                    lost = sum(one.services or 1 for _at, one in entries)
                    self._missed[registry_id] += lost + missed[registry_id]

    def forget(self, registry_id: str) -> None:
        """Drop what waits of a registry that no longer exists."""
        with self.writing, self._lock:
            kept = [one for one in self._handed if one.registry_id != registry_id]
            self._handed = deque(kept)
            self._waiting = sum(len(one.pairs) for one in kept)
            del self._missed[registry_id]

    def _gather(self) -> dict[str, _Gathered]:
        with self._lock:
            handed, self._handed = self._handed, deque()
            self._waiting = 0
        gathered: dict[str, _Gathered] = {}
        for one in handed:
            into = gathered.setdefault(one.registry_id, _Gathered())
            if one.whole:
                into.whole.append((one.at, one.whole))
            for name, before, after in one.pairs:
                _at, states = into.services.setdefault(name, (one.at, [before]))
                if len(states) > _BETWEEN:
                    states.pop()
                states.append(after)
        return gathered

    def _entries(self, gathered: _Gathered) -> list[tuple[float, Move]]:
        """What is worth telling, in order of time."""
        told = gathered.whole
        single = []
        for number, (name, (at, states)) in enumerate(gathered.services.items()):
            if number % _STEP == _STEP - 1:
                time.sleep(0.001)
            if move := moves_of(name, states[0], states[-1], between=states[1:-1]):
                single.append((at, move))
        if len(single) > MANY:
            began = min(at for at, _move in single)
            single = [(began, summary(Kind.MANY, (move for _at, move in single)))]
        return sorted([*told, *single], key=lambda entry: entry[0])

    def _append(self, registry_id: str, entries: Sequence[tuple[float, Move]], missed: int) -> None:
        owner = keys.registry(registry_id)
        client = self._client()
        script = client.register_script(_APPEND)
        now = self._clock()
        if missed:
            entries = [(now, Move(kind=Kind.MISSED, services=missed)), *entries]
        for start in range(0, len(entries), _BATCH):
            arguments: list[object] = [KEPT]
            for at, move in entries[start : start + _BATCH]:
                age = max(0, round((now - at) * 1000))
                arguments += [age, move.service, msgspec.json.encode(move)]
            script(keys=[keys.moves(owner), keys.feed(owner).meta], args=arguments)

    def _run(self) -> None:
        while True:
            self._news.wait(_RETRY if self._missed else None)
            self._settle()
            try:
                self.write()
            except Exception:  # the outermost loop: one odd state must not end the chronicle
                log.exception("writing the chronicle failed; going on with the next")

    def _settle(self) -> None:
        """Wait until nothing comes any more, but not for ever."""
        ends = self._clock() + LONGEST
        while self._news.is_set() and (left := ends - self._clock()) > 0:
            self._news.clear()
            self._news.wait(min(QUIET, left))
        self._news.clear()


RECORDER = Recorder()


class Chronicler:
    """Hands over what becomes of one registry's feed; used by its publisher's thread."""

    def __init__(self, registry_id: str, *, recorder: Recorder = RECORDER) -> None:
        self._registry_id = registry_id
        self._recorder = recorder

    def committed(self, pairs: Sequence[Pair]) -> None:
        if pairs:
            self._recorder.hand(self._registry_id, pairs=pairs)

    def first(self, services: Iterable[Service | None]) -> None:
        """The cluster was read for the first time, and this is what was found."""
        self._whole(Kind.FIRST, services)

    def restored(self, services: Iterable[Service | None]) -> None:
        """Redis had lost everything; this was written again."""
        self._whole(Kind.RESTORED, services)

    def _whole(self, kind: str, services: Iterable[Service | None]) -> None:
        number = sum(one is not None for one in services)
        self._recorder.hand(self._registry_id, whole=Move(kind=kind, services=number))


def erase(registry_id: str) -> None:
    """Remove the chronicle of a registry that no longer exists. Raises `RedisError`."""
    RECORDER.forget(registry_id)
    redis.store().unlink(keys.moves(keys.registry(registry_id)))
