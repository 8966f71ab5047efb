"""The workload: deployments become pods, and each pod is a real httpbin process on an address of
its own.

A pod leaves as in a real cluster: it is marked (so the slices say terminating), traffic has
`drain` seconds to go elsewhere, the process gets SIGTERM and finishes its requests, then the
object disappears. A process that dies is started again in the same pod. Pods nobody owns are
left as they are.
"""

from __future__ import annotations

import asyncio

from practice import podspec
from practice.podspec import HASH, OWNED
from practice.replica import ADDRESS_TAKEN
from practice.replicas import Block, Replicas
from practice.schema import DEPLOYMENTS, PODS, REPLICASETS, SERVICES, Json, Resource
from practice.status import ApiError
from practice.store import Entry, Event, Store
from practice.writes import Writer

PROBE_EVERY = 5.0
START_PROBE_EVERY = 0.05
READY_WITHIN = 15.0


class Workload:
    def __init__(
        self, store: Store, writer: Writer, *, replicas: int, target_port: int, drain: float
    ) -> None:
        self.store = store
        self.writer = writer
        self.wanted = replicas  # of the first deployment
        self.drain = drain
        self.dirty: dict[str, None] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.leaving: set[asyncio.Task[None]] = set()
        self.stopping = False
        addresses = [
            (entry.object().get("status") or {}).get("podIP") or ""
            for entry in store.tables[PODS].entries.values()
        ]
        block = Block(target_port, preferred=next(iter(filter(None, addresses)), ""))
        self.replicas = Replicas(block, self._ended)

    async def start(self) -> None:
        """Bring up what the store says; returns when the first deployments are ready."""
        await self.replicas.open()
        self._forget_readiness()
        self.writer.lingers = self._lingers
        self.store.listeners.append(self._notice)
        self._first_deployment()
        for entry in list(self.store.tables[PODS].entries.values()):
            self._pod_changed(entry)
        for key in list(self.store.tables[DEPLOYMENTS].entries):
            self._mark(key)
        async with asyncio.timeout(READY_WITHIN):
            while not self._all_ready():
                await asyncio.sleep(0.02)

    def _first_deployment(self) -> None:
        namespace, name = "apisix", podspec.NAME
        if self.store.get(DEPLOYMENTS, f"{namespace}/{name}") is None:
            made = podspec.deployment(name, self.wanted)
            self.writer.create(DEPLOYMENTS, namespace, made)
        if self.store.get(SERVICES, f"{namespace}/{name}") is None:
            service = podspec.service(name, self.replicas.block.port)
            self.writer.create(SERVICES, namespace, service)

    def _forget_readiness(self) -> None:
        """After a restart no process runs: say so, and finish what was leaving."""
        for entry in list(self.store.tables[PODS].entries.values()):
            pod = entry.object()
            if podspec.owner(pod) is None:
                continue
            if pod["metadata"].get("deletionTimestamp"):
                self.store.delete(PODS, entry.key)
            else:
                podspec.set_ready(pod, ready=False)
                self.store.replace(PODS, pod)

    def _all_ready(self) -> bool:
        """Whether the pods are; a kept deployment still shows the status of the last run."""
        for entry in self.store.tables[DEPLOYMENTS].entries.values():
            ready = sum(map(podspec.is_ready, self._owned(entry.key)))
            if ready < entry.object()["spec"]["replicas"]:
                return False
        return not self.dirty

    def _lingers(self, resource: Resource, entry: Entry) -> bool:
        return resource is PODS and entry.key in self.tasks

    def _notice(self, resource: Resource, event: Event) -> None:
        entry = event.after or event.before
        if entry is None or self.stopping:
            return
        if resource is DEPLOYMENTS:
            self._mark(entry.key)
        elif resource is PODS:
            owner = entry.labels.get(OWNED)
            if owner:
                self._mark(f"{entry.namespace}/{owner}")
            asyncio.get_running_loop().call_soon(self._pod_changed, event.after or entry)

    def _mark(self, key: str) -> None:
        if not self.dirty:
            asyncio.get_running_loop().call_soon(self._run)
        self.dirty[key] = None

    def _run(self) -> None:
        keys, self.dirty = list(self.dirty), {}
        for key in keys:
            if not self.stopping:
                self._sync(key)

    def _owned(self, key: str) -> list[Json]:
        namespace, _, name = key.partition("/")
        return [
            entry.object()
            for entry in self.store.tables[PODS].walk(prefix=f"{namespace}/")
            if entry.labels.get(OWNED) == name
        ]

    def _sync(self, key: str) -> None:
        """Make the pods of one deployment what it asks for; one step, repeated on each change."""
        namespace, _, name = key.partition("/")
        entry = self.store.get(DEPLOYMENTS, key)
        pods = self._owned(key)
        if entry is None:
            for pod in pods:
                self._delete(pod)
            for old in list(self.store.tables[REPLICASETS].walk(prefix=f"{namespace}/{name}-")):
                if old.labels.get(OWNED) == name:
                    self.store.delete(REPLICASETS, old.key)
            return
        deployment = entry.object()
        hash_ = podspec.template_hash(deployment)
        alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        current = [pod for pod in alive if pod["metadata"]["labels"].get(HASH) == hash_]
        outdated = [pod for pod in alive if pod["metadata"]["labels"].get(HASH) != hash_]
        wanted = deployment["spec"]["replicas"]
        if len(current) + len(outdated) < wanted or (outdated and len(alive) == wanted):
            missing = wanted - len(alive) if len(alive) < wanted else 1
            for _ in range(missing):
                self._create_pod(deployment)
        elif len(alive) > wanted and (not outdated or all(map(podspec.is_ready, current))):
            # The outdated go first, then those that are not ready, then the youngest.
            current.sort(
                key=lambda pod: (podspec.is_ready(pod), -int(pod["metadata"]["resourceVersion"]))
            )
            for pod in [*outdated, *current][: len(alive) - wanted]:
                self._delete(pod)
        podspec.save_status(self.store, deployment, hash_, self._owned(key))

    def _create_pod(self, deployment: Json) -> None:
        namespace = deployment["metadata"]["namespace"]
        pod = podspec.pod(deployment, node=self._next_node())
        try:
            self.writer.create(PODS, namespace, pod)
        except ApiError:
            return

    def _next_node(self) -> str:
        return podspec.NODES[len(self.store.tables[PODS].entries) % len(podspec.NODES)]

    def _delete(self, pod: Json) -> None:
        meta = pod["metadata"]
        if not meta.get("deletionTimestamp"):
            self.writer.delete(PODS, meta["namespace"], meta["name"], {})

    def _pod_changed(self, entry: Entry) -> None:
        key = entry.key
        current = self.store.get(PODS, key)
        if current is None:
            task = self.tasks.pop(key, None)
            if task is not None:
                task.cancel()
            self.replicas.stop(entry.name, force=True)
            return
        if not current.labels.get(OWNED) or self.stopping:
            return
        leaving = bool(current.object()["metadata"].get("deletionTimestamp"))
        task = self.tasks.get(key)
        if task is None and not leaving:
            self.tasks[key] = asyncio.create_task(self._keep(key, current.name))
        elif leaving and task is not None and task not in self.leaving:
            task.cancel()
            self.tasks[key] = asyncio.create_task(self._retire(key, current.name))
            self.leaving.add(self.tasks[key])
            self.tasks[key].add_done_callback(self.leaving.discard)

    async def _keep(self, key: str, name: str) -> None:
        """Keep a process in a pod and its readiness true."""
        await self.replicas.started.wait()
        pause = 0.0
        while True:
            entry = self.store.get(PODS, key)
            if entry is None:
                return
            pod = entry.object()
            if name not in self.replicas.running:
                await asyncio.sleep(pause)
                pause = 0.5
                address = self._address((pod.get("status") or {}).get("podIP", ""))
                self.replicas.start(name, address)
            address = self.replicas.running[name].address
            ready = await self.replicas.probe(address)
            self._report(key, address, ready=ready)
            await asyncio.sleep(PROBE_EVERY if ready else START_PROBE_EVERY)

    def _address(self, old: str) -> str:
        """The pod's old address if it is still free, else the first free one."""
        taken = {replica.address for replica in self.replicas.running.values()}
        taken |= {
            (entry.object().get("status") or {}).get("podIP", "")
            for entry in self.store.tables[PODS].entries.values()
        } - {old}
        block = self.replicas.block
        candidates = block.addresses()
        if old in candidates:
            candidates.insert(0, old)
        for address in candidates:
            if address not in taken and block.free(address):
                block.used(address)
                return address
        return candidates[-1]

    def _report(self, key: str, address: str, *, ready: bool) -> None:
        entry = self.store.get(PODS, key)
        if entry is None:
            return
        pod = entry.object()
        podspec.set_running(pod, address)
        podspec.set_ready(pod, ready=ready)
        self.store.replace(PODS, pod)

    async def _retire(self, key: str, name: str) -> None:
        await asyncio.sleep(self.drain)
        if self.replicas.stop(name):
            while name in self.replicas.running:
                await asyncio.sleep(0.02)
        if self.store.get(PODS, key) is not None:
            self.tasks.pop(key, None)
            self.store.delete(PODS, key)

    def _ended(self, name: str, code: int) -> None:
        """A process ended: if its pod stays, it is not ready and will be started again."""
        for key, task in list(self.tasks.items()):
            entry = self.store.get(PODS, key)
            if entry is None or entry.name != name or task in self.leaving or self.stopping:
                continue
            pod = entry.object()
            podspec.set_ready(pod, ready=False)
            podspec.count_restart(pod, moved=code == ADDRESS_TAKEN)
            self.store.replace(PODS, pod)
            task.cancel()
            self.tasks[key] = asyncio.create_task(self._keep(key, name))

    async def stop(self) -> None:
        self.stopping = True
        for task in [*self.tasks.values(), *self.leaving]:
            task.cancel()
        await asyncio.gather(*self.tasks.values(), *self.leaving, return_exceptions=True)
        await self.replicas.close()
