"""Taking requests as an APISIX does that has these routes and upstreams, beside a stand-in."""

from __future__ import annotations

import http.client
import itertools
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from console.contract.matching import Request

from .routing import Body, taken

# Routes, and upstreams by their ids, of one moment.
Objects = tuple[list[Body], dict[str, Body]]


class Front(ThreadingHTTPServer):
    """`objects` tells what there is; it is asked for each request."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, objects: Callable[[], Objects]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects = objects
        self.turn = itertools.count()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def down(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def handle_any(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Request(
            host=self.headers["Host"].partition(":")[0].lower(),
            path=unquote(parts.path),
            method=self.command,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=tuple(self.headers.items()),
        )
        routes, upstreams = self.server.objects()
        route = taken(routes, request)
        if route is None:
            self._say(404)
        elif route.get("plugins", {}).get("redirect", {}).get("http_to_https"):
            self._say(301, location=f"https://{request.host}{self.path}")
        else:
            self._forward(route, upstreams[route["upstream_id"]], request)

    do_GET = do_POST = handle_any  # noqa: N815

    def _forward(self, route: Body, upstream: Body, request: Request) -> None:
        nodes = [one for one in upstream.get("nodes", ()) if one["weight"] > 0]
        if not nodes:
            return self._say(503)
        first = max(one.get("priority", 0) for one in nodes)
        nodes = [one for one in nodes if one.get("priority", 0) == first]
        node = nodes[next(self.server.turn) % len(nodes)]
        address = f"{node['host']}:{node['port']}"
        rewriting = route.get("plugins", {}).get("proxy-rewrite", {})
        path = _rewritten(rewriting, request.path) + self.path[len(self.path.partition("?")[0]) :]
        said = {"pass": request.host, "node": address, "rewrite": upstream.get("upstream_host")}
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            host = said[upstream.get("pass_host", "pass")]
            connection.request(self.command, path, headers={"Host": str(host)})
            answer = connection.getresponse()
            self._say(answer.status, answer.read())
        finally:
            connection.close()
        return None

    def _say(self, status: int, content: bytes = b"", *, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        pass


def _rewritten(rewriting: dict[str, Any], path: str) -> str:
    if "regex_uri" in rewriting:
        pattern, template = rewriting["regex_uri"]
        path = re.sub(pattern, template.replace("$1", r"\1"), path, count=1)
    return quote(path)
