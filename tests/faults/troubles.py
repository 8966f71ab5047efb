"""What can be wrong with a way, by name (R82), and what can be going on when it begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.faults.scene import Scene
from tests.relay import Relay, Trouble
from tests.threads import eventually

LASTS = 0.2  # seconds after the first has felt it

# Nothing gets through, or not to its end.
BROKEN: dict[str, Trouble] = {
    "refuse": Trouble(refuse=True),
    "reset": Trouble(end="rst"),
    "fin": Trouble(end="fin"),
    "hole": Trouble(end="hole"),
    "cut at the first byte": Trouble(cut_at=1),
    "cut in the middle": Trouble(cut_at=20, how="fin"),
    "stuck in the middle": Trouble(cut_at=10, how="hole"),
}
# Everything gets through; not soon.
SLOW: dict[str, Trouble] = {
    "latency": Trouble(latency=0.2),  # 2 s there and back, scaled as timeouts are
    "trickle": Trouble(rate=1024),
    "late ends": Trouble(linger=0.2),
}
TROUBLES = BROKEN | SLOW

Phase = Callable[[Scene], AbstractContextManager[None]]


@contextmanager
def idle(scene: Scene) -> Iterator[None]:
    yield


@contextmanager
def listing(scene: Scene) -> Iterator[None]:
    """In the middle of a list, which takes a while, in whatever way it is asked for."""
    for verb in ("list", "watch"):
        scene.cluster.fault("slow", verb=verb, rate=400_000)
    scene.cluster.fault("compact")
    scene.cluster.fault("drop-watches", how="clean")
    eventually(lambda: scene.lists() > 0, what="a list has begun")
    yield
    scene.cluster.clear_faults()


@contextmanager
def watching(scene: Scene) -> Iterator[None]:
    """In the middle of a stream of events."""
    with scene.churning():
        yield


@contextmanager
def publishing(scene: Scene) -> Iterator[None]:
    """Right after many changes at once."""
    scene.burst()
    yield


PHASES: dict[str, Phase] = {
    "idle": idle,
    "watching": watching,
    "publishing": publishing,
    "listing": listing,  # last: it takes its time because there is much by now
}


def befall(
    scene: Scene, way: Relay, name: str, *, phase: str, meanwhile: Callable[[], object]
) -> None:
    """Let a trouble come over a way in a phase, with a change in the cluster, and go again a moment
    after it has struck; `meanwhile` is called while it lasts."""
    scene.rest()
    scene.cluster.forget_requests()
    trouble, before = TROUBLES[name], way.struck
    with PHASES[phase](scene):
        way.be(trouble)
        scene.move()
        meanwhile()
        if not trouble.refuse:  # which the kernel does, uncounted
            eventually(lambda: way.struck > before, what="somebody is struck by it")
        time.sleep(LASTS)
        way.clear()
