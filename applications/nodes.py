"""From a discovered service to the nodes that requests go to. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from console.contract.wire import Endpoint, Node, Port, Service, Subset


def offered_ports(service: Service) -> list[str]:
    """The ports of a service as a person may choose them: the name, or the number of a port
    without one."""
    ports = {port.name or str(port.port) for subset in service.subsets for port in subset.ports}
    return sorted(ports)


def has_port(service: Service, wanted: str) -> bool:
    return any(_find(subset, wanted) for subset in service.subsets)


def of(service: Service, wanted: str, *, weight: int, priority: int) -> list[Node]:
    """The nodes behind a port, sorted: the ready ones; if there are none and the registry wishes
    it, those that are terminating and still serve (`leaving`). `wanted` is a name, a number, or
    empty for the only port there is."""
    offering = list(served(service, wanted))
    chosen = [one for one in offering if one[0].ready]
    if not chosen and service.serve_terminating:
        chosen = [one for one in offering if one[0].terminating and one[0].serving]
    nodes = {
        (endpoint.address, port.port): Node(
            host=endpoint.address,
            port=port.port,
            weight=weight,
            priority=priority,
            zone=endpoint.zone,
        )
        for endpoint, port in chosen
    }
    return [nodes[key] for key in sorted(nodes)]


def leaving(service: Service, wanted: str) -> bool:
    """Whether such nodes as there are are about to go: none is ready."""
    return not any(endpoint.ready for endpoint, _port in served(service, wanted))


def served(service: Service, wanted: str) -> Iterator[tuple[Endpoint, Port]]:
    """The endpoints that offer a port, ready or not, each with the port as it is there."""
    for subset in service.subsets:
        port = _find(subset, wanted)
        if port is not None:
            for endpoint in subset.endpoints:
                yield endpoint, port


def _find(subset: Subset, wanted: str) -> Port | None:
    """A name is looked for before a number, as port names may not be numbers."""
    ports = [port for port in subset.ports if port.protocol == "TCP"]
    if not wanted:
        return ports[0] if len(ports) == 1 else None
    for port in ports:
        if port.name == wanted:
            return port
    return next((port for port in ports if str(port.port) == wanted), None)
