"""Traefik 3 through its Redis provider: a tree of keys that Traefik follows by keyspace events.

`render` says which keys a resource becomes (pure), `tree` writes them. The provider re-reads the
whole tree at every event and applies the first reading at once, which shapes the rest:

* All keys of one change go in one MULTI/EXEC: no reader sees a half of it.
* The tree has a database of its own, as Traefik scans all of it.
* The server's keyspace events are checked at start: without them Traefik reads once and never
  again. With class ``g`` and without ``$`` setting any number of keys is one event: the EXPIRE of
  ``~tick``, the last command of each change, a key outside of all that Traefik decodes.
* The tree is never empty: Traefik would pass an empty one over and go on with the last.
* Every upstream keeps a key besides its servers, so that no nodes means 503 and not 404.
"""

from .check import check
from .driver import Settings, TraefikDriver, build

__all__ = ["Settings", "TraefikDriver", "build", "check"]
