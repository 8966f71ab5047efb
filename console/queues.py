"""The names of the Celery queues; workers are started for them, tasks are routed to them."""

from __future__ import annotations

from console.contract import keys

WATCH = "watch"  # registries.watch_registry: one thread a registry, mostly waiting
COMPILE = "compile"  # applications.compile_control_plane: one thread a control plane
DRIVE = "drive"  # gateways.drive_gateway: one thread a gateway
SHORT = "celery"  # everything that ends soon: the ensure_* ticks

ALL = (WATCH, COMPILE, DRIVE, SHORT)

# Whose loops a queue's workers run.
KINDS = {
    WATCH: keys.kind(keys.registry("")),
    COMPILE: keys.kind(keys.control_plane("")),
    DRIVE: keys.kind(keys.gateway("")),
}
