"""Every Redis key of Portolan is made here and nowhere else.

Each key says who writes it and how long it lives. Keys of one owner share a hash tag.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "portolan:v1"


@dataclass(frozen=True, slots=True)
class FeedKeys:
    """The three keys of one feed. Written by the holder of the feed's lease; live until the
    owner (registry, control plane) is deleted."""

    states: str
    changes: str
    meta: str

    def all(self) -> tuple[str, str, str]:
        return (self.states, self.changes, self.meta)


def registry(registry_id: str) -> str:
    """Name a registry as owner of keys and as topic of wake-ups."""
    return f"registry:{registry_id}"


def control_plane(control_plane_id: str) -> str:
    """Name a control plane as owner of keys and as topic of wake-ups."""
    return f"control-plane:{control_plane_id}"


def gateway(gateway_id: str) -> str:
    """Name a gateway as owner of keys and as topic of wake-ups."""
    return f"gateway:{gateway_id}"


def rows(control_plane_id: str) -> str:
    """The topic of wake-ups that says that something of a control plane was saved."""
    return f"rows:{control_plane_id}"


def kind(owner: str) -> str:
    """What sort of owner it is: the word before its id."""
    return owner.partition(":")[0]


def feed(owner: str) -> FeedKeys:
    base = _of(owner)
    return FeedKeys(f"{base}:states", f"{base}:changes", f"{base}:meta")


def lease(owner: str) -> str:
    """Written by whoever does the owner's work; lives for one lease TTL unless renewed."""
    return f"{_of(owner)}:lease"


def queued(owner: str) -> str:
    """A marker that the owner's work is already queued, or offered to whoever has room; lives for
    seconds."""
    return f"{_of(owner)}:queued"


def trial(owner: str) -> str:
    """A marker that the owner's work has begun and not yet shown that a worker survives it;
    written by the lease holder, lives for two minutes at most."""
    return f"{_of(owner)}:trial"


def crashes(owner: str) -> str:
    """How many workers died while the owner's work was on trial; lives for hours."""
    return f"{_of(owner)}:crashes"


def held_back(owner: str) -> str:
    """A marker that the owner's work is not to be started now; lives as long as that holds."""
    return f"{_of(owner)}:held-back"


def workers() -> str:
    """A set of the workers' names. Written by each worker; who finds a name without its key
    removes it."""
    return f"{PREFIX}:workers"


def worker(name: str) -> str:
    """What a worker says of itself (JSON); written by it, lives for half a lease TTL."""
    return f"{PREFIX}:worker:{name}"


def status(owner: str) -> str:
    """What the worker last said about the owner's work (JSON); written by the lease holder, kept
    until the next word: its age is part of the message."""
    return f"{_of(owner)}:status"


def truth(owner: str) -> str:
    """What the last comparison of the owner's feed with its cluster found (JSON); written by
    `registries.truth`, lives for ten minutes."""
    return f"{_of(owner)}:truth"


def moves(owner: str) -> str:
    """A stream of what the nodes of a registry's services did, fields `service` and `move` (JSON);
    trimmed to some thousand. Written by `registries.chronicle`, lives until the registry is
    deleted."""
    return f"{_of(owner)}:moves"


def instances(owner: str) -> str:
    """A hash of a gateway's running processes, by their ids (JSON, `gateways.instances`). Written
    by each of them, or by who asks it; lives until the gateway is deleted."""
    return f"{_of(owner)}:instances"


def last_forms(owner: str) -> str:
    """A hash of the last states that a kind of gateway could express, of a control plane's
    resources that it cannot express now; fields `<kind>:<state key>`. Written by who makes such
    gateways' configuration (`gateways.lastforms`), lives until the control plane is deleted."""
    return f"{_of(owner)}:last-forms"


def xds_servers() -> str:
    """A hash of the xDS servers, by machine and port (JSON, `gateways.xds.standing`). Written by
    each of them; who finds one that has long been silent removes it."""
    return f"{PREFIX}:xds"


def served(owner: str) -> str:
    """What a gateway's agent found that it serves (JSON, `gateways.told`); written by the agent,
    lives for an hour after its last word."""
    return f"{_of(owner)}:served"


def wakeups() -> str:
    """One stream of topics whose rows have changed in PostgreSQL; trimmed to the newest thousand.
    Written by `console.wakeups.send`."""
    return f"{PREFIX}:wakeups"


def login_failures(who: str) -> str:
    """How many wrong passwords came from one address for one user (both hashed into `who`).
    Written by `console.throttle`, lives for a quarter of an hour after the last."""
    return f"{PREFIX}:login:{{{who}}}:failures"


def login_wait(who: str) -> str:
    """A marker that such attempts are not listened to now; lives as long as that holds."""
    return f"{PREFIX}:login:{{{who}}}:wait"


def _of(owner: str) -> str:
    return f"{PREFIX}:{{{owner}}}"


# State keys inside the feeds.


def service(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def route(api_id: str) -> str:
    return f"route/{api_id}"


def upstream(upstream_id: str) -> str:
    return f"upstream/{upstream_id}"
