"""What one Envoy has, wants and has not confirmed yet. No I/O; one thread.

What changes is a name in `lacking`, and the next answer carries its newest state; a type's next
answer waits for Envoy's word on the one before. So memory is bounded by the number of resources,
and an Envoy that is slow gets fewer, not older answers.

Envoy keeps back its word on clusters for as long as one of them is not ready (its nodes have not
come, a name is not resolved, a first check is under way): so routes that lead to clusters wait for
that word. Other clusters do not wait for it long.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateways.drivers.envoy import api
from gateways.drivers.envoy.named import Named

from .lacks import Lack, Since
from .subscription import Answer, Said, Subscription, message

TYPES = (api.CLUSTERS, api.ASSIGNMENTS, api.LISTENERS, api.ROUTES)
# Routes wait so long for Envoy to have the clusters that they lead to; then the others matter more.
PATIENCE = 5.0  # seconds
# After so long without a word on clusters further ones are sent all the same, up to so many times.
WARMING, MOST_UNDER_WAY = 1.0, 4  # seconds, answers
_MOST_NAMES = 1_000  # resources in one answer
_MOST_BYTES = 1_000_000
_REASON = 500  # characters of a refusal that are kept
# Of these an empty first request means everything; of others, nothing.
_OF_ALL = (api.CLUSTERS, api.LISTENERS)
_EVER = 0  # before the first update: who comes lacks what it does not have since whenever

Held = Callable[[str], Mapping[str, Named]]


class Stream:
    def __init__(self, held: Held, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._held = held
        self._clock = clock
        self._of: dict[str, Subscription] = {}
        self._since = Since()
        self._nonces = 0
        self._update = 0  # the newest that was told
        self._awaited: set[str] = set()  # clusters sent whose nodes are not confirmed yet
        self._waiting_since: float | None = None  # routes, for clusters
        self.refused: dict[tuple[str, str], str] = {}  # type and name → Envoy's reason

    @property
    def confirmed_update(self) -> int:
        """All of this update and those before it has been confirmed, or refused."""
        oldest = self._since.oldest
        return self._update if oldest is None else oldest - 1

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
                    if subscription.wants(name):
                        subscription.lack(name, update, fresh=True)

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
                subscription.subscribe(name, self._held(kind), self._update)
        for name in request.resource_names_unsubscribe:
            subscription.unsubscribe(name, self._update)
        if request.resource_names_unsubscribe:
            for of, name in list(self.refused):
                if of == kind and not subscription.wants(name):
                    del self.refused[of, name]
        return self._answered(kind, subscription, request)

    def next(self) -> bytes | None:
        """The next answer to send, None if there is nothing to say now."""
        for kind in TYPES:
            subscription = self._of.get(kind)
            if subscription is None or not self._may_answer(kind, subscription):
                continue
            if kind == api.ROUTES and self._holding(subscription):
                continue
            names = None
            while names is None or names:  # those of one answer may all have changed back
                names = self._sendable(kind, subscription)
                made = self._answer(kind, subscription, names)
                if made is not None:
                    return made
        return None

    def _first(self, kind: str, request: Any) -> Subscription:
        """The first word on a type: perhaps Envoy brings what another server told it."""
        asked = set(request.resource_names_subscribe)
        every, names = "*" in asked or (not asked and kind in _OF_ALL), asked - {"*"}
        versions = request.initial_resource_versions
        subscription = Subscription(
            self._since,
            every=every,
            names=names,
            has={name: versions[name] for name in versions if every or name in names},
        )
        subscription.greeted = bool(subscription.has)
        held = self._held(kind)
        wanted = (held.keys() | subscription.has) if every else set()
        for name in wanted | names:
            now = held.get(name)
            if subscription.has.get(name) != (now.version if now else None) or (
                now is None and name in names
            ):
                subscription.lack(name, _EVER)
        if kind == api.ASSIGNMENTS:
            for name in names & self._awaited:
                subscription.lack(name, _EVER, forced=True)
        return subscription

    def _answered(self, kind: str, subscription: Subscription, request: Any) -> Said | None:
        answer = subscription.under_way.pop(request.response_nonce, None)
        if answer is None:
            return None
        if request.HasField("error_detail"):
            reason = request.error_detail.message
            self._refuse(kind, subscription, answer, reason)
            sent = tuple(filter(None, answer.sent.values()))
            return Said(kind, sent, refused=reason[:_REASON])
        for name, one in answer.sent.items():
            self.refused.pop((kind, name), None)
            subscription.over(answer.lacks[name])
            if one is None:
                subscription.has.pop(name, None)
            elif subscription.wants(name):
                subscription.has[name] = one.version
        if kind == api.ASSIGNMENTS:
            self._awaited -= answer.sent.keys()
        fresh = tuple(one for name, one in answer.sent.items() if one and answer.lacks[name].fresh)
        return Said(kind, tuple(filter(None, answer.sent.values())), fresh)

    def _refuse(self, kind: str, subscription: Subscription, answer: Answer, reason: str) -> None:
        """Envoy keeps what it had. It names clusters, as many as find room in its sentence; what
        became of the others of the answer it does not say, so they are sent again. If it names
        none, they are sent in ever smaller parts until the bad one is alone."""
        self._awaited -= answer.sent.keys()
        names = list(answer.sent)
        guilty = {name for name in names if len(names) == 1 or _named(name, reason)}
        others = []
        for name in names:
            if not subscription.wants(name):
                subscription.over(answer.lacks[name])
            elif name in guilty:
                subscription.over(answer.lacks[name])
                self.refused[kind, name] = reason[:_REASON]
            else:
                subscription.again(name, answer.lacks[name])
                others.append(name)
        middle = 0 if guilty else len(others) // 2
        subscription.apart += [part for part in (others[middle:], others[:middle]) if part]

    def _may_answer(self, kind: str, subscription: Subscription) -> bool:
        under_way = subscription.under_way
        if not under_way:
            return True
        newest = next(reversed(under_way.values()))
        return (
            kind == api.CLUSTERS
            and len(under_way) < MOST_UNDER_WAY
            and self._clock() - newest.at >= WARMING
        )

    def _holding(self, routes: Subscription) -> bool:
        """Whether routes have to wait for the clusters that they lead to."""
        clusters = self._of.get(api.CLUSTERS)
        unsent = clusters is not None and (
            clusters.under_way or any(name in self._held(api.CLUSTERS) for name in clusters.lacking)
        )
        if not routes.lacking or not (unsent or self._awaited):
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = self._clock()
        return self._clock() - self._waiting_since < PATIENCE

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
        # What is gone has to stay until no route leads there any more.
        routed = self._has_old_routes()
        return [name for name in subscription.lacking if name in held or not routed]

    def _has_old_routes(self) -> bool:
        """Whether Envoy has others than the newest, or may have: also because it refuses those."""
        routes = self._of.get(api.ROUTES)
        if routes is None:
            return False
        held = self._held(api.ROUTES)
        return bool(routes.under_way or routes.lacking) or any(
            name in held and version != held[name].version for name, version in routes.has.items()
        )

    def _may_have(self, cluster: str) -> bool:
        """Whether Envoy may have this cluster."""
        clusters = self._of.get(api.CLUSTERS)
        return clusters is not None and (
            cluster in clusters.has
            or any(cluster in answer.sent for answer in clusters.under_way.values())
        )

    def _answer(self, kind: str, subscription: Subscription, names: list[str]) -> bytes | None:
        held = self._held(kind)
        sent: dict[str, Named | None] = {}
        lacks: dict[str, Lack] = {}
        size = 0
        for name in names:
            now, lack = held.get(name), subscription.lacking.pop(name)
            same = subscription.told(name) == (now.version if now else None)
            if same and not lack.forced and (now is not None or subscription.every):
                # It changed and changed back, and with it what Envoy may have refused of it.
                subscription.over(lack)
                self.refused.pop((kind, name), None)
                continue
            sent[name], lacks[name] = now, lack
            size += len(now.body) if now else 0
            if len(sent) >= _MOST_NAMES or size >= _MOST_BYTES:
                break
        if not sent and (subscription.greeted or not subscription.every):
            return None
        subscription.greeted = True
        self._nonces += 1
        nonce = str(self._nonces)
        subscription.under_way[nonce] = Answer(nonce, sent, lacks, self._clock())
        if kind == api.CLUSTERS:
            self._send_nodes(sent)
        if kind == api.ROUTES:
            self._waiting_since = None
        return message(kind, nonce, sent)

    def _send_nodes(self, sent: Mapping[str, Named | None]) -> None:
        """Nodes follow their cluster. Envoy asks for those of a new one; a changed one it makes
        anew and waits for its nodes, without asking for what it has asked for before."""
        nodes = self._of.get(api.ASSIGNMENTS)
        for name, one in sent.items():
            if one is None or not one.apart:
                self._awaited.discard(name)
                continue
            if nodes is not None and nodes.wants(name):
                nodes.lack(name, self._update, forced=True)
            if nodes is None or name not in nodes.has:
                self._awaited.add(name)


def _named(name: str, reason: str) -> bool:
    """Whether a refusal names a resource, not just another one that begins alike."""
    return re.search(rf"(?<![\w/-]){re.escape(name)}(?![\w/-])", reason) is not None
