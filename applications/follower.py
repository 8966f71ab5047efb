"""Compiling one control plane for as long as this worker owns it.

Follows the feeds of the registries that its applications use, and the wake-ups of its own rows;
tells the plan, commits what the plan changed. A changed service is one state read, the upstreams
that use it compiled, and one commit. A changed application is one query for all revisions and the
reading of those that differ. Nodes that are kept for a while go when their time comes: the loop
waits no longer than until the next such moment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from django.db import DatabaseError, close_old_connections

from applications import reading
from applications.compiler import Plan, ServiceName
from console import redis
from console.contract import keys, wire
from console.feed import FeedLost, FeedReader, FeedWriter, States, erase, follow
from console.models import ControlPlane
from console.ownership import Ownership
from console.redis import RedisError
from console.wakeups import WakeupReader

log = logging.getLogger(__name__)

_WAIT = 0.5  # seconds; the longest time until a lost lease or a shutdown is noticed
_RETRY = 1.0  # seconds to wait when Redis or PostgreSQL is away


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a compiler does what, in seconds."""

    look: float = 5.0  # at the rows, if no wake-up comes
    verify: float = 5.0  # whether the feed holds what was committed
    # How long a feed's first commit waits for registries that are not known yet: after Redis lost
    # everything, gateways keep what they have instead of hearing that there are no nodes.
    patience: float = 10.0


def compile_(control_plane_id: str, ownership: Ownership, *, pace: Pace | None = None) -> None:
    """Compile until the ownership ends or the control plane is deleted."""
    while ownership.going:
        try:
            _Shift(control_plane_id, ownership, pace or Pace()).run()
            return
        except (RedisError, DatabaseError) as error:
            log.warning("control plane %s: starting over: %s", control_plane_id, error)
            time.sleep(_RETRY)


class _Shift:
    """One run, from reading everything to the first failure of Redis or PostgreSQL."""

    def __init__(self, control_plane_id: str, ownership: Ownership, pace: Pace) -> None:
        self._id = control_plane_id
        self._pace = pace
        self._topic = keys.control_plane(control_plane_id)
        self._ownership = ownership
        self._client = redis.store()
        self._writer = FeedWriter(self._client, keys.feed(self._topic), epoch=ownership.epoch)
        self._plan = Plan()
        self._revisions: dict[str, int] = {}
        self._feeds: dict[str, FeedReader] = {}
        self._wakeups = WakeupReader(self._client)
        self._revision = -1
        self._published: dict[str, bytes] = {}
        self._unreadable: set[str] = set()

    def run(self) -> None:
        self._published = self._writer.open()
        self._plan.inherit(dict(self._inherited()))
        if not self._read_rows():
            return
        self._plan.drop_strangers()
        began = looked = verified = time.monotonic()
        first = self._writer.seq == 0
        while self._ownership.going:
            self._read_feeds()
            if not first or self._complete() or time.monotonic() - began > self._pace.patience:
                self._commit(always=first)
                self._ownership.settled()
                first = False
            follow(self._client, [*self._feeds.values(), self._wakeups], block=self._until_due())
            if self._topic in self._wakeups.take() or time.monotonic() - looked > self._pace.look:
                looked = time.monotonic()
                if not self._read_rows():
                    return
            if not first and time.monotonic() - verified > self._pace.verify:
                verified = time.monotonic()
                self._verify()

    def _inherited(self) -> Iterator[tuple[str, wire.Resource]]:
        """What is published already. What cannot be read belongs to nobody and goes."""
        for key, state in list(self._published.items()):
            try:
                yield key, wire.decode_resource(state)
            except msgspec.DecodeError as error:
                log.warning("control plane %s: %s cannot be read: %s", self._id, key, error)
                self._unreadable.add(key)

    def _until_due(self) -> float:
        """Seconds to wait for news: until kept nodes are due, if that is soon."""
        deadline = self._plan.deadline
        return _WAIT if deadline is None else min(_WAIT, max(0, deadline - _millis()) / 1000)

    def _complete(self) -> bool:
        return all(reader.known for reader in self._feeds.values())

    def _read_rows(self) -> bool:
        """Bring the plan up to the rows; False if the control plane is gone."""
        close_old_connections()
        revision = (
            ControlPlane.objects.filter(pk=self._id).values_list("revision", flat=True).first()
        )
        if revision is None:
            erase(self._client, keys.feed(self._topic))
            self._client.unlink(keys.last_forms(self._topic))
            return False
        if revision == self._revision:
            return True
        published, used = reading.revisions(self._id), self._plan.services()
        changed = [one for one, at in published.items() if self._revisions.get(one) != at]
        for spec in reading.specs(changed):
            self._plan.put_application(spec)
        for gone in self._revisions.keys() - published.keys():
            self._plan.drop_application(gone)
        self._revisions, self._revision = published, revision
        self._follow_registries(self._plan.services() - used)
        return True

    def _follow_registries(self, added: frozenset[ServiceName]) -> None:
        """Follow the feeds of the registries in use. The plan keeps only services that somebody
        uses, so those that came into use are read from feeds that were followed before."""
        used = self._plan.registries()
        for registry in self._feeds.keys() - used:
            del self._feeds[registry]
            self._plan.forget(registry)
        for registry, names in _by_registry(added).items():
            reader = self._feeds.get(registry)
            if reader is None:
                reader = FeedReader(self._client, keys.feed(keys.registry(registry)))
                reader.sync()
                self._feeds[registry] = reader
            elif reader.known:
                self._put(registry, reader.look(names))

    def _read_feeds(self) -> None:
        for registry, reader in self._feeds.items():
            self._put(registry, reader.take())
            if reader.known:
                self._plan.know(registry)

    def _put(self, registry: str, states: States) -> None:
        for name, state in states.items():
            if self._plan.uses((registry, name)):
                try:
                    service = wire.decode_service(state) if state else None
                except msgspec.DecodeError as error:
                    # The last good state stays; the others are none the worse.
                    log.warning("registry %s: %s cannot be read: %s", registry, name, error)
                    continue
                self._plan.put_service((registry, name), service)

    def _commit(self, *, always: bool) -> None:
        changed = self._plan.take(_millis())
        states: dict[str, bytes | None] = dict.fromkeys(self._unreadable)
        states |= {
            key: wire.encode(resource) if resource else None for key, resource in changed.items()
        }
        self._unreadable.clear()
        for key, state in states.items():
            if state is None:
                self._published.pop(key, None)
            else:
                self._published[key] = state
        if not states and not always:
            return
        self._ownership.prove()
        try:
            self._writer.commit(states, always=always)
        except FeedLost:
            self._writer.replace(self._published)

    def _verify(self) -> None:
        try:
            self._writer.verify()
        except FeedLost:
            self._writer.replace(self._published)


def _by_registry(services: frozenset[ServiceName]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for registry, name in sorted(services):
        names.setdefault(registry, []).append(name)
    return names


def _millis() -> int:
    return int(time.time() * 1000)
