"""Reading a cluster as its watcher will: what the token may do, a list, a watch, for every
namespace of the registry."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from registries.kube.client import Client, Stream
from registries.kube.errors import Denied, KubeError, gettext_noop
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS, Resource
from registries.kube.spec import RegistrySpec

from . import access, reading
from .findings import Finding, State, failed, passed, since, skipped

_WATCHED_FOR = 2.0  # seconds of watching, shared by all namespaces
_AT_LEAST = 0.2  # seconds for each of them

_LISTED = gettext_noop("%(resource)s are listed: %(count)s in %(ms)s ms.")
_LISTED_IN = gettext_noop(
    "%(resource)s in the namespace %(namespace)s are listed: %(count)s in %(ms)s ms."
)
_WATCHED = gettext_noop("The watch of %(resource)s is open; changes in %(seconds)s s: %(count)s.")
_WATCHED_IN = gettext_noop(
    "The watch of %(resource)s in the namespace %(namespace)s is open; changes in"
    " %(seconds)s s: %(count)s."
)
_OPENED = gettext_noop("The watch of %(resource)s is open.")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Reading a scope with one resource: `stream` is the open watch, else `refused` says why there
    is none, or `listed` has failed already."""

    resource: Resource
    listed: Finding
    stream: Stream | None = None
    refused: Finding | None = None


class Scopes:
    """`closely`: for somebody who looks on."""

    def __init__(self, client: Client, spec: RegistrySpec, *, closely: bool) -> None:
        self._client = client
        self._spec = spec
        self._closely = closely
        # What the API server says may be read in a namespace; one that is missing was not told.
        self._permitted: dict[str, tuple[Resource, ...]] = {}

    def steps(self) -> Iterator[Finding]:
        if self._closely:
            yield Finding(step=access.STEP, state=State.RUNNING)
            yield from self._access()
        for namespace in self._namespaces:
            yield from self._read(namespace)

    def _access(self) -> Iterator[Finding]:
        for namespace in self._namespaces:
            answers = []
            try:
                for resource in self._resources:
                    answers.append(access.ask(self._client, resource, namespace))
                    if answers[-1].enough:
                        break
            except KubeError as error:
                yield access.unanswered(error)
                continue
            self._permitted[namespace] = tuple(one.resource for one in answers if one.enough)
            yield from access.findings(answers, self._client.account)
            yield from access.too_much(self._client, namespace)

    def _read(self, namespace: str) -> Iterator[Finding]:
        """List and watch one scope with the resource that the watcher would take. A resource that
        may be listed and not watched is of no use; of several that cannot be read the first, which
        is the one wanted, is the one to tell of."""
        yield Finding(step="list", state=State.RUNNING)
        attempts = []
        for resource in self._permitted.get(namespace, self._resources):
            attempts.append(self._attempt(resource, namespace))
            if attempts[-1].stream is not None:
                break
        if not attempts:
            yield from (skipped("list"), skipped("watch"))
            return
        chosen = attempts[-1] if attempts[-1].stream is not None else attempts[0]
        yield chosen.listed
        if not chosen.listed.ok:
            yield skipped("watch")
        elif chosen.refused is not None:
            yield chosen.refused
        elif chosen.stream is not None:
            yield Finding(step="watch", state=State.RUNNING)
            yield self._listen(chosen.stream, chosen.resource, namespace)

    def _attempt(self, resource: Resource, namespace: str) -> _Attempt:
        selector, began = self._spec.label_selector, time.monotonic()
        limit = reading.PAGE if self._closely else 1
        try:
            found = reading.read_list(
                self._client, resource, namespace, selector=selector, limit=limit
            )
        except KubeError as error:
            return _Attempt(resource, self._unread("list", error, resource, namespace))
        listed = passed(
            "list",
            _LISTED_IN if namespace else _LISTED,
            resource=resource.plural,
            namespace=namespace,
            count=f"{found.count}+" if found.more else found.count,
            ms=since(began),
        )
        try:
            stream = reading.open_watch(
                self._client,
                resource,
                namespace,
                version=found.version,
                selector=selector,
                lasts=self._share,
            )
        except KubeError as error:
            refused = self._unread("watch", error, resource, namespace)
            return _Attempt(resource, listed, refused=refused)
        return _Attempt(resource, listed, stream=stream)

    def _listen(self, stream: Stream, resource: Resource, namespace: str) -> Finding:
        seen = Counter[str]()
        try:
            if self._closely:
                seen = reading.listen(stream, seconds=self._share)
        except KubeError as error:
            return failed("watch", error)
        finally:
            stream.close()
            stream.release()
        if not self._closely:
            return passed("watch", _OPENED, resource=resource.plural)
        return passed(
            "watch",
            _WATCHED_IN if namespace else _WATCHED,
            resource=resource.plural,
            namespace=namespace,
            count=sum(seen.values()) - seen["BOOKMARK"],
            seconds=f"{self._share:.1f}",
        )

    def _unread(self, verb: str, error: KubeError, resource: Resource, namespace: str) -> Finding:
        if error.code == "not_found":
            text = gettext_noop("The API server has no %(resource)s.")
            return replace(
                failed(verb, error),
                text=text,
                params={"resource": resource.plural},
                field="resource",
            )
        if isinstance(error, Denied):
            return access.may_not(
                verb, resource, namespace, step=verb, account=self._client.account
            )
        return failed(verb, error)

    @property
    def _namespaces(self) -> tuple[str, ...]:
        return self._spec.namespaces or ("",)

    @property
    def _resources(self) -> tuple[Resource, ...]:
        wanted = self._spec.resource
        return tuple(one for one in (ENDPOINT_SLICES, ENDPOINTS) if wanted in ("auto", one.plural))

    @property
    def _share(self) -> float:
        """Seconds that one of the namespaces is watched for."""
        return max(_AT_LEAST, _WATCHED_FOR / len(self._namespaces))
