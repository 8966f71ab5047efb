"""A stream without a network, what it may give, and a clock."""

from __future__ import annotations

from typing import Any

from gateways.drivers.envoy import api
from gateways.drivers.envoy.named import Named, named
from gateways.xds.stream import Stream

SHORT = {
    api.CLUSTERS: "cluster",
    api.ASSIGNMENTS: "nodes",
    api.LISTENERS: "listener",
    api.ROUTES: "routes",
}


class Talk:
    """`last` is the answer that came last, `open` those without a word on them."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Named]] = {kind: {} for kind in SHORT}
        self.now = 0.0
        self.update = 0
        self.open: list[Any] = []
        self.stream = self.come()

    def come(self) -> Stream:
        self.stream = Stream(lambda kind: self.held[kind], clock=lambda: self.now)
        self.stream.turned(self.update, {})
        return self.stream

    def put(self, kind: str, *names: str, text: str = "1") -> None:
        for name in names:
            self.held[kind][name] = named(
                name, f"{name} {text}".encode(), apart=kind == api.CLUSTERS
            )
        self._turned(kind, *names)

    def drop(self, kind: str, *names: str) -> None:
        for name in names:
            del self.held[kind][name]
        self._turned(kind, *names)

    def ask(
        self,
        kind: str,
        *names: str,
        leaving: tuple[str, ...] = (),
        versions: dict[str, str] | None = None,
        nonce: str = "",
    ) -> Any:
        request = api.DeltaRequest(
            type_url=kind,
            resource_names_subscribe=names,
            resource_names_unsubscribe=leaving,
            initial_resource_versions=versions or {},
            response_nonce=nonce,
        )
        return self.stream.take(request)

    def versions(self, kind: str) -> dict[str, str]:
        """Of all that there is."""
        return {name: one.version for name, one in self.held[kind].items()}

    def next(self) -> Any:
        found = self.stream.next()
        if found is None:
            return None
        self.open.append(api.DeltaResponse.FromString(found))
        return self.open[-1]

    def said(self) -> list[str]:
        """All that comes without another word of Envoy's: “cluster +a -b”."""
        found = []
        while (answer := self.next()) is not None:
            self.last = answer
            names = [f"+{one.name}" for one in answer.resources]
            names += [f"-{name}" for name in answer.removed_resources]
            found.append(" ".join([SHORT[answer.type_url], *sorted(names)]))
        return found

    def confirm(self, answer: Any, reason: str = "") -> Any:
        self.open.remove(answer)
        request = api.DeltaRequest(type_url=answer.type_url, response_nonce=answer.nonce)
        if reason:
            request.error_detail.message = reason
        return self.stream.take(request)

    def confirm_all(self) -> None:
        """Take what came, whatever it was."""
        for answer in list(self.open):
            self.confirm(answer)

    def settle(self) -> list[str]:
        """Answer as Envoy does until nothing comes."""
        found = []
        while (answer := self.next()) is not None:
            found.append(SHORT[answer.type_url])
            self.confirm(answer)
            if answer.type_url == api.CLUSTERS:
                self.ask(api.ASSIGNMENTS, *(one.name for one in answer.resources))
        return found

    def _turned(self, kind: str, *names: str) -> None:
        self.update += 1
        self.stream.turned(self.update, {kind: set(names)})


def settled() -> Talk:
    """An Envoy that has a cluster with nodes and a route."""
    made = Talk()
    made.put(api.CLUSTERS, "a")
    made.put(api.ASSIGNMENTS, "a")
    made.put(api.ROUTES, "all")
    made.put(api.LISTENERS, "l")
    for kind in (api.CLUSTERS, api.LISTENERS):
        made.ask(kind, "*")
    made.ask(api.ROUTES, "all")
    assert made.settle() == ["cluster", "nodes", "listener", "routes"]
    return made
