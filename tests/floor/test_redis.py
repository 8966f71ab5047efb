"""What the client for Redis must be able to do for a worker with hundreds of loops."""

from __future__ import annotations

import threading

from console.redis import Client, RedisError

LOOPS = 256  # as in docs/operations.md


def test_every_loop_of_a_worker_may_wait_at_the_same_time(store: Client) -> None:
    failed: list[RedisError] = []
    together = threading.Barrier(LOOPS)

    def wait() -> None:
        together.wait(20)
        try:
            store.xread({"test:nothing": "0-0"}, block=500)
        except RedisError as error:
            failed.append(error)

    threads = [threading.Thread(target=wait) for _ in range(LOOPS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.connection_pool.disconnect()
    assert failed == []
