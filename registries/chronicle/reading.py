"""Reading chronicles: of several registries as one, newest first, a part at a time.

What is looked for is looked for by the server, a part at a time too, so that a filter costs little
here and never holds the server up for more than a millisecond.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from console import redis
from console.contract import keys
from console.redis import Client
from registries.chronicle.moves import Kind, Move, What

NEWEST, OLDEST = "+", "-"
_LOOK = 1_000  # entries that one look of a search goes through
_TAKE = 60  # entries that one look brings

_decoder = msgspec.json.Decoder(Move)

# KEYS: the stream. ARGV: newest id, oldest id, entries to go through, entries to bring, a text in
# lower case or nothing, the start of services' keys or nothing; then services, if only those count.
# The answer: the id after which to go on, or nothing at the end; and what was found.
_FIND = """
local wanted, some = {}, #ARGV > 6
for i = 7, #ARGV do wanted[ARGV[i]] = true end
local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
local found, most = {}, tonumber(ARGV[4])
for i = 1, #entries do
  local id, service, move = entries[i][1], entries[i][2][2], entries[i][2][4]
  if (not some or wanted[service])
    and (ARGV[6] == '' or string.sub(service, 1, #ARGV[6]) == ARGV[6])
    and (ARGV[5] == '' or string.find(string.lower(move), ARGV[5], 1, true))
  then
    found[#found + 1] = {id, move}
    if #found == most then return {id, found} end
  end
end
if #entries < tonumber(ARGV[3]) then return {'', found} end
return {entries[#entries][1], found}
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A step of a walk: how far it has come in one registry, and the move that is there; None: so
    far, and nothing was found since the step before."""

    registry_id: str
    id: str
    move: Move | None = None

    @property
    def place(self) -> tuple[int, str, int]:
        """Where it stands among all moves: the newest has the greatest."""
        ms, _dash, number = self.id.partition("-")
        return int(ms), self.registry_id, int(number or 0)


@dataclass(slots=True)
class _Walker:
    """Goes through one registry's chronicle."""

    client: Client
    registry_id: str
    newest: str
    oldest: str
    text: str
    prefix: str
    services: Collection[str] | None

    def look(self, client: Client) -> Any:
        """Send one look; a pipeline answers later."""
        search = self.text or self.prefix or self.services is not None
        needle = msgspec.json.encode(self.text.lower())[1:-1]
        return client.register_script(_FIND)(
            keys=[keys.moves(keys.registry(self.registry_id))],
            args=[
                self.newest,
                self.oldest,
                _LOOK if search else _TAKE,
                _TAKE,
                needle,
                self.prefix,
                *(self.services or ()),
            ],
            client=client,
        )

    def steps(self, first: Any) -> Iterator[Found]:
        """What there is, beginning with the answer to the first look."""
        answer = first
        while True:
            further, entries = answer
            for entry_id, data in entries:
                yield self._found(entry_id.decode(), data)
            if not further:
                return
            reached = further.decode()
            yield Found(self.registry_id, reached)
            self.newest = _before(reached)
            if not self.newest:
                return
            answer = self.look(self.client)

    def _found(self, entry_id: str, data: bytes) -> Found:
        try:
            move = _decoder.decode(data)
        except msgspec.DecodeError:
            return Found(self.registry_id, entry_id)  # of a newer release
        if self.text and not _says(move, self.text.lower()):
            return Found(self.registry_id, entry_id)
        move = msgspec.structs.replace(move, registry_id=self.registry_id, id=entry_id)
        return Found(self.registry_id, entry_id, move)


def walk(
    registries: Mapping[str, str],
    *,
    oldest: int = 0,
    services: Mapping[str, Collection[str]] | None = None,
    prefix: str = "",
    text: str = "",
) -> Iterator[Found]:
    """Go back in time through the chronicles of registries, in one order for all of them.

    `registries` says for each where to begin: `NEWEST`, or the newest id that counts. Only moves
    since `oldest` (milliseconds); of a registry that is named there only of these `services`; of
    services whose key begins with `prefix`; in which a service, a pod or an address has `text`.
    Raises `RedisError`.
    """
    client = redis.store()
    walkers = [
        _Walker(
            client=client,
            registry_id=registry_id,
            newest=newest,
            oldest=str(oldest) if oldest else OLDEST,
            text=text,
            prefix=prefix,
            services=None if services is None else services.get(registry_id),
        )
        for registry_id, newest in registries.items()
    ]
    walkers = [one for one in walkers if one.services is None or one.services]
    if not walkers:
        return
    pipeline = client.pipeline(transaction=False)
    for walker in walkers:
        walker.look(pipeline)
    parts = [
        walker.steps(answer) for walker, answer in zip(walkers, pipeline.execute(), strict=True)
    ]
    yield from heapq.merge(*parts, key=lambda step: step.place, reverse=True)


def recent(
    registry_ids: Iterable[str],
    *,
    service: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[Move]:
    """The newest moves of registries, or of one service of theirs (`namespace/name`), newest
    first; `before` is a time in milliseconds. Raises `RedisError`."""
    begin = dict.fromkeys(registry_ids, NEWEST if before is None else str(before - 1))
    services = None if service is None else dict.fromkeys(begin, (service,))
    found: list[Move] = []
    for step in walk(begin, services=services):
        if len(found) == limit:
            break
        if step.move:
            found.append(step.move)
    return found


def since(registry_id: str, namespace: str, name: str) -> dict[str, int]:
    """Since when a service's addresses are as they are, in milliseconds; one that is missing has
    been so for longer than is recorded. Raises `RedisError`."""
    service = keys.service(namespace, name)
    known: dict[str, int] = {}
    gone: set[str] = set()
    for step in walk({registry_id: NEWEST}, services={registry_id: (service, "")}):
        if step.move is None:
            continue
        if step.move.kind in (Kind.MANY, Kind.MISSED, Kind.DELETED) or step.move.left_out:
            _take(step.move, known, gone)
            break  # what is older may have been overtaken by what is not told
        _take(step.move, known, gone)
    return known


def _take(move: Move, known: dict[str, int], gone: set[str]) -> None:
    # Changes of one move name an address twice where one pod got it from another: removed, added.
    for change in reversed(move.changes):
        if change.address in known or change.address in gone:
            continue
        if change.what == What.REMOVED:
            gone.add(change.address)
        else:
            known[change.address] = move.at


def _says(move: Move, text: str) -> bool:
    return text in move.service.lower() or any(
        text in one.pod.lower() or text in one.address.lower() for one in move.changes
    )


def _before(entry_id: str) -> str:
    """The newest id that is older; empty: there is none."""
    ms, _dash, number = entry_id.partition("-")
    if int(number):
        return f"{ms}-{int(number) - 1}"
    return str(int(ms) - 1) if int(ms) else ""
