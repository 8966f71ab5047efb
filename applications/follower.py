"""Compiling one control plane for as long as this worker owns it.

Follows the feeds of the registries that its applications use, and the wake-ups of its own rows;
tells the plan, commits what the plan changed. A changed service is one state read, the upstreams
that use it compiled, and one commit. A changed application is one query for all revisions and the
reading of those that differ.
"""

from __future__ import annotations

import logging
import time

from django.db import DatabaseError, close_old_connections

from applications import reading
from applications.compiler import Plan, ServiceName
from console import redis
from console.contract import keys, wire
from console.feed import FeedLost, FeedReader, FeedWriter, Fenced, States, follow
from console.models import ControlPlane
from console.ownership import Ownership
from console.redis import RedisError
from console.wakeups import WakeupReader

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds between looks at the rows, if no wake-up comes
VERIFY_EVERY = 30.0  # seconds between comparisons of the feed with what was committed
_WAIT = 0.5  # seconds; the longest time until a lost lease or a shutdown is noticed
_RETRY = 1.0  # seconds to wait when Redis or PostgreSQL is away


def compile_(control_plane_id: str, ownership: Ownership) -> None:
    """Compile until the ownership ends or the control plane is deleted."""
    while ownership.going:
        try:
            _Shift(control_plane_id, ownership).run()
            return
        except Fenced:
            log.warning("control plane %s: another worker has taken over", control_plane_id)
            return
        except (RedisError, DatabaseError) as error:
            log.warning("control plane %s: starting over: %s", control_plane_id, error)
            time.sleep(_RETRY)


class _Shift:
    """One run, from reading everything to the first failure of Redis or PostgreSQL."""

    def __init__(self, control_plane_id: str, ownership: Ownership) -> None:
        self._id = control_plane_id
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

    def run(self) -> None:
        self._published = self._writer.open()
        self._plan.inherit(
            {key: wire.decode_resource(state) for key, state in self._published.items()}
        )
        if not self._read_rows():
            return
        self._plan.drop_strangers()
        looked = verified = time.monotonic()
        first = self._writer.seq == 0
        while self._ownership.going:
            self._read_feeds()
            self._commit(always=first)
            first = False
            follow(self._client, [*self._feeds.values(), self._wakeups], block=_WAIT)
            if self._topic in self._wakeups.take() or time.monotonic() - looked > LOOK_EVERY:
                looked = time.monotonic()
                if not self._read_rows():
                    return
            if time.monotonic() - verified > VERIFY_EVERY:
                verified = time.monotonic()
                self._verify()

    def _read_rows(self) -> bool:
        """Bring the plan up to the rows; False if the control plane is gone."""
        close_old_connections()
        revision = (
            ControlPlane.objects.filter(pk=self._id).values_list("revision", flat=True).first()
        )
        if revision is None:
            self._client.unlink(*keys.feed(self._topic).all())
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
                service = wire.decode_service(state) if state else None
                self._plan.put_service((registry, name), service)

    def _commit(self, *, always: bool) -> None:
        changed = self._plan.take()
        states = {
            key: wire.encode(resource) if resource else None for key, resource in changed.items()
        }
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
