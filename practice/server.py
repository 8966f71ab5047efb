"""The HTTPS server: who asks, for what, is it allowed, does a fault strike, and which handler
answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from aiohttp import web

from practice import bodies
from practice.faults import Cut, Fault, Faults, Seen, Wire, sever
from practice.handlers import Handlers
from practice.impersonation import acting_user
from practice.rbac import Rbac
from practice.routes import Route, parse_route
from practice.schema import Json
from practice.status import ApiError
from practice.tables import TableShape
from practice.tokens import Tokens, User
from practice.watches import Watch, error_line

REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
WORDS = {
    401: "Unauthorized",
    429: "Too many requests, please try again later.",
    500: "Internal error occurred: practice fault",
    503: "the server is currently unable to handle the request",
    504: "Timeout: request did not complete within requested timeout - context deadline exceeded",
}
ON_THE_WIRE = {"cut", "hang", "slow", "garbage"}


class Server:
    """Serves one cluster's API; `start` binds, `stop` cuts what is open."""

    def __init__(self, handlers: Handlers, *, rbac: Rbac, tokens: Tokens, faults: Faults) -> None:
        self.handlers = handlers
        self.rbac = rbac
        self.tokens = tokens
        self.faults = faults
        self.runner: web.AppRunner | None = None
        self.listening: socket.socket | None = None
        self.port = 0

    async def start(self, host: str, port: int, tls: ssl.SSLContext) -> None:
        app = web.Application(client_max_size=bodies.LARGEST)
        app.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self.runner.setup()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listening = socket.create_server((host, port), family=family, backlog=512)
        await web.SockSite(self.runner, self.listening, ssl_context=tls, backlog=512).start()
        self.port = self.listening.getsockname()[1]

    async def stop(self) -> None:
        self.faults.drop("fin")
        if self.runner is None:
            return
        if self.listening is not None:
            # Closing while a connection is being accepted loses that one's socket in asyncio.
            asyncio.get_running_loop().remove_reader(self.listening)
            await asyncio.sleep(0.01)
        # Idle connections too: a TLS goodbye would wait for clients that are not listening.
        for connection in self.runner.server.connections if self.runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()
        await self.runner.cleanup()
        await asyncio.sleep(0)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        route = parse_route(request.method, request.path, request.query)
        headers = bodies.common_headers()
        seen = self._seen(request, route)
        code = 500
        try:
            fault = self._fault(request, seen)
            response = await self._answer(request, route, seen, fault, headers)
            code = response.status
            return response
        except ApiError as error:
            code = error.code
            return bodies.json_response(
                request, error.body(), {**headers, **error.headers}, code=code
            )
        except (Cut, ConnectionError):
            code = 0
            return web.Response()
        finally:
            seen.code = code

    def _seen(self, request: web.BaseRequest, route: Route) -> Seen:
        token = request.query.get("continue", "")
        return Seen(
            verb=route.verb,
            resource=route.word,
            namespace=route.namespace,
            name=route.name,
            method=route.method,
            path=route.path,
            params=dict(request.query),
            user="",
            page=self.faults.page_of(token),
        )

    def _fault(self, request: web.BaseRequest, seen: Seen) -> Fault | None:
        with contextlib.suppress(ApiError):
            seen.user = self.tokens.authenticate(request.headers.get("Authorization")).name
        return self.faults.pick(seen)

    async def _answer(
        self,
        request: web.Request,
        route: Route,
        seen: Seen,
        fault: Fault | None,
        headers: dict[str, str],
    ) -> web.StreamResponse:
        early = await self._early(request, fault, headers) if fault else None
        if early is not None:
            return early
        user = self.tokens.authenticate(request.headers.get("Authorization"))
        user = acting_user(user, request.headers, self.rbac)
        self.rbac.require(user, route.ask)
        if self.handlers.release != "1.23":
            headers.update(bodies.warnings(route.resource))
        if route.verb == "watch":
            return await self._watch(request, route, fault, headers)
        response = await self._plain(request, route, user, headers)
        token = response.headers.get("X-Practice-Continue")
        if token:
            del response.headers["X-Practice-Continue"]
            self.faults.next_page(token, seen.page)
        if fault is not None and fault.kind == "truncate-list" and isinstance(response.body, bytes):
            response.body = response.body[: fault.at or len(response.body) // 2]
        if fault is not None and fault.kind in ON_THE_WIRE:
            return await self._through_wire(request, response, fault)
        return response

    async def _early(
        self, request: web.BaseRequest, fault: Fault, headers: dict[str, str]
    ) -> web.StreamResponse | None:
        """Faults that strike before the request is understood."""
        if fault.kind == "status":
            raise fault_error(fault)
        if fault.kind == "html":
            text = fault.message or "<html><body><h1>It works!</h1></body></html>"
            return web.Response(text=text, content_type="text/html")
        if fault.kind == "slow" and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.kind == "hang" and fault.when == "before":
            with Wire(self.faults, request, web.StreamResponse(headers=headers), fault) as wire:
                await wire.silent()
        return None

    async def _plain(
        self, request: web.Request, route: Route, user: User, headers: dict[str, str]
    ) -> web.Response:
        if route.group_version is None or not route.word:
            return self.handlers.plain_path(request, route, headers)
        if route.resource is None:
            raise self.handlers.unknown(route)
        return await self.handlers.resource(request, route, route.resource, user, headers)

    async def _watch(
        self, request: web.Request, route: Route, fault: Fault | None, headers: dict[str, str]
    ) -> web.StreamResponse:
        resource = self.handlers.stored(route)
        include = bodies.table_wanted(request)
        params = dict(request.query)
        if route.name and "fieldSelector" not in params:
            params["fieldSelector"] = f"metadata.name={route.name}"
        watch = Watch(
            self.handlers.store,
            resource,
            route.namespace if resource.namespaced else "",
            params,
            settings=self.handlers.watching,
            shape=None if include is None else TableShape(resource, include),
        )
        response = web.StreamResponse(headers=headers)
        response.content_type = "application/json"
        response.enable_chunked_encoding()
        with Wire(self.faults, request, response, fault) as wire:
            wire.on_end = watch.stop
            await watch.prepare()
            await response.prepare(request)
            if fault is not None and fault.kind == "error-event":
                await wire.write(error_line(fault_error(fault).body()))
                await response.write_eof()
                return response
            if fault is not None and fault.kind in ("cut", "hang", "garbage") and not fault.at:
                await wire.write(b"")
            await watch.run(wire)
            if watch.overrun:
                sever(request, reset=False)
                raise Cut
            if wire.hushed.is_set() or (fault is not None and fault.kind == "hang"):
                await wire.silent()
            await response.write_eof()
        return response

    async def _through_wire(
        self, request: web.BaseRequest, made: web.Response, fault: Fault
    ) -> web.StreamResponse:
        body = made.body if isinstance(made.body, bytes) else b""
        response = web.StreamResponse(status=made.status, headers=made.headers)
        response.content_length = len(body) + (len(fault.text) + 1) * (fault.kind == "garbage")
        with Wire(self.faults, request, response, fault) as wire:
            await response.prepare(request)
            await wire.write(body)
            await response.write_eof()
        return response


def fault_error(fault: Fault) -> ApiError:
    details: Json | None = {"retryAfterSeconds": fault.retry_after} if fault.retry_after else None
    reason = fault.reason or REASONS.get(fault.code, "")
    message = fault.message or WORDS.get(fault.code, "practice fault")
    return ApiError(fault.code, reason, message, details=details)
