"""The practice cluster inside a test: the same server, in a thread with an event loop of its own.

    with PracticeCluster() as cluster:
        cluster.put_service("shop", "web", ports=[8080], addresses=["10.0.0.1"])
        cluster.fault("status", verb="watch", code=429, retry_after=1, count=2)

Methods go to the store through the same defaults and validation as the API, and raise its
`ApiError`. They return once the change is stored and the controllers have seen it; watches are
told at the same moment.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from practice.bootstrap import role_ref
from practice.cluster import Cluster, Options, settle
from practice.patches import MERGE_PATCH
from practice.schema import (
    BY_KIND,
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    DEPLOYMENTS,
    ENDPOINTSLICES,
    NAMESPACES,
    ROLEBINDINGS,
    ROLES,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    Json,
    Resource,
    find_resource,
)
from practice.selectors import parse_labels
from practice.side import SideServer
from practice.troubles import trouble, untrouble
from practice.watches import WatchSettings

T = TypeVar("T")
Port = int | tuple[str, int] | Json


class PracticeCluster:
    """A cluster on free ports. Entering starts it, leaving stops it and leaves nothing behind."""

    def __init__(
        self,
        *,
        workload: bool = False,
        replicas: int = 3,
        data: Path | None = None,
        port: int = 0,
        release: str = "1.36",
        bookmark_every: float = 60.0,
        window: int = 20_000,
        drain: float = 0.2,
    ) -> None:
        self._own_folder = data is None
        self._folder = data or Path(tempfile.mkdtemp(prefix="practice-"))
        self._options = Options(
            data=self._folder,
            port=port,
            workload=workload,
            replicas=replicas,
            release=release,
            window=window,
            drain=drain,
            keep=data is not None,
            watching=WatchSettings(bookmark_every=bookmark_every),
        )
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="practice", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event
        self.cluster: Cluster

    def start(self) -> PracticeCluster:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()
        if self._own_folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> PracticeCluster:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _main(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        try:
            self.cluster = Cluster(self._options)
            await self.cluster.start()
        except BaseException as error:  # noqa: BLE001  (handed to the thread that waits)
            self._failure = error
            self._ready.set()
            return
        self._ready.set()
        await self._over.wait()
        await self.cluster.stop()
        # A client that was just shaking hands is known to nobody else, and would be a warning.
        for transport in list(getattr(self._loop, "_transports", {}).values()):
            transport.abort()
        await settle()

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @contextmanager
    def side(self) -> Iterator[SideServer]:
        """The side port, as `practice serve` opens it."""
        server = SideServer(self.cluster)
        self._await(server.start())
        try:
            yield server
        finally:
            self._await(server.stop())

    def call(self, deed: Callable[[], T]) -> T:
        """Run a function in the cluster's thread and let the controllers follow."""

        async def run() -> T:
            result = deed()
            await settle()
            return result

        return self._await(run())

    @property
    def server(self) -> str:
        return self.cluster.url

    @property
    def port(self) -> int:
        return self.cluster.server.port

    @property
    def ca(self) -> str:
        return self.cluster.pki.ca

    @property
    def ca_file(self) -> Path:
        return self._folder / "ca.crt"

    @property
    def token(self) -> str:
        """The token of the account that may list and watch Endpoints and EndpointSlices."""
        return self.cluster.discovery_token

    @property
    def admin_token(self) -> str:
        return self.cluster.tokens.admin_token

    @property
    def kubeconfig(self) -> Path:
        return self.cluster.kubeconfig

    @property
    def version(self) -> str:
        """The newest resourceVersion."""
        return str(self.cluster.store.rv)

    def apply(self, obj: Json) -> Json:
        """Create or replace one object; its namespace is made if need be."""
        return self.apply_all([obj])[0]

    def apply_all(self, objects: Iterable[Json]) -> list[Json]:
        """Apply many objects in one turn of the loop: no watcher sees a part of it first."""
        return self.call(lambda: [self._apply(obj) for obj in objects])

    def _apply(self, obj: Json) -> Json:
        obj = {**obj, "metadata": dict(obj["metadata"])}
        resource = BY_KIND[obj["apiVersion"], obj["kind"]]
        meta = obj["metadata"]
        namespace = meta.get("namespace", "default") if resource.namespaced else ""
        writer, store = self.cluster.writer, self.cluster.store
        if namespace:
            self._ensure_namespace(namespace)
        if "name" in meta and store.get(resource, resource.key(namespace, meta["name"])):
            meta.pop("resourceVersion", None)
            entry, _ = writer.update(resource, namespace, meta["name"], obj)
        else:
            meta.pop("resourceVersion", None)
            entry = writer.create(resource, namespace, obj)
        return _full(resource, entry.object())

    def _ensure_namespace(self, namespace: str) -> None:
        if self.cluster.store.get(NAMESPACES, namespace) is None:
            self.cluster.writer.create(NAMESPACES, "", {"metadata": {"name": namespace}})

    def patch(
        self, kind: str, namespace: str, name: str, patch: Any, *, content_type: str = MERGE_PATCH
    ) -> Json:
        resource = find_resource(kind)
        entry, _ = self.call(
            lambda: self.cluster.writer.patch(resource, namespace, name, content_type, patch)
        )
        return _full(resource, entry.object())

    def delete(self, kind: str, namespace: str, name: str, *, grace: int | None = None) -> None:
        resource = find_resource(kind)
        options = {} if grace is None else {"gracePeriodSeconds": grace}
        self.call(lambda: self.cluster.writer.delete(resource, namespace, name, options))

    def get(self, kind: str, namespace: str, name: str) -> Json:
        resource = find_resource(kind)
        entry = self.call(lambda: self.cluster.store.must(resource, resource.key(namespace, name)))
        return _full(resource, entry.object())

    def list(self, kind: str, namespace: str = "", *, labels: str = "") -> Sequence[Json]:
        resource = find_resource(kind)
        test = parse_labels(labels)
        prefix = f"{namespace}/" if namespace else ""
        entries = self.call(lambda: list(self.cluster.store.tables[resource].walk(prefix=prefix)))
        return [_full(resource, e.object()) for e in entries if test is None or test(e.labels)]

    def scale(self, name: str, replicas: int, *, namespace: str = "apisix") -> None:
        """Ask for replicas; they come and go in their own time, see `wait_ready`."""
        self.patch(DEPLOYMENTS.name, namespace, name, {"spec": {"replicas": replicas}})

    def put_service(
        self,
        namespace: str,
        name: str,
        *,
        ports: Sequence[Port] = (80,),
        addresses: Sequence[str] = (),
        ready: bool = True,
        labels: dict[str, str] | None = None,
    ) -> None:
        """Create or replace a Service without selector and its one hand-made slice `NAME-1`."""
        self.apply_all(
            service_with_slice(
                namespace, name, ports=ports, addresses=addresses, ready=ready, labels=labels
            )
        )

    def delete_service(self, namespace: str, name: str) -> None:
        """Delete a Service and every slice that names it."""
        gone = [
            slice_["metadata"]["name"]
            for slice_ in self.list(
                ENDPOINTSLICES.name, namespace, labels=f"kubernetes.io/service-name={name}"
            )
        ]
        self.delete(SERVICES.name, namespace, name)
        for slice_name in gone:
            if self.list(
                ENDPOINTSLICES.name, namespace, labels=f"kubernetes.io/service-name={name}"
            ):
                self.delete(ENDPOINTSLICES.name, namespace, slice_name)

    def fault(self, kind: str, **settings: Any) -> Json:
        """Make something go wrong: a standing fault (faults.py) or a deed (troubles.py)."""
        return self.call(lambda: trouble(self.cluster, kind, **settings))

    def clear_faults(self, number: int = 0) -> None:
        self.call(lambda: untrouble(self.cluster, number))

    def requests(self, verb: str = "", resource: str = "") -> Sequence[Json]:
        """The requests so far, oldest first, each as the fields of `faults.Seen`."""
        seen = self.call(lambda: list(self.cluster.faults.log))
        return [
            asdict(one) for one in seen if verb in ("", one.verb) and resource in ("", one.resource)
        ]

    def forget_requests(self) -> None:
        self.call(self.cluster.faults.log.clear)

    def open_watches(self, kind: str = ENDPOINTSLICES.name) -> int:
        resource = find_resource(kind)
        return self.call(lambda: len(self.cluster.store.tables[resource].watchers))

    def mint_token(self, account: str, *, expires: float | None = 3600) -> str:
        """Make a token for `namespace/name`, creating the account; seconds may be negative, None is
        for ever.
        """
        namespace, _, name = account.rpartition("/")
        namespace = namespace or "default"

        def mint() -> str:
            self._ensure_account(namespace, name)
            found = self.cluster.store.must(SERVICEACCOUNTS, f"{namespace}/{name}").object()
            if expires is not None:
                return self.cluster.tokens.for_account(found, seconds=expires, audiences=[])
            meta = {"name": f"{name}-token", "namespace": namespace}
            if self.cluster.store.get(SECRETS, f"{namespace}/{name}-token") is None:
                self.cluster.writer.create(SECRETS, namespace, {"metadata": meta})
            return self.cluster.tokens.for_secret({"metadata": meta}, found)

        return self.call(mint)

    def _ensure_account(self, namespace: str, name: str) -> None:
        self._ensure_namespace(namespace)
        if self.cluster.store.get(SERVICEACCOUNTS, f"{namespace}/{name}") is None:
            self.cluster.writer.create(SERVICEACCOUNTS, namespace, {"metadata": {"name": name}})

    def grant(self, account: str, rules: Sequence[Json], *, namespace: str | None = None) -> str:
        """Give `namespace/name` exactly these rules, in one namespace or everywhere; return the
        role's name.
        """
        own, _, name = account.rpartition("/")
        own = own or "default"
        title = f"grant-{own}-{name}"
        subject = {"kind": "ServiceAccount", "namespace": own, "name": name}
        role, binding = (ROLES, ROLEBINDINGS) if namespace else (CLUSTERROLES, CLUSTERROLEBINDINGS)
        where = {"namespace": namespace} if namespace else {}

        def give() -> None:
            self._ensure_account(own, name)
            for resource, body in (
                (role, {"rules": list(rules)}),
                (binding, {"subjects": [subject], "roleRef": role_ref(title, role.kind)}),
            ):
                self._apply(_full(resource, {"metadata": {"name": title, **where}, **body}))

        self.call(give)
        return title

    def revoke_grant(self, account: str, *, namespace: str | None = None) -> None:
        own, _, name = account.rpartition("/")
        title = f"grant-{own or 'default'}-{name}"
        binding = ROLEBINDINGS if namespace else CLUSTERROLEBINDINGS
        self.delete(binding.name, namespace or "", title)


def _full(resource: Resource, obj: Json) -> Json:
    return {"apiVersion": resource.api_version, "kind": resource.kind, **obj}


def _port(port: Port) -> Json:
    if isinstance(port, int):
        return {"name": "", "port": port}
    return {"name": port[0], "port": port[1]} if isinstance(port, tuple) else port


def service_with_slice(
    namespace: str,
    name: str,
    *,
    ports: Sequence[Port] = (80,),
    addresses: Sequence[str] = (),
    ready: bool = True,
    labels: dict[str, str] | None = None,
) -> list[Json]:
    """The two objects `put_service` applies; for loading many with `apply_all`."""
    made = [_port(port) for port in ports]
    family = "IPv6" if addresses and ":" in addresses[0] else "IPv4"
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": {"ports": [{k: v for k, v in port.items() if v != ""} for port in made]},
    }
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-1",
            "namespace": namespace,
            "labels": {**(labels or {}), "kubernetes.io/service-name": name},
        },
        "addressType": family,
        "endpoints": [
            {"addresses": [address], "conditions": {"ready": ready}} for address in addresses
        ],
        "ports": made,
    }
    return [service, slice_]
