"""The routes of a control plane as one RouteConfiguration, made of virtual hosts.

A route that Envoy cannot have is named, and keeps the last form that Envoy could have. If Envoy
refuses all routes after all, because of one that should not have got through, some of the suspects
are held back, and fewer each time, until the one is found (`confirm`, `refuse`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from console.contract import keys
from console.contract.wire import Route
from gateways.drivers.reasons import UNRENDERED, reason

from . import hosts, routes
from .listener import ROUTES
from .named import Named, named
from .routes import Piece, Traits


class Table:
    """`traits` tells of an upstream by its key. `configuration` is what `bind` made last; `banned`
    are routes that Envoy refused, `refused` those that it cannot have."""

    def __init__(self, traits: Callable[[str], Traits], rendered: Counter[str]) -> None:
        self._traits = traits
        self._rendered = rendered
        self.refused: dict[str, str] = {}
        self.banned: dict[str, str] = {}
        self.configuration: Named | None = None
        self._routes: dict[str, Route] = {}
        self._pieces: dict[str, list[Piece]] = {}
        self._leading: dict[str, set[str]] = {}  # upstream's key → routes' keys
        self._by_host: dict[str, set[str]] = {}  # pattern → routes' keys
        self._below: dict[str, set[str]] = {}  # pattern → hosts related to it
        self._hosts: dict[str, bytes] = {}
        self._touched: set[str] = set()  # patterns whose virtual hosts have to be made anew
        self._proven: dict[str, list[Piece]] = {}  # of suspects, as confirmed last
        self._suspects: dict[str, list[Piece]] = {}  # changed since then
        self._held_back: list[dict[str, list[Piece]]] = []
        self._confirmed = ""  # the version that an Envoy took last

    def __len__(self) -> int:
        return len(self._pieces)

    def __contains__(self, key: str) -> bool:
        return key in self._routes

    def keys(self) -> set[str]:
        return set(self._routes)

    def leading_to(self, upstream_key: str) -> set[str]:
        return set(self._leading.get(upstream_key, ()))

    def put(self, key: str, route: Route) -> None:
        """Take a route; `render` says what becomes of it."""
        self._leave(key)
        self._routes[key] = route
        # Also of a route that is refused: with another upstream it may be accepted.
        self._leading.setdefault(keys.upstream(route.upstream), set()).add(key)

    def drop(self, key: str) -> None:
        self._leave(key)
        for told in (self.refused, self.banned):
            told.pop(key, None)
        for held in (self._proven, self._suspects, *self._held_back):
            held.pop(key, None)
        del self._routes[key]
        self._unlink(key)

    def render(self, key: str) -> None:
        route = self._routes[key]
        self._rendered["route"] += 1
        try:
            made = routes.pieces(route, self._traits(keys.upstream(route.upstream)))
        except UNRENDERED as error:
            self.refused[key] = reason(route.name, error)
            return
        self.refused.pop(key, None)
        self.banned.pop(key, None)
        for group in self._held_back:
            group.pop(key, None)
        self._suspect(key, made)
        self._link(key, made)

    def bind(self) -> dict[str, Named | None]:
        """Make the virtual hosts anew that have changed, then the whole; empty: it is as it was."""
        if not self._touched and self.configuration is not None:
            return {}
        for host in self._affected():
            if not self._by_host.get(host):
                self._by_host.pop(host, None)
                self._hosts.pop(host, None)
                for one in hosts.relatives(host):
                    self._below.get(one, set()).discard(host)
                continue
            self._rendered["host"] += 1
            related = {key for one in hosts.relatives(host) for key in self._by_host.get(one, ())}
            self._hosts[host] = hosts.virtual_host(
                host, ((key, self._pieces[key]) for key in related)
            )
        self._touched.clear()
        bound = hosts.configuration(ROUTES, (self._hosts[one] for one in sorted(self._hosts)))
        made = named(ROUTES, bound)
        if self.configuration is not None and self.configuration.version == made.version:
            return {}
        self.configuration = made
        return {ROUTES: made}

    def confirm(self, version: str) -> dict[str, Named | None]:
        """An Envoy has taken the routes of this version. What was held back gets its turn."""
        if self.configuration is None or self.configuration.version != version:
            return {}
        self._confirmed = version
        self._proven.clear()
        self._suspects.clear()
        group: dict[str, list[Piece]] = {}
        while self._held_back and not group:
            group = self._held_back.pop()
        for key, made in group.items():
            self._suspect(key, made)
        return self._put(group)

    def refuse(self, version: str, reason: str) -> dict[str, Named | None]:
        """An Envoy has refused the routes of this version."""
        if self.configuration is None or self.configuration.version != version:
            return {}
        suspects = dict(self._suspects)
        if not suspects:
            return {}  # Envoys that took the same routes disagree: nothing of ours would help
        blamed = self._blamed(list(suspects))
        if len(suspects) == 1:
            name = self._routes[blamed[0]].name
            self.banned[blamed[0]] = f"{name}: Envoy refuses it: {reason}"
        else:
            self._held_back.append({key: suspects[key] for key in blamed})
        for key in blamed:
            del self._suspects[key]
        turned = self._put({key: self._proven.pop(key, []) for key in blamed})
        if self.configuration.version == self._confirmed:
            # As it was before: Envoys have it, and will not say so again.
            turned |= self.confirm(self._confirmed)
        return turned

    def _blamed(self, suspects: list[str]) -> list[str]:
        """Whom to hold back. What people wrote for Envoy's engine to read comes first: after a
        start all routes are suspects, and the others must not be missed for it."""
        odd = [
            key
            for key in suspects
            if any(one.operator.startswith("regex") for one in self._routes[key].expressions)
        ]
        if 0 < len(odd) < len(suspects):
            return odd
        return suspects[len(suspects) // 2 :]

    def _put(self, group: Mapping[str, list[Piece]]) -> dict[str, Named | None]:
        for key, made in group.items():
            self._link(key, made)
        return self.bind()

    def _suspect(self, key: str, made: list[Piece]) -> None:
        self._proven.setdefault(key, self._pieces.get(key, []))
        self._suspects[key] = made

    def _link(self, key: str, made: list[Piece]) -> None:
        """Let a route have these pieces."""
        self._unlink(key)
        if made:
            self._pieces[key] = made
        for piece in made:
            self._by_host.setdefault(piece.host, set()).add(key)
            self._touched.add(piece.host)

    def _unlink(self, key: str) -> None:
        for host in {piece.host for piece in self._pieces.pop(key, ())}:
            self._by_host[host].discard(key)
            self._touched.add(host)

    def _leave(self, key: str) -> None:
        """Forget which upstream a route leads to."""
        if key in self._routes:
            upstream = keys.upstream(self._routes[key].upstream)
            self._leading[upstream].discard(key)
            if not self._leading[upstream]:
                del self._leading[upstream]

    def _affected(self) -> set[str]:
        """The hosts whose virtual hosts have routes of the touched patterns."""
        found: set[str] = set()
        for pattern in self._touched:
            if self._by_host.get(pattern):
                for one in hosts.relatives(pattern):
                    self._below.setdefault(one, set()).add(pattern)
            found |= self._below.get(pattern, set()) | {pattern}
        return found
