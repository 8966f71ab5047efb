"""One look into Redis for all open pages of a process.

The hub looks several times a second at the feeds, statuses and wake-ups that somebody wants to hear
of, and tells each subscription which of its topics changed. It looks at nothing while nobody
listens. While Redis is away it tells nothing, and everything once it is back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from console.contract import keys
from console.live.topics import Topic
from console.redis import Client, RedisError
from console.ui.troubles import SILENT as _SILENT
from gateways.instances import LOST_AFTER as _LOST
from gateways.instances import OFFLINE_AFTER as _OFFLINE

log = logging.getLogger(__name__)

EVERY = 0.2  # seconds between two looks
_CROWDS_EVERY = 1.0  # the same of hashes with a field for each of many
_AWAY = 1.0  # seconds between two tries while Redis is away
_MANY = 5_000  # keys of one look at a feed's stream


class Subscription:
    """What one page hears. `next` waits for news; `ready` is set once its topics are looked at."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self.topics = frozenset(topics)
        self.ready = asyncio.Event()
        self._news: set[str] = set()
        self._bell = asyncio.Event()
        self.over = False

    def tell(self, topics: Iterable[str]) -> None:
        self._news.update(topics)
        self._bell.set()

    def end(self) -> None:
        self.over = True
        self._bell.set()
        self.ready.set()

    async def next(self, timeout: float) -> set[str]:
        """The topics that changed since the last call; none after `timeout` seconds of silence."""
        try:
            await asyncio.wait_for(self._bell.wait(), timeout)
        except TimeoutError:
            return set()
        self._bell.clear()
        news, self._news = self._news, set()
        return news


class Hub:
    """Belongs to one event loop. `connect` makes its client, anew after each failure."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._subscriptions: set[Subscription] = set()
        self._wanted: Counter[Topic] = Counter()  # how many subscriptions hear of each
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[str, Any] = {}  # by key in Redis: what the last look found there
        self._counted = 0.0  # when crowds were looked at

    def subscribe(self, topics: Iterable[Topic]) -> Subscription:
        subscription = Subscription(topics)
        self._subscriptions.add(subscription)
        self._wanted.update(subscription.topics)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.discard(subscription)
            self._wanted.subtract(subscription.topics)
            for topic in subscription.topics:
                if not self._wanted[topic]:
                    del self._wanted[topic]

    def close(self) -> None:
        """End every subscription: the process is about to end."""
        for subscription in self._subscriptions:
            subscription.end()

    @property
    def listeners(self) -> int:
        return len(self._subscriptions)

    async def _run(self) -> None:
        """Look until nobody listens any more."""
        client = self._connect()
        lost = False
        try:
            while self._subscriptions:
                began = time.monotonic()
                try:
                    await self._look(client)
                except RedisError as error:
                    if not lost:
                        log.warning("open pages hear nothing: %s", error)
                    lost = True
                    await asyncio.sleep(_AWAY)
                    continue
                if lost:
                    lost = False
                    self._tell_everything()
                await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
        finally:
            self._seen.clear()
            await client.aclose()

    async def _look(self, client: Client) -> None:
        """Ask for everything at once, then for the keys of the feeds that moved on."""
        listening = list(self._subscriptions)
        topics = list(self._wanted)
        feeds = {feed.meta: feed for topic in topics if (feed := topic.feed)}
        statuses = sorted({status for topic in topics if (status := topic.status)})
        streams = sorted({stream for topic in topics if (stream := topic.stream)})
        pipeline = client.pipeline(transaction=False)
        for meta in feeds:
            pipeline.hmget(meta, ["epoch", "seq", "commit"])
        for stream in (keys.wakeups(), *streams):
            pipeline.xrevrange(stream, count=1)
        if statuses:
            pipeline.mget(statuses)
        crowds = self._due(topics)
        for name in crowds:
            pipeline.hgetall(name)
        found = await pipeline.execute()
        moved = [
            (feeds[meta], before)
            for meta, now in zip(feeds, found, strict=False)
            if (before := self._note(meta, now)) is not None
        ]
        rest = found[len(feeds) + 1 + len(streams) :]
        changed = self._changed_statuses(statuses, rest.pop(0) if statuses else [])
        changed |= {
            name
            for name, said in zip(crowds, rest, strict=True)
            if self._note(name, {one: _report(word) for one, word in said.items()}) is not None
        }
        changed |= self._grown(streams, found[len(feeds) + 1 :])
        before = self._note(keys.wakeups(), _newest(found[len(feeds)]))
        woken = await self._woken(client, before) if before else set()
        names = {feed.meta: await self._keys(client, feed, was) for feed, was in moved}
        everybody = [theirs for topic in topics if (theirs := topic.crowd)]
        self._forget([*feeds, *statuses, *streams, *everybody])
        self._tell(listening, names, changed, woken)

    def _due(self, topics: Iterable[Topic]) -> list[str]:
        """The crowds that are looked at this time. They may be large: once a second is enough, and
        at once for who has just come."""
        wanted = sorted({crowd for topic in topics if (crowd := topic.crowd)})
        now = time.monotonic()
        if now - self._counted >= _CROWDS_EVERY or any(one not in self._seen for one in wanted):
            self._counted = now
            return wanted
        return []

    def _note(self, key: str, now: Any) -> Any:
        """Remember what was found; return what was before if it was something else."""
        known = key in self._seen
        before = self._seen.get(key)
        self._seen[key] = now
        return before if known and before != now else None

    def _changed_statuses(self, names: Sequence[str], words: Sequence[bytes | None]) -> set[str]:
        return {
            name
            for name, word in zip(names, words, strict=True)
            if self._note(name, _gist(word)) is not None
        }

    def _grown(self, streams: Sequence[str], entries: Sequence[Any]) -> set[str]:
        return {
            name
            for name, found in zip(streams, entries, strict=False)
            if self._note(name, _newest(found)) is not None
        }

    async def _woken(self, client: Client, before: bytes) -> set[str]:
        entries = await client.xrange(keys.wakeups(), min=f"({before.decode()}")
        return {fields[b"topic"].decode() for _id, fields in entries}

    async def _keys(self, client: Client, feed: keys.FeedKeys, was: Any) -> set[str] | None:
        """The state keys that changed since the position `was`; None: it cannot be told, so all."""
        epoch, seq, _commit = was
        if not seq:
            return None
        entries = await client.xrange(feed.changes, min=f"({epoch.decode()}-{seq.decode()}")
        if not entries or entries[0][0] != b"%s-%d" % (epoch, int(seq) + 1):
            return None
        names: set[str] = set()
        for _id, fields in entries:
            names.update(json.loads(fields[b"keys"]))
            if len(names) > _MANY:
                return None
        return names

    def _forget(self, names: Iterable[str]) -> None:
        """Let go of what nobody wants to hear of any more."""
        wanted = {*names, keys.wakeups()}
        for key in self._seen.keys() - wanted:
            del self._seen[key]

    def _tell(
        self,
        listening: Iterable[Subscription],
        names: dict[str, set[str] | None],
        changed: set[str],
        woken: set[str],
    ) -> None:
        news = {topic for topic in self._wanted if _concerns(topic, names, changed, woken)}
        for subscription in listening:
            # What is most of the time is that nothing changed.
            heard = subscription.topics & news if news else ()
            if heard:
                subscription.tell(topic.text for topic in heard)
            subscription.ready.set()

    def _tell_everything(self) -> None:
        for subscription in self._subscriptions:
            subscription.tell(topic.text for topic in subscription.topics)


def _concerns(
    topic: Topic, names: dict[str, set[str] | None], others: set[str], woken: set[str]
) -> bool:
    if topic.kind == "rows":
        return topic.text in woken
    if not others.isdisjoint((topic.status, topic.stream, topic.crowd)):
        return True
    if topic.feed is None or topic.feed.meta not in names:
        return False
    changed = names[topic.feed.meta]
    return not topic.service or changed is None or topic.service in changed


def _newest(entries: Any) -> bytes:
    """The id of a stream's newest entry."""
    return entries[0][0] if entries else b"0-0"


def _gist(word: bytes | None) -> tuple[Any, bool]:
    """What of a worker's word is worth telling: not its age, unless it has become too high."""
    if not word:
        return None, False
    try:
        said = json.loads(word)
    except ValueError:
        return word, False
    at = said.pop("said_at", 0)
    return said, time.time() * 1000 - at > _SILENT


def _report(word: bytes) -> Any:
    """What of an instance's report is worth telling: not that it was said again, but that it has
    not been for too long."""
    try:
        said = json.loads(word)
        silence = time.time() * 1000 - said.pop("seen_at", 0)
    except (ValueError, AttributeError, TypeError):
        return word
    return said, silence > _LOST, silence > _OFFLINE
