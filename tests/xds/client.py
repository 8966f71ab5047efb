"""An Envoy in Python: it subscribes, confirms, and counts what it was sent."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc

from gateways.drivers.envoy import api
from gateways.drivers.envoy.listener import ROUTES

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"


class Delta:
    """Asks for everything as Envoy does, unless told otherwise. `has` is what it was given, by
    type and name; `answers` what came, in order; `refuses` a type that it takes no answer of."""

    def __init__(
        self,
        place: str,
        *,
        gateway: str,
        node: str = "fake",
        credentials: Any = None,
        reads: bool = True,
        confirms: bool = True,
        refuses: str = "",
        versions: dict[str, dict[str, str]] | None = None,
        server_name: str = "",
    ) -> None:
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        if server_name:
            options.append(("grpc.ssl_target_name_override", server_name))
        self._channel = (
            grpc.secure_channel(place, credentials, options=options)
            if credentials
            else grpc.insecure_channel(place, options=options)
        )
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._node = {"id": node, "cluster": gateway}
        self._confirms, self.refuses = confirms, refuses
        self._versions = versions or {}
        self.has: dict[str, dict[str, str]] = {}
        self.bodies: dict[str, dict[str, bytes]] = {}
        self.answers: list[Any] = []
        self.error: grpc.RpcError | None = None
        self.call = self._channel.stream_stream(
            _METHOD,
            request_serializer=api.DeltaRequest.SerializeToString,
            response_deserializer=api.DeltaResponse.FromString,
        )(iter(self._requests.get, None))
        for kind in (api.CLUSTERS, api.LISTENERS):
            self.ask(kind, "*")
        self.ask(api.ROUTES, ROUTES)
        if versions and versions.get(api.ASSIGNMENTS):
            self.ask(api.ASSIGNMENTS, *versions[api.ASSIGNMENTS])
        self._thread = threading.Thread(target=self._read, daemon=True)
        if reads:
            self._thread.start()

    def ask(self, kind: str, *names: str) -> None:
        self._requests.put(
            api.DeltaRequest(
                node=self._node,
                type_url=kind,
                resource_names_subscribe=names,
                initial_resource_versions=self._versions.get(kind, {}),
            )
        )

    def names(self, kind: str) -> list[list[str]]:
        """What each answer of a type told of."""
        return [
            [one.name for one in answer.resources] + list(answer.removed_resources)
            for answer in list(self.answers)
            if answer.type_url == kind
        ]

    def close(self) -> None:
        self.call.cancel()
        self._requests.put(None)
        if self._thread.ident:
            self._thread.join(10)
        self._channel.close()

    def _read(self) -> None:
        try:
            for answer in self._answers():
                self._take(answer)
        except grpc.RpcError as error:
            self.error = error

    def _answers(self) -> Iterator[Any]:
        yield from self.call

    def _take(self, answer: Any) -> None:
        self.answers.append(answer)
        kind = answer.type_url
        refused = {"message": "no good"} if self.refuses and self.refuses == kind else None
        if not refused:
            held = self.has.setdefault(kind, {})
            for one in answer.resources:
                held[one.name] = one.version
                self.bodies.setdefault(kind, {})[one.name] = one.resource.value
            for name in answer.removed_resources:
                held.pop(name, None)
        if not self._confirms:
            return
        confirmed = api.DeltaRequest(type_url=kind, response_nonce=answer.nonce)
        if refused:
            confirmed.error_detail.message = refused["message"]
        self._requests.put(confirmed)
        if kind == api.CLUSTERS and answer.resources:
            self.ask(api.ASSIGNMENTS, *(one.name for one in answer.resources))


def quiet(client: Delta, *, seconds: float = 0.5) -> int:
    """Wait until nothing comes any more; how many answers there were."""
    count = -1
    while count != len(client.answers):
        count = len(client.answers)
        time.sleep(seconds)
    return count
