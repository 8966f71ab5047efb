"""Asking Traefik's API. Answers are hostile text: limited in size, decoded, never trusted."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from gateways.drivers.base import DriverError

_TIMEOUT = 5.0  # seconds for each step of an answer
_MOST = 64 * 1024 * 1024  # bytes of one answer
_PAGE = 1000
_MOST_PAGES = 1000


class Api:
    """One Traefik's API, by one connection that is made again when it breaks."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self.place = parts.netloc
        self._base = parts.path.rstrip("/")
        self._connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)

    def get(self, path: str, **query: object) -> Any:
        """The decoded answer; None: there is no such thing. Raises `DriverError`."""
        return self._ask(path, query)[0]

    def all(self, path: str) -> list[dict[str, Any]]:
        """All of a list that comes in pages. Raises `DriverError`."""
        found: list[dict[str, Any]] = []
        page = "1"
        for _ in range(_MOST_PAGES):
            items, after = self._ask(path, {"page": page, "per_page": _PAGE})
            found += [one for one in items or () if isinstance(one, dict)]
            # After the last page Traefik names the first.
            if not after.isdecimal() or int(after) <= int(page):
                return found
            page = after
        raise DriverError(f"Traefik's API at {self.place} has no last page.", code="answer")

    def close(self) -> None:
        self._connection.close()

    def _ask(self, path: str, query: dict[str, object]) -> tuple[Any, str]:
        address = f"{self._base}{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        try:
            status, body, after = self._send(address)
        except (OSError, http.client.HTTPException) as error:
            raise DriverError(
                f"Traefik's API at {self.place} does not answer: {error}", code="unreachable"
            ) from error
        if status == http.client.NOT_FOUND and path != "/api/version":
            return None, ""
        if status in (401, 403):
            raise DriverError(f"Traefik's API refuses us ({status}).", code="unauthorized")
        if status != http.client.OK or len(body) > _MOST:
            raise DriverError(f"Traefik's API answers oddly ({status}).", code="answer")
        try:
            return msgspec.json.decode(body), after
        except msgspec.DecodeError as error:
            raise DriverError("Traefik's API answers no JSON.", code="answer") from error

    def _send(self, address: str) -> tuple[int, bytes, str]:
        """Once more on a new connection if the kept one was closed in between."""
        for kept in (self._connection.sock is not None, False):
            try:
                self._connection.request("GET", address, headers={"User-Agent": "portolan"})
                answer = self._connection.getresponse()
                body = answer.read(_MOST + 1)
                if len(body) > _MOST:
                    self._connection.close()
                return answer.status, body, answer.getheader("X-Next-Page") or ""
            except (OSError, http.client.HTTPException):
                self._connection.close()
                if not kept:
                    raise
        raise AssertionError("unreachable")
