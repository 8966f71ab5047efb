"""What the compiler would make of rows, without writing anything.

Reads the registries' feeds as they are now. Nodes that would be kept for a while are kept as the
compiler would, from what is published.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from django.db import transaction

from applications import reading
from applications.compiler import Plan
from applications.models import Api, Application
from applications.specs import ApplicationSpec
from console import redis
from console.contract import keys, wire

Resources = dict[str, wire.Resource]


@dataclass(frozen=True, slots=True)
class Draft:
    """The resources of one application by their state keys: as they are published now, and as they
    would be."""

    before: Mapping[str, wire.Resource]
    after: Mapping[str, wire.Resource]

    @property
    def changes(self) -> dict[str, wire.Resource | None]:
        """What publishing would commit; None: removed."""
        gone = dict.fromkeys(self.before.keys() - self.after.keys())
        put = {
            key: one
            for key, one in self.after.items()
            if key not in self.before or self.before[key].digest != one.digest
        }
        return {**gone, **put}


@dataclass(frozen=True, slots=True)
class Sketch:
    """An application as it is to be compiled, read from its rows; None: gateways are to have
    nothing of it. `keys` are those of all its resources. `as_if`: it is a draft, sketched as if it
    were published."""

    control_plane_id: str
    keys: tuple[str, ...]
    spec: ApplicationSpec | None
    as_if: bool = False


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is undone at its end, and wakes nobody."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def of_application(application: Application, *, apis: Iterable[str] = ()) -> Draft:
    """What publishing an application, and these of its APIs, would give. A constant number of
    queries. Raises `RedisError`."""
    return drawn(sketch(application, apis=apis))


def sketch(
    application: Application, *, apis: Iterable[str] = (), gone: bool = False, as_if: bool = False
) -> Sketch:
    """An application as if it were published with these of its APIs, or as if it were `gone`. A
    constant number of queries."""
    return Sketch(
        control_plane_id=str(application.control_plane_id),
        keys=(
            *(keys.route(str(pk)) for pk in application.apis.values_list("pk", flat=True)),
            *(keys.upstream(str(pk)) for pk in application.upstreams.values_list("pk", flat=True)),
        ),
        spec=None if gone else reading.draft(str(application.pk), apis),
        as_if=as_if,
    )


def saved(application: Application, *, was: bool) -> Sketch:
    """What gateways are to have of an application that was saved; `was`: it was published before.
    A draft that stays one is sketched with all its APIs."""
    if application.published:
        return sketch(application)
    if was:
        return sketch(application, gone=True)
    drafts = [str(pk) for pk in application.apis.values_list("pk", flat=True)]
    return sketch(application, apis=drafts, as_if=True)


def saved_api(api: Api, *, was: bool) -> Sketch:
    """The same of an API that was saved."""
    if api.application.published and (api.published or was):
        return sketch(api.application)
    return sketch(api.application, apis=[str(api.pk)], as_if=True)


def drawn(sketched: Sketch) -> Draft:
    """Compile a sketch. Asks no database. Raises `RedisError`."""
    before = _published(sketched)
    after = compiled([sketched.spec], before) if sketched.spec else {}
    return Draft(before, after)


def compiled(specs: Iterable[ApplicationSpec], before: Mapping[str, wire.Resource]) -> Resources:
    """What specs become with the services that are known now; `before` is what is published of
    them. A look or two into Redis for each registry. Raises `RedisError`."""
    plan = Plan()
    plan.inherit(before)
    for spec in specs:
        plan.put_application(spec)
    plan.drop_strangers()
    for registry in sorted(plan.registries()):
        _read(plan, registry, sorted(name for one, name in plan.services() if one == registry))
    found: dict[str, wire.Resource | None] = {**before, **plan.take(int(time.time() * 1000))}
    return {key: one for key, one in found.items() if one is not None}


def _published(sketched: Sketch) -> Resources:
    """What the feed has of an application's rows."""
    if not sketched.keys:
        return {}
    feed = keys.feed(keys.control_plane(sketched.control_plane_id))
    states = redis.store().hmget(feed.states, sketched.keys)
    return readable(zip(sketched.keys, states, strict=True))


def readable(states: Iterable[tuple[str, bytes | None]]) -> Resources:
    """States that can be read, as gateways do: another one is nobody's."""
    found = {}
    for key, state in states:
        try:
            if state:
                found[key] = wire.decode_resource(state)
        except msgspec.DecodeError:
            continue
    return found


def _read(plan: Plan, registry: str, names: list[str]) -> None:
    feed = keys.feed(keys.registry(registry))
    pipeline = redis.store().pipeline(transaction=False)
    pipeline.hmget(feed.states, names).hexists(feed.meta, "seq")
    states, known = pipeline.execute()
    for name, state in zip(names, states, strict=True):
        try:
            service = wire.decode_service(state) if state else None
        except msgspec.DecodeError:
            continue
        plan.put_service((registry, name), service)
    if known:
        plan.know(registry)
