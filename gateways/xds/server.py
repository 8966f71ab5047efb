"""The xDS server: gRPC around streams. Knows no Django.

Everything but feeds and reports happens on one event loop, which owns all streams. An answer is
written when Envoy's window lets it: whoever does not read waits alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from console.lags import Lags
from console.redis import Client
from gateways.drivers.envoy import Settings, api
from gateways.drivers.envoy.listener import LISTENER, listener
from gateways.drivers.envoy.named import named

from . import access, certificates
from .access import Certificates
from .certificates import Renewed
from .connection import Connection, Gateway
from .plane import Plane
from .reports import Reports
from .standing import Standing

log = logging.getLogger(__name__)

# grpcio has no types.
grpc: Any = import_module("grpc")

_METHOD = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.max_receive_message_length", 64_000_000),  # an Envoy tells all the versions that it has
    ("grpc.max_send_message_length", -1),
)
# Seconds between looks of a stream that nobody wakes: routes may have waited long enough for
# clusters, clusters for the word on others.
_LOOK = 1.0
_REMEMBERED = 10_000  # Envoys whose lags are kept when they leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A gateway of this kind as somebody made it."""

    id: str
    control_plane: str
    enabled: bool
    settings: Settings


# Which gateways there are; ``True``: look anew, an Envoy asks for one that is not known.
Rows = Callable[[bool], Mapping[str, Row]]


class Server:
    """`connect` builds a client of the feeds' Redis; `rows` is asked from a thread."""

    def __init__(self, connect: Callable[[], Client], rows: Rows) -> None:
        self._connect = connect
        self._rows = rows
        self._known: Mapping[str, Row] = {}
        self._planes: dict[str, Plane] = {}
        self._gateways: dict[str, Gateway] = {}
        self._lags: dict[tuple[str, str], Lags] = {}
        self._reports = Reports(connect, self._standing)
        self._renewed: Renewed | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._server: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.address = ("", 0)

    async def start(
        self, host: str, port: int, *, tls: Certificates | None = None, anywhere: bool = False
    ) -> None:
        """Listen. Raises `access.Refused`."""
        if tls is None and not anywhere:
            access.demand_loopback(host)
        self._loop = asyncio.get_running_loop()
        self._renewed = Renewed(tls) if tls else None
        self._server = grpc.aio.server(options=_OPTIONS)
        handler = grpc.stream_stream_rpc_method_handler(
            self._serve,
            request_deserializer=api.DeltaRequest.FromString,
            response_serializer=bytes,
        )
        methods = {"DeltaAggregatedResources": handler}
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(_METHOD, methods),)
        )
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = (
                self._server.add_secure_port(place, self._renewed.credentials())
                if self._renewed
                else self._server.add_insecure_port(place)
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise access.Refused(f"{place} cannot be listened on: {error}") from error
        if not bound:
            raise access.Refused(f"{place} cannot be listened on.")
        self.address = (host, bound)
        self._reports.start()
        await self.look()
        await self._server.start()
        if self._renewed:
            self._renewing = asyncio.ensure_future(self._renew(self._renewed))

    async def stop(self) -> None:
        """Envoys keep what they have and come again, here or elsewhere."""
        if self._renewing:
            self._renewing.cancel()
        await self._server.stop(0.5)
        self._reports.stop()
        planes = list(self._planes.values())
        for plane in planes:
            plane.stop()
        for plane in planes:
            await asyncio.to_thread(plane.join)
        await asyncio.to_thread(self._reports.join)

    async def look(self, *, anew: bool = False) -> None:
        """See which gateways there are now."""
        self._known = await asyncio.to_thread(self._rows, anew)
        for gateway in list(self._gateways.values()):
            row = self._known.get(gateway.id)
            if row is None or not row.enabled or row.control_plane != gateway.plane.id:
                del self._gateways[gateway.id]
                for one in gateway.connections:
                    one.gone = True
                    one.wake.set()
                continue
            self._listen(gateway, row)
        for row in self._known.values():
            if row.enabled:
                self._plane(row.control_plane)  # so that it is known when an Envoy comes
        wanted = {row.control_plane for row in self._known.values() if row.enabled}
        for name in self._planes.keys() - wanted:
            self._planes.pop(name).stop()

    async def _renew(self, renewed: Renewed) -> None:
        while True:
            await asyncio.sleep(certificates.EVERY)
            await asyncio.to_thread(renewed.look)

    def _standing(self) -> Standing:
        renewed = self._renewed
        return Standing(
            id=f"{socket.gethostname()}:{self.address[1]}",
            envoys=sum(len(one.connections) for one in list(self._gateways.values())),
            certificate_expires_at=renewed.expires_at if renewed else 0,
            certificate_trouble=renewed.trouble if renewed else "",
        )

    def _listen(self, gateway: Gateway, row: Row) -> None:
        made = named(LISTENER, api.body(listener(row.settings)))
        if gateway.listeners[LISTENER].version != made.version:
            gateway.listeners[LISTENER] = made
            for one in gateway.connections:
                one.stream.turned(gateway.plane.update, {api.LISTENERS: {LISTENER}})
                one.wake.set()

    def _plane(self, control_plane: str) -> Plane:
        if control_plane not in self._planes:
            plane = Plane(control_plane, self._connect, self._call, self._tell)
            self._planes[control_plane] = plane
            plane.start()
        return self._planes[control_plane]

    def _call(self, function: Callable[[], None]) -> None:
        if self._loop:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and so do we
                self._loop.call_soon_threadsafe(function)

    def _tell(self, plane: Plane, update: int, names: Mapping[str, set[str]]) -> None:
        for gateway in self._gateways.values():
            if gateway.plane is plane:
                for one in gateway.connections:
                    one.stream.turned(update, names)
                    one.wake.set()

    def _report(self, connection: Connection) -> None:
        gateway = connection.gateway
        if gateway.newest.get(connection.id) is connection:
            self._reports.say(gateway.id, connection.instance())

    async def _serve(self, requests: AsyncIterator[Any], context: Any) -> None:
        first = await context.read()
        if first is grpc.aio.EOF:
            return
        gateway = await self._gateway_of(first.node, context)
        lags = self._lags.setdefault((gateway.id, first.node.id), Lags())
        while len(self._lags) > _REMEMBERED:
            del self._lags[next(iter(self._lags))]
        connection = Connection(gateway, first.node, lags)
        gateway.connections.add(connection)
        gateway.newest[connection.id] = connection
        log.info("Envoy %s of gateway %s has come", connection.id, gateway.id)
        reading = asyncio.ensure_future(self._read(first, connection, context))
        try:
            await self._write(connection, context, reading)
        finally:
            reading.cancel()
            gateway.connections.discard(connection)
            if gateway.newest.get(connection.id) is connection:
                del gateway.newest[connection.id]
                self._reports.leave(gateway.id, connection.id)
            log.info("Envoy %s of gateway %s has left", connection.id, gateway.id)

    async def _gateway_of(self, node: Any, context: Any) -> Gateway:
        """The gateway that an Envoy belongs to, if it may."""
        wanted = node.cluster
        if self._renewed and wanted not in access.names(context.auth_context()):
            await context.abort(
                grpc.StatusCode.PERMISSION_DENIED,
                f"The certificate does not name the gateway {wanted}.",
            )
        if wanted not in self._known:
            await self.look(anew=True)
        row = self._known.get(wanted)
        if row is None or not row.enabled:
            code = grpc.StatusCode.NOT_FOUND if row is None else grpc.StatusCode.FAILED_PRECONDITION
            await context.abort(code, _why_not(wanted, row))
            raise AssertionError("aborted")  # abort has raised; this is for the type checker
        if wanted not in self._gateways:
            made = named(LISTENER, api.body(listener(row.settings)))
            plane = self._plane(row.control_plane)
            self._gateways[wanted] = Gateway(wanted, plane, {LISTENER: made})
        return self._gateways[wanted]

    async def _read(self, first: Any, connection: Connection, context: Any) -> None:
        # What Envoy has is compared with what there is, so that has to be known.
        await connection.gateway.plane.known.wait()
        connection.stream.turned(connection.gateway.plane.update, {})
        request = first
        while request is not grpc.aio.EOF:
            connection.take(request)
            self._report(connection)
            request = await context.read()

    async def _write(self, connection: Connection, context: Any, reading: Any) -> None:
        reading.add_done_callback(lambda _done: connection.wake.set())
        while not reading.done():
            connection.wake.clear()
            while (answer := connection.stream.next()) is not None:
                await context.write(answer)
            # Only now it is known what of the news was any for this Envoy.
            connection.settle()
            self._report(connection)
            if connection.gone:
                await context.abort(
                    grpc.StatusCode.UNAVAILABLE, "The gateway is disabled, deleted or moved."
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(connection.wake.wait(), _LOOK)
        error = None if reading.cancelled() else reading.exception()
        if error is not None:
            raise error  # gRPC says it in the log, and Envoy comes again


def _why_not(wanted: str, row: Row | None) -> str:
    if row is None:
        return f"There is no Envoy gateway {wanted}: node.cluster has to be a gateway's id."
    return f"The gateway {wanted} is disabled."
