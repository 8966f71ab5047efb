"""A worker as `manage.py up` starts it, that collects its garbage when it is sent SIGUSR2: memory
is comparable only after that. Usage: python -m bench.parts_worker celery ARGUMENTS..."""

from __future__ import annotations

import gc
import runpy
import signal
import sys


def main() -> None:
    signal.signal(signal.SIGUSR2, lambda *_: gc.collect())
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
