"""Everything that is wrong with a control plane, the worst first.

Each room tells of its own; the house tells of what they all stand on. A new room is a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from applications import troubles as application_troubles
from console import crew, redis, storage
from console.contract import keys
from console.models import ControlPlane
from console.redis import RedisError
from console.ui.troubles import Trouble, Weight, in_order
from gateways import troubles as gateway_troubles
from registries import troubles as registry_troubles

Source = Callable[[ControlPlane], Iterable[Trouble]]

_LOOPS = frozenset({"registry.silent", "gateway.silent", "console.not_compiled"})


def gather(control_plane: ControlPlane) -> list[Trouble]:
    """All troubles, at a cost that does not grow with the number of rows in queries or looks."""
    return in_order(trouble for source in SOURCES for trouble in source(control_plane))


def _house(control_plane: ControlPlane) -> Iterator[Trouble]:
    """What all rooms stand on: Redis, workers, the compiler."""
    try:
        yield from _storage()
        yield from _workers(control_plane)
    except RedisError as error:
        yield Trouble(
            code="console.redis_away",
            weight=Weight.BROKEN,
            text=_("Redis does not answer: what is running now is not known."),
            detail=str(error),
            fix=_("Gateways go on with what they have. Start Redis, or mend the way to it."),
        )


def _storage() -> Iterator[Trouble]:
    found = storage.look()
    for number, text in enumerate(found.warnings()):
        yield Trouble(
            code="console.storage",
            part=str(number),
            weight=Weight.BROKEN if found.evicts and number == 0 else Weight.AT_RISK,
            text=text,
        )


def _workers(control_plane: ControlPlane) -> Iterator[Trouble]:
    client = redis.store()
    alive = crew.alive(client)
    if not alive:
        yield Trouble(
            code="console.no_worker",
            weight=Weight.BROKEN,
            text=_("No worker runs: nothing is watched, compiled or driven."),
            fix=_("Start one: celery -A console worker -P threads -Q watch,compile,drive"),
            covers=_LOOPS,
        )
        return
    owner = keys.control_plane(str(control_plane.pk))
    held, queued, held_back = client.mget(
        [keys.lease(owner), keys.queued(owner), keys.held_back(owner)]
    )
    able = any(keys.kind(owner) in member.kinds for member in alive.values())
    if held_back is not None:
        yield _not_compiled(
            _("“%(name)s” is held back: workers died when they began to compile it."),
            _("Look at the workers' last log lines and their memory limits."),
            control_plane,
        )
    elif held is None and (queued is None or not able):
        yield _not_compiled(
            _("Nobody compiles “%(name)s”: what is published now stays as it is."),
            _("A worker of the queue compile takes it up by itself; start one."),
            control_plane,
        )


def _not_compiled(text: str, fix: str, control_plane: ControlPlane) -> Trouble:
    return Trouble(
        code="console.not_compiled",
        weight=Weight.BROKEN,
        text=text % {"name": control_plane.name},
        fix=fix,
        url=reverse("console:settings-general"),
        action=_("Open the settings"),
        row_type="controlplane",
        row_id=str(control_plane.pk),
        row_name=control_plane.name,
    )


SOURCES: tuple[Source, ...] = (
    _house,
    registry_troubles.of,
    application_troubles.of,
    gateway_troubles.of,
)
