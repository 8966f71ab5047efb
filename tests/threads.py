"""Running a long task's body in a thread, as a worker does, for tests of one room."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from console.ownership import Ownership, own


def apart(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread of its own: a browser test of the same process keeps an event
    loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


@contextmanager
def owned(
    owner: str,
    *,
    claim_epoch: Callable[[], int],
    body: Callable[[Ownership], None],
    lift_epoch: Callable[[int], bool] | None = None,
) -> Iterator[threading.Event]:
    """Own and run the body until the block ends; the value is the worker's stop event."""
    from django.db import connections

    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            own(owner, claim_epoch=claim_epoch, lift_epoch=lift_epoch, body=body, stop=stop)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name=f"test {owner}")
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive(), f"{owner} does not stop"
        if failed:
            raise failed[0]


def eventually(condition: Callable[[], bool], *, within: float = 20.0, what: str = "") -> float:
    """Wait until the condition holds; return the seconds it took. How long it may take is no
    promise of ours, only the end of patience: a machine may be very busy."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < within, f"not within {within} s: {what or condition}"
        time.sleep(0.005)
    return time.monotonic() - began
