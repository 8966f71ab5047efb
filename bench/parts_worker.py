"""A worker as `manage.py up` starts it, with two handles for a bench: it collects its garbage when
it is sent SIGUSR2, for memory is comparable only after that; and with BENCH_CHECK_EVERY=SECONDS its
safety lists come that often instead of twice an hour.

    python -m bench.parts_worker celery ARGUMENTS...
"""

from __future__ import annotations

import gc
import os
import runpy
import signal
import sys
from functools import partial


def main() -> None:
    signal.signal(signal.SIGUSR2, lambda *_: gc.collect())
    if seconds := os.environ.get("BENCH_CHECK_EVERY"):
        check_every(float(seconds))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def check_every(seconds: float) -> None:
    import django

    django.setup()
    from registries import watcher
    from registries.kube.reflector import Timing

    pace = watcher.Pace(reading=Timing(check_every=(seconds, 1.5 * seconds)))
    watcher.watch = partial(watcher.watch, pace=pace)


if __name__ == "__main__":
    main()
