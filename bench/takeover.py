"""A worker is gone: how long until another publishes.

    script/bench takeover

Two real workers, one registry whose cluster changes fifty times a second. In every round the
worker that owns the registry is killed (KILL) or asked to leave (TERM); the time runs from the
signal to the moment when a reader of the feed holds a change made after it. Then the one that was
lost is replaced, and the next round begins when both say that they would take work.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from bench.parts import (
    Broken,
    options_of,
    print_head,
    print_table,
    print_verdict,
    spread,
    wait_for,
)
from bench.parts_cluster import ClusterProcess
from bench.parts_house import Child, House, watched
from bench.parts_slices import MARK, name_of

RATE = 50.0
SERVICES = 20


class Follower:
    """The newest change that the feed had, by what epoch it was written, and when it came."""

    def __init__(self, registry_id: str) -> None:
        from console.contract import keys

        self._keys = keys.feed(keys.registry(registry_id))
        self._news = threading.Condition()
        self._over = threading.Event()
        self.number = self.epoch = 0
        self._thread = threading.Thread(target=self._follow, daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def wait_for(self, number: int, *, within: float) -> float:
        """Wait for a change; return when it was there (monotonic clock)."""
        with self._news:
            if not self._news.wait_for(lambda: self.number >= number, within):
                raise Broken(f"Not within {within:.0f} s: change {number}; it is {self.number}.")
            return time.monotonic()

    def _follow(self) -> None:
        from console import redis
        from console.feed import FeedReader, follow

        reader = FeedReader(redis.store(), self._keys)
        reader.sync()
        while not self._over.is_set():
            follow(redis.store(), [reader], block=0.5)
            marks = [MARK.search(state or b"") for state in reader.take().values()]
            with self._news:
                self.number = max([self.number, *(int(one[1]) for one in marks if one)])
                self.epoch = reader.position.epoch if reader.position else 0
                self._news.notify_all()


def owner_of(registry_id: str) -> int:
    """The process that holds the registry's lease; 0 if none does."""
    from console import redis
    from console.contract import keys

    holder = redis.store().get(keys.lease(keys.registry(registry_id)))
    return int(holder.split(b":")[1]) if holder else 0


def one_round(
    house: House, cluster: ClusterProcess, registry_id: str, follower: Follower, number: int
) -> float:
    """Signal the owner; return the seconds to the first change after that."""
    while len(house.workers) < 2:
        house.worker()
    wait_for_crew(house.workers)
    wait_for(lambda: watched(registry_id), within=60, what="the registry is watched")
    time.sleep(1.0)
    owner = next((one for one in house.workers if one.pid == owner_of(registry_id)), None)
    if owner is None:
        raise Broken("No worker of ours holds the lease.")
    epoch, signalled = follower.epoch, time.monotonic()
    owner.send_signal(number)
    if number == signal.SIGKILL:
        owner.wait()
    # A worker that was asked to leave may publish until it has; what it was told is not lost, so
    # only the wait for the next one counts.
    wait_for(lambda: follower.epoch > epoch, within=60, what="another worker has taken over")
    made = cluster.ask("newest", signalled)
    took = follower.wait_for(made, within=60) - signalled
    house.workers.remove(owner)
    owner.wait()
    return took


def wait_for_crew(workers: list[Child]) -> None:
    """Wait until these workers say that they would take work."""
    from console import crew, redis

    def all_there() -> bool:
        if ended := [one for one in workers if one.poll() is not None]:
            raise Broken(f"A worker ended with {ended[0].returncode}.")
        there = {int(name.split(":")[1]) for name in crew.alive(redis.store())}
        return {one.pid for one in workers} <= there

    wait_for(all_there, within=60, what="the workers are ready")


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    print_head(f"takeover: {chosen.rounds} rounds each")
    with House() as house, ClusterProcess() as cluster:
        from django.conf import settings

        cluster.ask("fill", SERVICES, 10)
        registry_id = house.registry(cluster)
        house.worker()
        wait_for(lambda: watched(registry_id), within=60, what="the registry is watched")
        follower = Follower(registry_id)
        with follower.running():
            cluster.ask("churn", RATE)
            time.sleep(1.0)
            found = {
                name: [
                    one_round(house, cluster, registry_id, follower, number)
                    for _ in range(chosen.rounds)
                ]
                for name, number in (("KILL", signal.SIGKILL), ("TERM", signal.SIGTERM))
            }
            newest = {name_of(service)[1] for _, service, _ in cluster.ask("calm")}
            if len(newest) != SERVICES:
                raise Broken("The churn did not touch every service.")
        ttl = settings.LEASE_TTL
    budgets = {"KILL": ttl + 2.0, "TERM": 1.0}
    rows = [
        [name, f"{min(times):.2f}", *(f"{spread(times)[at]:.2f}" for at in (0, 2)), budgets[name]]
        for name, times in found.items()
    ]
    print_table(["signal → next change in the feed, s", "min", "median", "max", "budget"], rows)
    print(f"lease TTL {ttl:.0f} s")
    for name, times in found.items():
        print_verdict(
            max(times) <= budgets[name],
            f"{name}: at most {max(times):.2f} s (budget: {budgets[name]:.0f} s)",
        )


if __name__ == "__main__":
    main()
