"""What one Envoy wants of one type, has of it, lacks and has not answered yet. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateways.drivers.envoy import api
from gateways.drivers.envoy.named import Named

from .lacks import Lack, Since


@dataclass(slots=True)
class Answer:
    """An answer under way: what it says of each name (None: removed), since which update each was
    lacking, and when it was made."""

    nonce: str
    sent: dict[str, Named | None]
    lacks: dict[str, Lack]
    at: float


@dataclass(slots=True)
class Subscription:
    """`since`: the stream's, of all types. `has`: name → version that Envoy confirmed. `under_way`:
    answers by their nonces, the oldest first. `apart`: names of a refused answer, to be sent by
    themselves."""

    since: Since
    every: bool = False
    names: set[str] = field(default_factory=set)
    has: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, Lack] = field(default_factory=dict)
    under_way: dict[str, Answer] = field(default_factory=dict)
    apart: list[list[str]] = field(default_factory=list)
    greeted: bool = False  # it was answered once, if only that there is nothing

    def wants(self, name: str) -> bool:
        return self.every or name in self.names

    def told(self, name: str) -> str | None:
        """The version that Envoy was told last, confirmed or not; None: of none."""
        for answer in reversed(self.under_way.values()):
            if name in answer.sent:
                one = answer.sent[name]
                return one.version if one else None
        return self.has.get(name)

    def lack(self, name: str, update: int, *, fresh: bool = False, forced: bool = False) -> None:
        """Envoy lacks the newest of a name. If it did so before, it does since then."""
        lack = self.lacking.get(name)
        if lack is None:
            self.lacking[name] = Lack(update, fresh, forced)
            self.since.add(update)
        elif forced:
            lack.forced = True

    def again(self, name: str, lack: Lack) -> None:
        """What was sent has to be sent again; perhaps it has changed since."""
        newer = self.lacking.get(name)
        if newer is not None:
            self.since.drop(newer.update)
            lack.fresh, lack.forced = lack.fresh or newer.fresh, lack.forced or newer.forced
        self.lacking[name] = lack

    def over(self, lack: Lack) -> None:
        """Envoy lacks it no more: it has it, refused it, or wants it no more."""
        self.since.drop(lack.update)

    def forget(self, name: str) -> None:
        """Envoy wants it no more."""
        self.has.pop(name, None)
        lack = self.lacking.pop(name, None)
        if lack is not None:
            self.over(lack)

    def subscribe(self, name: str, held: Mapping[str, Named], update: int) -> None:
        """Envoy asks for a name, and has to be answered even if it has it; or for all."""
        if name != "*":
            self.names.add(name)
            self.lack(name, update, forced=True)
            return
        if self.every:
            return
        self.every, self.greeted = True, False
        for one in held:
            self.lack(one, update)

    def unsubscribe(self, name: str, update: int) -> None:
        """Envoy leaves a name, or what it has because it asked for all."""
        if name == "*":
            self.every = False
            for one in (self.has.keys() | self.lacking) - self.names:
                self.forget(one)
            return
        asked = name in self.names
        self.names.discard(name)
        if not self.every:
            self.forget(name)
        elif asked:
            # It asks for all, too, and does not know whether this one is among them.
            self.lack(name, update, forced=True)


@dataclass(frozen=True, slots=True)
class Said:
    """Envoy's word on an answer: `refused` is its reason not to take it. `fresh`: those of its
    resources that had changed and are taken."""

    kind: str
    sent: tuple[Named, ...]
    fresh: tuple[Named, ...] = ()
    refused: str = ""


def message(kind: str, nonce: str, sent: Mapping[str, Named | None]) -> bytes:
    """A DeltaDiscoveryResponse."""
    made = api.DeltaResponse(
        type_url=kind,
        nonce=nonce,
        removed_resources=[name for name, one in sent.items() if one is None],
    )
    for one in filter(None, sent.values()):
        resource = made.resources.add(name=one.name, version=one.version)
        resource.resource.type_url = kind
        resource.resource.value = one.body
    body: bytes = made.SerializeToString()
    return body
