"""Churn and random faults, for as long as you like.

    script/bench soak --minutes 30
    script/bench soak --minutes 30 --seed 4711     # the same faults again
    script/bench soak --minutes 30 --keep-workers  # what a worker's memory does over the time

Two real workers watch one practice cluster, in which replicas come and go. Episode after episode
something goes wrong: reads fail in every way the practice cluster knows, Valkey is flushed or
killed, a worker is killed, ended, or sleeps through its lease. At the end of each episode the
faults are lifted, the churn pauses, and the feed has to become what the cluster is and the registry
connected, within `WITHIN` seconds; in some episodes nothing changes in the cluster, and then no
node may leave the feed.
`bench.parts_witness` has the other promises. Safety lists run every 15 to 22 seconds instead of
twice an hour, leases last for 5.

Ends at the first broken promise with exit code 1, the seed and the last events.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from bench.parts import options_of, print_head, print_table, print_verdict
from bench.parts_churn import Churn
from bench.parts_cluster import ClusterProcess
from bench.parts_house import House

if TYPE_CHECKING:
    from bench.parts_nemesis import Nemesis
    from bench.parts_witness import Log, Witness

# Seconds from the last fault's end to a feed that is the cluster. The longest pause after a failure
# is 30 s, and two can follow each other (401, then a version that is too large); a suspected
# worker's work waits for up to 9 s, a lease for 5.
WITHIN = 90.0
TTL = 5.0
CHECK_EVERY = 15.0
RATE = 25.0  # changes a second
SLOPE = 10.0  # MiB an hour that are still called flat


class Soak:
    def __init__(
        self,
        house: House,
        cluster: ClusterProcess,
        *,
        seed: int,
        minutes: float,
        keep_workers: bool,
    ) -> None:
        from bench.parts_nemesis import Nemesis
        from bench.parts_witness import Log, Witness
        from bench.takeover import owner_of

        self.registry_id = house.registry(cluster)
        self._house = house
        self._cluster = cluster
        self._until = time.monotonic() + minutes * 60
        self._kinds = {"reads": 30, "still": 35, "redis": 12}
        if not keep_workers:
            self._kinds |= {"workers": 13, "both": 10}
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.log: Log = Log()
        self.witness: Witness = Witness(self.registry_id, self.log)
        self.churn = Churn(cluster, namespaces=4, services=6, dice=random.Random(seed))  # noqa: S311
        self.nemesis: Nemesis = Nemesis(
            house,
            cluster,
            dice=self._dice,
            log=self.log,
            owner=partial(owner_of, self.registry_id),
            settle=partial(time.sleep, 1.0),
        )
        self.quiet: list[tuple[float, list[str]]] = []
        self.still = 0
        self._line_at = self._weighed_at = self._began = self._healed_at = time.monotonic()

    def run(self) -> None:
        for _ in range(2):
            self._house.worker()
        self._reach("the first sync")
        self.quiet.clear()
        self.witness.start()
        while time.monotonic() < self._until:
            self._episode()
            self._weigh()
            if time.monotonic() - self._line_at >= 30:
                self._line_at = time.monotonic()
                print(self.line(), flush=True)
        self.witness.stop()

    def _episode(self) -> None:
        kind = self._dice.choices(list(self._kinds), list(self._kinds.values()))[0]
        self.log.begin(kind)
        if kind == "still":
            self._stand_still()
        else:
            self._shake(kind)
        self._reach(kind)

    def _stand_still(self) -> None:
        """Reads fail while nothing changes."""
        self.still += 1
        self.witness.stand_still(True)
        for _ in range(self._dice.randint(1, 2)):
            self.nemesis.harm_reads()
            self._pause(1, 5)
        self._heal()
        self._pause(0.5, 3)
        self._reach("still")
        self.witness.stand_still(False)

    def _shake(self, kind: str) -> None:
        from bench.parts_nemesis import Background

        with Background(partial(self.churn.run, rate=RATE)):
            self._pause(0.2, 2)
            if kind in ("reads", "both"):
                self.nemesis.harm_reads()
                self._pause(0.5, 4)
            if kind in ("workers", "both"):
                self.nemesis.harm_workers(ttl=TTL)
                self._pause(0.2, 2)
            if kind == "redis":
                self.nemesis.harm_redis()
                self._pause(0.2, 2)
            self._heal()
            self._pause(0.2, 1)

    def _heal(self) -> None:
        self.nemesis.heal_reads()
        self._healed_at = time.monotonic()

    def _reach(self, what: str) -> None:
        """Wait until the feed is the cluster, and note how long it took."""
        self._cluster.ask("grow_old")
        truth, began = self._cluster.ask("truth"), self._healed_at
        while self._feed() != truth or not self._connected():
            self._check()
            if time.monotonic() - began > WITHIN:
                self.witness.broken.append(f"after {WITHIN:.0f} s: {self._difference(truth)}")
                self._check()
            time.sleep(0.02)
        took = time.monotonic() - began
        self.quiet.append((took, self.log.episode()))
        self.log.note(f"feed = cluster {took:.2f} s after the end of: {what}")
        self._check()

    def _feed(self) -> dict[str, list[str]] | None:
        from console.redis import RedisError

        with suppress(RedisError):
            return self.witness.feed()
        return None

    def _connected(self) -> bool:
        """Whether the worker reads again: what did not change is right also while it does not."""
        from bench.parts_house import watched
        from console.redis import RedisError

        with suppress(RedisError):
            return watched(self.registry_id)
        return False

    def _difference(self, truth: dict[str, list[str]]) -> str:
        feed = self._feed() or {}
        names = [one for one in truth.keys() | feed.keys() if truth.get(one) != feed.get(one)]
        if not names:
            return "the registry is not connected"
        first = sorted(names)[0]
        return (
            f"{len(names)} services differ, e.g. {first}: {feed.get(first)} instead of"
            f" {truth.get(first)}"
        )

    def _check(self) -> None:
        if self.witness.broken:
            raise Broke
        for worker in self._house.workers:
            if worker.poll() is not None:
                self.witness.broken.append(f"worker {worker.pid} ended: {worker.returncode}")
                raise Broke

    def _weigh(self) -> None:
        if time.monotonic() - self._weighed_at < 10:
            return
        self._weighed_at = time.monotonic()
        for worker in self._house.workers:
            if self.witness.aged(worker.pid):
                worker.send_signal(signal.SIGUSR2)
        time.sleep(0.3)
        for worker in self._house.workers:
            self.witness.weigh(worker.pid)

    def _pause(self, low: float, high: float) -> None:
        time.sleep(self._dice.uniform(low, high))

    def line(self) -> str:
        minutes = (time.monotonic() - self._began) / 60
        epoch, seq = self.witness.position
        _, first, last = self.witness.oldest()
        return (
            f"{minutes:6.1f} min  {len(self.quiet):4} quiet points, the slowest"
            f" {max(self.quiet)[0]:4.1f} s  {self.churn.changes:7,} changes  {self.nemesis.deeds:5}"
            f" faults  feed {epoch}-{seq}  drift {self.witness.drift}  {first:.0f} → {last:.0f} MiB"
        )

    def table(self) -> None:
        ordered = sorted(took for took, _ in self.quiet) or [0.0]
        minutes, first, last = self.witness.oldest()
        rows: list[list[object]] = [
            ["quiet points: feed = cluster", len(ordered)],
            ["… median, s", f"{ordered[len(ordered) // 2]:.2f}"],
            ["… slowest, s", f"{ordered[-1]:.2f}"],
            ["episodes without change", self.still],
            ["changes in the cluster", self.churn.changes],
            ["faults", self.nemesis.deeds],
            ["epochs", len(self.witness.epochs)],
            ["drift", self.witness.drift],
            [f"oldest worker, {minutes:.1f} min: MiB first", f"{first:.1f}"],
            ["… MiB last", f"{last:.1f}"],
            ["slope over all workers, MiB an hour", f"{self.witness.slope():+.1f}"],
        ]
        print_table(["", "figure"], rows)
        if self.quiet:
            print("\nThe slowest quiet point came after:")
            print("\n".join(max(self.quiet)[1]))


class Broke(Exception):
    """A promise was broken; the witness knows which."""


def main() -> int:
    options = options_of(__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--seed", type=int)
    options.add_argument(
        "--keep-workers", action="store_true", help="harm no worker: to see memory over the time"
    )
    chosen = options.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if chosen.seed is None else chosen.seed
    print_head(f"soak: {chosen.minutes:g} minutes, --seed {seed}")
    os.environ.update(LEASE_TTL=str(TTL), BENCH_CHECK_EVERY=str(CHECK_EVERY))
    with House() as house, ClusterProcess() as cluster:
        soak = Soak(
            house,
            cluster,
            seed=seed,
            minutes=chosen.minutes,
            keep_workers=chosen.keep_workers,
        )
        try:
            soak.run()
        except Broke:
            report(soak, house, seed)
            return 1
        soak.table()
        minutes, _, _ = soak.witness.oldest()
        slope = soak.witness.slope()
        print_verdict(
            slope <= SLOPE or minutes < 5,
            f"no promise broken in {chosen.minutes:g} min, drift {soak.witness.drift},"
            f" {slope:+.1f} MiB an hour" + (" (too short to say)" if minutes < 5 else ""),
        )
    return 0


def report(soak: Soak, house: House, seed: int) -> None:
    print("\nThe last events:")
    for line in soak.log.lines():
        print(line)
    print("\nThe workers' last words:")
    print(house.log_of("worker", 40))
    soak.table()
    print_verdict(False, f"{'; '.join(soak.witness.broken)}. Again: --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
