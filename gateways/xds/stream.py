"""What one Envoy has, wants and has not confirmed yet. No I/O; one thread.

For each type there is at most one answer under way: what changes meanwhile is a name in `lacking`,
and the next answer carries its newest state. So memory is bounded by the number of resources, and
an Envoy that is slow gets fewer, not older answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateways.drivers.envoy import api
from gateways.drivers.envoy.named import Named

TYPES = (api.CLUSTERS, api.ASSIGNMENTS, api.LISTENERS, api.ROUTES)
# Routes wait so long for Envoy to have the clusters that they lead to; then the others matter more.
PATIENCE = 5.0  # seconds
_MOST_NAMES = 1_000  # resources in one answer
_MOST_BYTES = 1_000_000

Held = Callable[[str], Mapping[str, Named]]


@dataclass(slots=True)
class Lack:
    """A name that Envoy lacks the newest state of. `update`: since which one; `fresh`: a change
    that is being measured; `forced`: Envoy asked for it, whatever it has."""

    update: int
    fresh: bool = False
    forced: bool = False


@dataclass(slots=True)
class Answer:
    """An answer under way: what it says of each name (None: removed), and since which update each
    was lacking."""

    nonce: str
    sent: dict[str, Named | None]
    lacks: dict[str, Lack]


@dataclass(slots=True)
class Subscription:
    every: bool = False
    names: set[str] = field(default_factory=set)
    has: dict[str, str] = field(default_factory=dict)  # name → version that it confirmed
    lacking: dict[str, Lack] = field(default_factory=dict)
    under_way: Answer | None = None
    # Names of a refused answer, to be sent again in ever smaller parts until the bad one is alone.
    apart: list[list[str]] = field(default_factory=list)
    greeted: bool = False  # it was answered once, if only that there is nothing

    def wants(self, name: str) -> bool:
        return self.every or name in self.names


@dataclass(frozen=True, slots=True)
class Said:
    """Envoy's word on an answer: `refused` is its reason not to take it. `fresh`: those of its
    resources that had changed and are taken."""

    kind: str
    sent: tuple[Named, ...]
    fresh: tuple[Named, ...] = ()
    refused: str = ""


class Stream:
    def __init__(self, held: Held, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._held = held
        self._clock = clock
        self._of: dict[str, Subscription] = {}
        self._nonces = 0
        self._update = 0  # the newest that was told
        self._awaited: set[str] = set()  # clusters sent whose nodes are not confirmed yet
        self._awaiting_since: float | None = None
        self.refused: dict[tuple[str, str], str] = {}  # type and name → Envoy's reason

    @property
    def confirmed_update(self) -> int:
        """All of this update and those before it has been confirmed, or refused."""
        waiting = [
            lack.update
            for one in self._of.values()
            for lacks in (one.lacking, one.under_way.lacks if one.under_way else {})
            for lack in lacks.values()
        ]
        return min(waiting) - 1 if waiting else self._update

    def knows(self, kind: str) -> bool:
        """Whether Envoy has asked for this type."""
        return kind in self._of

    def has(self, kind: str, name: str) -> str:
        """The version that Envoy has confirmed; empty: none."""
        return self._of[kind].has.get(name, "") if kind in self._of else ""

    def turned(self, update: int, names: Mapping[str, Iterable[str]]) -> None:
        """These have changed, by type."""
        self._update = update
        for kind, some in names.items():
            subscription = self._of.get(kind)
            if subscription:
                for name in some:
                    if subscription.wants(name) or name in subscription.has:
                        subscription.lacking.setdefault(name, Lack(update, fresh=True))

    def take(self, request: Any) -> Said | None:
        """Take what Envoy says: names that it wants, and whether it took an answer."""
        kind = request.type_url
        if kind not in TYPES:
            return None
        subscription = self._of.get(kind)
        if subscription is None:
            subscription = self._of[kind] = self._first(kind, request)
        else:
            for name in request.resource_names_subscribe:
                if name == "*":
                    subscription.every = True
                else:
                    subscription.names.add(name)
                    subscription.lacking[name] = Lack(self._update, forced=True)
        for name in request.resource_names_unsubscribe:
            subscription.names.discard(name)
            if not subscription.every:
                subscription.has.pop(name, None)
                subscription.lacking.pop(name, None)
        return self._answered(kind, subscription, request)

    def next(self) -> bytes | None:
        """The next answer to send, None if there is nothing to say now."""
        for kind in TYPES:
            subscription = self._of.get(kind)
            if subscription is None or subscription.under_way:
                continue
            if kind == api.ROUTES and self._holding():
                continue
            made = self._answer(kind, subscription, self._sendable(kind, subscription))
            if made is not None:
                return made
        return None

    def _first(self, kind: str, request: Any) -> Subscription:
        """The first word on a type: perhaps Envoy brings what another server told it."""
        names = set(request.resource_names_subscribe)
        subscription = Subscription(
            every="*" in names or not names,
            names=names - {"*"},
            has=dict(request.initial_resource_versions),
        )
        subscription.greeted = bool(subscription.has)
        held = self._held(kind)
        wanted = (held.keys() | subscription.has) if subscription.every else set()
        for name in wanted | subscription.names:
            now = held.get(name)
            if subscription.has.get(name) != (now.version if now else None) or (
                now is None and name in subscription.names
            ):
                subscription.lacking[name] = Lack(self._update)
        return subscription

    def _answered(self, kind: str, subscription: Subscription, request: Any) -> Said | None:
        answer = subscription.under_way
        if answer is None or request.response_nonce != answer.nonce:
            return None
        subscription.under_way = None
        if request.HasField("error_detail"):
            reason = request.error_detail.message[:500]
            self._refuse(kind, subscription, answer, reason)
            return Said(kind, tuple(filter(None, answer.sent.values())), refused=reason)
        for name, sent in answer.sent.items():
            self.refused.pop((kind, name), None)
            if sent is None:
                subscription.has.pop(name, None)
            else:
                subscription.has[name] = sent.version
        if kind == api.ASSIGNMENTS:
            self._awaited -= answer.sent.keys()
        if kind == api.CLUSTERS:
            self._nodes_again(answer.sent)
        fresh = tuple(
            sent for name, sent in answer.sent.items() if sent and answer.lacks[name].fresh
        )
        return Said(kind, tuple(filter(None, answer.sent.values())), fresh)

    def _refuse(self, kind: str, subscription: Subscription, answer: Answer, reason: str) -> None:
        """Envoy keeps what it had. Clusters it names, and takes the others."""
        self._awaited -= answer.sent.keys()
        names = list(answer.sent)
        guilty = [name for name in names if name in reason]
        if len(names) > 1 and not guilty:
            for name in names:
                subscription.lacking.setdefault(name, answer.lacks[name])
            middle = len(names) // 2
            subscription.apart += [names[middle:], names[:middle]]
            return
        for name in names:
            sent = answer.sent[name]
            if name in guilty or len(names) == 1:
                self.refused[kind, name] = reason
            elif sent:
                subscription.has[name] = sent.version

    def _nodes_again(self, sent: Mapping[str, Named | None]) -> None:
        """Envoy makes a changed cluster anew and may wait for its nodes without asking."""
        nodes = self._of.get(api.ASSIGNMENTS)
        for name in sent:
            if nodes and name in nodes.has and name in nodes.names:
                nodes.lacking.setdefault(name, Lack(self._update, forced=True))

    def _holding(self) -> bool:
        """Whether routes have to wait for the clusters that they lead to."""
        clusters = self._of.get(api.CLUSTERS)
        if clusters is None:
            return False
        unsent = clusters.under_way or any(
            name in self._held(api.CLUSTERS) for name in clusters.lacking
        )
        if not unsent and not self._awaited:
            self._awaiting_since = None
            return False
        if self._awaiting_since is None:
            self._awaiting_since = self._clock()
        return self._clock() - self._awaiting_since < PATIENCE

    def _sendable(self, kind: str, subscription: Subscription) -> list[str]:
        while subscription.apart:
            names = [one for one in subscription.apart.pop() if one in subscription.lacking]
            if names:
                return names
        held = self._held(kind)
        if kind == api.ASSIGNMENTS:
            # A cluster that is made anew would take the end of its nodes for "there are none" and
            # be ready with none, while routes still lead there. With the cluster its nodes go too.
            return [
                name for name in subscription.lacking if name in held or not self._may_have(name)
            ]
        if kind != api.CLUSTERS:
            return list(subscription.lacking)
        routes = self._of.get(api.ROUTES)
        # What is gone has to stay until no route leads there any more.
        routed = routes is not None and (routes.under_way or routes.lacking)
        return [name for name in subscription.lacking if name in held or not routed]

    def _may_have(self, cluster: str) -> bool:
        """Whether Envoy may have this cluster."""
        clusters = self._of.get(api.CLUSTERS)
        if clusters is None:
            return False
        under_way = clusters.under_way.sent if clusters.under_way else {}
        return cluster in clusters.has or cluster in under_way

    def _answer(self, kind: str, subscription: Subscription, names: list[str]) -> bytes | None:
        held = self._held(kind)
        sent: dict[str, Named | None] = {}
        lacks: dict[str, Lack] = {}
        size = 0
        for name in names:
            now, lack = held.get(name), subscription.lacking.pop(name)
            known = subscription.has.get(name)
            same = known == (now.version if now else None)
            if same and not lack.forced and (now is not None or subscription.every):
                continue  # it changed and changed back
            sent[name], lacks[name] = now, lack
            size += len(now.body) if now else 0
            if len(sent) >= _MOST_NAMES or size >= _MOST_BYTES:
                break
        if not sent and (subscription.greeted or not subscription.every):
            return None
        subscription.greeted = True
        self._nonces += 1
        nonce = str(self._nonces)
        subscription.under_way = Answer(nonce, sent, lacks)
        if kind == api.CLUSTERS:
            self._await_nodes(sent)
        return message(kind, nonce, sent)

    def _await_nodes(self, sent: Mapping[str, Named | None]) -> None:
        nodes = self._of.get(api.ASSIGNMENTS)
        for name, one in sent.items():
            if one is None or not one.apart:
                self._awaited.discard(name)
            elif nodes is None or name not in nodes.has:
                self._awaited.add(name)


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
