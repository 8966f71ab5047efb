"""What may go wrong during a soak: reads, Redis, workers. Each deed says what it did."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.parts_cluster import ClusterProcess
from bench.parts_house import Child, House
from bench.parts_witness import Log

Deed = Callable[[], None]


class Nemesis:
    def __init__(
        self,
        house: House,
        cluster: ClusterProcess,
        *,
        dice: random.Random,
        log: Log,
        owner: Callable[[], int],
        settle: Callable[[], None],
    ) -> None:
        self._house = house
        self._cluster = cluster
        self._dice = dice
        self._log = log
        self._owner = owner
        self._settle = settle
        self.deeds = 0

    # Reads ----------------------------------------------------------------------------------------

    def harm_reads(self) -> None:
        """One or two standing faults, and something that makes the worker read."""
        for _ in range(self._dice.randint(0, 2)):
            self._fault(**self._standing())
        for kind, settings in self._deeds():
            self._fault(kind, **settings)

    def _standing(self) -> dict[str, Any]:
        dice = self._dice
        verb = dice.choice(("list", "watch", "*"))
        kind: dict[str, Any] = dice.choice(
            (
                {"kind": "status", "code": 429, "retry_after": dice.randint(1, 2)},
                {"kind": "status", "code": dice.choice((401, 403, 410, 500, 503, 504))},
                {"kind": "cut", "at": dice.randint(0, 20_000), "how": dice.choice(("rst", "fin"))},
                {
                    "kind": "hang",
                    "when": dice.choice(("before", "after")),
                    "at": dice.choice((0, dice.randint(1, 20_000))),
                },
                {"kind": "slow", "delay": dice.uniform(0, 2), "rate": dice.randint(2_000, 50_000)},
                {"kind": "garbage", "at": dice.randint(0, 10_000)},
                {"kind": "html"},
                {"kind": "error-event", "code": dice.choice((410, 500)), "verb": "watch"},
                {"kind": "truncate-list", "verb": "list", "at": dice.choice((0, 200))},
            )
        )
        # Of all resources: a cluster that denies slices only has Endpoints to read instead.
        return {"verb": verb, "count": dice.choice((0, 1, 1, 3))} | kind

    def _deeds(self) -> list[tuple[str, dict[str, Any]]]:
        dice = self._dice
        how = {"how": dice.choice(("clean", "fin", "rst"))}
        ends: list[tuple[str, dict[str, Any]]] = [
            ("drop-watches", how),
            ("drop-watches", how),
            ("half-open", {"new": dice.random() < 0.3}),
            ("reset-versions", {}),
        ]
        before: list[tuple[str, dict[str, Any]]] = [
            ("compact", {"window": dice.random() < 0.7}),
            ("compact", {}),
            ("expire-tokens", {}),
            ("lag", {"on": True}),
            ("bookmarks", {"on": False}),
            ("watch-list", {"on": False}),
            ("revoke", {}),
        ]
        return [*dice.sample(before, dice.randint(0, 2)), dice.choice(ends)]

    def _fault(self, kind: str, **settings: Any) -> None:
        self.deeds += 1
        self._log.note(f"{kind} {' '.join(f'{name}={one}' for name, one in settings.items())}")
        self._cluster.ask("fault", kind, **settings)

    def heal_reads(self) -> None:
        self._cluster.ask("clear_faults")
        self._log.note("faults cleared")

    # Redis ----------------------------------------------------------------------------------------

    def harm_redis(self) -> None:
        self.deeds += 1
        if self._dice.random() < 0.5:
            from console import redis

            self._log.note("FLUSHALL")
            redis.store().flushall()
            return
        away = self._dice.uniform(0, 4)
        self._log.note(f"Valkey killed, back empty after {away:.1f} s")
        self._house.stop_valkey()
        time.sleep(away)
        self._house.start_valkey()

    # Workers --------------------------------------------------------------------------------------

    def harm_workers(self, *, ttl: float) -> None:
        """Kill, end or stop the registry's worker; there are as many as before afterwards."""
        self.deeds += 1
        owner = self._owner()
        found = [one for one in self._house.workers if one.pid == owner]
        worker = found[0] if found else self._dice.choice(self._house.workers)
        deed = self._dice.choice((self._kill, self._end, self._stop))
        deed(worker, ttl)

    def _kill(self, worker: Child, ttl: float) -> None:
        self._log.note(f"worker {worker.pid}: KILL")
        worker.kill()
        self._replace(worker)

    def _end(self, worker: Child, ttl: float) -> None:
        self._log.note(f"worker {worker.pid}: TERM")
        worker.terminate()
        self._replace(worker)

    def _replace(self, worker: Child) -> None:
        worker.wait(60)
        self._house.workers.remove(worker)
        self._log.note(f"worker {worker.pid} ended, {self._house.worker().pid} begins")
        self._settle()

    def _stop(self, worker: Child, ttl: float) -> None:
        """It sleeps through the end of its lease, and wakes believing that it has it."""
        seconds = self._dice.uniform(0.5, 1.5) * ttl
        self._log.note(f"worker {worker.pid}: STOP for {seconds:.1f} s")
        worker.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        worker.send_signal(signal.SIGCONT)
        self._log.note(f"worker {worker.pid}: CONT")


class Background:
    """A function in a thread until the block ends; what it raises is raised there."""

    def __init__(self, function: Callable[[threading.Event], None]) -> None:
        self._function = function
        self._over = threading.Event()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Background:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failed:
            raise self._failed[0]

    def _run(self) -> None:
        try:
            self._function(self._over)
        except BaseException as error:  # noqa: BLE001 - handed to the one who waits
            self._failed.append(error)
