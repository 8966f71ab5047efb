"""One event for the whole process: once set, every loop and every socket ends.

Celery's roof module sets it when the worker shuts down. Loops take an event as a parameter; this
is the one that tasks pass in.
"""

from __future__ import annotations

import threading

STOP = threading.Event()
