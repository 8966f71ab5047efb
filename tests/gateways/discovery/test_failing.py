"""Nothing that fails takes away what is served: Redis gone, emptied, older, moved or silent; nginx
reloaded or started without Redis."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.contract import wire
from tests.gateways.conftest import Serve
from tests.gateways.discovery.bed import Bed
from tests.gateways.discovery.conftest import Plane, Server, Start, at, serves, upstream
from tests.threads import eventually


@contextmanager
def load(bed: Bed, name: str) -> Iterator[list[int]]:
    """Send requests one after another until the block ends; their statuses."""
    statuses: list[int] = []
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            statuses.append(bed.get(name)[0])
            time.sleep(0.002)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def unharmed(statuses: list[int]) -> None:
    assert len(statuses) >= 30
    assert set(statuses) == {200}


def test_a_trimmed_stream_is_a_gap(plane: Plane, valkey: Server, start: Start) -> None:
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start()
    serves(bed, "shop", 80)
    # Two commits while no worker reads, of which the stream has lost the first.
    for process in bed.processes():
        os.kill(process, signal.SIGSTOP)
    valkey.client.client_kill_filter(_type="normal", skipme=True)
    plane.publish(upstream("shop", 82))
    plane.publish(upstream("cart", 83))
    valkey.client.xtrim(plane.keys.changes, maxlen=1, approximate=False)
    for process in bed.processes():
        os.kill(process, signal.SIGCONT)
    serves(bed, "shop", 82)
    serves(bed, "cart", 83)


def test_a_lost_stream_is_noticed(plane: Plane, valkey: Server, start: Start) -> None:
    """No entry ever comes: the look at meta finds out."""
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    changes = plane.keys.changes
    script = """
        redis.call('HSET', KEYS[1], 'upstream/shop', ARGV[1])
        redis.call('HSET', KEYS[2], 'seq', 2, 'checksum', '1')
        redis.call('UNLINK', KEYS[3])"""
    state = wire.encode(upstream("shop", 90))
    valkey.client.eval(script, 3, plane.keys.states, plane.keys.meta, changes, state)
    serves(bed, "shop", 90, within=10)


def test_another_history_at_the_same_place(plane: Plane, valkey: Server, start: Start) -> None:
    """A feed that began anew and came to the same position, with other states."""
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    script = """
        redis.call('HSET', KEYS[1], 'upstream/shop', ARGV[1])
        redis.call('HSET', KEYS[2], 'checksum', 'abc')"""
    state = wire.encode(upstream("shop", 91))
    valkey.client.eval(script, 2, plane.keys.states, plane.keys.meta, state)
    serves(bed, "shop", 91, within=10)


def test_the_next_epoch_goes_on(plane: Plane, start: Start) -> None:
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start()
    serves(bed, "shop", 80)
    plane.epoch = 2
    plane.writer = plane.taken_over()
    at(bed, "2-1")
    plane.publish(upstream("shop", 82))
    serves(bed, "shop", 82)
    serves(bed, "cart", 81)


def test_an_older_feed_is_not_taken(plane: Plane, valkey: Server, start: Start) -> None:
    """A replica that lagged became primary: what is served stays until the writer has repaired
    it."""
    plane.publish(upstream("shop", 80))
    old = {key: valkey.client.dump(key) for key in plane.keys.all()}
    plane.publish(upstream("shop", 81))
    bed = start()
    serves(bed, "shop", 81)
    for key, value in old.items():
        valkey.client.restore(key, 0, value, replace=True)
    eventually(lambda: bed.control("/status")[1].get("behind") == "1-1")
    serves(bed, "shop", 81)
    plane.publish_all(upstream("shop", 82))
    serves(bed, "shop", 82)
    assert "behind" not in bed.control("/status")[1]


def test_a_history_that_began_anew_lower_down_is_followed(
    plane: Plane, valkey: Server, start: Start
) -> None:
    """Redis was emptied, and the console came back from an old backup with lower epochs."""
    plane.epoch = 9
    plane.writer = plane.taken_over()
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    valkey.client.flushall()
    plane.epoch = 2
    plane.writer = plane.taken_over()
    plane.publish(upstream("shop", 81))
    serves(bed, "shop", 81)
    at(bed, "2-1")


def test_an_emptied_redis_takes_nothing(
    plane: Plane, valkey: Server, start: Start, serve: Serve
) -> None:
    plane.publish(upstream("shop", port := serve("127.0.0.1")))
    bed = start()
    serves(bed, "shop", port)
    with load(bed, "shop") as statuses:
        valkey.client.flushall()
        time.sleep(2.5)  # longer than a doubt takes to look
        serves(bed, "shop", port)
    unharmed(statuses)
    plane.publish_all(upstream("shop", 82))
    serves(bed, "shop", 82)


def test_a_flush_while_entries_are_read(plane: Plane, valkey: Server, start: Start) -> None:
    """An entry names a state that is not there because everything is gone."""
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    script = """
        redis.call('UNLINK', KEYS[1], KEYS[2])
        redis.call('XADD', KEYS[3], '1-2', 'keys', '["upstream/shop"]', 'at', '1')"""
    valkey.client.eval(script, 3, plane.keys.states, plane.keys.meta, plane.keys.changes)
    time.sleep(1)
    serves(bed, "shop", 80)


def test_redis_stops_under_load(plane: Plane, valkey: Server, start: Start, serve: Serve) -> None:
    plane.publish(upstream("shop", port := serve("127.0.0.1")))
    bed = start()
    serves(bed, "shop", port)
    with load(bed, "shop") as statuses:
        valkey.stop()
        eventually(lambda: "trouble" in bed.control("/status")[1])
        time.sleep(4)
        valkey.start()  # empty
        eventually(lambda: "trouble" not in bed.control("/status")[1], within=20)
    unharmed(statuses)
    assert bed.log.count("what was known is kept") <= 6  # not one for every attempt
    plane.publish_all(upstream("shop", 82))
    serves(bed, "shop", 82, within=20)


def test_a_silent_redis_is_noticed(plane: Plane, valkey: Server, start: Start) -> None:
    """A connection that is open and dead, as after a firewall forgot it."""
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    valkey.signal(signal.SIGSTOP)
    try:
        eventually(lambda: "timeout" in bed.control("/status")[1].get("trouble", ""), within=15)
        serves(bed, "shop", 80)
    finally:
        valkey.signal(signal.SIGCONT)
    plane.publish(upstream("shop", 82))
    serves(bed, "shop", 82, within=20)


@pytest.mark.parametrize("kept", [True, False], ids=["file", "no file"])
def test_a_reload_under_load(
    plane: Plane, start: Start, serve: Serve, tmp_path: Path, kept: bool
) -> None:
    # So many that a new worker needs its time to read them.
    others = [upstream(f"u{n}", 1000 + n) for n in range(4000)]
    plane.publish(upstream("shop", port := serve("127.0.0.1")), *others)
    bed = start(file=tmp_path / "last-good") if kept else start()
    serves(bed, "shop", port, within=20)
    with load(bed, "shop") as statuses:
        for _ in range(3):
            before = {one["pid"] for one in bed.looks("shop").values()}
            bed.reload()
            eventually(
                lambda b=before: not b & {one["pid"] for one in bed.looks("shop").values()},
                within=20,
            )
            seen = len(statuses)
            eventually(lambda s=seen: len(statuses) >= s + 10, within=20)
    unharmed(statuses)
    eventually(lambda: len(bed.processes()) == bed.workers, within=20, what="old workers end")


def test_a_worker_ends_when_it_shall(plane: Plane, start: Start) -> None:
    """No timer holds it up."""
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    began = time.monotonic()
    bed.quit()
    assert time.monotonic() - began < 10


def test_a_worker_has_one_timer(plane: Plane, valkey: Server, start: Start) -> None:
    """Whatever happens: outages and returns leave none behind."""
    plane.publish(upstream("shop", 80))
    bed = start()
    serves(bed, "shop", 80)
    for _ in range(3):
        valkey.client.client_kill_filter(_type="normal", skipme=True)
        time.sleep(0.3)
    valkey.stop()
    eventually(lambda: "trouble" in bed.control("/status")[1])
    assert {one["timers"] for one in bed.looks("shop").values()} == {1}
    valkey.start()
    plane.publish_all(upstream("shop", 81))
    serves(bed, "shop", 81, within=20)
    assert {one["timers"] for one in bed.looks("shop").values()} == {1}
