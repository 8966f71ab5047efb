"""The side port: plain HTTP on loopback, behind a secret, through which faults are set and requests
counted.

GET    /requests          the log, `{"counts": {...}, "requests": [...]}`
DELETE /requests          forget it
GET    /faults            the standing faults
POST   /faults            {"kind": "status", "verb": "list", "code": 429, ...} or a deed
DELETE /faults[?id=N]     remove one or all
POST   /scale             {"namespace": "apisix", "name": "httpbin", "replicas": 5}
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict

import msgspec
from aiohttp import web

from practice.cluster import Cluster
from practice.pki import write_private
from practice.schema import DEPLOYMENTS, Json
from practice.status import ApiError
from practice.troubles import trouble, untrouble

FILE = "side.json"


class SideServer:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.secret = secrets.token_urlsafe(24)
        self.runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/requests", self.requests)
        app.router.add_delete("/requests", self.forget)
        app.router.add_get("/faults", self.faults)
        app.router.add_post("/faults", self.add)
        app.router.add_delete("/faults", self.clear)
        app.router.add_post("/scale", self.scale)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        about = {"url": self.url, "secret": self.secret}
        write_private(self.cluster.options.data / FILE, msgspec.json.encode(about).decode())

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: web.RequestHandler | object
    ) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given, f"Bearer {self.secret}"):
            return web.json_response({"error": "wrong secret"}, status=401)
        try:
            response: web.StreamResponse = await handler(request)  # type: ignore[operator]
        except (ValueError, KeyError, msgspec.DecodeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except ApiError as error:
            return web.json_response({"error": error.message}, status=error.code)
        return response

    async def requests(self, _: web.Request) -> web.Response:
        faults = self.cluster.faults
        return web.json_response({"counts": faults.counts(), "requests": faults.requests()})

    async def forget(self, _: web.Request) -> web.Response:
        self.cluster.faults.log.clear()
        return web.json_response({})

    async def faults(self, _: web.Request) -> web.Response:
        standing = [asdict(fault) for fault in self.cluster.faults.standing.values()]
        return web.json_response({"faults": standing})

    async def add(self, request: web.Request) -> web.Response:
        settings: Json = msgspec.json.decode(await request.read(), type=Json)
        kind = str(settings.pop("kind", ""))
        return web.json_response(trouble(self.cluster, kind, **settings))

    async def clear(self, request: web.Request) -> web.Response:
        untrouble(self.cluster, int(request.query.get("id", "0")))
        return web.json_response({})

    async def scale(self, request: web.Request) -> web.Response:
        wanted: Json = msgspec.json.decode(await request.read(), type=Json)
        patch = {"spec": {"replicas": int(wanted["replicas"])}}
        self.cluster.writer.patch(
            DEPLOYMENTS,
            wanted.get("namespace", "apisix"),
            wanted["name"],
            "application/merge-patch+json",
            patch,
        )
        return web.json_response({})
