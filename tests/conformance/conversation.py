"""Our own reflector at work on the server under test, with a sink that keeps what it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from registries.kube.client import Client
from registries.kube.errors import KubeError
from registries.kube.reflector import Limits, Reflector, Timing
from registries.kube.slices import ENDPOINT_SLICES, Endpoints, EndpointSlice, Resource
from registries.kube.spec import RegistrySpec
from tests.conformance.kubeconfig import Login


def spec_of(login: Login, token: str, *, namespace: str = "", resource: str = "auto"):
    return RegistrySpec(
        id="1",
        name="conformance",
        server=login.server,
        ca_bundle=login.ca,
        token=token,
        namespaces=(namespace,) if namespace else (),
        resource=resource,
    )


AS_EVER = Timing()


class Kept:
    """A sink: the addresses by object, and how it came to them."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.lists = 0
        self.failures: list[KubeError] = []
        self.bookmarks = 0
        self.compared = self.drift = 0
        self.watching = threading.Event()

    def doubts(self, scope: str, things: list[EndpointSlice | Endpoints]) -> bool:
        return False

    def replace(self, scope: str, things: list[EndpointSlice | Endpoints]) -> None:
        self.lists += 1
        self.addresses = {thing.metadata.name: addresses(thing) for thing in things}

    def put(self, thing: EndpointSlice | Endpoints) -> None:
        self.addresses[thing.metadata.name] = addresses(thing)

    def drop(self, thing: EndpointSlice | Endpoints) -> None:
        self.addresses.pop(thing.metadata.name, None)

    def alive(
        self, scope: str, *, listed: bool = False, watching: bool = False, bookmark: bool = False
    ) -> None:
        self.bookmarks += bookmark
        if watching:
            self.watching.set()

    def differences(self, scope: str, things: list[EndpointSlice | Endpoints]) -> int:
        listed = {thing.metadata.name: addresses(thing) for thing in things}
        self.compared += 1
        self.drift += listed != self.addresses
        return int(listed != self.addresses)

    def failed(self, scope: str, error: KubeError) -> None:
        self.failures.append(error)

    def noticed(self, scope: str, error: KubeError) -> None:
        pass


def addresses(thing: EndpointSlice | Endpoints) -> list[str]:
    if isinstance(thing, EndpointSlice):
        return [msgspec.json.decode(raw)["addresses"][0] for raw in thing.endpoints or ()]
    return [one.ip for subset in thing.subsets or () for one in subset.addresses or ()]


@contextmanager
def client_of(login: Login, token: str, *, namespace: str = "") -> Iterator[Client]:
    client = Client(spec_of(login, token, namespace=namespace), allow_loopback=True)
    yield client
    client.close()


@contextmanager
def reflecting(
    login: Login,
    token: str,
    *,
    namespace: str,
    version: str | None = None,
    resources: tuple[Resource, ...] = (ENDPOINT_SLICES,),
    label_selector: str = "",
    page: int = 500,
    streamed: bool = False,
    timing: Timing = AS_EVER,
) -> Iterator[tuple[Reflector, Kept]]:
    """Run a reflector in a thread, from a version or from a list, until the block ends."""
    stop, kept = threading.Event(), Kept()
    with client_of(login, token, namespace=namespace) as client:
        reflector = Reflector(
            client,
            scope=namespace,
            resources=resources,
            sink=kept,
            stop=stop,
            label_selector=label_selector,
            limits=Limits(page=page),
            streamed=streamed,
            timing=timing,
        )
        reflector.version = version
        thread = threading.Thread(target=reflector.run, name="reflector")
        thread.start()
        try:
            yield reflector, kept
        finally:
            stop.set()
            reflector.close()
            thread.join(10)
            assert not thread.is_alive()
