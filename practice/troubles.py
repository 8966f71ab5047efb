"""One door for everything that can be made to go wrong, for the side port and the tests alike.

Standing faults (see faults.py) strike requests; the deeds here change the cluster at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from practice.cluster import Cluster
from practice.faults import KINDS
from practice.schema import NAMESPACES, Json


def compact(cluster: Cluster, *, window: bool = True) -> Json:
    """Forget old versions; `window` false keeps what recent watches start from, as etcd alone
    would.
    """
    return {"compacted": cluster.store.compact(window=window)}


def drop_watches(cluster: Cluster, *, how: str = "rst") -> Json:
    """End every open watch: how = clean | fin | rst."""
    return {"dropped": cluster.faults.drop(how)}


def half_open(cluster: Cluster, *, new: bool = False) -> Json:
    """Let every open watch fall silent, its connection open; with `new` also all new requests."""
    silenced = {"silenced": cluster.faults.silence()}
    if new:
        return {**silenced, "id": cluster.faults.add(kind="hang", when="before").id}
    return silenced


def expire_tokens(cluster: Cluster) -> Json:
    """Expire the continue tokens handed out so far."""
    cluster.store.rv += 1
    cluster.lister.tokens_before = cluster.store.rv
    return {}


def lag(cluster: Cluster, *, on: bool = True) -> Json:
    """From now on answer lists at resourceVersion=0 as of this moment."""
    cluster.lister.lag = cluster.store.rv if on else None
    return {"lag": cluster.lister.lag}


def reset_versions(cluster: Cluster) -> Json:
    """Number everything again from 1 and end the watches, as of objects moved to a new cluster."""
    cluster.store.renumber()
    cluster.faults.drop("rst")
    return {"resourceVersion": cluster.store.rv}


def save(cluster: Cluster) -> Json:
    """Keep the present state for `restore`."""
    cluster.saved = cluster.store.save()
    return {"resourceVersion": cluster.saved.rv}


def restore(cluster: Cluster, *, drop: bool = True) -> Json:
    """Go back to the saved state, objects and versions, as after a restore from a backup; without
    `drop` the open watches stay, and hear nothing until the versions have passed theirs.
    """
    if cluster.saved is None:
        raise ValueError("nothing was saved")
    cluster.store.restore(cluster.saved)
    cluster.rbac.grants = cluster.lister.lag = None
    if cluster.keeper is not None:
        cluster.keeper.dirty.set()
    if drop:
        cluster.faults.drop("rst")
    return {"resourceVersion": cluster.store.rv}


def swap_identity(cluster: Cluster) -> Json:
    """Become another cluster: the kube-system namespace gets a new uid, watches end."""
    uid = str(uuid.uuid4())
    obj = cluster.store.must(NAMESPACES, "kube-system").object()
    obj["metadata"]["uid"] = uid
    cluster.store.replace(NAMESPACES, obj)
    cluster.faults.drop("rst")
    return {"uid": uid}


def bookmarks(cluster: Cluster, *, on: bool = True, every: float = 0.0) -> Json:
    """Stop or resume bookmarks, or change their interval."""
    cluster.options.watching.bookmarks = on
    if every:
        cluster.options.watching.bookmark_every = every
    return {}


def watch_list(cluster: Cluster, *, on: bool = True) -> Json:
    """Refuse sendInitialEvents as a server does whose gate for it is closed, or admit it again."""
    cluster.options.watching.watch_list = on
    return {}


def revoke(cluster: Cluster, *, token: str = "") -> Json:
    """Answer 401 to a token from now on; by default to the discovery token."""
    cluster.tokens.revoked.add(token or cluster.discovery_token)
    return {}


DEEDS: dict[str, Callable[..., Json]] = {
    "compact": compact,
    "drop-watches": drop_watches,
    "half-open": half_open,
    "expire-tokens": expire_tokens,
    "lag": lag,
    "reset-versions": reset_versions,
    "save": save,
    "restore": restore,
    "swap-identity": swap_identity,
    "bookmarks": bookmarks,
    "watch-list": watch_list,
    "revoke": revoke,
}


def trouble(cluster: Cluster, kind: str, **settings: Any) -> Json:
    """Do a deed or add a standing fault; raises ValueError for what does not exist."""
    deed = DEEDS.get(kind)
    try:
        if deed is not None:
            return deed(cluster, **settings)
        if kind in KINDS:
            return {"id": cluster.faults.add(kind=kind, **settings).id}
    except TypeError as error:
        raise ValueError(str(error)) from None
    known = ", ".join(sorted([*DEEDS, *KINDS]))
    raise ValueError(f"no such fault: {kind!r}; there are {known}")


def untrouble(cluster: Cluster, number: int = 0) -> None:
    """Remove one standing fault; without a number remove all and undo the lasting deeds."""
    cluster.faults.clear(number)
    if number:
        return
    cluster.lister.lag = None
    cluster.tokens.revoked.clear()
    cluster.options.watching.bookmarks = True
    cluster.options.watching.watch_list = cluster.options.watching.initial_events
