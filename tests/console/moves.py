"""Lets the nodes of services move, as a watcher would write it down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.contract import wire
    from console.redis import Client
    from registries.models import Registry

Move = Callable[..., None]


def mover(store: Client) -> Move:
    """Pods of a service before and after; `!` stands before one that is not ready."""
    from console.contract import keys
    from console.feed import FeedWriter
    from registries.chronicle import Chronicler, Recorder

    recorder = Recorder(threaded=False)

    def make(
        registry: Registry, name: str, before: list[str] | None, after: list[str] | None
    ) -> None:
        owner = keys.registry(str(registry.pk))
        FeedWriter(store, keys.feed(owner), epoch=1).open()
        pair = (name, _service(name, before), _service(name, after))
        Chronicler(str(registry.pk), recorder=recorder).committed([pair])
        recorder.write()

    return make


def _service(name: str, pods: list[str] | None) -> wire.Service | None:
    from console.contract import wire

    if pods is None:
        return None
    nodes = tuple(
        wire.Endpoint(
            address=f"10.0.0.{number}", pod=pod.lstrip("!"), ready=not pod.startswith("!")
        )
        for number, pod in enumerate(pods)
    )
    namespace, _slash, title = name.partition("/")
    subset = wire.Subset(ports=(wire.Port(port=80),), endpoints=nodes)
    return wire.Service(namespace=namespace, name=title, subsets=(subset,))
