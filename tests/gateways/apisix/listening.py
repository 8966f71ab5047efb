"""The HTTP server of the stand-in: connections are kept, and cut when it goes down."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol


class Answering(Protocol):
    server: str
    connections: int

    def answer(
        self, method: str, path: str, headers: Any, body: bytes
    ) -> tuple[int, Any, dict[str, str]] | None: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], answers: Answering) -> None:
        self.answers = answers
        self.sockets: set[Any] = set()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[Any, Any]:
        found = super().get_request()
        self.sockets.add(found[0])
        return found

    def shutdown_request(self, request: Any) -> None:
        self.sockets.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for one in list(self.sockets):
            try:
                one.shutdown(2)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    wbufsize = -1  # an answer is one packet: nothing waits for an acknowledgement
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.answers.connections += 1

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.server.answers.answer(self.command, self.path, self.headers, body)
        if found is None:
            self.close_connection = True
            return
        status, said, headers = found
        content = b"" if said is None or self.command == "HEAD" else json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.close_connection = self.close_connection or "X-Standin" in headers
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = handle_any  # noqa: N815

    def version_string(self) -> str:
        # The Control API does not say what it is.
        return "openresty" if self.path.startswith("/v1/") else self.server.answers.server

    def log_message(self, *_args: object) -> None:
        pass
